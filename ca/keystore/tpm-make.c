/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See tpm-make.h. The key's parent is the TPM's storage key of the template that everybody uses
 * ("TCG TPM v2.0 Provisioning Guidance", 7.5.1; tpm2_createprimary's): it need not be kept.
 */
#include "ca/keystore/tpm-make.h"

#include "base/encode.h"
#include "ca/keystore/tpm-private.h"
#include "ca/openssl.h"

#include <openssl/rand.h>
#include <string.h>

static gboolean
refuse (GError **error, CaError code, const char *message)
{
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}

/* ---- the counter ---- */

static gboolean
define_counter (TpmLink *link, const TpmCounter *counter, GError **error)
{
  TPM2B_NV_PUBLIC wanted = { .nvPublic = { .nvIndex = counter->index,
                                           .nameAlg = TPM2_ALG_SHA256,
                                           .attributes = TPM_COUNTER_ATTRIBUTES,
                                           .authPolicy = { .size = TPM_DIGEST },
                                           .dataSize = TPM_PIN_SIZE } };
  const TPM2B_AUTH empty = { 0 };
  ESYS_TR index = ESYS_TR_NONE;
  TSS2_RC code;

  tpm_counter_policy (counter, wanted.nvPublic.authPolicy.buffer);
  code = Esys_NV_DefineSpace (link->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                              ESYS_TR_NONE, &empty, &wanted, &index);
  tpm_forget (link, &index);
  if (tpm_said (code, TPM2_RC_NV_DEFINED))
    return ca_refuse (error, CA_ERROR_CA_KEY,
                      "the TPM has something at 0x%08x already, which is not overwritten: choose "
                      "another --count",
                      counter->index);
  return code == TSS2_RC_SUCCESS || tpm_refuse (code, "the TPM makes no counter", error);
}

/* ---- the key ---- */

static const TPM2B_PUBLIC storage_template = {
  .publicArea = { .type = TPM2_ALG_ECC,
                  .nameAlg = TPM2_ALG_SHA256,
                  .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT
                                      | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH
                                      | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
                  .parameters.eccDetail = { .symmetric = { .algorithm = TPM2_ALG_AES,
                                                           .keyBits.aes = 128,
                                                           .mode.aes = TPM2_ALG_CFB },
                                            .scheme = { .scheme = TPM2_ALG_NULL },
                                            .curveID = TPM2_ECC_NIST_P256,
                                            .kdf = { .scheme = TPM2_ALG_NULL } } }
};

static gboolean
set_kind (const char *kind, TPMT_PUBLIC *area, GError **error)
{
  static const struct {
    const char *word;
    TPMI_ECC_CURVE curve; /* or RSA */
    UINT16 bits;
  } kinds[] = { { "p-256", TPM2_ECC_NIST_P256, 0 },
                { "p-384", TPM2_ECC_NIST_P384, 0 },
                { "rsa-2048", 0, 2048 },
                { "rsa-3072", 0, 3072 } };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (!g_str_equal (kinds[i].word, kind))
      continue;
    area->type = kinds[i].curve != 0 ? TPM2_ALG_ECC : TPM2_ALG_RSA;
    if (kinds[i].curve != 0)
      area->parameters.eccDetail = (TPMS_ECC_PARMS){ .symmetric = { .algorithm = TPM2_ALG_NULL },
                                                     .scheme = { .scheme = TPM2_ALG_NULL },
                                                     .curveID = kinds[i].curve,
                                                     .kdf = { .scheme = TPM2_ALG_NULL } };
    else
      area->parameters.rsaDetail = (TPMS_RSA_PARMS){ .symmetric = { .algorithm = TPM2_ALG_NULL },
                                                     .scheme = { .scheme = TPM2_ALG_NULL },
                                                     .keyBits = kinds[i].bits };
    return TRUE;
  }
  return ca_refuse (error, CA_ERROR_CA_KEY,
                    "'%s' is no kind of key for a TPM; known are " TPM_KEY_KINDS, kind);
}

/* Made in the TPM, bound to it, and usable with the counter alone: nobody has an authValue. */
static gboolean
key_template (const TpmCounter *counter, const char *kind, TPM2B_PUBLIC *wanted, GError **error)
{
  TPMT_PUBLIC *area = &wanted->publicArea;
  guint8 name[TPM_NAME];

  area->nameAlg = TPM2_ALG_SHA256;
  area->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT
                           | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY
                           | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT;
  tpm_counter_name (counter, TRUE, name);
  area->authPolicy.size = TPM_DIGEST;
  tpm_counted_key_policy (name, area->authPolicy.buffer);
  return set_kind (kind, area, error);
}

