/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a TPM 2.0 is made to count, as names and policies that owner and PC compute alike without a
 * TPM; docs/custody.md tells the story. The counter is an NV index of type PIN-PASS ("TPM 2.0
 * Library, Part 1: Architecture", 37.2.8): each use of its authValue, which is empty, raises
 * pinCount, and at pinLimit the TPM refuses. The CA key can be used with PolicySecret(counter)
 * alone. The owner alone may write the counter: once, while he is asked, its first content, and
 * from then on, by a signature made elsewhere and good for ever, nothing but pinLimit. So pinCount
 * never falls, and no more signatures are made than the highest limit that the owner ever signed.
 *
 * All digests are SHA-256. Pure; errors are CA_ERROR_PROOF.
 */
#pragma once

#include <openssl/evp.h>

#include "ca/error.h"

#define TPM_DIGEST 32
#define TPM_NAME (2 + TPM_DIGEST) /* algorithm and digest of a public area */
#define TPM_REFERENCE 16
#define TPM_NONCE 32
#define TPM_PIN_SIZE 8 /* pinCount and pinLimit, 32 bits each */
#define TPM_PIN_LIMIT_OFFSET 4

/* TPMA_NV of a counter: PIN-PASS, written by policy and read by the TPM's owner alone, never locked
 * out by wrong authorisations. "Part 2: Structures", 13.4. */
#define TPM_COUNTER_ATTRIBUTES 0x02020098u
#define TPM_COUNTER_WRITTEN 0x20000000u

/* NV indices that an operating system may define. */
#define TPM_COUNTER_FIRST 0x01800000u
#define TPM_COUNTER_LAST 0x01bfffffu

typedef struct {
  guint32 index;
  guint8 reference[TPM_REFERENCE]; /* random: tells it from all others */
  guint8 owner[TPM_NAME];          /* of the owner's key */
} TpmCounter;

/* The owner's key as a TPM takes it (TPMT_PUBLIC, as `tpm2_loadexternal` makes it): P-256, or RSA
 * with 2048 bits and the exponent 65537. Unref with g_byte_array_unref(). */
GByteArray *tpm_owner_public (EVP_PKEY *owner, GError **error);
gboolean tpm_owner_name (EVP_PKEY *owner, guint8 name[TPM_NAME], GError **error);

/* The two ways in which a counter may be written, and its authPolicy, which is either. */
void tpm_counter_first_policy (const TpmCounter *counter, guint8 digest[TPM_DIGEST]);
void tpm_counter_limit_policy (const TpmCounter *counter, guint8 digest[TPM_DIGEST]);
void tpm_counter_policy (const TpmCounter *counter, guint8 digest[TPM_DIGEST]);

/* The index's Name, before or after it was first written. */
void tpm_counter_name (const TpmCounter *counter, gboolean written, guint8 name[TPM_NAME]);
/* The same where only the policy is known, not what it is made of. */
void tpm_index_name (guint32 index, const guint8 policy[TPM_DIGEST], gboolean written,
                     guint8 name[TPM_NAME]);

/* The authPolicy of a key that counts there. `name` is that of the written index. */
void tpm_counted_key_policy (const guint8 name[TPM_NAME], guint8 digest[TPM_DIGEST]);

/* What the owner signs (with SHA-256 over the message; ECDSA as DER, or RSA PKCS#1) to begin the
 * counter with 0 of `limit`. `nonce` is of the one session in which it will do. Unref with
 * g_bytes_unref(). */
GBytes *tpm_first_message (const TpmCounter *counter, guint32 limit, const guint8 nonce[TPM_NONCE]);
void tpm_first_command (const TpmCounter *counter, guint32 limit, guint8 digest[TPM_DIGEST]);

/* What the owner signs so that the counter's limit may be set to `limit`. */
GBytes *tpm_limit_message (const TpmCounter *counter, guint32 limit);
void tpm_limit_command (const TpmCounter *counter, guint32 limit, guint8 digest[TPM_DIGEST]);
void tpm_limit_approved (const TpmCounter *counter, guint32 limit, guint8 digest[TPM_DIGEST]);

/* Signs one of these messages, or says whether it is so signed. */
GBytes *tpm_message_sign (GBytes *message, EVP_PKEY *owner, GError **error);
gboolean tpm_message_verify (GBytes *message, EVP_PKEY *owner, GBytes *signature, GError **error);
