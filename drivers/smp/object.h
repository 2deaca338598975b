/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Objects (CSR, certificate, chain ...) that travel in chunks, in either direction.
 */
#pragma once

#include "drivers/smp/session.h"

/* Reads a whole object with the questions {`key`: `value`, "off": ...} of `command`. A private key
 * in its place is PRIVATE_KEY_LEAKED, and is blanked in the transcript. */
GBytes *smp_read_object (Session *session, SmpProvisionCommand command, const char *key,
                         const char *value, Deadline deadline, GError **error);

/* Writes a whole object; UNSUPPORTED where the device does not keep it. The capabilities must be
 * known. */
gboolean smp_install_object (Session *session, const char *what, const guint8 *data, gsize length,
                             Deadline deadline, GError **error);
