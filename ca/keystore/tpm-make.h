/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA key and its counter are made in a TPM, and the owner begins the counter. Nobody does this
 * while a station works. Errors are CA_ERROR_CA_TOKEN, CA_ERROR_CA_KEY, CA_ERROR_PROOF,
 * CA_ERROR_COUNT.
 */
#pragma once

#include "ca/proof/tpm-policy.h"

#define TPM_KEY_KINDS "p-256, p-384, rsa-2048, rsa-3072"

/* Makes the counter, with a random reference, and the key at persistent `handle`, whose public half
 * it returns; free with EVP_PKEY_free(). Overwrites nothing. `kind` is one of TPM_KEY_KINDS, `tcti`
 * NULL for the PC's own TPM, `owner` the owner's public key. */
EVP_PKEY *tpm_make (const char *tcti, guint32 handle, const char *kind, EVP_PKEY *owner,
                    TpmCounter *counter, GError **error);

typedef struct TpmBeginning TpmBeginning;

/* Opens the one session in which the counter can be begun with 0 of `limit`, and tells its nonce.
 * It lasts until the process or the TPM ends. */
TpmBeginning *tpm_beginning_open (const char *tcti, const TpmCounter *counter, EVP_PKEY *owner,
                                  guint32 limit, guint8 nonce[TPM_NONCE], GError **error);
void tpm_beginning_close (TpmBeginning *beginning);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TpmBeginning, tpm_beginning_close)

/* `signature` is over tpm_first_message(). A wrong one may be tried again. */
gboolean tpm_begin (TpmBeginning *beginning, GBytes *signature, GError **error);
