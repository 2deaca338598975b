/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See chip.h.
 */
#include "drivers/microchip/chip.h"

#include <string.h>

#include "drivers/microchip/kit.h"

#define TRIES 3u

enum {
  BLOCK_OF_32 = 0x80, /* bit of Read's and Write's zone; without it 4 bytes */
  ZONE_CONFIG = 0,
  ZONE_DATA = 2,
  GENKEY_CREATE = 0x04,
  GENKEY_PUBLIC = 0x00,
  NONCE_TO_TEMPKEY = 0x03, /* pass-through, 32 bytes */
  NONCE_TO_DIGEST_BUFFER = 0x43,
  SIGN_TEMPKEY = 0x80, /* external */
  SIGN_DIGEST_BUFFER = 0xa0,
  LOCK_SLOT = 0x82, /* without a CRC over the slot */
};

static gboolean
set_kit_error (const char *what, guint8 status, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED,
               "the kit can't reach the chip: %s gave status %02X", what, status);
  return FALSE;
}

/* `*again` is TRUE where the chip has to be woken once more. */
static gboolean
wake (Transport *transport, gboolean *again, Deadline deadline, GError **error)
{
  g_autoptr (GBytes) packet = NULL;
  const guint8 *data;
  gsize length;
  guint8 status;

  if (!kit_ask (transport, "E:w()\n", &status, &packet, deadline, error))
    return FALSE;
  if (status != CHIP_OK || !chip_packet_read (packet, &data, &length) || length != 1) {
    *again = TRUE;
    return set_kit_error ("waking it", status, error);
  }
  if (data[0] == 0x11)
    return TRUE;
  *again = TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED, "the chip does not wake: %s",
               chip_status_words (data[0]));
  return FALSE;
}

static gboolean
lay_down (Transport *transport, Deadline deadline, GError **error)
{
  g_autoptr (GBytes) ignored = NULL;
  guint8 status;

  return kit_ask (transport, "E:i()\n", &status, &ignored, deadline, error);
}

/* One try. The packet that came is in `*packet`. */
static gboolean
talk (Transport *transport, const ChipCommand *command, GBytes **packet, gboolean *again,
      Deadline deadline, GError **error)
{
  g_autofree char *line = kit_talk_line (command);
  guint8 status;

  if (!wake (transport, again, deadline, error)
      || !kit_ask (transport, line, &status, packet, deadline, error)
      || !lay_down (transport, deadline, error))
    return FALSE;
  if (status == CHIP_OK)
    return TRUE;
  *again = TRUE;
  return set_kit_error ("a command", status, error);
}

static gboolean
is_worth_another_try (const guint8 *data, gsize length)
{
  return length == 1 && (data[0] == CHIP_ASLEEP_SOON || data[0] == CHIP_COMMUNICATION);
}

/* Has the chip do `command` and takes `length` bytes of answer. A command that only succeeds or
 * fails answers with one byte, CHIP_OK. */
static gboolean
run (Chip *chip, const ChipCommand *command, DriverError refused, guint8 *answer, gsize length,
     Deadline deadline, GError **error)
{
  for (guint tries = 1;; tries++) {
    g_autoptr (GBytes) packet = NULL;
    GError *problem = NULL;
    gboolean again = FALSE;
    const guint8 *data = NULL;
    gsize got = 0;

    if (!talk (chip->transport, command, &packet, &again, deadline, &problem)) {
      if (again && tries < TRIES && lay_down (chip->transport, deadline, NULL)) {
        g_error_free (problem);
        continue;
      }
      g_propagate_error (error, problem);
      return FALSE;
    }
    if (!chip_packet_read (packet, &data, &got)) {
      g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                   "the chip's answer to command %02X has a wrong length or CRC", command->opcode);
      return FALSE;
    }
    if (tries < TRIES && is_worth_another_try (data, got))
      continue;
    if (got == length && (length > 1 || data[0] == CHIP_OK)) {
      memcpy (answer, data, length);
      return TRUE;
    }
    g_set_error (error, DRIVER_ERROR, (int)(got == 1 ? refused : DRIVER_ERROR_GARBLED),
                 got == 1 ? "the chip refuses command %02X: %s" : "command %02X: %s",
                 command->opcode,
                 got == 1 ? chip_status_words (data[0]) : "the answer has another length");
    return FALSE;
  }
}

static guint16
data_address (guint slot, guint block, guint word)
{
  return (guint16)(block << 8 | slot << 3 | word);
}

