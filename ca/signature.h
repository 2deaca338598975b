/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The closed list of signature algorithms with which a CA signs here: what the clouds take (AWS
 * IoT, "X.509 client certificates": SHA256WITHRSA ... ECDSA-WITH-SHA512, DSA_WITH_SHA256).
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

#include "ca/der.h"
#include "ca/error.h"

typedef struct {
  const char *word;     /* for signer.conf: "ecdsa-sha256" */
  const char *key_type; /* OpenSSL's: "EC", "RSA", "DSA" */
  const char *digest;   /* OpenSSL's: "SHA2-256" */
  gboolean pss;         /* RSASSA-PSS, salt as long as the digest, MGF1 with the same digest */
  Span identifier;      /* AlgorithmIdentifier, DER; static bytes */
} SignatureAlgorithm;

/* NULL where there is none of that word. */
const SignatureAlgorithm *signature_find (const char *word);

/* The one whose AlgorithmIdentifier is `identifier`, or NULL. */
const SignatureAlgorithm *signature_of_identifier (Span identifier);

/* What a CA with this key uses unless it is told: the digest as strong as the curve (RFC 5480,
 * section 4), SHA-256 with RSA PKCS#1 and DSA. NULL for a key that none fits. */
const SignatureAlgorithm *signature_default (EVP_PKEY *key);

gboolean signature_fits (const SignatureAlgorithm *algorithm, EVP_PKEY *key);

/* Appends the signature over `data` to `out`. `library` is where the key lives; NULL is OpenSSL's
 * default. CA_ERROR_INTERNAL. */
gboolean signature_make (const SignatureAlgorithm *algorithm, OSSL_LIB_CTX *library, EVP_PKEY *key,
                         Span data, GByteArray *out, GError **error);

/* CA_ERROR_CSR_SIGNATURE where `signature` over `data` is not made by `key`. */
gboolean signature_verify (const SignatureAlgorithm *algorithm, EVP_PKEY *key, Span data,
                           Span signature, GError **error);
