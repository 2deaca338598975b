/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the rehearsal's server shows: key, certificate and what stands above it. Test roots are made
 * once and kept in a folder, so that devices can be given them; what stands below is made fresh for
 * each run. No CA that signs devices has a part in it. Errors are REHEARSE_ERROR and G_FILE_ERROR.
 */
#pragma once

#include <openssl/ssl.h>

#include "station/rehearse/facts.h"

#define REHEARSE_ERROR (rehearse_error_quark ())
GQuark rehearse_error_quark (void);

typedef enum {
  REHEARSE_ERROR_WRONG, /* what was given can't be used */
  REHEARSE_ERROR_FAILED,
} RehearseError;

/* Sets `error` to a sentence, with what OpenSSL said last, and empties its queue; returns FALSE. */
gboolean rehearse_fail (GError **error, const char *sentence);

/* Gives `context` a chain of that kind for `endpoint` below the test root of `folder`, which is
 * made where it is not there yet: rehearsal-rsa.pem (RSA 2048) or rehearsal-ecdsa.pem (P-256),
 * SHA-256, with the key beside it. Root, intermediate and server, as AWS's. */
gboolean server_chain_make (SSL_CTX *context, ServerKind kind, const char *endpoint,
                            const char *folder, GError **error);

/* Gives it an own certificate with its chain (PEM) and key (PEM, without passphrase); `kind`
 * receives what it is. */
gboolean server_chain_load (SSL_CTX *context, const char *certificate, const char *key,
                            ServerKind *kind, GError **error);
