/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The counter in the TPM: where it is, what it says, and a new limit.
 */
#include "ca/keystore/tpm-private.h"

#include "base/encode.h"
#include "ca/openssl.h"

#include <string.h>

static gboolean
refuse (GError **error, CaError code, const char *message)
{
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}

static guint32
read_u32 (const guint8 *data)
{
  return (guint32)data[0] << 24 | (guint32)data[1] << 16 | (guint32)data[2] << 8 | data[3];
}

/* ---- the URI ---- */

/* `part` is "WORD=0xNNNNNNNN". */
static gboolean
read_handle (const char *part, const char *word, guint32 first, guint32 last, guint32 *handle)
{
  char *end = NULL;
  guint64 number;

  if (part == NULL || !g_str_has_prefix (part, word))
    return FALSE;
  part += strlen (word);
  if (!g_str_has_prefix (part, "0x"))
    return FALSE;
  number = g_ascii_strtoull (part, &end, 16);
  *handle = (guint32)number;
  return *end == '\0' && number >= first && number <= last;
}

static gboolean
read_reference (const char *part, TpmCounterPlace *place)
{
  g_autoptr (GBytes) bytes = NULL;

  if (part == NULL)
    return TRUE;
  if (!g_str_has_prefix (part, "ref=") || (bytes = hex_decode (part + strlen ("ref="))) == NULL
      || g_bytes_get_size (bytes) != TPM_REFERENCE)
    return FALSE;
  memcpy (place->reference, g_bytes_get_data (bytes, NULL), TPM_REFERENCE);
  place->has_reference = TRUE;
  return TRUE;
}

gboolean
tpm_uri_parse (const char *rest, guint32 *handle, TpmCounterPlace *place, char **tcti,
               GError **error)
{
  const char *mark = strstr (rest, TPM_TCTI_MARK);
  g_autofree char *own = mark != NULL ? g_strndup (rest, (gsize)(mark - rest)) : g_strdup (rest);
  g_auto (GStrv) parts = g_strsplit (own, ";", -1);
  const guint n_parts = g_strv_length (parts);

  if (n_parts < 2 || n_parts > 3
      || !read_handle (parts[0], "handle=", TPM2_PERSISTENT_FIRST, TPM2_PERSISTENT_LAST, handle)
      || !read_handle (parts[1], "count=", TPM_COUNTER_FIRST, TPM_COUNTER_LAST, &place->index)
      || !read_reference (parts[2], place))
    return refuse (error, CA_ERROR_CA_KEY,
                   "Key=tpm2:... names no key that counts: write handle=0x81NNNNNN;"
                   "count=0x01NNNNNN;ref=... as `keycradle-signer ca count create` printed it");
  *tcti = g_strdup (mark != NULL ? mark + strlen (TPM_TCTI_MARK) : TPM_DEFAULT_TCTI);
  return TRUE;
}

/* ---- what is there ---- */

static gboolean
is_counter (const TPMS_NV_PUBLIC *public_area)
{
  return (public_area->attributes & ~TPM_COUNTER_WRITTEN) == TPM_COUNTER_ATTRIBUTES
         && public_area->nameAlg == TPM2_ALG_SHA256 && public_area->dataSize == TPM_PIN_SIZE
         && public_area->authPolicy.size == TPM_DIGEST;
}

/* tpm2-tss has one object for an index, however often it is found: it is looked at anew here. */
static gboolean
look_at (TpmLink *link, guint32 index, ESYS_TR object, guint8 name[TPM_NAME], gboolean *written,
         GError **error)
{
  TPM2B_NV_PUBLIC *found = NULL;
  gboolean ok;
  TSS2_RC code = Esys_NV_ReadPublic (link->esys, object, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                     &found, NULL);

  if (code != TSS2_RC_SUCCESS)
    return tpm_refuse (code, "the TPM does not tell what its counter is", error);
  ok = is_counter (&found->nvPublic);
  if (ok)
    tpm_index_name (index, found->nvPublic.authPolicy.buffer, TRUE, name);
  if (written != NULL)
    *written = (found->nvPublic.attributes & TPM_COUNTER_WRITTEN) != 0;
  Esys_Free (found);
  return ok
         || refuse (error, CA_ERROR_CA_KEY,
                    "what the TPM has at count= is no counter that only the owner can write");
}

