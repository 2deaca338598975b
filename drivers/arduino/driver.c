/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Arduino boards with a secure element, by the frames of Arduino's provisioning sketch. That sketch
 * makes a new key for each request, shows no certificate and signs nothing else, so nobody could
 * tell whether a board holds what was written: it is refused, and one with three commands more is
 * asked for. README.md has them.
 */
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/arduino/dialogue.h"
#include "drivers/csr-proof.h"
#include "drivers/der.h"

#define CERTIFICATE_MAX 4000u

typedef struct {
  GBytes *key_info; /* SubjectPublicKeyInfo of the key that was made in this session, or NULL */
} Board;

static gboolean
probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  ArduinoSketch sketch;

  if (!arduino_ask_sketch (transport, &sketch, NULL, deadline, error))
    return FALSE;
  *speaks = sketch != ARDUINO_NOBODY;
  return TRUE;
}

static gboolean
open_session (Session *session, Deadline deadline, GError **error)
{
  (void)deadline;
  (void)error;
  session->state = g_new0 (Board, 1);
  return TRUE;
}

static void
close_session (Session *session)
{
  Board *board = session->state;

  g_clear_pointer (&board->key_info, g_bytes_unref);
  g_free (board);
  session->state = NULL;
}

/* FALSE with error where the sketch, or what it says of its secure element, will not do. */
static gboolean
check_sketch (ArduinoSketch sketch, const GByteArray *description, ArduinoIdentity *identity,
              GError **error)
{
  if (sketch == ARDUINO_NOBODY)
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER,
                         "the board does not describe its sketch");
  else if (sketch == ARDUINO_STOCK)
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                         "the board runs Arduino's own provisioning sketch, which can neither show "
                         "its certificate nor sign again without a new key: load a sketch that "
                         "knows Keycradle's commands 20, 21 and 22");
  else if (!arduino_parse_identity (description->data, description->len, identity))
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                         "the sketch tells no serial number of the secure element");
  else if (!identity->locked)
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                         "the secure element's configuration is not locked: a key in it is not "
                         "safe yet");
  else
    return TRUE;
  return FALSE;
}

static DeviceIdentity *
identify (Session *session, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) description = g_byte_array_new ();
  g_auto (ArduinoIdentity) shown = { 0 };
  ArduinoSketch sketch;

  if (!arduino_ask_sketch (session->transport, &sketch, description, deadline, error)
      || !check_sketch (sketch, description, &shown, error))
    return NULL;
  DeviceIdentity *identity = g_new0 (DeviceIdentity, 1);
  identity->chip_id = g_strdup (shown.serial);
  identity->serial = g_strdup (shown.serial);
  identity->model = shown.model == NULL ? NULL : text_for_display (shown.model, 64);
  identity->firmware = shown.version == NULL ? NULL : text_for_display (shown.version, 64);
  identity->key_kinds = 1u << KEY_KIND_P256;
  return identity;
}

/* A request for `common_name`, by a command that is answered with PEM. */
static GBytes *
fetch_request (Session *session, ArduinoNumber number, const char *common_name, DriverError refusal,
               Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) answer =
      arduino_fetch (session->transport, number, (const guint8 *)common_name, strlen (common_name),
                     refusal, deadline, error);

  if (answer == NULL)
    return NULL;
  g_byte_array_append (answer, (const guint8 *)"", 1); /* as text; there may be none */
  GBytes *request = pem_decode ((const char *)answer->data, "CERTIFICATE REQUEST", NULL);
  if (request == NULL)
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                         "what the board sends as a certificate request is none");
  return request;
}

/* Whom the CA certifies stands in the order, not in the request; so a name that the board could
 * stumble over is replaced. */
static const char *
plain_name (const char *common_name)
{
  return common_name != NULL && serial_is_valid (common_name) ? common_name : "device";
}

static gboolean
generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error)
{
  Board *board = session->state;
  g_auto (DerRequest) parts = { 0 };

  g_clear_pointer (&board->key_info, g_bytes_unref);
  if (kind != KEY_KIND_P256) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the board makes p-256 keys only, not %s", key_kind_word (kind));
    return FALSE;
  }
  g_autoptr (GBytes) request = fetch_request (session, ARDUINO_CSR, plain_name (NULL),
                                              DRIVER_ERROR_KEY_GENERATION, deadline, error);
  if (request == NULL)
    return FALSE;
  if (der_request_split (request, &parts))
    board->key_info = g_steal_pointer (&parts.spki);
  return TRUE;
}

