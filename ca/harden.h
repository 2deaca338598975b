/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the signer's process takes from itself before it sees a key.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

/* No core dumps, no ptrace by its own user, no new privileges, a locked heap for keys.
 * CA_ERROR_INTERNAL. */
gboolean harden_process (GError **error);

/* The process ends when its parent does. */
gboolean harden_follow_parent (GError **error);
