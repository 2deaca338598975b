/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A TPM's word, in three steps: its maker certified the endorsement key (EK); only the TPM with
 * that key could open our credential, and only beside the attestation key (AK) that we named in it;
 * the AK certified, over our nonce, that the request's key is in the same TPM, was made there and
 * can't leave. An AK that is restricted signs nothing that only looks as if it came from the TPM.
 * Source: TCG, "Trusted Platform Module Library", Part 1 and 2; "EK Credential Profile" 2.5.
 */
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/text.h"
#include "station/attestation/judge.h"
#include "station/attestation/tpm-wire.h"

#define EK_USE "2.23.133.8.1" /* tcg-kp-EKCertificate */

#define AK_NEEDS                                                                                   \
  (TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN | TPM_RESTRICTED | TPM_SIGN)
#define KEY_NEEDS (TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN)

enum { PART_EK, PART_AK, PART_OPENED, PART_CERTIFICATION, PART_SIGNATURE, PART_KEY };

static gboolean
part_is (TpmPart part, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  return part.length == length && memcmp (part.data, data, length) == 0;
}

static gboolean
has_all (guint32 attributes, guint32 needed)
{
  return (attributes & needed) == needed;
}

/* Did the TPM with the endorsement key open the credential beside this AK? */
static const char *
judge_attestation_key (const AttestationCase *claim, TpmPublic *ak)
{
  const AttestationChallenge *challenge = claim->challenge;
  g_autoptr (GBytes) name = NULL;
  gsize length;
  const guint8 *opened = g_bytes_get_data (attestation_part (claim, PART_OPENED), &length);

  if (!tpm_public_read (ak, attestation_part (claim, PART_AK)))
    return "the attestation key can't be read";
  if (!has_all (ak->attributes, AK_NEEDS) || (ak->attributes & TPM_DECRYPT))
    return "the attestation key is not restricted to signing what the TPM itself made";
  if (challenge->name == NULL)
    return "no credential was asked for";
  name = tpm_public_name (ak, attestation_part (claim, PART_AK));
  if (!g_bytes_equal (name, challenge->name))
    return "the credential was for another attestation key";
  if (length != ATTESTATION_SECRET_LENGTH
      || CRYPTO_memcmp (opened, challenge->secret, ATTESTATION_SECRET_LENGTH) != 0)
    return "the TPM did not open the credential";
  return NULL;
}

static gboolean
is_key (const TpmPublic *public, GBytes *spki)
{
  g_autoptr (EVP_PKEY) key = tpm_public_key (public);
  g_autoptr (EVP_PKEY) wanted = attestation_key (spki);

  return key != NULL && wanted != NULL && EVP_PKEY_eq (key, wanted) == 1;
}

/* tpm2_certify of tpm2-tools takes no qualifying data and always gives these. That is no way around
 * freshness: what it says of a key that can't leave its TPM stays true, that the TPM is here is
 * shown by the credential, and that the key is, by the request. */
static gboolean
is_over_nonce (const AttestationCase *claim, const TpmPart *extra)
{
  static const guint8 of_tools[] = { 0x00, 0xff, 0x55, 0xaa };

  return (extra->length == PROOF_NONCE_LENGTH
          && memcmp (extra->data, claim->challenge->nonce, PROOF_NONCE_LENGTH) == 0)
         || (extra->length == sizeof of_tools
             && memcmp (extra->data, of_tools, sizeof of_tools) == 0);
}

/* Did the AK certify the request's key? */
static const char *
judge_key (const AttestationCase *claim, const TpmPublic *ak, TpmCertification *certification)
{
  g_autoptr (EVP_PKEY) signer = tpm_public_key (ak);
  g_autoptr (GBytes) name = NULL;
  TpmPublic key;

  if (signer == NULL
      || !tpm_signed (signer, attestation_part (claim, PART_CERTIFICATION),
                      attestation_part (claim, PART_SIGNATURE)))
    return "the certification is not signed by the attestation key";
  if (!tpm_certification_read (certification, attestation_part (claim, PART_CERTIFICATION)))
    return "what the attestation key signed is not a TPM's certification of a key";
  if (!is_over_nonce (claim, &certification->extra))
    return "the certification is not over this nonce";
  if (!tpm_public_read (&key, attestation_part (claim, PART_KEY)))
    return "the certified key can't be read";
  name = tpm_public_name (&key, attestation_part (claim, PART_KEY));
  if (!part_is (certification->name, name))
    return "the certification is of another key than the one that came with it";
  if (!has_all (key.attributes, KEY_NEEDS))
    return "the key was not made in the TPM, or may leave it";
  if (!is_key (&key, claim->spki))
    return "the certified key is not the request's";
  return NULL;
}

/* ---- the endorsement key ---- */

