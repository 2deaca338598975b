/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between the parts of the TPM that counts: the connection, policy sessions, the counter and what
 * is written to it. One thread at a time.
 */
#pragma once

#include <tss2/tss2_esys.h>

#include "ca/keystore/keystore.h"
#include "ca/proof/tpm-policy.h"

#define TPM_DEFAULT_TCTI "device:/dev/tpmrm0"
#define TPM_TCTI_MARK "?tcti="

typedef struct {
  TSS2_TCTI_CONTEXT *tcti;
  ESYS_CONTEXT *esys;
} TpmLink;

/* CA_ERROR_CA_TOKEN. */
TpmLink *tpm_link_open (const char *tcti, GError **error);
void tpm_link_close (TpmLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TpmLink, tpm_link_close)

/* Sets `error` to what the TPM said and returns FALSE: CA_ERROR_CA_KEY where it said no,
 * CA_ERROR_CA_TOKEN where it can't at present or can't be reached. */
gboolean tpm_refuse (TSS2_RC code, const char *doing, GError **error);

/* "TPM 2.0 Library, Part 2: Structures", 6.6.3. */
gboolean tpm_said (TSS2_RC code, TSS2_RC what);

/* A persistent object or an NV index; tpm_forget() lets it go. */
gboolean tpm_find (TpmLink *link, guint32 handle, const char *what, ESYS_TR *object,
                   GError **error);
void tpm_forget (TpmLink *link, ESYS_TR *object);

/* An empty policy session; tpm_session_end() ends it, also where it is ESYS_TR_NONE. */
gboolean tpm_session_begin (TpmLink *link, ESYS_TR *session, GError **error);
void tpm_session_end (TpmLink *link, ESYS_TR *session);

/* The owner's public key in the TPM, until tpm_session_end() of it. */
gboolean tpm_load_owner (TpmLink *link, EVP_PKEY *owner, ESYS_TR *object, GError **error);

/* A key of the TPM as OpenSSL has it. CA_ERROR_CA_KEY. */
EVP_PKEY *tpm_public_key (const TPMT_PUBLIC *area, GError **error);

/* DER or PKCS#1 as the TPM takes it. CA_ERROR_PROOF. */
gboolean tpm_signature_of (EVP_PKEY *owner, GBytes *signature, TPMT_SIGNATURE *out, GError **error);

/* ---- the counter ---- */

typedef struct {
  guint32 index;
  gboolean has_reference;
  guint8 reference[TPM_REFERENCE];
} TpmCounterPlace; /* as the key's URI has it */

/* Finds it and sees that it counts; `name` receives that of the written index, `written` (may be
 * NULL) whether it is. CA_ERROR_CA_KEY, CA_ERROR_CA_TOKEN. */
gboolean tpm_counter_find (TpmLink *link, guint32 index, ESYS_TR *object, guint8 name[TPM_NAME],
                           gboolean *written, GError **error);
gboolean tpm_counter_read (TpmLink *link, ESYS_TR counter, KeystoreCount *count, GError **error);

/* Writes what the owner signed: see tpm_limit_message(). CA_ERROR_COUNT where the counter is not
 * this owner's. */
gboolean tpm_counter_set_limit (TpmLink *link, ESYS_TR index, const TpmCounterPlace *place,
                                EVP_PKEY *owner, guint32 limit, GBytes *signature, GError **error);

/* The second half of either way to write: see tpm_counter_policy(). */
TSS2_RC tpm_counter_choose (TpmLink *link, ESYS_TR session, const TpmCounter *counter,
                            gboolean written);

/* ";count=0x01800100;ref=..." of a URI, or refuses it. `handle` receives the key's. */
gboolean tpm_uri_parse (const char *rest, guint32 *handle, TpmCounterPlace *place, char **tcti,
                        GError **error);
