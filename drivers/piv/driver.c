/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Smart cards and USB tokens with a PIV application (NIST SP 800-73-4), Yubico's among them. The
 * card makes the key and signs digests; the request is built here (drivers/request.h), and the
 * certificate goes into the data object of the key's slot. README.md has the dialogue.
 */
#include <string.h>

#include "base/der-write.h"
#include "drivers/piv/dialogue.h"
#include "drivers/piv/key.h"

#define OBJECT_CHUID 0x5fc102
#define OBJECT_ATTESTATION 0x5fff01
#define TAG_LIST 0x5c
#define TAG_OBJECT 0x53
#define TAG_CERTIFICATE 0x70
#define TAG_CERTIFICATE_FORM 0x71
#define TAG_CHECK 0xfe

static const char *const slots[] = { "9a", "9c", "9d", "9e", "82", "83", "84", "85", "86",
                                     "87", "88", "89", "8a", "8b", "8c", "8d", "8e", "8f",
                                     "90", "91", "92", "93", "94", "95", NULL };
static const char *const algorithms[] = { "auto", "3des", "aes-128", "aes-192", "aes-256", NULL };

static const DriverOption options[] = {
  { "KeySlot", "Where the card keeps the key: 9a, 9c, 9d, 9e, 82 to 95", "9a", slots, FALSE },
  { "ManagementKey", "The key that may change the card, in hex; none: the factory's", NULL, NULL,
    TRUE },
  { "ManagementAlgorithm", "What the management key is for; auto: the card says", "auto",
    algorithms, FALSE },
  { "PIN", "The card holder's PIN, where the key wants it before it signs", NULL, NULL, TRUE },
  { "PinPolicy", "When the new key wants the PIN (Yubico)", "default", piv_pin_policies, FALSE },
  { "TouchPolicy", "When the new key wants a touch (Yubico)", "default", piv_touch_policies,
    FALSE },
  { 0 },
};

static gboolean
probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  g_auto (PivAnswer) answer = { 0 };
  g_autoptr (GError) trouble = NULL;

  *speaks = piv_select (transport, &answer, deadline, &trouble) && answer.status == PIV_STATUS_DONE
            && piv_is_selected (piv_answer_value (&answer));
  if (trouble == NULL || g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER)
      || g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_GARBLED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&trouble));
  return FALSE;
}

/* Yubico's GET VERSION; other cards don't know it. */
static gboolean
ask_version (Session *session, Card *card, Deadline deadline, GError **error)
{
  const PivCommand command = { .instruction = PIV_GET_VERSION, .wants_answer = TRUE };
  g_auto (PivAnswer) answer = { 0 };

  if (!piv_exchange (session->transport, &command, NULL, &answer, deadline, error))
    return FALSE;
  card->is_yubico = answer.status == PIV_STATUS_DONE && answer.data->len == sizeof card->version;
  if (card->is_yubico)
    memcpy (card->version, answer.data->data, sizeof card->version);
  return TRUE;
}

static gboolean
open_session (Session *session, Deadline deadline, GError **error)
{
  g_auto (PivAnswer) answer = { 0 };
  g_autofree Card *card = g_new0 (Card, 1);
  const char *word = session_option (session, "KeySlot");

  if (!piv_slot_parse (word, &card->slot, &card->object)) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL, "KeySlot=%s is no slot", word);
    return FALSE;
  }
  if (!piv_select (session->transport, &answer, deadline, error))
    return FALSE;
  if (answer.status != PIV_STATUS_DONE) {
    piv_refuse (error, DRIVER_ERROR_UNKNOWN, "the card has no PIV application", answer.status);
    return FALSE;
  }
  if (!ask_version (session, card, deadline, error))
    return FALSE;
  session->state = g_steal_pointer (&card);
  return TRUE;
}

static void
close_session (Session *session)
{
  Card *card = session->state;

  if (card != NULL)
    piv_key_clear (&card->key);
  g_clear_pointer (&session->state, g_free);
}

/* The number printed on the token, or NULL without error where it tells none. */
static char *
ask_serial_number (Session *session, Deadline deadline, GError **error)
{
  const PivCommand command = { .instruction = PIV_GET_SERIAL, .wants_answer = TRUE };
  g_auto (PivAnswer) answer = { 0 };
  guint32 number = 0;

  if (!piv_exchange (session->transport, &command, NULL, &answer, deadline, error)
      || answer.status != PIV_STATUS_DONE || answer.data->len != sizeof number)
    return NULL;
  memcpy (&number, answer.data->data, sizeof number);
  return g_strdup_printf ("%u", GUINT32_FROM_BE (number));
}

/* The GUID by which a card names itself, or NULL without error where it has none. */
static char *
ask_guid (Session *session, Deadline deadline, GError **error)
{
  g_auto (PivAnswer) answer = { 0 };

  if (!piv_get_data (session->transport, OBJECT_CHUID, &answer, deadline, error)
      || answer.status != PIV_STATUS_DONE)
    return NULL;
  return piv_guid_parse (piv_answer_value (&answer));
}

static DeviceIdentity *
describe (const Card *card, const char *number, const char *guid)
{
  DeviceIdentity *identity = g_new0 (DeviceIdentity, 1);

  identity->chip_id = g_strdup (number);
  identity->serial = g_strdup (number != NULL ? number : guid);
  identity->model = g_strdup (card->is_yubico ? "YubiKey PIV" : "PIV card");
  if (card->is_yubico)
    identity->firmware =
        g_strdup_printf ("%u.%u.%u", card->version[0], card->version[1], card->version[2]);
  identity->key_kinds = piv_kinds (card);
  return identity;
}