static TSS2_RC
make_parent (TpmLink *link, ESYS_TR *parent)
{
  const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
  const TPM2B_DATA outside = { 0 };
  const TPML_PCR_SELECTION none = { 0 };

  return Esys_CreatePrimary (link->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                             ESYS_TR_NONE, &sensitive, &storage_template, &outside, &none, parent,
                             NULL, NULL, NULL, NULL);
}

static TSS2_RC
make_child (TpmLink *link, ESYS_TR parent, const TPM2B_PUBLIC *wanted, ESYS_TR *key,
            TPM2B_PUBLIC **made)
{
  const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
  const TPM2B_DATA outside = { 0 };
  const TPML_PCR_SELECTION none = { 0 };
  TPM2B_PRIVATE *sealed = NULL;
  TSS2_RC code = Esys_Create (link->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                              &sensitive, wanted, &outside, &none, &sealed, made, NULL, NULL, NULL);

  if (code == TSS2_RC_SUCCESS)
    code = Esys_Load (link->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, sealed,
                      *made, key);
  Esys_Free (sealed);
  return code;
}

static TSS2_RC
keep (TpmLink *link, ESYS_TR key, guint32 handle)
{
  ESYS_TR kept = ESYS_TR_NONE;
  TSS2_RC code = Esys_EvictControl (link->esys, ESYS_TR_RH_OWNER, key, ESYS_TR_PASSWORD,
                                    ESYS_TR_NONE, ESYS_TR_NONE, handle, &kept);

  tpm_forget (link, &kept);
  return code;
}

static EVP_PKEY *
make_key (TpmLink *link, guint32 handle, const TPM2B_PUBLIC *wanted, GError **error)
{
  ESYS_TR parent = ESYS_TR_NONE, key = ESYS_TR_NONE;
  TPM2B_PUBLIC *made = NULL;
  EVP_PKEY *public_key = NULL;
  TSS2_RC code = make_parent (link, &parent);

  if (code == TSS2_RC_SUCCESS)
    code = make_child (link, parent, wanted, &key, &made);
  if (code == TSS2_RC_SUCCESS)
    code = keep (link, key, handle);
  tpm_session_end (link, &key);
  tpm_session_end (link, &parent);
  if (tpm_said (code, TPM2_RC_NV_DEFINED))
    ca_refuse (error, CA_ERROR_CA_KEY,
               "the TPM has a key at 0x%08x already, which is not overwritten: choose another "
               "--handle",
               handle);
  else if (code != TSS2_RC_SUCCESS)
    tpm_refuse (code, "the TPM makes no CA key", error);
  else
    public_key = tpm_public_key (&made->publicArea, error);
  Esys_Free (made);
  return public_key;
}

/* ---- both ---- */

static void
remove_counter (TpmLink *link, guint32 index)
{
  ESYS_TR object = ESYS_TR_NONE;

  if (tpm_find (link, index, "counter", &object, NULL))
    Esys_NV_UndefineSpace (link->esys, ESYS_TR_RH_OWNER, object, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE);
}

EVP_PKEY *
tpm_make (const char *tcti, guint32 handle, const char *kind, EVP_PKEY *owner, TpmCounter *counter,
          GError **error)
{
  TPM2B_PUBLIC wanted = { 0 };
  g_autoptr (TpmLink) link = NULL;
  EVP_PKEY *key;

  if (RAND_bytes (counter->reference, TPM_REFERENCE) != 1) {
    openssl_refuse (error, CA_ERROR_INTERNAL, "no random bytes");
    return NULL;
  }
  if (!tpm_owner_name (owner, counter->owner, error)
      || !key_template (counter, kind, &wanted, error)
      || (link = tpm_link_open (tcti != NULL ? tcti : TPM_DEFAULT_TCTI, error)) == NULL
      || !define_counter (link, counter, error))
    return NULL;
  key = make_key (link, handle, &wanted, error);
  if (key == NULL)
    remove_counter (link, counter->index);
  return key;
}

/* ---- the beginning ---- */

struct TpmBeginning {
  TpmLink *link;
  TpmCounter counter;
  EVP_PKEY *owner;
  guint32 limit;
  TPM2B_NONCE nonce;
  ESYS_TR session;
  ESYS_TR index;
  ESYS_TR key; /* the owner's */
};

void
tpm_beginning_close (TpmBeginning *beginning)
{
  if (beginning == NULL)
    return;
  if (beginning->link != NULL) {
    tpm_session_end (beginning->link, &beginning->session);
    tpm_session_end (beginning->link, &beginning->key);
    tpm_forget (beginning->link, &beginning->index);
  }
  tpm_link_close (beginning->link);
  EVP_PKEY_free (beginning->owner);
  g_free (beginning);
}

