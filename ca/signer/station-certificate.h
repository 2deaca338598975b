/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The certificate that the station's key makes for itself, once: CN=`name`, not a CA, for
 * signatures only. Nobody looks at its dates, for it is pinned byte for byte; it never expires (RFC
 * 5280, section 4.1.2.5).
 */
#pragma once

#include "ca/keystore/keystore.h"

/* DER. CA_ERROR_INTERNAL and the keystore's. */
GBytes *station_certificate_make (Keystore *keystore, const char *name, gint64 now, GError **error);
