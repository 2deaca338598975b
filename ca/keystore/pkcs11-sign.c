/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signatures in a PKCS#11 token (v2.40, "Current Mechanisms"). The digest is made here: every token
 * knows the plain mechanisms, and little data goes over a slow line. Threads sign at once, each in
 * a session of its own, as many as the token gives.
 */
#include "ca/keystore/pkcs11-private.h"

#include "ca/openssl.h"

#include <openssl/ec.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ECDSA_SIG, ECDSA_SIG_free)

#define MOST_SIGNATURE 2048 /* RSA with up to 16384 bits */
#define MOST_DIGEST_INFO (19 + EVP_MAX_MD_SIZE)

typedef struct {
  const char *digest;
  /* DigestInfo up to the digest itself: RFC 8017, section 9.2, note 1. */
  guint8 digest_info[19];
  CK_RSA_PKCS_PSS_PARAMS pss;
} DigestRow;

static const DigestRow digests[] = {
  { "SHA2-256",
    { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
      0x05, 0x00, 0x04, 0x20 },
    { CKM_SHA256, CKG_MGF1_SHA256, 32 } },
  { "SHA2-384",
    { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
      0x05, 0x00, 0x04, 0x30 },
    { CKM_SHA384, CKG_MGF1_SHA384, 48 } },
  { "SHA2-512",
    { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
      0x05, 0x00, 0x04, 0x40 },
    { CKM_SHA512, CKG_MGF1_SHA512, 64 } },
};

/* What goes to C_Sign(), and how. */
typedef struct {
  CK_MECHANISM mechanism;
  CK_RSA_PKCS_PSS_PARAMS pss;
  guint8 input[MOST_DIGEST_INFO];
  gsize length;
} SignInput;

static const DigestRow *
find_digest (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (digests); i++)
    if (g_str_equal (digests[i].digest, name))
      return &digests[i];
  return NULL;
}

static void
fill_rsa (SignInput *input, const DigestRow *row, gboolean pss)
{
  if (pss) {
    input->pss = row->pss;
    input->mechanism = (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &input->pss, sizeof input->pss };
    return;
  }
  input->mechanism.mechanism = CKM_RSA_PKCS;
  memmove (input->input + sizeof row->digest_info, input->input, input->length);
  memcpy (input->input, row->digest_info, sizeof row->digest_info);
  input->length += sizeof row->digest_info;
}

static gboolean
make_input (const SignatureAlgorithm *algorithm, Span data, SignInput *input, GError **error)
{
  const DigestRow *row = find_digest (algorithm->digest);

  *input = (SignInput){ 0 };
  if (row == NULL
      || !EVP_Q_digest (NULL, algorithm->digest, NULL, data.data, data.length, input->input,
                        &input->length))
    return openssl_refuse (error, CA_ERROR_INTERNAL, "no digest for the token to sign");
  if (g_str_equal (algorithm->key_type, "RSA"))
    fill_rsa (input, row, algorithm->pss);
  else
    input->mechanism.mechanism = g_str_equal (algorithm->key_type, "EC") ? CKM_ECDSA : CKM_DSA;
  return TRUE;
}

/* ---- sessions ---- */

/* One that is idle; else a new one; else, where the token has no more, the next that is released.
 * The first signature of all must get one of its own. */
static gboolean
take_session (Pkcs11Token *token, CK_SESSION_HANDLE *session, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&token->mutex);

  while (token->idle->len == 0) {
    CK_RV result =
        token->module->C_OpenSession (token->slot, CKF_SERIAL_SESSION, NULL, NULL, session);

    if (result == CKR_OK) {
      token->opened++;
      return TRUE;
    }
    if (result != CKR_SESSION_COUNT || token->opened == 0)
      return pkcs11_refuse (error, CA_ERROR_CA_TOKEN, "the token with the CA key opens no session",
                            result);
    g_cond_wait (&token->released, &token->mutex);
  }
  *session = g_array_index (token->idle, CK_SESSION_HANDLE, token->idle->len - 1);
  g_array_set_size (token->idle, token->idle->len - 1);
  return TRUE;
}

/* One in which something failed is not used again. */
static void
release_session (Pkcs11Token *token, CK_SESSION_HANDLE session, gboolean good)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = NULL;

  if (!good)
    token->module->C_CloseSession (session);
  locker = g_mutex_locker_new (&token->mutex);
  if (good)
    g_array_append_val (token->idle, session);
  else
    token->opened--;
  g_cond_signal (&token->released);
}

/* ---- the signature ---- */

/* PKCS#11 has r and s side by side, certificates have them in DER (RFC 3279, 2.2.3). */
static gboolean
append_pair (GByteArray *out, const guint8 *raw, gsize length, GError **error)
{
  g_autoptr (ECDSA_SIG) pair = ECDSA_SIG_new ();
  const int half = (int)(length / 2);
  guint8 *der = NULL;
  int der_length;

  if (length == 0 || length % 2 != 0
      || ECDSA_SIG_set0 (pair, BN_bin2bn (raw, half, NULL), BN_bin2bn (raw + half, half, NULL)) != 1
      || (der_length = i2d_ECDSA_SIG (pair, &der)) <= 0)
    return openssl_refuse (error, CA_ERROR_CA_TOKEN,
                           "the token with the CA key made no signature of r and s");
  g_byte_array_append (out, der, (guint)der_length);
  OPENSSL_free (der);
  return TRUE;
}

static CK_RV
sign_in_session (const Pkcs11Token *token, CK_SESSION_HANDLE session, SignInput *input,
                 guint8 *signature, CK_ULONG *length)
{
  CK_RV result = token->module->C_SignInit (session, &input->mechanism, token->key);

  if (result != CKR_OK)
    return result;
  return token->module->C_Sign (session, input->input, input->length, signature, length);
}

gboolean
pkcs11_sign (KeystoreKey *key, const SignatureAlgorithm *algorithm, Span data, GByteArray *out,
             GError **error)
{
  Pkcs11Token *token = key->state;
  guint8 signature[MOST_SIGNATURE];
  CK_ULONG length = sizeof signature;
  CK_SESSION_HANDLE session;
  SignInput input;
  CK_RV result;

  if (!make_input (algorithm, data, &input, error) || !take_session (token, &session, error))
    return FALSE;
  result = sign_in_session (token, session, &input, signature, &length);
  release_session (token, session, result == CKR_OK);
  if (result != CKR_OK)
    return pkcs11_refuse (error, CA_ERROR_CA_TOKEN, "the token with the CA key does not sign",
                          result);
  if (!g_str_equal (algorithm->key_type, "RSA"))
    return append_pair (out, signature, length, error);
  g_byte_array_append (out, signature, (guint)length);
  return TRUE;
}
