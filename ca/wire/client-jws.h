/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signatures of the station's key under entries of a manifest, in JWS. Errors are those of
 * client.h, and what the signer said.
 */
#pragma once

#include "ca/wire/client.h"

/* Signs each of `payloads` (of char *, JSON objects in one line, at most JWS_PAYLOAD_MOST bytes
 * each), in as many frames as it takes. GPtrArray of char *, in their order: signatures in
 * base64url. `header` receives the protected header of all of them, likewise; free with g_free().
 * The deadline is for each frame anew: `patience` milliseconds. */
GPtrArray *signer_client_jws (SignerClient *client, const GPtrArray *payloads, guint patience,
                              char **header, GError **error);
