/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See key.h.
 */
#include "drivers/piv/key.h"

#include <string.h>

#include "base/der-write.h"
#include "drivers/piv/dialogue.h"
#include "drivers/piv/management.h"
#include "drivers/piv/pin.h"
#include "drivers/request.h"

#define METADATA_ALGORITHM 0x01
#define TAG_CONTROL 0xac
#define TAG_ALGORITHM 0x80
#define TAG_PIN_POLICY 0xaa
#define TAG_TOUCH_POLICY 0xab
#define TAG_TEMPLATE 0x7c
#define TAG_CHALLENGE 0x81
#define TAG_RESPONSE 0x82

const char *const piv_pin_policies[] = { "default", "never", "once", "always", NULL };
const char *const piv_touch_policies[] = { "default", "never", "always", "cached", NULL };
/* RSA 3072 and 4096 came with Yubico's firmware 5.7; other cards are not asked before it is tried.
 */
guint
piv_kinds (const Card *card)
{
  const gboolean new_firmware =
      card->version[0] > 5 || (card->version[0] == 5 && card->version[1] >= 7);

  return card->is_yubico && !new_firmware ? PIV_KINDS_ALWAYS : PIV_KINDS_ALWAYS | PIV_KINDS_LARGE;
}

gboolean
piv_authenticate (Session *session, Deadline deadline, GError **error)
{
  Card *card = session->state;

  if (card->authenticated)
    return TRUE;
  card->authenticated =
      management_authenticate (session->transport, session_option (session, "ManagementKey"),
                               session_option (session, "ManagementAlgorithm"), deadline, error);
  return card->authenticated;
}

/* Policies have the numbers of their places; "default" is not sent, so that any card will do. */
static void
put_policy (GByteArray *control, guint8 tag, const char *const *words, const char *word)
{
  for (guint8 i = 1; words[i] != NULL; i++)
    if (g_strcmp0 (words[i], word) == 0)
      der_put (control, tag, &i, 1);
}

static gboolean
generate (Session *session, PivAlgorithm algorithm, PivAnswer *answer, Deadline deadline,
          GError **error)
{
  const Card *card = session->state;
  const guint8 number = (guint8)algorithm;
  g_autoptr (GByteArray) control = g_byte_array_new ();

  der_put (control, TAG_ALGORITHM, &number, 1);
  put_policy (control, TAG_PIN_POLICY, piv_pin_policies, session_option (session, "PinPolicy"));
  put_policy (control, TAG_TOUCH_POLICY, piv_touch_policies,
              session_option (session, "TouchPolicy"));
  der_wrap (control, 0, TAG_CONTROL);
  const PivCommand command = { .instruction = PIV_GENERATE,
                               .p2 = card->slot,
                               .data = control->data,
                               .length = control->len,
                               .wants_answer = TRUE };
  return piv_exchange (session->transport, &command, NULL, answer, deadline, error);
}

gboolean
piv_generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error)
{
  Card *card = session->state;
  g_auto (PivAnswer) answer = { 0 };
  PivAlgorithm algorithm;

  piv_key_clear (&card->key);
  if (!piv_algorithm_of (kind, &algorithm) || (piv_kinds (card) & 1u << kind) == 0) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED, "the card makes no %s keys",
                 key_kind_word (kind));
    return FALSE;
  }
  if (!piv_authenticate (session, deadline, error)
      || !generate (session, algorithm, &answer, deadline, error))
    return FALSE;
  if (answer.status != PIV_STATUS_DONE) {
    const gboolean unknown = answer.status == PIV_STATUS_BAD_DATA
                             || answer.status == PIV_STATUS_BAD_PARAMETER
                             || answer.status == PIV_STATUS_NO_FUNCTION;

    piv_refuse (error, unknown ? DRIVER_ERROR_UNSUPPORTED : DRIVER_ERROR_KEY_GENERATION,
                "the card makes no key", answer.status);
    return FALSE;
  }
  if (piv_key_parse (piv_answer_value (&answer), &card->key))
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                       "the card's public key can't be read");
  return FALSE;
}

