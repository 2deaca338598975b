/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A TPM's word.
 */
#include "station/attestation/judge.h"

GBytes *
attestation_make_credential (gpointer challenge, GBytes *endorsement_key, GBytes *name,
                             GError **error)
{
  (void)challenge;
  (void)endorsement_key;
  (void)name;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                       "this station can't make credentials for a TPM yet");
  return NULL;
}

AttestationVerdict
attestation_judge_tpm (const AttestationCase *claim, char **detail)
{
  (void)claim;
  *detail = g_strdup ("kept; this station can't check a TPM's evidence yet");
  return ATTESTATION_KEPT;
}
