/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See simulator-chip.h. Written from the datasheet's tables and with a CRC of its own, so that the
 * driver's mistakes are not made twice.
 */
#include "drivers/microchip/simulator-chip.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <string.h>

#include "base/encode.h"

#define WATCHDOG_US 1300000

enum {
  DONE = 0x00,
  PARSE_ERROR = 0x03,
  ECC_FAULT = 0x05,
  EXECUTION_ERROR = 0x0f,
  CRC_ERROR = 0xff
};

/* Slot 0 as TrustFLEX's slot 2 has it: a private key that may be made anew; 8 to 15 hold data. */
static const guint8 key_slot_config[] = { 0x85, 0x20 };
static const guint8 key_slot_key_config[] = { 0x33, 0x00 };
static const guint8 data_slot_config[] = { 0x0f, 0x0f };
static const guint8 data_slot_key_config[] = { 0x3c, 0x00 };

static gboolean
is_told (const SimulatedChip *chip, const char *word)
{
  const char *told = chip->device->settings.firmware;
  g_auto (GStrv) words = g_strsplit (told != NULL ? told : "", ",", -1);

  return g_strv_contains ((const char *const *)words, word);
}

static guint16
crc_of (const guint8 *data, gsize length)
{
  guint16 crc = 0;

  for (gsize i = 0; i < length; i++)
    for (guint8 bit = 1; bit != 0; bit = (guint8)(bit << 1)) {
      guint8 data_bit = (data[i] & bit) != 0, crc_bit = (guint8)(crc >> 15);

      crc = (guint16)(crc << 1);
      if (data_bit != crc_bit)
        crc ^= 0x8005;
    }
  return crc;
}

GBytes *
simulated_chip_packet (const guint8 *data, gsize length)
{
  g_autoptr (GByteArray) packet = g_byte_array_new ();
  guint8 count = (guint8)(length + 3);

  g_byte_array_append (packet, &count, 1);
  g_byte_array_append (packet, data, (guint)length);
  guint16 crc = GUINT16_TO_LE (crc_of (packet->data, packet->len));
  g_byte_array_append (packet, (const guint8 *)&crc, 2);
  return g_byte_array_free_to_bytes (g_steal_pointer (&packet));
}

static GBytes *
status_packet (guint8 status)
{
  return simulated_chip_packet (&status, 1);
}

/* 0123, then what --serial has of hex digits, or a hash of it. */
static void
set_serial (SimulatedChip *chip)
{
  const char *told = chip->device->settings.serial;
  g_autoptr (GBytes) bytes = hex_decode (told);
  guint8 serial[9] = { 0x01, 0x23 };

  if (bytes == NULL || g_bytes_get_size (bytes) != 9) {
    g_clear_pointer (&bytes, g_bytes_unref);
    g_autoptr (GBytes) digest = sha256_of ((const guint8 *)told, strlen (told));
    memcpy (serial + 2, g_bytes_get_data (digest, NULL), 6);
    serial[8] = 0xee;
  }
  else {
    memcpy (serial, g_bytes_get_data (bytes, NULL), 9);
  }
  if (device_fault (chip->device, FAULT_NO_IDENTITY))
    memset (serial, 0, sizeof serial);
  memcpy (chip->config, serial, 4);
  memcpy (chip->config + 8, serial + 4, 5);
}

void
simulated_chip_serial (const SimulatedChip *chip, guint8 serial[9])
{
  memcpy (serial, chip->config, 4);
  memcpy (serial + 4, chip->config + 8, 5);
}

static void
load_locks (SimulatedChip *chip)
{
  g_autoptr (GBytes) kept = device_get (chip->device, "locks");

  if (kept != NULL && g_bytes_get_size (kept) == 2)
    memcpy (chip->config + 88, g_bytes_get_data (kept, NULL), 2);
}

void
simulated_chip_init (SimulatedChip *chip, Device *device)
{
  memset (chip, 0, sizeof *chip);
  chip->device = device;
  set_serial (chip);
  chip->config[6] = is_told (chip, "508a") ? 0x50 : 0x60;
  chip->config[7] = is_told (chip, "508a") ? 0x00 : 0x03;
  chip->config[16] = 0xc0;
  chip->config[86] = is_told (chip, "data-open") ? 0x55 : 0x00;
  chip->config[87] = is_told (chip, "config-open") ? 0x55 : 0x00;
  memset (chip->config + 88, 0xff, 2);
  for (guint slot = 0; slot < 16; slot++) {
    const gboolean data = slot >= 8;

    memcpy (chip->config + 20 + 2 * slot, data ? data_slot_config : key_slot_config, 2);
    memcpy (chip->config + 96 + 2 * slot, data ? data_slot_key_config : key_slot_key_config, 2);
  }
  if (is_told (chip, "key-fixed"))
    chip->config[21] = 0x00;
  if (is_told (chip, "encrypted"))
    chip->config[20 + 2 * 10 + 1] = 0x4f;
  load_locks (chip);
}