gboolean
tpm_counter_find (TpmLink *link, guint32 index, ESYS_TR *object, guint8 name[TPM_NAME],
                  gboolean *written, GError **error)
{
  return tpm_find (link, index, "counter", object, error)
         && look_at (link, index, *object, name, written, error);
}

gboolean
tpm_counter_read (TpmLink *link, ESYS_TR counter, KeystoreCount *count, GError **error)
{
  TPM2B_MAX_NV_BUFFER *data = NULL;
  TSS2_RC code = Esys_NV_Read (link->esys, ESYS_TR_RH_OWNER, counter, ESYS_TR_PASSWORD,
                               ESYS_TR_NONE, ESYS_TR_NONE, TPM_PIN_SIZE, 0, &data);

  if (tpm_said (code, TPM2_RC_BAD_AUTH) || tpm_said (code, TPM2_RC_AUTH_FAIL))
    return refuse (error, CA_ERROR_CA_KEY,
                   "the TPM's owner hierarchy has a password, so its counter can't be read: "
                   "make it empty (tpm2_changeauth -c owner -p PASSWORD)");
  if (tpm_said (code, TPM2_RC_NV_UNINITIALIZED))
    return refuse (error, CA_ERROR_COUNT,
                   "the TPM's counter was never begun, or was deleted and made anew: the owner "
                   "begins it, see `keycradle-signer ca count enroll`");
  if (code != TSS2_RC_SUCCESS)
    return tpm_refuse (code, "the TPM's counter can't be read", error);
  *count = (KeystoreCount){ read_u32 (data->buffer), read_u32 (data->buffer + 4) };
  Esys_Free (data);
  return TRUE;
}

/* ---- a new limit ---- */

static void
put_digest (TPM2B_DIGEST *out, const guint8 *data, gsize length)
{
  out->size = (UINT16)length;
  memcpy (out->buffer, data, length);
}

static gboolean
check_owner (const TpmCounter *counter, const guint8 name[TPM_NAME], GError **error)
{
  guint8 expected[TPM_NAME];

  tpm_counter_name (counter, TRUE, expected);
  return memcmp (expected, name, TPM_NAME) == 0
         || refuse (error, CA_ERROR_COUNT,
                    "the TPM's counter was made for another owner's key than the one that signed "
                    "this, or ref= is another counter's");
}

