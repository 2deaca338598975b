/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Microchip's secure elements ATECC508 and ATECC608 behind a kit, and the zero-touch kit, whose
 * firmware does a part of the work. The chip makes the key and signs; the request is built here. Of
 * the certificate it keeps 72 bytes, from which it is made anew (certificate.h). README.md has the
 * dialogue.
 */
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/der.h"
#include "drivers/microchip/chip.h"
#include "drivers/microchip/kit.h"
#include "drivers/microchip/slots.h"
#include "drivers/microchip/zero-touch.h"
#include "drivers/request.h"

typedef struct {
  Chip chip;
  gboolean has_chip; /* the kit lets one talk to it */
  ZeroTouch zero_touch;
  Slots slots;
  gboolean config_read;
  gboolean key_known;
  guint8 point[CHIP_POINT];
} Board;

/* The first question is a kit's own; only who answers like a kit is asked the second one. */
static gboolean
is_ours (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  KitDevice device;
  ZeroTouch board;
  gboolean is_kit;

  if (!kit_begin (transport, &is_kit, &device, deadline, error))
    return FALSE;
  *speaks = device.kind != KIT_DEVICE_NONE;
  if (!is_kit || *speaks)
    return TRUE;
  if (!zero_touch_begin (transport, &board, deadline, error))
    return FALSE;
  *speaks = TRUE; /* a kit, with its chip missing perhaps: identify says so */
  return TRUE;
}

static gboolean
probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  GError *trouble = NULL;

  *speaks = FALSE;
  if (is_ours (transport, speaks, deadline, &trouble))
    return TRUE;
  *speaks = FALSE;
  if (g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER)
      || g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_GARBLED))
  {
    g_error_free (trouble);
    return TRUE;
  }
  g_propagate_error (error, trouble);
  return FALSE;
}

static gboolean
begin (Board *board, Transport *transport, Deadline deadline, GError **error)
{
  KitDevice device;
  gboolean is_kit;

  if (!kit_begin (transport, &is_kit, &device, deadline, error)
      || !zero_touch_begin (transport, &board->zero_touch, deadline, error))
    return FALSE;
  if (device.kind == KIT_DEVICE_NONE && board->zero_touch.speaks)
    return TRUE;
  if (!kit_select_chip (transport, &device, deadline, error))
    return FALSE;
  transport_note (transport, "chip", device.name);
  board->has_chip = TRUE;
  return TRUE;
}

static gboolean
open_session (Session *session, Deadline deadline, GError **error)
{
  g_autofree Board *board = g_new0 (Board, 1);

  board->chip.transport = session->transport;
  if (!slots_read (session, &board->slots, error)
      || !begin (board, session->transport, deadline, error))
    return FALSE;
  session->state = g_steal_pointer (&board);
  return TRUE;
}

static void
close_session (Session *session)
{
  g_clear_pointer (&session->state, g_free);
}

static gboolean
know_config (Board *board, Deadline deadline, GError **error)
{
  if (!board->config_read)
    board->config_read = chip_read_config (&board->chip, deadline, error);
  return board->config_read;
}

static DeviceIdentity *
new_identity (const char *serial, const char *model)
{
  DeviceIdentity *identity = g_new0 (DeviceIdentity, 1);

  identity->chip_id = g_strdup (serial);
  identity->serial = g_strdup (serial);
  identity->model = g_strdup (model);
  identity->key_kinds = 1u << KEY_KIND_P256;
  return identity;
}

static gboolean
set_identity_error (const char *words, GError **error)
{
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY, words);
  return FALSE;
}

static DeviceIdentity *
identify (Session *session, Deadline deadline, GError **error)
{
  Board *board = session->state;
  guint8 serial[CHIP_SERIAL_LENGTH];

  if (!board->has_chip)
    return new_identity (board->zero_touch.serial, "zero-touch kit");
  board->config_read = FALSE;
  if (!know_config (board, deadline, error))
    return NULL;
  const char *model = chip_model (board->chip.config);
  if (!chip_serial_read (board->chip.config, serial)) {
    set_identity_error (
        "the chip's serial number does not begin with 0123: it is no sound ECC chip", error);
    return NULL;
  }
  if (model == NULL) {
    set_identity_error ("the chip's revision is of no ATECC508 or ATECC608", error);
    return NULL;
  }
  g_autofree char *lower = hex_encode (serial, sizeof serial);
  g_autofree char *upper = g_ascii_strup (lower, -1);
  if (board->zero_touch.speaks && !g_str_equal (board->zero_touch.serial, upper)) {
    set_identity_error ("the kit tells another serial number than its chip", error);
    return NULL;
  }
  return new_identity (upper, model);
}

