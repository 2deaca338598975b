/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A connection to a TPM, through tpm2-tss: sessions, what the TPM says, and the owner's key in it.
 */
#include "ca/keystore/tpm-private.h"

#include "ca/keystore/keystore-private.h"
#include "ca/openssl.h"

#include <openssl/ecdsa.h>
#include <string.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_sys.h>
#include <tss2/tss2_tctildr.h>

#define RC_LAYER_SHIFT 16
#define RC_LAYER_RESOURCE_MANAGER 11u
#define MOST_HANDLES 64

static gboolean
is_from_tpm (TSS2_RC code)
{
  const TSS2_RC layer = code >> RC_LAYER_SHIFT;

  return code != 0 && (layer == 0 || layer == RC_LAYER_RESOURCE_MANAGER);
}

/* Format one tells which handle, parameter or session it is about; what is said is the same. */
gboolean
tpm_said (TSS2_RC code, TSS2_RC what)
{
  if (!is_from_tpm (code))
    return FALSE;
  code &= 0xffff;
  if ((code & TPM2_RC_FMT1) != 0)
    code &= 0x0bf;
  return code == what;
}

/* Warnings (TPM2_RC_WARN) pass: it is busy, or spares its memory. */
static gboolean
is_a_no (TSS2_RC code)
{
  return is_from_tpm (code)
         && ((code & TPM2_RC_FMT1) != 0 || (code & TPM2_RC_WARN) != TPM2_RC_WARN);
}

gboolean
tpm_refuse (TSS2_RC code, const char *doing, GError **error)
{
  g_set_error (error, CA_ERROR,
               is_a_no (code) && !tpm_said (code, TPM2_RC_INITIALIZE)
                       && !tpm_said (code, TPM2_RC_FAILURE)
                   ? (int)CA_ERROR_CA_KEY
                   : (int)CA_ERROR_CA_TOKEN,
               "%s: %s", doing, Tss2_RC_Decode (code));
  return FALSE;
}

TpmLink *
tpm_link_open (const char *tcti, GError **error)
{
  g_autoptr (TpmLink) link = g_new0 (TpmLink, 1);
  TSS2_RC code;

  /* Their lines on stderr; what they say comes as errors too. */
  if (keystore_is_one_thread ())
    g_setenv ("TSS2_LOG", "all+none", FALSE);
  code = Tss2_TctiLdr_Initialize (tcti, &link->tcti);
  if (code == TSS2_RC_SUCCESS)
    code = Esys_Initialize (&link->esys, link->tcti, NULL);
  if (code == TSS2_RC_SUCCESS)
    return g_steal_pointer (&link);
  g_set_error (error, CA_ERROR, CA_ERROR_CA_TOKEN, "the TPM at %s can't be reached: %s", tcti,
               Tss2_RC_Decode (code));
  return NULL;
}

void
tpm_link_close (TpmLink *link)
{
  if (link == NULL)
    return;
  if (link->esys != NULL)
    Esys_Finalize (&link->esys);
  if (link->tcti != NULL)
    Tss2_TctiLdr_Finalize (&link->tcti);
  g_free (link);
}

gboolean
tpm_find (TpmLink *link, guint32 handle, const char *what, ESYS_TR *object, GError **error)
{
  TSS2_RC code =
      Esys_TR_FromTPMPublic (link->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, object);
  g_autofree char *doing = NULL;

  if (code == TSS2_RC_SUCCESS)
    return TRUE;
  *object = ESYS_TR_NONE;
  doing = g_strdup_printf ("the TPM has no %s at 0x%08x", what, handle);
  return tpm_refuse (code, doing, error);
}

void
tpm_forget (TpmLink *link, ESYS_TR *object)
{
  if (*object != ESYS_TR_NONE)
    Esys_TR_Close (link->esys, object);
  *object = ESYS_TR_NONE;
}

/* ---- sessions ---- */

/* Behind a resource manager there is always room, and these lists are our own. Without one the TPM
 * is ours alone, and keeps what a signer left that was killed. */
static void
make_room (TpmLink *link, TPM2_HANDLE kind)
{
  TPMS_CAPABILITY_DATA *data = NULL;
  TSS2_SYS_CONTEXT *system = NULL;
  TPMI_YES_NO more;

  if (Esys_GetCapability (link->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                          kind, MOST_HANDLES, &more, &data)
          != TSS2_RC_SUCCESS
      || Esys_GetSysContext (link->esys, &system) != TSS2_RC_SUCCESS)
    return;
  for (guint i = 0; i < data->data.handles.count; i++)
    Tss2_Sys_FlushContext (system, data->data.handles.handle[i]);
  Esys_Free (data);
}