/* The credential was made for the key of this certificate. */
static gboolean
is_of_certificate (const AttestationCase *claim, const X509 *certificate)
{
  TpmPublic endorsed;
  EVP_PKEY *certified = X509_get0_pubkey (certificate);

  if (!tpm_public_read (&endorsed, claim->challenge->endorsement_key) || certified == NULL)
    return FALSE;
  g_autoptr (EVP_PKEY) key = tpm_public_key (&endorsed);
  return key != NULL && EVP_PKEY_eq (key, certified) == 1;
}

/* A certificate that says what it is for must say that it is an endorsement key's. */
static gboolean
is_for_endorsement (const X509 *certificate)
{
  EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i (certificate, NID_ext_key_usage, NULL, NULL);
  gboolean fits = X509_get_ext_by_NID (certificate, NID_ext_key_usage, -1) < 0;

  for (int i = 0; uses != NULL && i < sk_ASN1_OBJECT_num (uses) && !fits; i++) {
    char oid[64];

    OBJ_obj2txt (oid, sizeof oid, sk_ASN1_OBJECT_value (uses, i), 1);
    fits = g_str_equal (oid, EK_USE);
  }
  EXTENDED_KEY_USAGE_free (uses);
  return fits;
}

/* The value of one attribute of a directoryName, or NULL. Free with g_free(). */
static char *
attribute (const X509_NAME *name, const char *oid)
{
  ASN1_OBJECT *object = OBJ_txt2obj (oid, 1);
  int at = object == NULL ? -1 : X509_NAME_get_index_by_OBJ (name, object, -1);
  const ASN1_STRING *value =
      at < 0 ? NULL : X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, at));
  g_autofree char *text = value == NULL ? NULL
                                        : g_strndup ((const char *)ASN1_STRING_get0_data (value),
                                                     (gsize)ASN1_STRING_length (value));

  ASN1_OBJECT_free (object);
  return text == NULL ? NULL : text_for_display (text, 64);
}

/* TPM manufacturer, model and version (EK Credential Profile, 3.2.9) in subjectAltName. */
static char *
describe_maker (const X509 *certificate)
{
  GENERAL_NAMES *names = X509_get_ext_d2i (certificate, NID_subject_alt_name, NULL, NULL);
  g_autofree char *maker = NULL;
  g_autofree char *model = NULL;
  g_autofree char *version = NULL;

  for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num (names) && maker == NULL; i++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value (names, i);

    if (name->type != GEN_DIRNAME)
      continue;
    maker = attribute (name->d.directoryName, "2.23.133.2.1");
    model = attribute (name->d.directoryName, "2.23.133.2.2");
    version = attribute (name->d.directoryName, "2.23.133.2.3");
  }
  GENERAL_NAMES_free (names);
  return g_strdup_printf ("maker %s, model %s, version %s", maker != NULL ? maker : "unknown",
                          model != NULL ? model : "unknown", version != NULL ? version : "unknown");
}

static AttestationVerdict
judge_endorsement (const AttestationCase *claim, const TpmCertification *certification,
                   char **detail)
{
  g_autoptr (X509) certificate = attestation_certificate (attestation_part (claim, PART_EK));
  g_autofree char *maker = NULL;
  g_autofree char *problem = NULL;

  if (certificate == NULL)
    return attestation_refuse (detail, "the endorsement certificate can't be read");
  if (!is_of_certificate (claim, certificate))
    return attestation_refuse (detail, "the endorsement certificate is of another key than the "
                                       "credential was made for");
  if (!is_for_endorsement (certificate))
    return attestation_refuse (detail, "the certificate is not one for an endorsement key");
  maker = describe_maker (certificate);
  if (claim->trust->certificates->len == 0) {
    *detail = g_strdup_printf ("key made in a TPM (%s); no root to check that with", maker);
    return ATTESTATION_KEPT;
  }
  problem = attestation_chain_problem (claim, certificate, NULL);
  if (problem != NULL)
    return attestation_refuse (detail, "the endorsement certificate leads to no trusted root: %s",
                               problem);
  *detail = g_strdup_printf ("key made in a TPM (%s), firmware %" G_GINT64_MODIFIER "x", maker,
                             certification->firmware);
  return ATTESTATION_VERIFIED;
}

/* A TPM without a certificate brings nothing in its place, or the endorsement key's own area. */
static gboolean
has_certificate (const AttestationCase *claim)
{
  return !attestation_part_is_empty (claim, PART_EK)
         && !g_bytes_equal (attestation_part (claim, PART_EK), claim->challenge->endorsement_key);
}

AttestationVerdict
attestation_judge_tpm (const AttestationCase *claim, char **detail)
{
  TpmCertification certification;
  TpmPublic ak;
  const char *wrong = judge_attestation_key (claim, &ak);

  if (wrong == NULL)
    wrong = judge_key (claim, &ak, &certification);
  if (wrong != NULL)
    return attestation_refuse (detail, "%s", wrong);
  if (has_certificate (claim))
    return judge_endorsement (claim, &certification, detail);
  *detail = g_strdup ("key made where the endorsement key is; but no certificate says that this is "
                      "a TPM's");
  return ATTESTATION_KEPT;
}
