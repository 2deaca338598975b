/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See tpm-policy.h. "TPM 2.0 Library, Part 3: Commands" says how each policy command extends a
 * policy's digest, and "Part 1: Architecture", 19.7, what a policy is; 16 what a Name is, 18.8
 * what a cpHash.
 */
#include "ca/proof/tpm-policy.h"

#include "base/encode.h"
#include "ca/openssl.h"
#include "ca/signature.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <string.h>

/* "Part 2: Structures", 6.5.2. */
enum {
  COMMAND_NV_WRITE = 0x137,
  COMMAND_POLICY_SECRET = 0x151,
  COMMAND_POLICY_SIGNED = 0x160,
  COMMAND_POLICY_AUTHORIZE = 0x16a,
  COMMAND_POLICY_CP_HASH = 0x16e,
  COMMAND_POLICY_OR = 0x171,
  COMMAND_POLICY_NV_WRITTEN = 0x18f,
};

/* "Part 2", 6.3, 6.4 and 8.3. */
enum {
  ALGORITHM_RSA = 0x0001,
  ALGORITHM_SHA256 = 0x000b,
  ALGORITHM_NULL = 0x0010,
  ALGORITHM_ECC = 0x0023,
  CURVE_P256 = 0x0003,
};
/* userWithAuth, decrypt and sign: what tpm2_loadexternal sets. */
#define OWNER_ATTRIBUTES 0x00060040u
#define P256_BYTES 32
#define RSA_BITS 2048

/* ---- bytes ---- */

static void
put_u16 (GByteArray *out, guint value)
{
  const guint8 bytes[] = { (guint8)(value >> 8), (guint8)value };

  g_byte_array_append (out, bytes, sizeof bytes);
}

static void
put_u32 (GByteArray *out, guint32 value)
{
  put_u16 (out, value >> 16);
  put_u16 (out, value & 0xffff);
}

static void
put_sized (GByteArray *out, const guint8 *data, guint length)
{
  put_u16 (out, length);
  g_byte_array_append (out, data, length);
}

static void
hash (const GByteArray *bytes, guint8 digest[TPM_DIGEST])
{
  g_autoptr (GBytes) sum = sha256_of (bytes->data, bytes->len);

  memcpy (digest, g_bytes_get_data (sum, NULL), TPM_DIGEST);
}

/* What a policy command makes of a policy: H (digest, command, argument). */
static void
extend (guint8 digest[TPM_DIGEST], guint32 command, const guint8 *argument, guint length)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_append (bytes, digest, TPM_DIGEST);
  put_u32 (bytes, command);
  g_byte_array_append (bytes, argument, length);
  hash (bytes, digest);
}

/* Of those that name a key or an index: H (H (digest, command, name), reference). "Part 3", 23.2.3:
 * PolicyUpdate(). */
static void
extend_with_name (guint8 digest[TPM_DIGEST], guint32 command, const guint8 name[TPM_NAME],
                  const guint8 *reference, guint length)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  extend (digest, command, name, TPM_NAME);
  g_byte_array_append (bytes, digest, TPM_DIGEST);
  if (length > 0)
    g_byte_array_append (bytes, reference, length);
  hash (bytes, digest);
}

/* ---- the owner's key ---- */

static gboolean
put_point (GByteArray *out, EVP_PKEY *owner)
{
  guint8 point[1 + 2 * P256_BYTES];
  gsize length = 0;

  if (EVP_PKEY_get_octet_string_param (owner, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &length)
          != 1
      || length != sizeof point || point[0] != 4)
    return FALSE;
  put_u16 (out, ALGORITHM_NULL); /* symmetric */
  put_u16 (out, ALGORITHM_NULL); /* scheme */
  put_u16 (out, CURVE_P256);
  put_u16 (out, ALGORITHM_NULL); /* kdf */
  put_sized (out, point + 1, P256_BYTES);
  put_sized (out, point + 1 + P256_BYTES, P256_BYTES);
  return TRUE;
}

