/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A PIV card for keycradle-sim: APDUs behind their lengths, as CHANNEL_CARD has them, over its pty
 * or, by plug-card.c, in a PC/SC reader. An empty APDU resets the card. Its serial makes it a token
 * with Yubico's commands (a number) or a plain card (a GUID of 32 digits of hex).
 */
#include <string.h>

#include "base/der-write.h"
#include "base/encode.h"
#include "drivers/card-frame.h"
#include "drivers/piv/simulator-card.h"

#define CHAINED 0x10
#define PIECE 256u

#define OBJECT_DISCOVERY 0x7e
#define OBJECT_CHUID 0x5fc102
#define OBJECT_ATTESTATION 0x5fff01

const guint8 card_firmware[3] = { 5, 7, 1 };

static const guint8 application[] = { 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00,
                                      0x00, 0x10, 0x00, 0x01, 0x00 };

static void
card_reset (SimulatedCard *card)
{
  card->selected = card->managed = card->verified = card->witness_given = FALSE;
  g_byte_array_set_size (card->command, 0);
  g_byte_array_set_size (card->answer, 0);
}

static guint16
select_application (SimulatedCard *card, const CardCommand *command)
{
  static const guint8 answer[] = { 0x61, 0x11, 0x4f, 0x06, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00,
                                   0x79, 0x07, 0x4f, 0x05, 0xa0, 0x00, 0x00, 0x03, 0x08 };
  const gsize length = command->data.length;

  if (command->p1 != 0x04 || length < 5 || length > sizeof application
      || memcmp (command->data.data, application, length) != 0)
    return PIV_STATUS_NOT_FOUND;
  card->selected = TRUE;
  card->managed = card->verified = card->witness_given = FALSE;
  g_byte_array_append (card->answer, answer, sizeof answer);
  return PIV_STATUS_DONE;
}

static guint16
tell_version (SimulatedCard *card)
{
  if (!card->is_yubico)
    return PIV_STATUS_NO_INSTRUCTION;
  g_byte_array_append (card->answer, card_firmware, sizeof card_firmware);
  return PIV_STATUS_DONE;
}

static guint16
tell_number (SimulatedCard *card)
{
  const guint32 number = GUINT32_TO_BE (card->number);

  if (!card->is_yubico || device_fault (card->device, FAULT_NO_IDENTITY))
    return PIV_STATUS_NO_INSTRUCTION;
  g_byte_array_append (card->answer, (const guint8 *)&number, sizeof number);
  return PIV_STATUS_DONE;
}

/* The object that a tag list (5C) asks for; 0 where it asks for none. */
static guint32
listed_object (PivValue data)
{
  PivValue list;
  guint32 object = 0;

  if (!piv_find (data, 0x5c, &list) || list.length > 3)
    return 0;
  for (gsize i = 0; i < list.length; i++)
    object = object << 8 | list.data[i];
  return object;
}

static GBytes *
discovery (void)
{
  g_autoptr (GByteArray) object = g_byte_array_new ();

  der_put (object, 0x4f, application, sizeof application);
  g_byte_array_append (object, (const guint8 *)"\x5f\x2f\x02\x40\x00", 5);
  der_wrap (object, 0, 0x7e);
  return g_byte_array_free_to_bytes (g_steal_pointer (&object));
}

/* Card holder unique identifier: nobody's FASC-N, the GUID, an end of validity far away. */
static GBytes *
chuid (SimulatedCard *card)
{
  static const guint8 nobody[25] = { 0xd4, 0xe7, 0x39, 0xda, 0x73, 0x9c, 0xed };
  g_autoptr (GByteArray) object = g_byte_array_new ();

  der_put (object, 0x30, nobody, sizeof nobody);
  der_put (object, 0x34, card->guid, sizeof card->guid);
  der_put (object, 0x35, "20991231", 8);
  der_put (object, 0x3e, NULL, 0);
  der_put (object, 0xfe, NULL, 0);
  der_wrap (object, 0, 0x53);
  return g_byte_array_free_to_bytes (g_steal_pointer (&object));
}

static char *
object_item (guint32 object)
{
  return g_strdup_printf ("object.%06x", object);
}

/* A certificate object with a stranger in it. */
static GBytes *
wrong_object (void)
{
  g_autoptr (EVP_PKEY) key = chip_make_key (KEY_KIND_P256);
  g_autoptr (GBytes) other = chip_make_other_certificate (key);
  g_autoptr (GByteArray) object = g_byte_array_new ();

  der_put (object, 0x70, g_bytes_get_data (other, NULL), g_bytes_get_size (other));
  der_put (object, 0x71, "", 1);
  der_put (object, 0xfe, NULL, 0);
  der_wrap (object, 0, 0x53);
  return g_byte_array_free_to_bytes (g_steal_pointer (&object));
}

