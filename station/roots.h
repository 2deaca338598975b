/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The server certificates that a device is told to trust.
 */
#pragma once

#include <glib.h>

/* The roots that a profile's ServerRoots asks for, as GBytes of DER: "none", "auto" (Amazon Root CA
 * 1 for a device with an RSA key, 3 for one with an EC key), "amazon-root-ca-N" as Debian's
 * ca-certificates has them, or the full path of a PEM file. STATION_ERROR_SERVER_ROOTS. */
GPtrArray *server_roots_load (const char *const *words, gboolean device_has_rsa, GError **error);