static gboolean
put_modulus (GByteArray *out, EVP_PKEY *owner)
{
  guint8 modulus[RSA_BITS / 8];
  BIGNUM *n = NULL, *e = NULL;
  gboolean ok = EVP_PKEY_get_bn_param (owner, OSSL_PKEY_PARAM_RSA_N, &n) == 1
                && EVP_PKEY_get_bn_param (owner, OSSL_PKEY_PARAM_RSA_E, &e) == 1
                && BN_is_word (e, RSA_F4)
                && BN_bn2binpad (n, modulus, sizeof modulus) == (int)sizeof modulus;

  BN_free (n);
  BN_free (e);
  if (!ok)
    return FALSE;
  put_u16 (out, ALGORITHM_NULL); /* symmetric */
  put_u16 (out, ALGORITHM_NULL); /* scheme */
  put_u16 (out, RSA_BITS);
  put_u32 (out, RSA_F4);
  put_sized (out, modulus, sizeof modulus);
  return TRUE;
}

static gboolean
is_p256 (EVP_PKEY *key)
{
  char curve[64] = "";

  return EVP_PKEY_is_a (key, "EC") && EVP_PKEY_get_group_name (key, curve, sizeof curve, NULL) == 1
         && g_str_equal (curve, "prime256v1");
}

static gboolean
is_rsa (EVP_PKEY *key)
{
  return EVP_PKEY_is_a (key, "RSA") && EVP_PKEY_get_bits (key) == RSA_BITS;
}

GByteArray *
tpm_owner_public (EVP_PKEY *owner, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const gboolean ec = is_p256 (owner);

  put_u16 (out, ec ? ALGORITHM_ECC : ALGORITHM_RSA);
  put_u16 (out, ALGORITHM_SHA256);
  put_u32 (out, OWNER_ATTRIBUTES);
  put_u16 (out, 0); /* authPolicy */
  if (ec ? put_point (out, owner) : is_rsa (owner) && put_modulus (out, owner))
    return g_steal_pointer (&out);
  openssl_refuse (error, CA_ERROR_PROOF,
                  "a TPM that counts takes an owner's key that is P-256, or RSA with 2048 bits and "
                  "the exponent 65537");
  return NULL;
}

static void
name_of (const GByteArray *public_area, guint8 name[TPM_NAME])
{
  name[0] = ALGORITHM_SHA256 >> 8;
  name[1] = ALGORITHM_SHA256 & 0xff;
  hash (public_area, name + 2);
}

gboolean
tpm_owner_name (EVP_PKEY *owner, guint8 name[TPM_NAME], GError **error)
{
  g_autoptr (GByteArray) public_area = tpm_owner_public (owner, error);

  if (public_area == NULL)
    return FALSE;
  name_of (public_area, name);
  return TRUE;
}

/* ---- the counter ---- */

static void
require_written (guint8 digest[TPM_DIGEST], guint8 written)
{
  extend (digest, COMMAND_POLICY_NV_WRITTEN, &written, 1);
}

/* A deleted index that is made anew has this way only, and no session's nonce comes twice. */
void
tpm_counter_first_policy (const TpmCounter *counter, guint8 digest[TPM_DIGEST])
{
  memset (digest, 0, TPM_DIGEST);
  extend_with_name (digest, COMMAND_POLICY_SIGNED, counter->owner, counter->reference,
                    TPM_REFERENCE);
  require_written (digest, 0);
}

void
tpm_counter_limit_policy (const TpmCounter *counter, guint8 digest[TPM_DIGEST])
{
  memset (digest, 0, TPM_DIGEST);
  extend_with_name (digest, COMMAND_POLICY_AUTHORIZE, counter->owner, counter->reference,
                    TPM_REFERENCE);
  require_written (digest, 1);
}

void
tpm_counter_policy (const TpmCounter *counter, guint8 digest[TPM_DIGEST])
{
  guint8 both[2 * TPM_DIGEST];

  tpm_counter_first_policy (counter, both);
  tpm_counter_limit_policy (counter, both + TPM_DIGEST);
  memset (digest, 0, TPM_DIGEST);
  extend (digest, COMMAND_POLICY_OR, both, sizeof both);
}

void
tpm_index_name (guint32 index, const guint8 policy[TPM_DIGEST], gboolean written,
                guint8 name[TPM_NAME])
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  put_u32 (out, index);
  put_u16 (out, ALGORITHM_SHA256);
  put_u32 (out, TPM_COUNTER_ATTRIBUTES | (written ? TPM_COUNTER_WRITTEN : 0));
  put_sized (out, policy, TPM_DIGEST);
  put_u16 (out, TPM_PIN_SIZE);
  name_of (out, name);
}

void
tpm_counter_name (const TpmCounter *counter, gboolean written, guint8 name[TPM_NAME])
{
  guint8 policy[TPM_DIGEST];

  tpm_counter_policy (counter, policy);
  tpm_index_name (counter->index, policy, written, name);
}

