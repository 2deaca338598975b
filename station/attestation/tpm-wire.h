/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The few structures of a TPM 2.0 that attestation needs, read strictly: whole, nothing behind
 * them, no algorithm that is not known here. Source: TCG, "Trusted Platform Module Library", Part
 * 2: Structures, revision 01.59.
 */
#pragma once

#include <openssl/evp.h>

#include <glib.h>

/* TPMA_OBJECT, Part 2, 8.3. */
#define TPM_FIXED_TPM (1u << 1)
#define TPM_FIXED_PARENT (1u << 4)
#define TPM_SENSITIVE_DATA_ORIGIN (1u << 5)
#define TPM_RESTRICTED (1u << 16)
#define TPM_DECRYPT (1u << 17)
#define TPM_SIGN (1u << 18)

#define TPM_MOST_DIGEST 64

/* A stretch of the structure that was read. */
typedef struct {
  const guint8 *data;
  gsize length;
} TpmPart;

/* TPMT_PUBLIC, Part 2, 12.2.4: RSA or ECC. */
typedef struct {
  const EVP_MD *name_hash;
  guint32 attributes;
  guint symmetric_bits; /* AES in CFB mode that protects children; 0: none */
  gboolean is_rsa;
  TpmPart modulus; /* RSA */
  guint32 exponent;
  const char *curve; /* ECC: OpenSSL's name */
  TpmPart x;
  TpmPart y;
} TpmPublic;

gboolean tpm_public_read (TpmPublic *public, GBytes *bytes);

/* The key in it, or NULL where it is none. */
EVP_PKEY *tpm_public_key (const TpmPublic *public);

/* The width of the curve's coordinates in bytes. */
gsize tpm_curve_width (const TpmPublic *public);

/* The object's name (Part 1, 16): its hash's number, then the hash of the whole TPMT_PUBLIC.
 * `public` was read from `bytes`. */
GBytes *tpm_public_name (const TpmPublic *public, GBytes *bytes);

/* TPMS_ATTEST of TPM2_Certify or TPM2_CertifyCreation, Part 2, 10.12.12. */
typedef struct {
  TpmPart extra; /* the qualifying data */
  TpmPart name;  /* of the certified object */
  guint64 firmware;
} TpmCertification;

/* FALSE where it is not TPM-made (magic) or another kind of statement. */
gboolean tpm_certification_read (TpmCertification *certification, GBytes *bytes);

/* Is `signature` (TPMT_SIGNATURE, Part 2, 11.3.4: RSASSA, RSAPSS, ECDSA with SHA-256, -384, -512)
 * by `key` over `message`? */
gboolean tpm_signed (EVP_PKEY *key, GBytes *message, GBytes *signature);
