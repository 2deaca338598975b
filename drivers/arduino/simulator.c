/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An Arduino board with a secure element, running the provisioning sketch with Keycradle's three
 * commands; with the setting Firmware=stock it is Arduino's own sketch, which knows none of them.
 * What comes is read as that sketch does: a frame is waited for to its end.
 */
#include <string.h>

#include "base/encode.h"
#include "drivers/arduino/proto.h"
#include "drivers/simulator/device.h"

#define MODEL "MKRWIFI1010"
#define ROOM 2048u

typedef struct {
  Device *device;
  GByteArray *payload;     /* of the command that runs */
  GByteArray *certificate; /* that is being written, or NULL */
} Board;

static gboolean
answer (Board *board, ArduinoType type, const void *payload, gsize length)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  arduino_put_frame (frame, type, payload, length);
  return machine_answer (board->device->machine, frame->data, frame->len);
}

static gboolean
respond (Board *board, ArduinoResult result)
{
  const guint8 byte = (guint8)result;

  return answer (board, ARDUINO_RESPONSE, &byte, 1);
}

static gboolean
is_stock (Board *board)
{
  return g_strcmp0 (board->device->settings.firmware, "stock") == 0;
}

/* The token that was asked with comes ahead of the text. */
static gboolean
sketch_info (Board *board)
{
  const DeviceSettings *settings = &board->device->settings;
  g_autofree char *text =
      device_fault (board->device, FAULT_NO_IDENTITY)
          ? g_strdup ("model=" MODEL " version=1.0 locked=yes")
          : g_strdup_printf ("serial=%s model=" MODEL " version=1.0 locked=yes", settings->serial);
  g_autoptr (GByteArray) data = g_byte_array_new ();

  if (is_stock (board))
    return respond (board, ARDUINO_ACK);
  g_byte_array_append (data, board->payload->data + 1, board->payload->len - 1);
  g_byte_array_append (data, (const guint8 *)text, (guint)strlen (text));
  return answer (board, ARDUINO_DATA, data->data, data->len);
}

/* A request under a nonce as its name is a proof. */
static gboolean
is_nonce_name (const char *name)
{
  return strlen (name) == 2 * PROOF_NONCE_LENGTH
         && strspn (name, "0123456789abcdef") == strlen (name);
}