static TSS2_RC
start_session (TpmLink *link, ESYS_TR *session)
{
  const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };

  return Esys_StartAuthSession (link->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256,
                                session);
}

gboolean
tpm_session_begin (TpmLink *link, ESYS_TR *session, GError **error)
{
  TSS2_RC code = start_session (link, session);

  if (tpm_said (code, TPM2_RC_SESSION_MEMORY) || tpm_said (code, TPM2_RC_SESSION_HANDLES)) {
    make_room (link, TPM2_LOADED_SESSION_FIRST);
    code = start_session (link, session);
  }
  if (code == TSS2_RC_SUCCESS)
    return TRUE;
  *session = ESYS_TR_NONE;
  return tpm_refuse (code, "the TPM opens no session", error);
}

void
tpm_session_end (TpmLink *link, ESYS_TR *session)
{
  if (*session != ESYS_TR_NONE && Esys_FlushContext (link->esys, *session) != TSS2_RC_SUCCESS)
    Esys_TR_Close (link->esys, session);
  *session = ESYS_TR_NONE;
}

/* ---- the owner's key ---- */

static TSS2_RC
load_external (TpmLink *link, const TPM2B_PUBLIC *public_area, ESYS_TR *object)
{
  return Esys_LoadExternal (link->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, public_area,
                            ESYS_TR_RH_OWNER, object);
}

gboolean
tpm_load_owner (TpmLink *link, EVP_PKEY *owner, ESYS_TR *object, GError **error)
{
  g_autoptr (GByteArray) bytes = tpm_owner_public (owner, error);
  TPM2B_PUBLIC public_area = { 0 };
  gsize offset = 0;
  TSS2_RC code;

  *object = ESYS_TR_NONE;
  if (bytes == NULL)
    return FALSE;
  code = Tss2_MU_TPMT_PUBLIC_Unmarshal (bytes->data, bytes->len, &offset, &public_area.publicArea);
  if (code == TSS2_RC_SUCCESS)
    code = load_external (link, &public_area, object);
  if (tpm_said (code, TPM2_RC_OBJECT_MEMORY)) {
    make_room (link, TPM2_TRANSIENT_FIRST);
    code = load_external (link, &public_area, object);
  }
  if (code == TSS2_RC_SUCCESS)
    return TRUE;
  *object = ESYS_TR_NONE;
  return tpm_refuse (code, "the TPM does not take the owner's key", error);
}

static gboolean
take_number (const BIGNUM *number, TPM2B_ECC_PARAMETER *out)
{
  out->size = TPM_DIGEST;
  return BN_bn2binpad (number, out->buffer, TPM_DIGEST) == TPM_DIGEST;
}

static gboolean
take_ecdsa (GBytes *signature, TPMT_SIGNATURE *out)
{
  const guint8 *der = g_bytes_get_data (signature, NULL);
  ECDSA_SIG *numbers = d2i_ECDSA_SIG (NULL, &der, (long)g_bytes_get_size (signature));
  gboolean ok;

  if (numbers == NULL)
    return FALSE;
  out->sigAlg = TPM2_ALG_ECDSA;
  out->signature.ecdsa.hash = TPM2_ALG_SHA256;
  ok = take_number (ECDSA_SIG_get0_r (numbers), &out->signature.ecdsa.signatureR)
       && take_number (ECDSA_SIG_get0_s (numbers), &out->signature.ecdsa.signatureS);
  ECDSA_SIG_free (numbers);
  return ok;
}

static gboolean
take_rsa (GBytes *signature, TPMT_SIGNATURE *out)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (signature, &length);

  if (length > sizeof out->signature.rsassa.sig.buffer)
    return FALSE;
  out->sigAlg = TPM2_ALG_RSASSA;
  out->signature.rsassa.hash = TPM2_ALG_SHA256;
  out->signature.rsassa.sig.size = (UINT16)length;
  memcpy (out->signature.rsassa.sig.buffer, data, length);
  return TRUE;
}

gboolean
tpm_signature_of (EVP_PKEY *owner, GBytes *signature, TPMT_SIGNATURE *out, GError **error)
{
  return (EVP_PKEY_is_a (owner, "EC") ? take_ecdsa (signature, out) : take_rsa (signature, out))
         || openssl_refuse (error, CA_ERROR_PROOF, "the owner's signature for the TPM is not one");
}
