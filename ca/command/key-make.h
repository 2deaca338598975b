/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A new key for a CA, and the sealed form in which it is kept in a file.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

#include "ca/error.h"

#define KEY_KINDS "p-256, p-384, p-521, rsa-3072, rsa-4096"

/* `word` is one of KEY_KINDS. Free with EVP_PKEY_free(). CA_ERROR_CA_KEY, CA_ERROR_INTERNAL. */
EVP_PKEY *key_make (const char *word, GError **error);

/* PEM of the key as PKCS#8, encrypted with AES-256 under scrypt (RFC 7914) of `passphrase`: the
 * only form of a file that the signer takes in production. CA_ERROR_INTERNAL. Free with g_free().
 */
char *key_seal (EVP_PKEY *key, const char *passphrase, GError **error);