static gboolean
send_request (Board *board)
{
  g_autofree char *name =
      g_strndup ((const char *)board->payload->data + 1, board->payload->len - 1);
  g_autofree char *subject = g_strconcat ("CN=", name, NULL);
  ChipRequest request = { .subject = subject };
  g_autoptr (EVP_PKEY) key = is_nonce_name (name) ? device_proof_key (board->device, "key")
                                                  : device_key (board->device, "key");
  g_autoptr (GBytes) der = key != NULL ? device_make_csr (board->device, key, &request) : NULL;
  g_autofree char *pem = NULL, *leak = NULL, *text = NULL;

  if (der == NULL)
    return respond (board, ARDUINO_ERROR);
  pem = pem_encode ("CERTIFICATE REQUEST", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  leak = device_leak (board->device, key);
  text = g_strconcat (leak != NULL ? leak : "", pem, NULL);
  return answer (board, ARDUINO_DATA, text, strlen (text));
}

static gboolean
make_key (Board *board)
{
  if (!device_make_key (board->device, KEY_KIND_P256, "key"))
    return respond (board, ARDUINO_ERROR);
  return send_request (board);
}

static gboolean
begin_storage (Board *board)
{
  g_clear_pointer (&board->certificate, g_byte_array_unref);
  board->certificate = g_byte_array_new ();
  return respond (board, ARDUINO_ACK);
}

static gsize
number_of (Board *board)
{
  return (gsize)board->payload->data[1] << 8 | board->payload->data[2];
}

/* Pieces come in their order. */
static gboolean
write_piece (Board *board)
{
  GByteArray *into = board->certificate;

  if (into == NULL || board->payload->len < 4 || number_of (board) != into->len
      || into->len + board->payload->len > ROOM)
    return respond (board, ARDUINO_ERROR);
  g_byte_array_append (into, board->payload->data + 3, board->payload->len - 3);
  return respond (board, ARDUINO_ACK);
}

static gboolean
end_storage (Board *board)
{
  GByteArray *whole = board->certificate;

  if (whole == NULL || board->payload->len != 3 || number_of (board) != whole->len
      || device_fault (board->device, FAULT_REFUSE_INSTALL))
    return respond (board, ARDUINO_ERROR);
  device_put (board->device, "cert.der", whole->data, whole->len);
  g_clear_pointer (&board->certificate, g_byte_array_unref);
  return respond (board, ARDUINO_ACK);
}

static gboolean
read_piece (Board *board)
{
  g_autoptr (GBytes) held = device_get (board->device, "cert.der");
  gsize length;

  if (held != NULL && device_fault (board->device, FAULT_WRONG_CERTIFICATE)) {
    g_autoptr (EVP_PKEY) other = device_key (board->device, "key");

    g_bytes_unref (held);
    held = chip_make_other_certificate (other);
  }
  if (held == NULL || board->payload->len != 3)
    return respond (board, ARDUINO_ERROR);
  const guint8 *bytes = g_bytes_get_data (held, &length);
  gsize offset = MIN (number_of (board), length);
  return answer (board, ARDUINO_DATA, bytes + offset, MIN (ARDUINO_PIECE_MAX, length - offset));
}

static const struct {
  ArduinoNumber number;
  gboolean stock; /* whether Arduino's own sketch knows it */
  gboolean (*run) (Board *board);
} commands[] = {
  { ARDUINO_SKETCH_INFO, TRUE, sketch_info },
  { ARDUINO_CSR, TRUE, make_key },
  { ARDUINO_BEGIN_STORAGE, TRUE, begin_storage },
  { ARDUINO_END_STORAGE, TRUE, end_storage },
  { ARDUINO_REQUEST, FALSE, send_request },
  { ARDUINO_WRITE, FALSE, write_piece },
  { ARDUINO_READ, FALSE, read_piece },
};

/* What a sketch does not know it does not answer. */
static gboolean
run_command (Board *board)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (board->payload->data[0] == commands[i].number && (commands[i].stock || !is_stock (board)))
      return commands[i].run (board);
  return TRUE;
}

/* Whole frames out of what has come; a wrong one is answered with NACK. FALSE once pulled out. */
static gboolean
take_frames (Board *board, GByteArray *input)
{
  ArduinoFound found;
  guint8 type;

  while ((found = arduino_take_frame (input, &type, board->payload)) != ARDUINO_NO_FRAME) {
    if (found == ARDUINO_BROKEN_FRAME) {
      if (!respond (board, ARDUINO_NACK))
        return FALSE;
    }
    else if (type == ARDUINO_COMMAND && board->payload->len > 0 && !run_command (board))
      return FALSE;
  }
  return TRUE;
}

static void
arduino_run (Device *device)
{
  g_autoptr (GByteArray) input = g_byte_array_new (), payload = g_byte_array_new ();
  Board board = { .device = device, .payload = payload };
  guint8 byte;

  while (machine_receive (device->machine, &byte)) {
    g_byte_array_append (input, &byte, 1);
    if (!take_frames (&board, input))
      break;
  }
  g_clear_pointer (&board.certificate, g_byte_array_unref);
}

/* Nine bytes that begin with 01 23 and end with EE, as the standard parts' do. */
static gboolean
arduino_prepare (Device *device, GError **error)
{
  DeviceSettings *settings = &device->settings;
  g_autofree char *hex = sha256_hex ((const guint8 *)settings->name, strlen (settings->name));

  if (settings->serial == NULL)
    settings->serial =
        settings->chip != NULL ? g_strdup (settings->chip) : g_strdup_printf ("0123%.12see", hex);
  gsize length = strlen (settings->serial);
  if (length >= 8 && length <= 36 && length % 2 == 0
      && strspn (settings->serial, "0123456789abcdef") == length)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "serial=%s: an arduino device's serial is its secure element's number, 4 to 18 "
               "bytes in lower-case hex",
               settings->serial);
  return FALSE;
}

const Personality arduino_personality = {
  .name = "arduino",
  .title = "Arduino provisioning sketch with Keycradle's commands",
  .key_kinds = 1u << KEY_KIND_P256,
  .key_kind = KEY_KIND_P256,
  .prepare = arduino_prepare,
  .run = arduino_run,
};