static gboolean
slot_is_locked (const SimulatedChip *chip, guint slot)
{
  return (chip->config[88 + slot / 8] >> slot % 8 & 1) == 0;
}

void
simulated_chip_wake (SimulatedChip *chip)
{
  chip->awake = TRUE;
  chip->woke = g_get_monotonic_time ();
}

void
simulated_chip_idle (SimulatedChip *chip)
{
  chip->awake = FALSE;
}

void
simulated_chip_sleep (SimulatedChip *chip)
{
  chip->awake = FALSE;
  chip->loaded = FALSE;
}

gboolean
simulated_chip_point (EVP_PKEY *key, guint8 point[64])
{
  guint8 encoded[200];
  gsize length = 0;

  memset (point, 0, 64);
  if (key == NULL
      || !EVP_PKEY_get_octet_string_param (key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, encoded,
                                           sizeof encoded, &length)
      || length < 3)
    return FALSE;
  const gsize width = MIN ((length - 1) / 2, 32);
  memcpy (point + 32 - width, encoded + 1, width);
  memcpy (point + 64 - width, encoded + 1 + (length - 1) / 2, width);
  return TRUE;
}

static GBytes *
answer_key (SimulatedChip *chip)
{
  g_autoptr (EVP_PKEY) key = device_key (chip->device, "key");
  guint8 point[64];

  if (key != NULL && device_fault (chip->device, FAULT_LEAK_DER)) {
    g_autoptr (GBytes) private_key = chip_private_der (key);
    return simulated_chip_packet (g_bytes_get_data (private_key, NULL),
                                  g_bytes_get_size (private_key));
  }
  if (!simulated_chip_point (key, point))
    return status_packet (ECC_FAULT);
  return simulated_chip_packet (point, sizeof point);
}

static GBytes *
generate_key (SimulatedChip *chip, guint8 mode, guint slot)
{
  const gboolean may_be_made = (chip->config[21 + 2 * slot] & 0x20) != 0; /* WriteConfig, GenKey */

  if (slot != 0 || chip->config[87] == 0x55)
    return status_packet (EXECUTION_ERROR);
  if (mode == 0x00)
    return answer_key (chip);
  if (mode != 0x04)
    return status_packet (PARSE_ERROR);
  if (!may_be_made || slot_is_locked (chip, slot))
    return status_packet (EXECUTION_ERROR);
  if (!device_make_key (chip->device, KEY_KIND_P256, "key"))
    return status_packet (ECC_FAULT);
  device_put (chip->device, "signed", NULL, 0);
  return answer_key (chip);
}

/* ECDSA over a digest, as r and s. */
static gboolean
sign_digest (EVP_PKEY *key, const guint8 digest[32], guint8 raw[64])
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (key, NULL);
  guint8 der[200];
  const guint8 *at = der;
  gsize length = sizeof der;
  ECDSA_SIG *signature = NULL;

  if (EVP_PKEY_sign_init (context) > 0 && EVP_PKEY_sign (context, der, &length, digest, 32) > 0)
    signature = d2i_ECDSA_SIG (NULL, &at, (long)length);
  EVP_PKEY_CTX_free (context);
  if (signature == NULL)
    return FALSE;
  gboolean fits = BN_bn2binpad (ECDSA_SIG_get0_r (signature), raw, 32) == 32
                  && BN_bn2binpad (ECDSA_SIG_get0_s (signature), raw + 32, 32) == 32;
  ECDSA_SIG_free (signature);
  return fits;
}

/* The first signature of a new key is its request's, each later one a proof. */
static GBytes *
sign (SimulatedChip *chip, guint8 mode, guint slot)
{
  g_autoptr (GBytes) before = device_get (chip->device, "signed");
  g_autoptr (EVP_PKEY) key =
      before != NULL ? device_proof_key (chip->device, "key") : device_key (chip->device, "key");
  guint8 raw[64];

  if (slot != 0 || !chip->loaded || mode != (chip->loaded_buffer ? 0xa0 : 0x80))
    return status_packet (EXECUTION_ERROR);
  chip->loaded = FALSE;
  if (key == NULL || !sign_digest (key, chip->digest, raw))
    return status_packet (ECC_FAULT);
  if (before == NULL && device_fault (chip->device, FAULT_BAD_SIGNATURE))
    raw[63] ^= 1;
  device_put_text (chip->device, "signed", "yes");
  return simulated_chip_packet (raw, sizeof raw);
}

static GBytes *
load_digest (SimulatedChip *chip, guint8 mode, const guint8 *data, gsize length)
{
  const gboolean buffer = mode == 0x43;

  if (length != 32 || (mode != 0x03 && mode != 0x43))
    return status_packet (PARSE_ERROR);
  if (buffer && chip->config[6] == 0x50)
    return status_packet (PARSE_ERROR); /* an ATECC508A has none */
  memcpy (chip->digest, data, 32);
  chip->loaded = TRUE;
  chip->loaded_buffer = buffer;
  return status_packet (DONE);
}

