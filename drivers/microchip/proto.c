/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See proto.h.
 */
#include "drivers/microchip/proto.h"

#include <string.h>

#include "base/encode.h"

#define POLYNOMIAL 0x8005
#define AROUND 3 /* count and CRC */

/* Places in the configuration zone. */
#define CONFIG_REVISION 4
#define CONFIG_SLOT_CONFIG 20
#define CONFIG_LOCK_DATA 86
#define CONFIG_LOCK_CONFIG 87
#define CONFIG_SLOT_LOCKED 88
#define CONFIG_KEY_CONFIG 96
#define UNLOCKED 0x55

/* SlotConfig of a private key */
#define EXTERNAL_SIGNATURES 0x0001
#define GENKEY_ALLOWED 0x2000
/* SlotConfig of any slot */
#define IS_SECRET 0x0080
#define WRITE_CONFIG 0xf000
#define WRITE_ENCRYPTED 0x4000
/* KeyConfig */
#define IS_PRIVATE 0x0001
#define KEY_TYPE 0x001c
#define KEY_TYPE_P256 0x0010
#define REQUIRES_AUTHORIZATION 0x0080

#define FIRST_DATA_SLOT 8 /* the ones before have 36 bytes */

guint16
chip_crc (const guint8 *data, gsize length)
{
  guint crc = 0;

  for (gsize i = 0; i < length * 8; i++) {
    guint bit = (guint)data[i / 8] >> (i % 8) & 1;

    crc = (crc << 1 & 0xffff) ^ ((bit ^ crc >> 15) != 0 ? POLYNOMIAL : 0);
  }
  return (guint16)crc;
}

char *
kit_talk_line (const ChipCommand *command)
{
  guint8 packet[AROUND + 4 + CHIP_BLOCK];
  const gsize length = sizeof packet - CHIP_BLOCK + MIN (command->length, CHIP_BLOCK);
  guint16 crc;

  packet[0] = (guint8)length;
  packet[1] = command->opcode;
  packet[2] = command->p1;
  packet[3] = (guint8)command->p2;
  packet[4] = (guint8)(command->p2 >> 8);
  if (command->length > 0)
    memcpy (packet + 5, command->data, length - AROUND - 4);
  crc = chip_crc (packet, length - 2);
  packet[length - 2] = (guint8)crc;
  packet[length - 1] = (guint8)(crc >> 8);
  g_autofree char *lower = hex_encode (packet, length);
  g_autofree char *hex = g_ascii_strup (lower, -1);
  return g_strdup_printf ("E:t(%s)\n", hex);
}

gboolean
chip_packet_read (GBytes *packet, const guint8 **data, gsize *length)
{
  gsize whole;
  const guint8 *bytes = g_bytes_get_data (packet, &whole);

  if (whole <= AROUND || bytes[0] != whole
      || chip_crc (bytes, whole - 2) != (bytes[whole - 2] | bytes[whole - 1] << 8))
    return FALSE;
  *data = bytes + 1;
  *length = whole - AROUND;
  return TRUE;
}