gboolean
chip_read_config (Chip *chip, Deadline deadline, GError **error)
{
  for (guint block = 0; block < CHIP_CONFIG_LENGTH / CHIP_BLOCK; block++) {
    const ChipCommand command = { .opcode = CHIP_READ,
                                  .p1 = BLOCK_OF_32 | ZONE_CONFIG,
                                  .p2 = (guint16)(block << 3) };

    if (!run (chip, &command, DRIVER_ERROR_REFUSED, chip->config + block * CHIP_BLOCK, CHIP_BLOCK,
              deadline, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
chip_generate_key (Chip *chip, guint slot, guint8 point[CHIP_POINT], Deadline deadline,
                   GError **error)
{
  const ChipCommand command = { .opcode = CHIP_GENKEY, .p1 = GENKEY_CREATE, .p2 = (guint16)slot };

  return run (chip, &command, DRIVER_ERROR_KEY_GENERATION, point, CHIP_POINT, deadline, error);
}

gboolean
chip_read_key (Chip *chip, guint slot, guint8 point[CHIP_POINT], Deadline deadline, GError **error)
{
  const ChipCommand command = { .opcode = CHIP_GENKEY, .p1 = GENKEY_PUBLIC, .p2 = (guint16)slot };

  return run (chip, &command, DRIVER_ERROR_PROOF, point, CHIP_POINT, deadline, error);
}

/* Random has the chip draw a new seed first, since an ECDSA signature needs good random numbers. */
gboolean
chip_sign (Chip *chip, guint slot, const guint8 digest[CHIP_DIGEST], DriverError refused,
           guint8 signature[CHIP_SIGNATURE], Deadline deadline, GError **error)
{
  const gboolean buffer = chip_has_digest_buffer (chip->config);
  const ChipCommand seed = { .opcode = CHIP_RANDOM };
  const ChipCommand load = { .opcode = CHIP_NONCE,
                             .p1 = buffer ? NONCE_TO_DIGEST_BUFFER : NONCE_TO_TEMPKEY,
                             .data = digest,
                             .length = CHIP_DIGEST };
  const ChipCommand sign = { .opcode = CHIP_SIGN,
                             .p1 = buffer ? SIGN_DIGEST_BUFFER : SIGN_TEMPKEY,
                             .p2 = (guint16)slot };
  guint8 ignored[CHIP_BLOCK];

  return run (chip, &seed, refused, ignored, sizeof ignored, deadline, error)
         && run (chip, &load, refused, ignored, 1, deadline, error)
         && run (chip, &sign, refused, signature, CHIP_SIGNATURE, deadline, error);
}

/* Two blocks, then two words: a slot of 72 bytes ends in the third block. */
static guint
piece_at (guint offset)
{
  return offset < 2 * CHIP_BLOCK ? CHIP_BLOCK : 4;
}

static ChipCommand
piece_command (guint8 opcode, guint slot, guint offset)
{
  const guint8 size = piece_at (offset) == CHIP_BLOCK ? BLOCK_OF_32 : 0;

  return (ChipCommand){ .opcode = opcode,
                        .p1 = (guint8)(size | ZONE_DATA),
                        .p2 = data_address (slot, offset / CHIP_BLOCK, offset % CHIP_BLOCK / 4) };
}

gboolean
chip_write_slot (Chip *chip, guint slot, const guint8 data[CHIP_CERTIFICATE], Deadline deadline,
                 GError **error)
{
  for (guint offset = 0; offset < CHIP_CERTIFICATE; offset += piece_at (offset)) {
    ChipCommand command = piece_command (CHIP_WRITE, slot, offset);
    guint8 done;

    command.data = data + offset;
    command.length = piece_at (offset);
    if (!run (chip, &command, DRIVER_ERROR_REFUSED, &done, 1, deadline, error)) {
      g_prefix_error (error, "slot %u: ", slot);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
chip_read_slot (Chip *chip, guint slot, guint8 data[CHIP_CERTIFICATE], Deadline deadline,
                GError **error)
{
  for (guint offset = 0; offset < CHIP_CERTIFICATE; offset += piece_at (offset)) {
    const ChipCommand command = piece_command (CHIP_READ, slot, offset);

    if (!run (chip, &command, DRIVER_ERROR_READ_BACK, data + offset, piece_at (offset), deadline,
              error))
    {
      g_prefix_error (error, "slot %u: ", slot);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
chip_lock_slot (Chip *chip, guint slot, Deadline deadline, GError **error)
{
  const ChipCommand command = { .opcode = CHIP_LOCK, .p1 = (guint8)(LOCK_SLOT | slot << 2) };
  guint8 done;

  if (run (chip, &command, DRIVER_ERROR_REFUSED, &done, 1, deadline, error))
    return TRUE;
  g_prefix_error (error, "slot %u is not locked: ", slot);
  return FALSE;
}
