/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A Nordic modem's word: a token with our challenge that says which modem it is, and the note with
 * which it accompanied the request when it made the key. Both carry the modem's UUID and are signed
 * with its identity key. Nordic keeps the public halves of these keys; who has some of them (from
 * Nordic, or read from the modems themselves by AT%CMNG type 6) names them in AttestationRoots=.
 * Source: Nordic Semiconductor, "nRF91x1 Cellular AT Commands", %ATTESTTOKEN and %KEYGEN; the
 * messages as nRFCloud/utils prints them.
 */
#include <string.h>

#include "base/encode.h"
#include "drivers/nrf91/cose.h"
#include "drivers/nrf91/proto.h"
#include "station/attestation/judge.h"

typedef struct {
  CoseToken token;
  guint8 token_signature[COSE_SIGNATURE_LENGTH];
  CoseRequestNote note;
} Words;

static gboolean
read_words (const AttestationCase *claim, Words *words)
{
  gsize lengths[3];
  const guint8 *data[3];

  for (guint i = 0; i < 3; i++)
    data[i] = g_bytes_get_data (attestation_part (claim, i), &lengths[i]);
  return cose_parse_token (data[0], lengths[0], &words->token)
         && cose_parse_detached (data[1], lengths[1], words->token_signature)
         && cose_parse_request_note (data[2], lengths[2], &words->note);
}

static gboolean
is_of_request (const AttestationCase *claim, const CoseRequestNote *note)
{
  g_autoptr (GBytes) digest = NULL;
  gsize length;
  const guint8 *data;

  if (claim->request == NULL)
    return FALSE;
  data = g_bytes_get_data (claim->request, &length);
  digest = sha256_of (data, length);
  return memcmp (g_bytes_get_data (digest, NULL), note->digest, COSE_DIGEST_LENGTH) == 0;
}

/* NULL where both messages fit each other, the request and the challenge. */
static const char *
contradiction (const AttestationCase *claim, const Words *words)
{
  if (memcmp (words->token.uuid, words->note.uuid, COSE_UUID_LENGTH) != 0)
    return "token and key are of different modems";
  if (memcmp (words->token.nonce, claim->challenge->nonce, COSE_NONCE_LENGTH) != 0)
    return "the token does not answer this challenge";
  if (words->note.sec_tag != NRF91_SEC_TAG)
    return "the key was made for another security tag";
  if (!is_of_request (claim, &words->note))
    return "the modem's note is about another request";
  return NULL;
}

static gboolean
signed_by (EVP_PKEY *key, const guint8 *payload, gsize length,
           const guint8 signature[COSE_SIGNATURE_LENGTH])
{
  g_autoptr (GBytes) structure = cose_to_be_signed (payload, length);
  g_autoptr (GBytes) bytes = g_bytes_new (signature, COSE_SIGNATURE_LENGTH);
  gsize size;
  const guint8 *data = g_bytes_get_data (structure, &size);

  return attestation_signed_raw (key, data, size, bytes);
}

/* Token and note must be by the same key. */
static gboolean
signed_by_known_key (const AttestationCase *claim, const Words *words)
{
  gsize length;
  const guint8 *message = g_bytes_get_data (attestation_part (claim, 0), &length);

  for (guint i = 0; i < claim->trust->keys->len; i++) {
    g_autoptr (EVP_PKEY) key = attestation_key (g_ptr_array_index (claim->trust->keys, i));

    if (key != NULL && signed_by (key, message, length, words->token_signature))
      return signed_by (key, words->note.payload, words->note.payload_length,
                        words->note.signature);
  }
  return FALSE;
}

static char *
describe (const CoseToken *token)
{
  static const char *const types[] = { NULL,           "nRF9160 SIAA", "nRF9160 SIBA",
                                       "nRF9160 SIAA", "nRF9161 LACA", "nRF9131",
                                       "nRF9151" };
  g_autofree char *uuid = hex_encode (token->uuid, COSE_UUID_LENGTH);
  g_autofree char *firmware = hex_encode (token->firmware, COSE_UUID_LENGTH);
  const gboolean known = token->device_type > 0 && token->device_type < G_N_ELEMENTS (types);

  return g_strdup_printf ("key made in modem %s (%s %" G_GUINT64_FORMAT "), firmware %s", uuid,
                          known ? types[token->device_type] : "unknown type", token->device_type,
                          firmware);
}

AttestationVerdict
attestation_judge_nrf91 (const AttestationCase *claim, char **detail)
{
  Words words;
  const char *wrong;

  if (!read_words (claim, &words))
    return attestation_refuse (detail, "the modem's token or note is not as Nordic's are");
  wrong = contradiction (claim, &words);
  if (wrong != NULL)
    return attestation_refuse (detail, "%s", wrong);
  g_autofree char *shown = describe (&words.token);
  if (claim->trust->keys->len == 0) {
    *detail = g_strdup_printf ("%s; the signatures can be checked by Nordic, which keeps the keys",
                               shown);
    return ATTESTATION_KEPT;
  }
  if (!signed_by_known_key (claim, &words))
    return attestation_refuse (detail,
                               "%s; but none of the %u identity keys in AttestationRoots "
                               "signed both token and note",
                               shown, claim->trust->keys->len);
  *detail = g_steal_pointer (&shown);
  return ATTESTATION_VERIFIED;
}