/* The owner's word that `session` may write this limit; TPM2_RC of whatever refused. */
static TSS2_RC
authorize (TpmLink *link, ESYS_TR session, ESYS_TR owner, const TpmCounter *counter, guint32 limit,
           const TPMT_SIGNATURE *signature)
{
  g_autoptr (GBytes) message = tpm_limit_message (counter, limit);
  g_autoptr (GBytes) hash =
      sha256_of (g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  TPM2B_DIGEST digest = { 0 }, command = { .size = TPM_DIGEST }, approved = { .size = TPM_DIGEST };
  TPM2B_NONCE reference = { 0 };
  TPM2B_NAME name = { .size = TPM_NAME };
  TPMT_TK_VERIFIED *verified = NULL;
  TSS2_RC code;

  put_digest (&digest, g_bytes_get_data (hash, NULL), TPM_DIGEST);
  put_digest (&reference, counter->reference, TPM_REFERENCE);
  tpm_limit_command (counter, limit, command.buffer);
  tpm_limit_approved (counter, limit, approved.buffer);
  memcpy (name.name, counter->owner, TPM_NAME);
  code = Esys_VerifySignature (link->esys, owner, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest,
                               signature, &verified);
  if (code == TSS2_RC_SUCCESS)
    code =
        Esys_PolicyCpHash (link->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &command);
  if (code == TSS2_RC_SUCCESS)
    code = Esys_PolicyAuthorize (link->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                 &approved, &reference, &name, verified);
  Esys_Free (verified);
  return code;
}

TSS2_RC
tpm_counter_choose (TpmLink *link, ESYS_TR session, const TpmCounter *counter, gboolean written)
{
  TPML_DIGEST both = { .count = 2, .digests = { { .size = TPM_DIGEST }, { .size = TPM_DIGEST } } };
  TSS2_RC code = Esys_PolicyNvWritten (link->esys, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, written ? TPM2_YES : TPM2_NO);

  if (code != TSS2_RC_SUCCESS)
    return code;
  tpm_counter_first_policy (counter, both.digests[0].buffer);
  tpm_counter_limit_policy (counter, both.digests[1].buffer);
  return Esys_PolicyOR (link->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &both);
}

static TSS2_RC
write_limit (TpmLink *link, ESYS_TR session, ESYS_TR index, guint32 limit)
{
  const TPM2B_MAX_NV_BUFFER data = { .size = 4,
                                     .buffer = { (BYTE)(limit >> 24), (BYTE)(limit >> 16),
                                                 (BYTE)(limit >> 8), (BYTE)limit } };

  return Esys_NV_Write (link->esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE, &data,
                        TPM_PIN_LIMIT_OFFSET);
}

static gboolean
set_limit (TpmLink *link, ESYS_TR index, const TpmCounter *counter, EVP_PKEY *owner, guint32 limit,
           const TPMT_SIGNATURE *signature, GError **error)
{
  ESYS_TR key = ESYS_TR_NONE, session = ESYS_TR_NONE;
  TSS2_RC code = TSS2_RC_SUCCESS;
  gboolean ok =
      tpm_load_owner (link, owner, &key, error) && tpm_session_begin (link, &session, error);

  if (ok)
    code = authorize (link, session, key, counter, limit, signature);
  if (ok && code == TSS2_RC_SUCCESS)
    code = tpm_counter_choose (link, session, counter, TRUE);
  if (ok && code == TSS2_RC_SUCCESS)
    code = write_limit (link, session, index, limit);
  tpm_session_end (link, &session);
  tpm_session_end (link, &key);
  if (tpm_said (code, TPM2_RC_POLICY_FAIL))
    return refuse (error, CA_ERROR_COUNT,
                   "the TPM's counter was never begun, or was deleted and made anew: it takes no "
                   "limit");
  if (ok && code != TSS2_RC_SUCCESS)
    return tpm_refuse (code, "the TPM does not take the new limit of its counter", error);
  return ok;
}

gboolean
tpm_counter_set_limit (TpmLink *link, ESYS_TR index, const TpmCounterPlace *place, EVP_PKEY *owner,
                       guint32 limit, GBytes *signature, GError **error)
{
  TpmCounter counter = { .index = place->index };
  TPMT_SIGNATURE own = { 0 };
  guint8 name[TPM_NAME];
  g_autoptr (GBytes) message = NULL;

  memcpy (counter.reference, place->reference, TPM_REFERENCE);
  if (!place->has_reference)
    return refuse (error, CA_ERROR_CA_KEY,
                   "the key's URI has no ref=, without which its limit can't be set");
  if (!tpm_owner_name (owner, counter.owner, error))
    return FALSE;
  message = tpm_limit_message (&counter, limit);
  return look_at (link, place->index, index, name, NULL, error)
         && check_owner (&counter, name, error)
         && tpm_message_verify (message, owner, signature, error)
         && tpm_signature_of (owner, signature, &own, error)
         && set_limit (link, index, &counter, owner, limit, &own, error);
}
