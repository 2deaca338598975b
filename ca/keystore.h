/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the CA's key is kept, by URI scheme. Errors are CA_ERROR_CA_KEY.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

#include "ca/passphrase.h"

/* The key behind `uri`, such as "file:/etc/keycradle-signer/ca.key". A demo CA's key may be plain
 * and readable to others; any other may not. Free with EVP_PKEY_free(). */
EVP_PKEY *keystore_open (const char *uri, const PassphraseSource *source, gboolean demo,
                         GError **error);

/* file: encrypted PKCS#8 with scrypt, in PEM. */
EVP_PKEY *keystore_file_open (const char *path, const PassphraseSource *source, gboolean demo,
                              GError **error);