/* What the card is to sign for a digest: RSA's whole padded block, or the digest as wide as the
 * curve (a shorter one has the same value as a number, FIPS 186-4, 6.4). */
static GBytes *
signing_block (PivAlgorithm algorithm, const guint8 *digest, gsize length)
{
  const gsize modulus = piv_modulus_length (algorithm);
  const gsize width = algorithm == PIV_P384 ? 48 : 32;

  if (modulus > 0)
    return request_pkcs1_block (digest, modulus);
  guint8 *block = g_malloc0 (width);
  memcpy (block + width - length, digest, length);
  return g_bytes_new_take (block, width);
}

static gboolean
find_signature (const PivAnswer *answer, GBytes **signature)
{
  PivValue template;
  PivValue value;

  if (!piv_find (piv_answer_value (answer), TAG_TEMPLATE, &template)
      || !piv_find (template, TAG_RESPONSE, &value) || value.length == 0)
    return FALSE;
  *signature = g_bytes_new (value.data, value.length);
  return TRUE;
}

/* GENERAL AUTHENTICATE with the slot's key. The status goes to `status`; *signature is NULL where
 * that is not PIV_STATUS_DONE. */
static gboolean
sign_once (Session *session, PivAlgorithm algorithm, GBytes *block, GBytes **signature,
           guint16 *status, Deadline deadline, GError **error)
{
  const Card *card = session->state;
  g_autoptr (GByteArray) content = g_byte_array_new ();
  g_auto (PivAnswer) answer = { 0 };

  *signature = NULL;
  der_put (content, TAG_RESPONSE, NULL, 0);
  der_put (content, TAG_CHALLENGE, g_bytes_get_data (block, NULL), g_bytes_get_size (block));
  der_wrap (content, 0, TAG_TEMPLATE);
  const PivCommand command = { .instruction = PIV_AUTHENTICATE,
                               .p1 = (guint8)algorithm,
                               .p2 = card->slot,
                               .data = content->data,
                               .length = content->len,
                               .wants_answer = TRUE };
  if (!piv_exchange (session->transport, &command, NULL, &answer, deadline, error))
    return FALSE;
  *status = answer.status;
  if (answer.status != PIV_STATUS_DONE || find_signature (&answer, signature))
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                       "the card's signature can't be read");
  return FALSE;
}

/* A signature by the slot's key over `message`'s digest. A key may want the PIN before each
 * signature (9c does), so it is given each time where there is one. */
static GBytes *
sign (Session *session, PivAlgorithm algorithm, GChecksumType hash, GBytes *message,
      guint16 *status, Deadline deadline, GError **error)
{
  Card *card = session->state;
  const char *pin = session_option (session, "PIN");
  g_autoptr (GChecksum) checksum = g_checksum_new (hash);
  guint8 digest[64];
  gsize length = sizeof digest;
  GBytes *signature = NULL;

  if (pin != NULL && !pin_verify (session->transport, pin, &card->pin_good, deadline, error))
    return NULL;
  g_checksum_update (checksum, g_bytes_get_data (message, NULL),
                     (gssize)g_bytes_get_size (message));
  g_checksum_get_digest (checksum, digest, &length);
  g_autoptr (GBytes) block = signing_block (algorithm, digest, length);
  return sign_once (session, algorithm, block, &signature, status, deadline, error) ? signature
                                                                                    : NULL;
}

/* No signature and no transport's error: the card's status says why. */
static void
explain_unsigned (Session *session, DriverError code, guint16 status, GError **error)
{
  if (status == PIV_STATUS_SECURITY && session_option (session, "PIN") == NULL)
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED,
                         "the card's key wants the PIN, and none is configured: set PIN= in "
                         "[driver piv], or PinPolicy=never for new keys");
  else
    piv_refuse (error, code, "the card does not sign", status);
}

