/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A PIV token's word that a key was made in it and can't leave it: a certificate of that key by the
 * token's own attestation key (slot f9), whose certificate the maker signed. There is no nonce in
 * it: that it is of now is shown by the request, which that key has signed. Source: Yubico, "PIV
 * attestation" (developers.yubico.com), extensions below 1.3.6.1.4.1.41482.3.
 */
#include <string.h>

#include "station/attestation/judge.h"

#define YUBICO "1.3.6.1.4.1.41482.3."
#define FIRMWARE YUBICO "3" /* three bytes */
#define SERIAL YUBICO "7"   /* INTEGER */
#define POLICIES YUBICO "8" /* two bytes: PIN, touch */

/* The serial number, 0 where the token does not show it; FALSE where it can't be read. */
static gboolean
read_serial (const X509 *certificate, guint64 *serial)
{
  const ASN1_OCTET_STRING *extension = attestation_extension (certificate, SERIAL);
  const guint8 *data, *at;
  ASN1_INTEGER *number;
  int length;
  gboolean read;

  *serial = 0;
  if (extension == NULL)
    return TRUE;
  data = at = ASN1_STRING_get0_data (extension);
  length = ASN1_STRING_length (extension);
  number = d2i_ASN1_INTEGER (NULL, &at, length);
  read = number != NULL && at == data + length && ASN1_INTEGER_get_uint64 (serial, number) == 1;
  ASN1_INTEGER_free (number);
  return read;
}

/* A driver may put a word before the number: "yubikey-12345678". */
static gboolean
is_chip (const char *chip_id, guint64 serial)
{
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, serial);
  gsize before;

  if (chip_id == NULL || !g_str_has_suffix (chip_id, number))
    return FALSE;
  before = strlen (chip_id) - strlen (number);
  return before == 0 || !g_ascii_isdigit (chip_id[before - 1]);
}

static const char *
pin_word (guint8 policy)
{
  static const char *const words[] = {
    NULL, "never", "once", "always", "match once", "match always"
  };

  return policy > 0 && policy < G_N_ELEMENTS (words) ? words[policy] : "unknown";
}

static const char *
touch_word (guint8 policy)
{
  static const char *const words[] = { NULL, "never", "always", "cached" };

  return policy > 0 && policy < G_N_ELEMENTS (words) ? words[policy] : "unknown";
}

static char *
describe (const X509 *key, const X509 *token, guint64 serial)
{
  const guint8 *firmware = ASN1_STRING_get0_data (attestation_extension (key, FIRMWARE));
  const ASN1_OCTET_STRING *policies = attestation_extension (key, POLICIES);
  g_autofree char *issuer = attestation_subject (token);
  GString *text = g_string_new ("key made in the token");

  if (serial != 0)
    g_string_append_printf (text, " %" G_GUINT64_FORMAT, serial);
  g_string_append_printf (text, ", firmware %u.%u.%u", firmware[0], firmware[1], firmware[2]);
  if (policies != NULL && ASN1_STRING_length (policies) == 2) {
    const guint8 *data = ASN1_STRING_get0_data (policies);

    g_string_append_printf (text, ", PIN policy %s, touch policy %s", pin_word (data[0]),
                            touch_word (data[1]));
  }
  g_string_append_printf (text, ", says %s", issuer);
  return g_string_free (text, FALSE);
}

/* All that the two certificates say by themselves; NULL where it fits, else what does not. */
static const char *
contradiction (const AttestationCase *claim, X509 *key, X509 *token, guint64 *serial)
{
  const ASN1_OCTET_STRING *firmware = attestation_extension (key, FIRMWARE);

  if (!attestation_has_key (key, claim->spki))
    return "the token attests another key than the request's";
  if (!attestation_is_issued_by (key, token))
    return "the token's own certificate is not of the key that signed the attestation";
  if (firmware == NULL || ASN1_STRING_length (firmware) != 3)
    return "the certificate has no firmware version: it is not an attestation";
  if (!read_serial (key, serial))
    return "the attestation's serial number can't be read";
  if (*serial != 0 && claim->chip_id != NULL && !is_chip (claim->chip_id, *serial))
    return "the attestation is of a token with another serial number";
  return NULL;
}

AttestationVerdict
attestation_judge_piv (const AttestationCase *claim, char **detail)
{
  g_autoptr (X509) key = attestation_certificate (attestation_part (claim, 0));
  g_autoptr (X509) token = attestation_certificate (attestation_part (claim, 1));
  g_autofree char *problem = NULL;
  const char *wrong;
  guint64 serial = 0;

  if (key == NULL || token == NULL)
    return attestation_refuse (detail, "the attestation is not two certificates");
  wrong = contradiction (claim, key, token, &serial);
  if (wrong != NULL)
    return attestation_refuse (detail, "%s", wrong);
  g_autofree char *shown = describe (key, token, serial);
  if (claim->trust->certificates->len == 0) {
    *detail = g_strdup_printf ("%s; no root to check it with", shown);
    return ATTESTATION_KEPT;
  }
  problem = attestation_chain_problem (claim, key, token);
  if (problem != NULL)
    return attestation_refuse (detail, "the token's certificate leads to no trusted root: %s",
                               problem);
  *detail = g_steal_pointer (&shown);
  return ATTESTATION_VERIFIED;
}