/* The key that the chip holds. */
static gboolean
know_key (Board *board, Deadline deadline, GError **error)
{
  if (board->key_known)
    return TRUE;
  if (board->has_chip)
    board->key_known =
        chip_read_key (&board->chip, board->slots.key, board->point, deadline, error);
  else
    memcpy (board->point, board->zero_touch.point, sizeof board->point);
  board->key_known = board->key_known || !board->has_chip;
  return board->key_known;
}

static gboolean
generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error)
{
  Board *board = session->state;

  board->key_known = FALSE;
  if (kind != KEY_KIND_P256) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the chip makes p-256 keys only, not %s", key_kind_word (kind));
    return FALSE;
  }
  if (board->zero_touch.speaks) {
    transport_note (session->transport, "key", "made by the kit when it was first started");
    memcpy (board->point, board->zero_touch.point, sizeof board->point);
    board->key_known = TRUE;
    return TRUE;
  }
  if (!know_config (board, deadline, error)
      || !slots_check (&board->slots, board->chip.config, error))
    return FALSE;
  if (!board->slots.generate) {
    transport_note (session->transport, "key", "GenerateKey=no: the one in the slot stays");
    return know_key (board, deadline, error);
  }
  board->key_known =
      chip_generate_key (&board->chip, board->slots.key, board->point, deadline, error);
  return board->key_known;
}

static GBytes *
key_info (const Board *board)
{
  guint8 point[1 + CHIP_POINT] = { 4 };

  memcpy (point + 1, board->point, CHIP_POINT);
  return request_ec_key (KEY_KIND_P256, point, sizeof point);
}

/* The kit's own request; it must be for the key that the kit has told. */
static GBytes *
read_kit_request (Session *session, Deadline deadline, GError **error)
{
  Board *board = session->state;
  g_autoptr (GBytes) request = zero_touch_request (session->transport, deadline, error);
  g_autoptr (GBytes) key = key_info (board);
  g_auto (DerRequest) parts = { 0 };

  if (request == NULL)
    return NULL;
  if (der_request_split (request, &parts) && g_bytes_equal (parts.spki, key))
    return g_steal_pointer (&request);
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                       "the kit's request is not for the key that the kit has told");
  return NULL;
}

static GBytes *
read_csr (Session *session, const char *common_name, Deadline deadline, GError **error)
{
  Board *board = session->state;
  guint8 raw[CHIP_SIGNATURE];

  if (!know_key (board, deadline, error))
    return NULL;
  if (board->zero_touch.speaks)
    return read_kit_request (session, deadline, error);
  if (!know_config (board, deadline, error))
    return NULL;
  g_autoptr (GBytes) key = key_info (board);
  g_autoptr (GBytes) info = request_info (common_name, key);
  g_autoptr (GBytes) digest = sha256_of (g_bytes_get_data (info, NULL), g_bytes_get_size (info));
  if (!chip_sign (&board->chip, board->slots.key, g_bytes_get_data (digest, NULL),
                  DRIVER_ERROR_REFUSED, raw, deadline, error))
    return NULL;
  g_autoptr (GBytes) signature = request_signature_from_raw (raw, sizeof raw);
  return request_new (info, REQUEST_ECDSA_SHA256, signature);
}

/* The public key of the CA above the signer, in hex: of the chain, or the option's. */
static char *
key_above (const Session *session, const Credentials *credentials)
{
  const char *option = session_option (session, "SignerCaPublicKey");
  guint8 point[POINT_LENGTH];

  if (option != NULL)
    return g_strdup (option);
  if (credentials->chain == NULL || credentials->chain->len < 2
      || !certificate_point (g_ptr_array_index (credentials->chain, 1), point))
    return NULL;
  return hex_encode (point, sizeof point);
}

static gboolean
install_by_kit (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  g_autofree char *above = key_above (session, credentials);

  if (credentials->chain == NULL || credentials->chain->len < 1 || above == NULL) {
    g_set_error_literal (
        error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
        "a zero-touch kit wants the CA's certificate (Chain=yes in the profile) and "
        "the public key of the CA above it: set SignerCaPublicKey= in "
        "[driver microchip]");
    return FALSE;
  }
  return zero_touch_save (session->transport, credentials->endpoint, credentials->certificate,
                          g_ptr_array_index (credentials->chain, 0), above, deadline, error);
}