static RequestAlgorithm
request_algorithm (PivAlgorithm algorithm)
{
  if (piv_modulus_length (algorithm) > 0)
    return REQUEST_RSA_SHA256;
  return algorithm == PIV_P384 ? REQUEST_ECDSA_SHA384 : REQUEST_ECDSA_SHA256;
}

GBytes *
piv_read_csr (Session *session, const char *common_name, Deadline deadline, GError **error)
{
  const Card *card = session->state;
  GError *trouble = NULL;
  guint16 status = PIV_STATUS_DONE;

  if (card->key.info == NULL) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL,
                         "a request was asked for before the key was made");
    return NULL;
  }
  const GChecksumType hash =
      card->key.algorithm == PIV_P384 ? G_CHECKSUM_SHA384 : G_CHECKSUM_SHA256;
  g_autoptr (GBytes) info = request_info (common_name, card->key.info);
  g_autoptr (GBytes) signature =
      sign (session, card->key.algorithm, hash, info, &status, deadline, &trouble);
  if (signature != NULL)
    return request_new (info, request_algorithm (card->key.algorithm), signature);
  if (trouble != NULL)
    g_propagate_error (error, trouble);
  else
    explain_unsigned (session, DRIVER_ERROR_REFUSED, status, error);
  return NULL;
}

/* The algorithm of the key in the slot: just made, or told by the card. FALSE without error where
 * it does not tell. */
static gboolean
know_algorithm (Session *session, PivAlgorithm *algorithm, Deadline deadline, GError **error)
{
  const Card *card = session->state;
  g_auto (PivAnswer) metadata = { 0 };
  PivValue value;

  *algorithm = card->key.algorithm;
  if (card->key.info != NULL)
    return TRUE;
  if (!card->is_yubico
      || !piv_get_metadata (session->transport, card->slot, METADATA_ALGORITHM, &metadata, &value,
                            deadline, error)
      || value.length != 1)
    return FALSE;
  *algorithm = (PivAlgorithm)value.data[0];
  return TRUE;
}

/* What a card does not tell is found by trying: another algorithm than the key's is refused. */
static GBytes *
sign_proof (Session *session, GBytes *message, PivAlgorithm *used, guint16 *status,
            Deadline deadline, GError **error)
{
  static const PivAlgorithm candidates[] = { PIV_P256, PIV_P384, PIV_RSA_2048, PIV_RSA_3072,
                                             PIV_RSA_4096 };
  GError *trouble = NULL;
  GBytes *signature = NULL;

  if (know_algorithm (session, used, deadline, &trouble))
    return sign (session, *used, G_CHECKSUM_SHA256, message, status, deadline, error);
  for (guint i = 0; i < G_N_ELEMENTS (candidates) && signature == NULL && trouble == NULL; i++) {
    *used = candidates[i];
    signature = sign (session, *used, G_CHECKSUM_SHA256, message, status, deadline, &trouble);
    if (signature == NULL && *status == PIV_STATUS_SECURITY)
      break;
  }
  if (trouble != NULL)
    g_propagate_error (error, trouble);
  return signature;
}

gboolean
piv_prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline, GError **error)
{
  g_autoptr (GBytes) message = g_bytes_new (nonce, PROOF_NONCE_LENGTH);
  GError *trouble = NULL;
  PivAlgorithm used;
  guint16 status = PIV_STATUS_NO_REFERENCE;

  *proof = (Proof){ 0 };
  GBytes *signature = sign_proof (session, message, &used, &status, deadline, &trouble);
  if (signature == NULL) {
    if (trouble != NULL)
      g_propagate_error (error, trouble);
    else
      explain_unsigned (session, DRIVER_ERROR_PROOF, status, error);
    return FALSE;
  }
  proof->scheme = piv_modulus_length (used) > 0 ? PROOF_RSA_PKCS1_SHA256 : PROOF_ECDSA_SHA256_DER;
  proof->message = g_steal_pointer (&message);
  proof->signature = signature;
  return TRUE;
}
