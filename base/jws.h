/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text of a JWS in flattened JSON serialization (RFC 7515, section 7.2.2), as Microchip's
 * manifests have one a device: whoever signs, and whoever compares, writes the same.
 */
#pragma once

#include <glib.h>

/* {"payload":...,"protected":...,"header":{"uniqueId":...},"signature":...}: `payload` is put into
 * base64url here; `protected_header` and `signature` are that already. Free with g_free(). */
char *jws_flattened (const char *payload, const char *protected_header, const char *unique_id,
                     const char *signature);