static GBytes *
find_object (SimulatedCard *card, guint32 object)
{
  g_autofree char *item = object_item (object);
  g_autoptr (GBytes) stored = device_get (card->device, item);

  if (object == OBJECT_DISCOVERY)
    return discovery ();
  if (object == OBJECT_CHUID && !device_fault (card->device, FAULT_NO_IDENTITY))
    return chuid (card);
  if (object == OBJECT_ATTESTATION && card->is_yubico)
    return card_attestation_object (card);
  if (stored != NULL && device_fault (card->device, FAULT_WRONG_CERTIFICATE))
    return wrong_object ();
  return g_steal_pointer (&stored);
}

static guint16
get_data (SimulatedCard *card, const CardCommand *command)
{
  const guint32 tag = listed_object (command->data);
  g_autoptr (GBytes) object = find_object (card, tag);

  if (object == NULL)
    return PIV_STATUS_NOT_FOUND;
  g_byte_array_append (card->answer, g_bytes_get_data (object, NULL),
                       (guint)g_bytes_get_size (object));
  return PIV_STATUS_DONE;
}

/* The certificate in it is kept for itself too, as all simulated devices keep theirs. */
static guint16
put_data (SimulatedCard *card, const CardCommand *command)
{
  const guint32 tag = listed_object (command->data);
  g_autoptr (GBytes) certificate = piv_certificate_parse (command->data);
  g_autofree char *item = object_item (tag);
  PivValue content;

  if (!card->managed)
    return PIV_STATUS_SECURITY;
  if (tag == 0 || !piv_find (command->data, 0x53, &content))
    return PIV_STATUS_BAD_DATA;
  if (device_fault (card->device, FAULT_REFUSE_INSTALL))
    return PIV_STATUS_NO_ROOM;
  g_autoptr (GByteArray) object = g_byte_array_new ();
  der_put (object, 0x53, content.data, content.length);
  device_put (card->device, item, object->data, object->len);
  if (certificate != NULL && tag != OBJECT_ATTESTATION)
    device_put (card->device, "cert.der", g_bytes_get_data (certificate, NULL),
                g_bytes_get_size (certificate));
  return PIV_STATUS_DONE;
}

static guint16
obey (SimulatedCard *card, const CardCommand *command)
{
  if (command->instruction == PIV_SELECT)
    return select_application (card, command);
  if (!card->selected)
    return PIV_STATUS_NO_INSTRUCTION;
  switch (command->instruction) {
  case PIV_VERIFY:
    return card_verify (card, command);
  case PIV_GENERATE:
    return card_generate (card, command);
  case PIV_AUTHENTICATE:
    return card_authenticate (card, command);
  case PIV_GET_DATA:
    return get_data (card, command);
  case PIV_PUT_DATA:
    return put_data (card, command);
  case PIV_GET_METADATA:
    return card_metadata (card, command);
  case PIV_GET_SERIAL:
    return tell_number (card);
  case PIV_ATTEST:
    return card_attest (card, command);
  case PIV_GET_VERSION:
    return tell_version (card);
  }
  return PIV_STATUS_NO_INSTRUCTION;
}

/* The next piece of the answer, and 61xx where more waits. */
static gboolean
send_piece (SimulatedCard *card, guint16 status)
{
  const guint length = MIN (card->answer->len, PIECE);
  const guint rest = card->answer->len - length;
  g_autoptr (GByteArray) apdu = g_byte_array_new ();
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  if (rest > 0)
    status = (guint16)(0x6100 | (rest < PIECE ? rest : 0));
  const guint8 words[] = { (guint8)(status >> 8), (guint8)status };
  g_byte_array_append (apdu, card->answer->data, length);
  g_byte_array_append (apdu, words, sizeof words);
  if (length > 0)
    g_byte_array_remove_range (card->answer, 0, length);
  card_frame_put (frame, apdu->data, apdu->len);
  return machine_answer (card->device->machine, frame->data, frame->len);
}

/* The data of a short command APDU; FALSE where its length can't be right. */
static gboolean
command_data (const guint8 *apdu, gsize length, PivValue *data)
{
  *data = (PivValue){ apdu, 0 };
  if (length <= 5)
    return TRUE;
  *data = (PivValue){ apdu + 5, apdu[4] };
  return apdu[4] != 0 && (length == 5u + apdu[4] || length == 6u + apdu[4]);
}