static gboolean
install (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  Board *board = session->state;
  guint8 compressed[COMPRESSED_LENGTH];

  if (!know_key (board, deadline, error)
      || !slots_compress (&board->slots, credentials->certificate, board->point, compressed, error))
    return FALSE;
  if (board->zero_touch.speaks)
    return install_by_kit (session, credentials, deadline, error);
  if (!know_config (board, deadline, error))
    return FALSE;
  if (chip_slot_is_locked (board->chip.config, board->slots.certificate)) {
    transport_note (session->transport, "install",
                    "its slot is locked; what it holds is read back");
    return TRUE;
  }
  g_autofree char *places = certificate_places (credentials->certificate);
  transport_note (session->transport, "template", places);
  if (credentials->chain != NULL && credentials->chain->len > 0
      && !slots_write_signer (&board->slots, &board->chip,
                              g_ptr_array_index (credentials->chain, 0), deadline, error))
    return FALSE;
  return chip_write_slot (&board->chip, board->slots.certificate, compressed, deadline, error);
}

static gboolean
need_chip (const Board *board, DriverError code, GError **error)
{
  if (board->has_chip)
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, (int)code,
                       "the kit does not let its chip be talked to (board:device)");
  return FALSE;
}

/* The certificate that was sent is the template: all that is the device's own comes from the chip.
 */
static gboolean
read_back (Session *session, const Credentials *credentials, ReadBack *read_back, Deadline deadline,
           GError **error)
{
  Board *board = session->state;
  guint8 compressed[COMPRESSED_LENGTH], point[CHIP_POINT];

  if (!need_chip (board, DRIVER_ERROR_UNSUPPORTED, error)
      || !chip_read_slot (&board->chip, board->slots.certificate, compressed, deadline, error)
      || !chip_read_key (&board->chip, board->slots.key, point, deadline, error))
    return FALSE;
  *read_back = (ReadBack){ .certificate =
                               certificate_rebuild (credentials->certificate, compressed, point) };
  if (read_back->certificate != NULL)
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_READ_BACK,
               "slot %u holds no compressed certificate", board->slots.certificate);
  return FALSE;
}

static gboolean
prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline, GError **error)
{
  Board *board = session->state;
  g_autoptr (GBytes) digest = sha256_of (nonce, PROOF_NONCE_LENGTH);
  guint8 raw[CHIP_SIGNATURE];

  *proof = (Proof){ 0 };
  if (!need_chip (board, DRIVER_ERROR_PROOF, error) || !know_config (board, deadline, error)
      || !chip_sign (&board->chip, board->slots.key, g_bytes_get_data (digest, NULL),
                     DRIVER_ERROR_PROOF, raw, deadline, error))
    return FALSE;
  proof->scheme = PROOF_ECDSA_SHA256_RAW;
  proof->message = g_bytes_new (nonce, PROOF_NONCE_LENGTH);
  proof->signature = g_bytes_new (raw, sizeof raw);
  return TRUE;
}

/* Certificate first: a chip that is cut off in between still makes no other key when it comes back,
 * since it still proves this one. */
static gboolean
lock (Session *session, Deadline deadline, GError **error)
{
  Board *board = session->state;
  const guint slots[] = { board->slots.certificate, board->slots.key };

  if (!need_chip (board, DRIVER_ERROR_UNSUPPORTED, error)
      || !chip_read_config (&board->chip, deadline, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (slots); i++)
    if (!chip_slot_is_locked (board->chip.config, slots[i])
        && !chip_lock_slot (&board->chip, slots[i], deadline, error))
      return FALSE;
  return TRUE;
}

const Driver microchip_driver = {
  .name = "microchip",
  .title = "Microchip ATECC508 and ATECC608 behind a kit; the zero-touch kit",
  .abilities = DRIVER_READS_CERTIFICATE | DRIVER_INSTALLS_CHAIN | DRIVER_LOCKS,
  .key_kinds = 1u << KEY_KIND_P256,
  .channels = CHANNEL_SERIAL | CHANNEL_HID,
  .baud = 115200,
  .rtscts = FALSE,
  .options = slots_options,
  .probe = probe,
  .open = open_session,
  .close = close_session,
  .identify = identify,
  .generate_key = generate_key,
  .read_csr = read_csr,
  .install = install,
  .read_back = read_back,
  .prove = prove,
  .lock = lock,
};