static gboolean
find_unwritten (TpmBeginning *beginning, GError **error)
{
  guint8 expected[TPM_NAME], name[TPM_NAME];
  gboolean written = FALSE;

  if (!tpm_counter_find (beginning->link, beginning->counter.index, &beginning->index, name,
                         &written, error))
    return FALSE;
  tpm_counter_name (&beginning->counter, TRUE, expected);
  if (memcmp (expected, name, TPM_NAME) != 0)
    return refuse (error, CA_ERROR_COUNT,
                   "the counter in the TPM is not that of the enrolment: it was made anew");
  return !written || refuse (error, CA_ERROR_COUNT, "the counter was begun already");
}

static gboolean
take_nonce (TpmBeginning *beginning, guint8 nonce[TPM_NONCE], GError **error)
{
  TPM2B_NONCE *own = NULL;
  TSS2_RC code;

  if (!tpm_session_begin (beginning->link, &beginning->session, error))
    return FALSE;
  code = Esys_TRSess_GetNonceTPM (beginning->link->esys, beginning->session, &own);
  if (code != TSS2_RC_SUCCESS || own->size != TPM_NONCE) {
    Esys_Free (own);
    return tpm_refuse (code, "the TPM's session has no nonce that can be used", error);
  }
  beginning->nonce = *own;
  memcpy (nonce, own->buffer, TPM_NONCE);
  Esys_Free (own);
  return TRUE;
}

TpmBeginning *
tpm_beginning_open (const char *tcti, const TpmCounter *counter, EVP_PKEY *owner, guint32 limit,
                    guint8 nonce[TPM_NONCE], GError **error)
{
  g_autoptr (TpmBeginning) beginning = g_new0 (TpmBeginning, 1);

  beginning->counter = *counter;
  beginning->limit = limit;
  beginning->session = beginning->index = beginning->key = ESYS_TR_NONE;
  EVP_PKEY_up_ref (owner);
  beginning->owner = owner;
  beginning->link = tpm_link_open (tcti != NULL ? tcti : TPM_DEFAULT_TCTI, error);
  if (beginning->link == NULL || !find_unwritten (beginning, error)
      || !tpm_load_owner (beginning->link, owner, &beginning->key, error)
      || !take_nonce (beginning, nonce, error))
    return NULL;
  return g_steal_pointer (&beginning);
}

static TSS2_RC
write_first (TpmBeginning *beginning, const TPMT_SIGNATURE *signature)
{
  const guint32 limit = beginning->limit;
  const TPM2B_MAX_NV_BUFFER data = { .size = TPM_PIN_SIZE,
                                     .buffer = { 0, 0, 0, 0, (BYTE)(limit >> 24),
                                                 (BYTE)(limit >> 16), (BYTE)(limit >> 8),
                                                 (BYTE)limit } };
  ESYS_CONTEXT *esys = beginning->link->esys;
  TPM2B_DIGEST command = { .size = TPM_DIGEST };
  TPM2B_NONCE reference = { .size = TPM_REFERENCE };
  TPM2B_TIMEOUT *timeout = NULL;
  TPMT_TK_AUTH *ticket = NULL;
  TSS2_RC code;

  tpm_first_command (&beginning->counter, limit, command.buffer);
  memcpy (reference.buffer, beginning->counter.reference, TPM_REFERENCE);
  code = Esys_PolicySigned (esys, beginning->key, beginning->session, ESYS_TR_NONE, ESYS_TR_NONE,
                            ESYS_TR_NONE, &beginning->nonce, &command, &reference, 0, signature,
                            &timeout, &ticket);
  Esys_Free (timeout);
  Esys_Free (ticket);
  if (code == TSS2_RC_SUCCESS)
    code = tpm_counter_choose (beginning->link, beginning->session, &beginning->counter, FALSE);
  if (code == TSS2_RC_SUCCESS)
    code = Esys_NV_Write (esys, beginning->index, beginning->index, beginning->session,
                          ESYS_TR_NONE, ESYS_TR_NONE, &data, 0);
  return code;
}

gboolean
tpm_begin (TpmBeginning *beginning, GBytes *signature, GError **error)
{
  g_autoptr (GBytes) message =
      tpm_first_message (&beginning->counter, beginning->limit, beginning->nonce.buffer);
  TPMT_SIGNATURE own = { 0 };
  TSS2_RC code;

  if (!tpm_message_verify (message, beginning->owner, signature, error)
      || !tpm_signature_of (beginning->owner, signature, &own, error))
    return FALSE;
  code = write_first (beginning, &own);
  return code == TSS2_RC_SUCCESS || tpm_refuse (code, "the TPM does not begin its counter", error);
}