static gboolean
answer_command (SimulatedCard *card, const guint8 *apdu, PivValue data)
{
  const CardCommand command = { .instruction = apdu[1],
                                .p1 = apdu[2],
                                .p2 = apdu[3],
                                .data = { card->command->data, card->command->len } };
  guint16 status = PIV_STATUS_DONE;

  if (card->command->len + data.length > PIV_DATA_MAX) {
    g_byte_array_set_size (card->command, 0);
    return send_piece (card, CARD_STATUS_WRONG_LENGTH);
  }
  if ((apdu[0] & CHAINED) == 0) {
    g_byte_array_set_size (card->answer, 0);
    status = obey (card, &command);
    g_byte_array_set_size (card->command, 0);
  }
  return send_piece (card, status);
}

static gboolean
answer_apdu (SimulatedCard *card, const guint8 *apdu, gsize length)
{
  PivValue data;

  if (length == 0) {
    card_reset (card);
    return TRUE;
  }
  if (length < 4 || !command_data (apdu, length, &data))
    return send_piece (card, CARD_STATUS_WRONG_LENGTH);
  if ((apdu[0] & ~CHAINED) != 0)
    return send_piece (card, CARD_STATUS_WRONG_CLASS);
  if (apdu[1] == PIV_GET_RESPONSE)
    return send_piece (card, PIV_STATUS_DONE);
  g_byte_array_append (card->command, data.data, (guint)data.length);
  return answer_command (card, apdu, data);
}

static gboolean
receive (Machine *machine, guint8 *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!machine_receive (machine, bytes + i))
      return FALSE;
  return TRUE;
}

/* A token's serial is its number, a plain card's its GUID; a token has a GUID made of it too. */
static void
card_read_serial (SimulatedCard *card)
{
  const char *serial = card->device->settings.serial;
  const gboolean is_guid = strlen (serial) == 2 * sizeof card->guid;
  g_autoptr (GBytes) bytes =
      is_guid ? hex_decode (serial) : sha256_of ((const guint8 *)serial, strlen (serial));

  memcpy (card->guid, g_bytes_get_data (bytes, NULL), sizeof card->guid);
  card->is_yubico = !is_guid;
  card->number = is_guid ? 0 : (guint32)g_ascii_strtoull (serial, NULL, 10);
}

static void
piv_run_card (Device *device)
{
  g_autoptr (GByteArray) command = g_byte_array_new ();
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  g_autofree guint8 *apdu = g_malloc (CARD_FRAME_MAX);
  SimulatedCard card = { .device = device, .command = command, .answer = answer };
  guint8 head[CARD_FRAME_HEAD];

  card_read_serial (&card);
  while (receive (device->machine, head, sizeof head)
         && receive (device->machine, apdu, card_frame_length (head))
         && answer_apdu (&card, apdu, card_frame_length (head)))
    ;
}

static gboolean
is_token_number (const char *serial)
{
  guint64 number;

  return g_ascii_string_to_unsigned (serial, 10, 1, G_MAXUINT32, &number, NULL) && serial[0] != '0';
}

static gboolean
is_guid (const char *serial)
{
  return strlen (serial) == 32 && strspn (serial, "0123456789abcdef") == 32
         && strspn (serial, "0") < 32;
}

static gboolean
piv_prepare (Device *device, GError **error)
{
  DeviceSettings *settings = &device->settings;
  const char *name = settings->name;

  if (settings->serial == NULL) {
    g_autofree char *digest = sha256_hex ((const guint8 *)name, strlen (name));

    digest[7] = '\0';
    settings->serial =
        g_strdup_printf ("%u", 10000000u + (guint)g_ascii_strtoull (digest, NULL, 16) % 90000000u);
  }
  if (is_token_number (settings->serial) || is_guid (settings->serial))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "%s: the serial of a piv device is a token's number, or a plain card's GUID: 32 "
               "digits of hex, lower case",
               settings->serial);
  return FALSE;
}

const Personality piv_personality = {
  .name = "piv",
  .title = "PIV card or token with Yubico's commands, RSA 2048 to 4096, P-256, P-384",
  .key_kinds = (1u << N_KEY_KINDS) - 1 - (1u << KEY_KIND_P521),
  .key_kind = KEY_KIND_P256,
  .prepare = piv_prepare,
  .run = piv_run_card,
  .attestation_root = card_attestation_root,
  .atr = "3bfd1300008131fe158073c021c057597562694b657940", /* as a YubiKey 5 (T=1) */
};
