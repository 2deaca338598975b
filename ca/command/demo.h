/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA to try things with. It carries DEMO_CA_MARK everywhere, and production mode refuses it.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

/* Makes `folder` (where it is absent) with ca.key, ca.passphrase, ca.pem (intermediate and root)
 * and root.pem. `key` is a word of key-make.h. Refuses to overwrite. The root's key
 * exists in memory only, and no longer than it takes to sign. */
gboolean demo_create (const char *folder, const char *key, GError **error);