static GBytes *
read_csr (Session *session, const char *common_name, Deadline deadline, GError **error)
{
  Board *board = session->state;
  g_auto (DerRequest) parts = { 0 };
  g_autoptr (GBytes) request = fetch_request (session, ARDUINO_REQUEST, plain_name (common_name),
                                              DRIVER_ERROR_REFUSED, deadline, error);

  if (request == NULL || board->key_info == NULL)
    return g_steal_pointer (&request);
  if (!der_request_split (request, &parts) || !g_bytes_equal (parts.spki, board->key_info)) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                         "the request holds another key than the one that was just made");
    return NULL;
  }
  return g_steal_pointer (&request);
}

static gboolean
write_piece (Session *session, const guint8 *der, gsize offset, gsize length, Deadline deadline,
             GError **error)
{
  guint8 content[2 + ARDUINO_PIECE_MAX] = { (guint8)(offset >> 8), (guint8)offset };

  memcpy (content + 2, der + offset, length);
  return arduino_run (session->transport, ARDUINO_WRITE, content, 2 + length, DRIVER_ERROR_REFUSED,
                      deadline, error);
}

static gboolean
install (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (credentials->certificate, &length);
  const guint8 last[2] = { (guint8)(length >> 8), (guint8)length };

  if (length > CERTIFICATE_MAX) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the certificate has %" G_GSIZE_FORMAT " bytes; a board takes at most %u", length,
                 CERTIFICATE_MAX);
    return FALSE;
  }
  if (!arduino_run (session->transport, ARDUINO_BEGIN_STORAGE, NULL, 0, DRIVER_ERROR_REFUSED,
                    deadline, error))
    return FALSE;
  for (gsize offset = 0; offset < length; offset += ARDUINO_PIECE_MAX)
    if (!write_piece (session, der, offset, MIN (ARDUINO_PIECE_MAX, length - offset), deadline,
                      error))
      return FALSE;
  return arduino_run (session->transport, ARDUINO_END_STORAGE, last, sizeof last,
                      DRIVER_ERROR_REFUSED, deadline, error);
}

/* Piece by piece; the first that is not full is the last. */
static gboolean
read_back (Session *session, const Credentials *credentials, ReadBack *read_back, Deadline deadline,
           GError **error)
{
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  guint got = ARDUINO_PIECE_MAX;

  (void)credentials;
  while (got == ARDUINO_PIECE_MAX && whole->len <= CERTIFICATE_MAX) {
    const guint8 offset[2] = { (guint8)(whole->len >> 8), (guint8)whole->len };
    g_autoptr (GByteArray) piece =
        arduino_fetch (session->transport, ARDUINO_READ, offset, sizeof offset,
                       DRIVER_ERROR_READ_BACK, deadline, error);

    if (piece == NULL)
      return FALSE;
    got = piece->len;
    g_byte_array_append (whole, piece->data, piece->len);
  }
  if (got >= ARDUINO_PIECE_MAX || whole->len == 0) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_READ_BACK,
                 "the board shows a certificate of %u bytes, in pieces of up to %u", whole->len,
                 got);
    return FALSE;
  }
  *read_back = (ReadBack){ .certificate = g_byte_array_free_to_bytes (g_steal_pointer (&whole)) };
  return TRUE;
}

static gboolean
prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline, GError **error)
{
  g_autofree char *nonce_hex = hex_encode (nonce, PROOF_NONCE_LENGTH);

  *proof = (Proof){ 0 };
  g_autoptr (GBytes) request =
      fetch_request (session, ARDUINO_REQUEST, nonce_hex, DRIVER_ERROR_PROOF, deadline, error);
  return request != NULL && proof_from_request (request, proof, error);
}

const Driver arduino_driver = {
  .name = "arduino",
  .title =
      "Arduino boards with a secure element: the provisioning sketch, with three more commands",
  .abilities = DRIVER_READS_CERTIFICATE,
  .key_kinds = 1u << KEY_KIND_P256,
  .channels = CHANNEL_SERIAL,
  .baud = 57600,
  .rtscts = FALSE,
  .probe = probe,
  .open = open_session,
  .close = close_session,
  .identify = identify,
  .generate_key = generate_key,
  .read_csr = read_csr,
  .install = install,
  .read_back = read_back,
  .prove = prove,
};
