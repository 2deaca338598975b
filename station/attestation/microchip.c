/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A Microchip chip's word: the certificate that Microchip (or who it was made for) put into it, and
 * a signature over our nonce by the key of that certificate. That shows which chip answers. It
 * shows where the request's key was made only where that is the certified key itself: any other key
 * of the same chip may as well be one beside it. Source: Microchip, ATECC608 Trust Platform:
 * certificates of chip and signer.
 */
#include <string.h>

#include "station/attestation/judge.h"

/* The certificate's subject has the chip's nine bytes in hex: "sn0123..EE", or them alone. */
static gboolean
names_chip (const X509 *certificate, const char *chip_id)
{
  g_autofree char *subject = attestation_subject (certificate);
  g_autofree char *folded = g_ascii_strup (subject, -1);
  g_autofree char *wanted = g_ascii_strup (chip_id, -1);

  return *wanted != '\0' && strstr (folded, wanted) != NULL;
}

static const char *
contradiction (const AttestationCase *claim, X509 *chip, X509 *signer)
{
  EVP_PKEY *key = X509_get0_pubkey (chip);

  if (!attestation_is_issued_by (chip, signer))
    return "the chip's certificate is not by the signer whose certificate came with it";
  if (claim->chip_id == NULL || !names_chip (chip, claim->chip_id))
    return "the chip's certificate is of another chip";
  if (key == NULL
      || !attestation_signed_raw (key, claim->challenge->nonce, PROOF_NONCE_LENGTH,
                                  attestation_part (claim, 2)))
    return "the chip did not sign this nonce with the key of its certificate";
  return NULL;
}

static AttestationVerdict
say (const AttestationCase *claim, X509 *chip, char **detail)
{
  g_autofree char *subject = attestation_subject (chip);

  if (attestation_has_key (chip, claim->spki)) {
    *detail = g_strdup_printf ("the key is the certified one of the chip %s", subject);
    return ATTESTATION_VERIFIED;
  }
  *detail = g_strdup_printf ("the chip %s is genuine and answers; but the request's key is not its "
                             "certified one, so that nothing shows where that was made",
                             subject);
  return ATTESTATION_KEPT;
}

AttestationVerdict
attestation_judge_microchip (const AttestationCase *claim, char **detail)
{
  g_autoptr (X509) chip = attestation_certificate (attestation_part (claim, 0));
  g_autoptr (X509) signer = attestation_certificate (attestation_part (claim, 1));
  g_autofree char *problem = NULL;
  const char *wrong;

  if (chip == NULL || signer == NULL)
    return attestation_refuse (detail, "the chip's and its signer's certificate can't be read");
  wrong = contradiction (claim, chip, signer);
  if (wrong != NULL)
    return attestation_refuse (detail, "%s", wrong);
  if (claim->trust->certificates->len == 0) {
    g_autofree char *subject = attestation_subject (chip);

    *detail = g_strdup_printf ("a chip that calls itself %s; no root to check it with", subject);
    return ATTESTATION_KEPT;
  }
  problem = attestation_chain_problem (claim, chip, signer);
  if (problem != NULL)
    return attestation_refuse (detail, "the chip's certificate leads to no trusted root: %s",
                               problem);
  return say (claim, chip, detail);
}
