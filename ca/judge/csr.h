/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The gate for certificate requests: a strict DER reader for PKCS#10 (RFC 2986)
 * that accepts exactly what Keycradle signs and nothing else. It copies nothing,
 * trusts nothing, and does no cryptography: keycheck.h judges the key, csr_verify()
 * has OpenSSL check the proof of possession.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

#include "ca/der.h"
#include "ca/error.h"

/* The largest request that is looked at. */
#define CSR_MOST (16 * 1024)

typedef enum { CSR_KEY_RSA, CSR_KEY_EC_P256, CSR_KEY_EC_P384, CSR_KEY_EC_P521 } CsrKeyType;

/* The spans live as long as the request's bytes. */
typedef struct {
  Span whole;   /* the request */
  Span info;    /* CertificationRequestInfo with its header: what is signed */
  Span subject; /* Name with its header; never authority */
  Span spki;    /* SubjectPublicKeyInfo with its header */
  CsrKeyType key_type;
  Span key_bits;           /* content of the key's BIT STRING */
  Span modulus;            /* RSA: big-endian without leading zero */
  Span exponent;           /* RSA: the same */
  Span point;              /* EC: 04 X Y */
  Span algorithm;          /* the signature's AlgorithmIdentifier, whole */
  int signature_nid;       /* NID_ecdsa_with_SHA256, NID_rsassaPss, ... */
  int digest_nid;          /* NID_sha256, NID_sha384, NID_sha512 */
  guint salt_length;       /* RSASSA-PSS: bytes */
  gboolean null_parameter; /* ecdsa-with-SHA* carried a NULL (Nordic modems): accepted, noted */
  Span signature;          /* BIT STRING content */
} Csr;

/* Reads `der`, which must outlive `csr`. Errors: CA_ERROR, device's fault, the message says
 * what and at which offset. */
gboolean csr_parse (const guint8 *der, gsize length, Csr *csr, GError **error);

/* The same for a SubjectPublicKeyInfo that stands alone, as in a certificate: sets `spki`, the
 * key's type and its numbers, for csr_public_key(). */
gboolean csr_parse_key (const guint8 *der, gsize length, Csr *csr, GError **error);

/* The key as OpenSSL holds it; free with EVP_PKEY_free(). Call keycheck first. */
EVP_PKEY *csr_public_key (const Csr *csr, GError **error);

/* Proof of possession: the request's own signature by its own key. */
gboolean csr_verify (const Csr *csr, EVP_PKEY *public_key, GError **error);

/* See known-keys.h. */
typedef struct KnownKeys KnownKeys;

/* The one judgement: parse, key rules, lists of known keys, key, proof of possession. `known` may
 * be NULL, and `public_key`; else free it with EVP_PKEY_free(). */
gboolean csr_judge (const guint8 *der, gsize length, const KnownKeys *known, Csr *csr,
                    EVP_PKEY **public_key, GError **error);

/* One request from a file's bytes, DER or PEM ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"),
 * with nothing before or after it but white space. */
GBytes *csr_from_file_bytes (const char *data, gsize length, GError **error);

/* SHA-256 over what makes the key this key, however it is encoded: the RSA modulus without leading
 * zero, or the EC point's X coordinate at full width. Another exponent or the negated point do not
 * make another key. */
void csr_key_number_sha256 (const Csr *csr, guint8 hash[32]);

/* "RSA 2048", "P-256", ...; free with g_free(). */
char *csr_describe_key (const Csr *csr);

/* "ecdsa-with-SHA256", "RSASSA-PSS with sha256 and 32 bytes of salt", and what was let through
 * though no standard has it; free with g_free(). */
char *csr_describe_signature (const Csr *csr);