static DeviceIdentity *
identify (Session *session, Deadline deadline, GError **error)
{
  const Card *card = session->state;
  g_autoptr (GError) trouble = NULL;
  g_autofree char *number = NULL;
  g_autofree char *guid = NULL;

  if (card->is_yubico)
    number = ask_serial_number (session, deadline, &trouble);
  if (trouble == NULL && number == NULL)
    guid = ask_guid (session, deadline, &trouble);
  if (trouble != NULL) {
    g_propagate_error (error, g_steal_pointer (&trouble));
    return NULL;
  }
  if (number != NULL || guid != NULL)
    return describe (card, number, guid);
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                       "the card tells neither a serial number nor a GUID (CHUID object)");
  return NULL;
}

/* PUT DATA (SP 800-73-4, part 2, 3.3.1): the object's tag, and the certificate as it is. */
static gboolean
install (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  static const guint8 uncompressed = 0;
  const Card *card = session->state;
  const guint8 tag[] = { (guint8)(card->object >> 16), (guint8)(card->object >> 8),
                         (guint8)card->object };
  gsize length;
  gconstpointer certificate = g_bytes_get_data (credentials->certificate, &length);
  g_autoptr (GByteArray) content = g_byte_array_new ();
  g_auto (PivAnswer) answer = { 0 };

  der_put (content, TAG_LIST, tag, sizeof tag);
  const guint from = content->len;
  der_put (content, TAG_CERTIFICATE, certificate, length);
  der_put (content, TAG_CERTIFICATE_FORM, &uncompressed, 1);
  der_put (content, TAG_CHECK, NULL, 0);
  der_wrap (content, from, TAG_OBJECT);
  const PivCommand command = { .instruction = PIV_PUT_DATA,
                               .p1 = 0x3f,
                               .p2 = 0xff,
                               .data = content->data,
                               .length = content->len };
  if (content->len > PIV_DATA_MAX) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                         "the certificate is too long for any card");
    return FALSE;
  }
  return piv_authenticate (session, deadline, error)
         && piv_run (session->transport, &command, DRIVER_ERROR_REFUSED,
                     "the card does not take the certificate", &answer, deadline, error);
}

static GBytes *
read_certificate (Session *session, guint32 object, const char *what, Deadline deadline,
                  GError **error)
{
  g_auto (PivAnswer) answer = { 0 };

  if (!piv_get_data (session->transport, object, &answer, deadline, error))
    return NULL;
  if (answer.status != PIV_STATUS_DONE) {
    piv_refuse (error, DRIVER_ERROR_READ_BACK, what, answer.status);
    return NULL;
  }
  GBytes *certificate = piv_certificate_parse (piv_answer_value (&answer));
  if (certificate == NULL)
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_READ_BACK, "%s: its object has none in it",
                 what);
  return certificate;
}

static gboolean
read_back (Session *session, const Credentials *credentials, ReadBack *read_back, Deadline deadline,
           GError **error)
{
  const Card *card = session->state;

  (void)credentials;
  *read_back =
      (ReadBack){ .certificate = read_certificate (
                      session, card->object, "the card shows no certificate", deadline, error) };
  return read_back->certificate != NULL;
}

/* Yubico's ATTEST: a certificate of the slot's key, made on the token by its attestation key, whose
 * own certificate lies in an object (https://developers.yubico.com/PIV/Introduction/
 * PIV_attestation.html). */
static gboolean
attest (Session *session, const AttestationRequest *request, Attestation *attestation,
        Deadline deadline, GError **error)
{
  const Card *card = session->state;
  const PivCommand command = { .instruction = PIV_ATTEST, .p1 = card->slot, .wants_answer = TRUE };
  g_auto (PivAnswer) answer = { 0 };

  (void)request;
  if (!piv_run (session->transport, &command, DRIVER_ERROR_UNSUPPORTED,
                "the card does not attest its key", &answer, deadline, error))
    return FALSE;
  GBytes *authority =
      read_certificate (session, OBJECT_ATTESTATION,
                        "the card shows no certificate of its attestation key", deadline, error);
  if (authority == NULL)
    return FALSE;
  attestation->format = ATTESTATION_PIV;
  attestation->parts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_ptr_array_add (attestation->parts, g_bytes_new (answer.data->data, answer.data->len));
  g_ptr_array_add (attestation->parts, authority);
  return TRUE;
}

const Driver piv_driver = {
  .name = "piv",
  .title = "PIV smart cards and tokens (NIST SP 800-73-4), with YubiKeys' attestation",
  .abilities = DRIVER_READS_CERTIFICATE | DRIVER_ATTESTS,
  .key_kinds = PIV_KINDS_ALWAYS | PIV_KINDS_LARGE,
  .channels = CHANNEL_CARD,
  .baud = 115200,
  .options = options,
  .probe = probe,
  .open = open_session,
  .close = close_session,
  .identify = identify,
  .generate_key = piv_generate_key,
  .read_csr = piv_read_csr,
  .install = install,
  .read_back = read_back,
  .prove = piv_prove,
  .attest = attest,
};