/* Where in a slot of 72 bytes; -1 where nothing is. */
static int
offset_of (guint16 address, gsize length)
{
  const gsize offset = (gsize)(address >> 8) * 32 + (length == 4 ? (address & 7) * 4u : 0);

  return (address & 0x80) == 0 && offset + length <= SIMULATED_SLOT ? (int)offset : -1;
}

static void
read_slot (SimulatedChip *chip, guint slot, guint8 content[SIMULATED_SLOT])
{
  g_autofree char *item = g_strdup_printf ("slot%u", slot);
  g_autoptr (GBytes) kept = device_get (chip->device, item);

  memset (content, 0, SIMULATED_SLOT);
  if (kept != NULL)
    memcpy (content, g_bytes_get_data (kept, NULL), MIN (g_bytes_get_size (kept), SIMULATED_SLOT));
  if (kept != NULL && slot == 10 && device_fault (chip->device, FAULT_WRONG_CERTIFICATE))
    content[20] ^= 1;
}

static GBytes *
read_zone (SimulatedChip *chip, guint8 zone, guint16 address)
{
  const gsize length = (zone & 0x80) != 0 ? 32 : 4;
  const guint slot = address >> 3 & 15;
  guint8 content[SIMULATED_SLOT];
  int offset;

  if ((zone & 3) == 0) {
    const gsize place = (gsize)(address >> 3) * 32 + (length == 4 ? (address & 7) * 4u : 0);

    return place + length <= SIMULATED_CONFIG ? simulated_chip_packet (chip->config + place, length)
                                              : status_packet (EXECUTION_ERROR);
  }
  offset = offset_of (address, length);
  if ((zone & 3) != 2 || slot < 8 || offset < 0 || chip->config[86] == 0x55)
    return status_packet (EXECUTION_ERROR);
  read_slot (chip, slot, content);
  return simulated_chip_packet (content + offset, length);
}

static GBytes *
write_zone (SimulatedChip *chip, guint8 zone, guint16 address, const guint8 *data, gsize length)
{
  const guint slot = address >> 3 & 15;
  guint8 content[SIMULATED_SLOT];
  int offset = offset_of (address, length);

  if (length != ((zone & 0x80) != 0 ? 32u : 4u))
    return status_packet (PARSE_ERROR);
  if ((zone & 3) != 2 || slot < 8 || offset < 0 || slot_is_locked (chip, slot)
      || (chip->config[21 + 2 * slot] & 0xf0) != 0
      || device_fault (chip->device, FAULT_REFUSE_INSTALL))
    return status_packet (EXECUTION_ERROR);
  g_autofree char *item = g_strdup_printf ("slot%u", slot);
  g_autoptr (GBytes) kept = device_get (chip->device, item);
  memset (content, 0, sizeof content);
  if (kept != NULL)
    memcpy (content, g_bytes_get_data (kept, NULL), MIN (g_bytes_get_size (kept), SIMULATED_SLOT));
  memcpy (content + offset, data, length);
  device_put (chip->device, item, content, sizeof content);
  return status_packet (DONE);
}

static GBytes *
lock (SimulatedChip *chip, guint8 mode)
{
  const guint slot = mode >> 2 & 15;

  if ((mode & 0x83) != 0x82 || slot_is_locked (chip, slot))
    return status_packet (EXECUTION_ERROR);
  chip->config[88 + slot / 8] &= (guint8) ~(1u << slot % 8);
  device_put (chip->device, "locks", chip->config + 88, 2);
  return status_packet (DONE);
}

static GBytes *
answer_random (void)
{
  guint8 random[32];

  for (guint i = 0; i < sizeof random; i++)
    random[i] = (guint8)g_random_int ();
  return simulated_chip_packet (random, sizeof random);
}

GBytes *
simulated_chip_answer (SimulatedChip *chip, GBytes *packet)
{
  gsize whole;
  const guint8 *bytes = g_bytes_get_data (packet, &whole);

  if (chip->awake && g_get_monotonic_time () - chip->woke > WATCHDOG_US)
    simulated_chip_sleep (chip);
  if (!chip->awake)
    return NULL;
  if (whole < 7 || bytes[0] != whole
      || crc_of (bytes, whole - 2) != (bytes[whole - 2] | bytes[whole - 1] << 8))
    return status_packet (CRC_ERROR);
  const guint8 mode = bytes[2], *data = bytes + 5;
  const guint16 address = (guint16)(bytes[3] | bytes[4] << 8);
  switch (bytes[1]) {
  case 0x02:
    return read_zone (chip, mode, address);
  case 0x12:
    return write_zone (chip, mode, address, data, whole - 7);
  case 0x16:
    return load_digest (chip, mode, data, whole - 7);
  case 0x17:
    return lock (chip, mode);
  case 0x1b:
    return answer_random ();
  case 0x30:
    return simulated_chip_packet (chip->config + 4, 4);
  case 0x40:
    return generate_key (chip, mode, address);
  case 0x41:
    return sign (chip, mode, address);
  }
  return status_packet (PARSE_ERROR);
}