void
tpm_counted_key_policy (const guint8 name[TPM_NAME], guint8 digest[TPM_DIGEST])
{
  memset (digest, 0, TPM_DIGEST);
  extend_with_name (digest, COMMAND_POLICY_SECRET, name, NULL, 0);
}

/* ---- what may be written ---- */

/* cpHash of NV_Write by the index's own policy. */
static void
write_command (const TpmCounter *counter, gboolean written, const GByteArray *data, guint offset,
               guint8 digest[TPM_DIGEST])
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint8 name[TPM_NAME];

  tpm_counter_name (counter, written, name);
  put_u32 (out, COMMAND_NV_WRITE);
  g_byte_array_append (out, name, sizeof name); /* who authorises */
  g_byte_array_append (out, name, sizeof name); /* what is written */
  put_sized (out, data->data, data->len);
  put_u16 (out, offset);
  hash (out, digest);
}

void
tpm_first_command (const TpmCounter *counter, guint32 limit, guint8 digest[TPM_DIGEST])
{
  g_autoptr (GByteArray) data = g_byte_array_new ();

  put_u32 (data, 0);
  put_u32 (data, limit);
  write_command (counter, FALSE, data, 0, digest);
}

void
tpm_limit_command (const TpmCounter *counter, guint32 limit, guint8 digest[TPM_DIGEST])
{
  g_autoptr (GByteArray) data = g_byte_array_new ();

  put_u32 (data, limit);
  write_command (counter, TRUE, data, TPM_PIN_LIMIT_OFFSET, digest);
}

/* aHash of PolicySigned is made of nonceTPM, expiration (none), cpHashA and policyRef. "Part 3",
 * 23.3. */
GBytes *
tpm_first_message (const TpmCounter *counter, guint32 limit, const guint8 nonce[TPM_NONCE])
{
  GByteArray *out = g_byte_array_new ();
  guint8 command[TPM_DIGEST];

  tpm_first_command (counter, limit, command);
  g_byte_array_append (out, nonce, TPM_NONCE);
  put_u32 (out, 0);
  g_byte_array_append (out, command, sizeof command);
  g_byte_array_append (out, counter->reference, TPM_REFERENCE);
  return g_byte_array_free_to_bytes (out);
}

void
tpm_limit_approved (const TpmCounter *counter, guint32 limit, guint8 digest[TPM_DIGEST])
{
  guint8 command[TPM_DIGEST];

  tpm_limit_command (counter, limit, command);
  memset (digest, 0, TPM_DIGEST);
  extend (digest, COMMAND_POLICY_CP_HASH, command, sizeof command);
}

/* aHash of PolicyAuthorize: approvedPolicy and policyRef. "Part 3", 23.16. It is shorter than the
 * other message, so neither is ever the other. */
GBytes *
tpm_limit_message (const TpmCounter *counter, guint32 limit)
{
  GByteArray *out = g_byte_array_new ();
  guint8 approved[TPM_DIGEST];

  tpm_limit_approved (counter, limit, approved);
  g_byte_array_append (out, approved, sizeof approved);
  g_byte_array_append (out, counter->reference, TPM_REFERENCE);
  return g_byte_array_free_to_bytes (out);
}

/* ---- signing ---- */

static const SignatureAlgorithm *
algorithm_for (EVP_PKEY *owner)
{
  return signature_find (EVP_PKEY_is_a (owner, "EC") ? "ecdsa-sha256" : "rsa-sha256");
}

static Span
span_of (GBytes *bytes)
{
  Span span;

  span.data = g_bytes_get_data (bytes, &span.length);
  return span;
}

GBytes *
tpm_message_sign (GBytes *message, EVP_PKEY *owner, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  if (!is_p256 (owner) && !is_rsa (owner)) {
    tpm_owner_name (owner, (guint8[TPM_NAME]){ 0 }, error);
    return NULL;
  }
  if (!signature_make (algorithm_for (owner), NULL, owner, span_of (message), out, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

gboolean
tpm_message_verify (GBytes *message, EVP_PKEY *owner, GBytes *signature, GError **error)
{
  return signature_verify (algorithm_for (owner), owner, span_of (message), span_of (signature),
                           NULL)
         || openssl_refuse (error, CA_ERROR_PROOF,
                            "what is for the TPM is not signed by this owner's key, or for another "
                            "counter or limit");
}