const char *
chip_status_words (guint8 status)
{
  static const struct {
    guint8 status;
    const char *words;
  } known[] = {
    { CHIP_OK, "done" },
    { 0x01, "what was to be checked does not match" },
    { 0x03, "it can't read the command" },
    { 0x05, "an ECC fault: there is no valid key in the slot" },
    { 0x07, "its self test failed" },
    { 0x08, "its random numbers failed the health test" },
    { 0x0f, "execution error: its configuration does not allow the command now" },
    { 0x11, "it was just woken" },
    { CHIP_ASLEEP_SOON, "its watchdog is about to expire" },
    { CHIP_COMMUNICATION, "the command came garbled to the chip" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (known[i].status == status)
      return known[i].words;
  return "a status that the datasheet does not have";
}

gboolean
kit_answer_read (const char *line, guint8 *status, GBytes **payload)
{
  const gsize length = strlen (line);

  if (length < 4 || !g_ascii_isxdigit (line[0]) || !g_ascii_isxdigit (line[1]) || line[2] != '('
      || line[length - 1] != ')')
    return FALSE;
  g_autofree char *hex = g_strndup (line + 3, length - 4);
  *payload = hex[0] == '\0' ? g_bytes_new (NULL, 0) : hex_decode (hex);
  *status = (guint8)(g_ascii_xdigit_value (line[0]) << 4 | g_ascii_xdigit_value (line[1]));
  return *payload != NULL;
}

gboolean
kit_device_read (const char *line, KitDevice *device)
{
  const gsize name = strcspn (line, " ");
  const char *opening = strrchr (line, '(');

  *device = (KitDevice){ .kind = KIT_DEVICE_NONE };
  if (g_str_has_prefix (line, "no_device"))
    return TRUE;
  if (name == 0 || name >= sizeof device->name || line[name] != ' ' || opening == NULL
      || strlen (opening) != 4 || !g_ascii_isxdigit (opening[1]) || !g_ascii_isxdigit (opening[2])
      || opening[3] != ')')
    return FALSE;
  for (gsize i = 0; i < name; i++)
    if (!g_ascii_isalnum (line[i]))
      return FALSE;
  memcpy (device->name, line, name);
  device->address =
      (guint8)(g_ascii_xdigit_value (opening[1]) << 4 | g_ascii_xdigit_value (opening[2]));
  device->kind = g_str_has_prefix (device->name, "ECC") || g_str_has_prefix (device->name, "ATECC")
                     ? KIT_DEVICE_ECC
                     : KIT_DEVICE_OTHER;
  return TRUE;
}

static guint
pair_at (const guint8 *config, guint place)
{
  return config[place] | (guint)config[place + 1] << 8;
}

gboolean
chip_config_is_locked (const guint8 *config)
{
  return config[CONFIG_LOCK_CONFIG] != UNLOCKED;
}

gboolean
chip_data_is_locked (const guint8 *config)
{
  return config[CONFIG_LOCK_DATA] != UNLOCKED;
}

gboolean
chip_slot_is_locked (const guint8 *config, guint slot)
{
  return (pair_at (config, CONFIG_SLOT_LOCKED) >> slot & 1) == 0;
}

gboolean
chip_serial_read (const guint8 *config, guint8 serial[CHIP_SERIAL_LENGTH])
{
  memcpy (serial, config, 4);
  memcpy (serial + 4, config + 8, 5);
  return serial[0] == 0x01 && serial[1] == 0x23;
}

const char *
chip_model (const guint8 *config)
{
  const guint8 family = config[CONFIG_REVISION + 2], revision = config[CONFIG_REVISION + 3];

  if (family == 0x50)
    return "ATECC508A";
  if (family != 0x60)
    return NULL;
  return revision <= 0x02 ? "ATECC608A" : "ATECC608B";
}

gboolean
chip_has_digest_buffer (const guint8 *config)
{
  return config[CONFIG_REVISION + 2] == 0x60;
}

const char *
chip_key_slot_problem (const guint8 *config, guint slot, gboolean generate)
{
  const guint slot_config = pair_at (config, CONFIG_SLOT_CONFIG + 2 * slot);
  const guint key_config = pair_at (config, CONFIG_KEY_CONFIG + 2 * slot);

  if ((key_config & IS_PRIVATE) == 0 || (key_config & KEY_TYPE) != KEY_TYPE_P256)
    return "is not configured for a private P-256 key (KeyConfig)";
  if ((slot_config & EXTERNAL_SIGNATURES) == 0)
    return "may not sign what comes from outside (SlotConfig, ReadKey bit 0)";
  if ((key_config & REQUIRES_AUTHORIZATION) != 0)
    return "asks for an authorization (KeyConfig, ReqAuth), which is not supported";
  if (generate && (slot_config & GENKEY_ALLOWED) == 0)
    return "keeps its key for ever (SlotConfig, WriteConfig without GenKey): take another "
           "KeySlot=, or GenerateKey=no for the key that it has";
  if (generate && chip_slot_is_locked (config, slot))
    return "is locked, so no other key can be made in it: take another KeySlot=, or "
           "GenerateKey=no for the key that it has";
  return NULL;
}

const char *
chip_data_slot_problem (const guint8 *config, guint slot)
{
  const guint slot_config = pair_at (config, CONFIG_SLOT_CONFIG + 2 * slot);
  const guint key_config = pair_at (config, CONFIG_KEY_CONFIG + 2 * slot);

  if (slot < FIRST_DATA_SLOT)
    return "has 36 bytes only; the slots from 8 on have room for 72";
  if ((key_config & IS_PRIVATE) != 0)
    return "is configured for a private key";
  if ((slot_config & IS_SECRET) != 0)
    return "is secret: what is written could not be read back";
  if ((slot_config & WRITE_ENCRYPTED) != 0)
    return "takes encrypted writes only, which are not supported";
  if ((slot_config & WRITE_CONFIG) != 0)
    return "is configured never to be written";
  if (chip_slot_is_locked (config, slot))
    return "is locked";
  return NULL;
}
