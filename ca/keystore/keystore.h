/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a CA's key is kept, by URI scheme: file:, pkcs11:, tpm2:. A key in a token may go away
 * while the signer runs, and come back: then signing fails with CA_ERROR_CA_TOKEN, and each further
 * order tries the token anew. Everything else that is wrong with a key is CA_ERROR_CA_KEY; a PIN
 * that the token refused is never given to it again, for tokens lock after a few. Threads share a
 * keystore; none waits longer than a token may be silent (see keystore.c) for another's call.
 */
#pragma once

#include "ca/keystore/passphrase.h"
#include "ca/signature.h"

typedef struct {
  const char *uri;                    /* "file:/etc/keycradle/ca.key" */
  const PassphraseSource *passphrase; /* of the key, or the token's PIN */
  gboolean demo;                      /* a demo CA's key may be plain and readable to others */
  /* Of the CA certificate: the key must be its own. NULL where there is none yet. */
  EVP_PKEY *public_key;
  const SignatureAlgorithm
      *algorithm; /* a token must be able to sign so; NULL: the key's default */
} KeystoreSource;

typedef struct Keystore Keystore;

/* A key that is wrong is refused. A token that is absent or refuses its PIN is not: keystore_sign()
 * and keystore_problem() say so, as does a warning. A key in a token signs a few words at once, to
 * show that it is the certificate's, but where the token counts signatures. Copies what it needs of
 * `source`. */
Keystore *keystore_open (const KeystoreSource *source, GError **error);
void keystore_close (Keystore *keystore);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Keystore, keystore_close)

/* Appends the signature over `data` to `out`. CA_ERROR_CA_TOKEN, CA_ERROR_CA_KEY,
 * CA_ERROR_INTERNAL. */
gboolean keystore_sign (Keystore *keystore, const SignatureAlgorithm *algorithm, Span data,
                        GByteArray *out, GError **error);

/* How often a TPM let its key sign, and when it stops. */
typedef struct {
  guint32 count;
  guint32 limit;
} KeystoreCount;

/* Whether the store counts signatures itself ("tpm2:handle=...;count=..."). At the limit
 * keystore_sign() says CA_ERROR_COUNT. */
gboolean keystore_counts (const Keystore *keystore);

/* For one that counts. CA_ERROR_COUNT where the counter was never begun; CA_ERROR_CA_TOKEN,
 * CA_ERROR_CA_KEY. */
gboolean keystore_count (Keystore *keystore, KeystoreCount *count, GError **error);

/* Sets its limit, as `owner` allowed by `signature` (see ca/proof/tpm-policy.h). The same again
 * does no harm. CA_ERROR_COUNT, CA_ERROR_PROOF, CA_ERROR_CA_TOKEN, CA_ERROR_CA_KEY. */
gboolean keystore_set_limit (Keystore *keystore, EVP_PKEY *owner, guint32 limit, GBytes *signature,
                             GError **error);

/* As given, or found where none was given; NULL while that key never was there. Lent. */
EVP_PKEY *keystore_public_key (const Keystore *keystore);

/* "file", "pkcs11", "tpm2". */
const char *keystore_scheme (const Keystore *keystore);

/* Why it can't sign now; NULL where it can. Looks after a token that nobody uses, at most every two
 * seconds, so a token that was pulled out or put back shows without an order. Free with g_free().
 */
char *keystore_problem (Keystore *keystore);
