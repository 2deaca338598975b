/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See attestation.h.
 */
#include "station/attestation/attestation.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "station/attestation/judge.h"

typedef struct {
  AttestationVerdict (*judge) (const AttestationCase *claim, char **detail);
  const char *const *parts;
} Format;

static const char *const nrf91_parts[] = { "token.cbor", "token.cose", "key.cose", NULL };
static const char *const piv_parts[] = { "key.der", "token.der", NULL };
static const char *const tpm_parts[] = { "endorsement.der",
                                         "attestation-key.tpmt",
                                         "opened-credential.bin",
                                         "certification.tpms",
                                         "certification-sig.tpmt",
                                         "key.tpmt",
                                         NULL };
static const char *const microchip_parts[] = { "chip.der", "signer.der", "signature.bin", NULL };

static const Format formats[N_ATTESTATION_FORMATS] = {
  [ATTESTATION_NRF91] = { attestation_judge_nrf91, nrf91_parts },
  [ATTESTATION_PIV] = { attestation_judge_piv, piv_parts },
  [ATTESTATION_TPM] = { attestation_judge_tpm, tpm_parts },
  [ATTESTATION_MICROCHIP] = { attestation_judge_microchip, microchip_parts },
};

const char *const *
attestation_part_names (const char *format)
{
  for (guint i = 0; i < N_ATTESTATION_FORMATS; i++)
    if (g_strcmp0 (format, attestation_format_word ((AttestationFormat)i)) == 0)
      return formats[i].parts;
  return NULL;
}

gboolean
attestation_challenge_init (AttestationChallenge *challenge, GError **error)
{
  *challenge = (AttestationChallenge){ 0 };
  if (RAND_bytes (challenge->nonce, sizeof challenge->nonce) == 1
      && RAND_bytes (challenge->secret, sizeof challenge->secret) == 1)
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL, "no random bytes to be had");
  return FALSE;
}

void
attestation_challenge_clear (AttestationChallenge *challenge)
{
  OPENSSL_cleanse (challenge->secret, sizeof challenge->secret);
  g_clear_pointer (&challenge->endorsement_key, g_bytes_unref);
  g_clear_pointer (&challenge->name, g_bytes_unref);
}

AttestationVerdict
attestation_judge (const AttestationCase *claim, char **detail)
{
  const GPtrArray *parts = claim->evidence->parts;
  const Format *format;
  guint wanted;

  if ((guint)claim->evidence->format >= N_ATTESTATION_FORMATS || parts == NULL)
    return attestation_refuse (detail, "the evidence has no format that is known here");
  format = &formats[claim->evidence->format];
  wanted = g_strv_length ((char **)format->parts);
  if (parts->len != wanted)
    return attestation_refuse (detail, "the evidence has %u parts instead of %u", parts->len,
                               wanted);
  return format->judge (claim, detail);
}
