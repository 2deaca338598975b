/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against a board that follows a list, in small pieces.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/arduino/proto.h"
#include "drivers/driver.h"
#include "tests/unit/drivers/device-key.h"

#define SOON deadline_in (20000)

/* Few enough bytes at once to cut everything in two somewhere. */
#define PIECE 7
#define DESCRIPTION "serial=0123456789abcdefee model=MKR version=1.0 locked=yes"

extern const Driver arduino_driver;

static const guint8 nonce[PROOF_NONCE_LENGTH] = { 0xab, 0xcd };

/* How it answers one command. */
typedef struct {
  ArduinoNumber number;
  ArduinoType type;
  const char *payload; /* text */
  guint8 result;       /* in place of the text, where it is not 0 */
  gboolean broken;     /* its CRC */
} Reply;

typedef struct {
  const Reply *next;
  GByteArray *heard;
  GByteArray *pending;
} Board;

static void
say (Board *board, const Reply *reply, const GByteArray *command)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  if (reply->number == ARDUINO_SKETCH_INFO && reply->type == ARDUINO_DATA)
    g_byte_array_append (payload, command->data + 1, command->len - 1);
  if (reply->result != 0)
    g_byte_array_append (payload, &reply->result, 1);
  else if (reply->payload != NULL)
    g_byte_array_append (payload, (const guint8 *)reply->payload, (guint)strlen (reply->payload));
  arduino_put_frame (board->pending, reply->type, payload->data, payload->len);
  if (reply->broken)
    board->pending->data[board->pending->len - 3] ^= 1;
}

static gboolean
board_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  Board *board = channel;
  g_autoptr (GByteArray) command = g_byte_array_new ();
  guint8 type;

  g_byte_array_append (board->heard, data, (guint)length);
  while (arduino_take_frame (board->heard, &type, command) == ARDUINO_FRAME) {
    if (board->next->number == 0)
      continue;
    ck_assert_uint_eq (command->data[0], board->next->number);
    ck_assert_uint_le (command->len, ARDUINO_COMMAND_MAX);
    say (board, board->next++, command);
  }
  return TRUE;
}

static gboolean
board_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
            GError **error)
{
  Board *board = channel;

  *got = MIN (MIN (length, PIECE), board->pending->len);
  if (*got == 0) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "the list is silent");
    return FALSE;
  }
  memcpy (data, board->pending->data, *got);
  g_byte_array_remove_range (board->pending, 0, (guint)*got);
  return TRUE;
}

static void
board_discard (gpointer channel)
{
  g_byte_array_set_size (((Board *)channel)->pending, 0);
}

static void
board_close (gpointer channel)
{
  Board *board = channel;

  g_byte_array_unref (board->heard);
  g_byte_array_unref (board->pending);
  g_free (board);
}

static Session *
session_with (const Reply *replies)
{
  static const TransportMethods methods = {
    .read = board_read, .write = board_write, .discard_input = board_discard, .close = board_close
  };
  Board *board = g_new0 (Board, 1);

  board->next = replies;
  board->heard = g_byte_array_new ();
  board->pending = g_byte_array_new ();
  return session_open (&arduino_driver, transport_new (CHANNEL_SERIAL, &methods, board, "list"),
                       NULL, SOON, NULL);
}

static void
session_end (Session *session)
{
  Transport *transport = session->transport;

  session_close (session);
  transport_free (transport);
}

START_TEST (a_board_tells_its_secure_elements_number)
{
  static const Reply replies[] = { { ARDUINO_SKETCH_INFO, ARDUINO_DATA, DESCRIPTION, 0, FALSE },
                                   { ARDUINO_SKETCH_INFO, ARDUINO_DATA, DESCRIPTION, 0, FALSE },
                                   { 0 } };
  Session *session = session_with (replies);
  gboolean speaks = FALSE;

  ck_assert (arduino_driver.probe (session->transport, &speaks, SOON, NULL) && speaks);
  g_autoptr (DeviceIdentity) identity = arduino_driver.identify (session, SOON, NULL);
  ck_assert_str_eq (identity->chip_id, "0123456789abcdefee");
  ck_assert_str_eq (identity->model, "MKR");
  session_end (session);
}
END_TEST

START_TEST (a_sketch_that_can_not_prove_anything_is_refused)
{
  static const struct {
    Reply reply;
    gboolean speaks;
    DriverError error;
  } cases[] = {
    { { ARDUINO_SKETCH_INFO, ARDUINO_RESPONSE, NULL, ARDUINO_ACK, FALSE },
      TRUE,
      DRIVER_ERROR_UNSUPPORTED },
    { { ARDUINO_SKETCH_INFO, ARDUINO_DATA, "serial=0123456789abcdefee locked=no", 0, FALSE },
      TRUE,
      DRIVER_ERROR_UNSUPPORTED },
    { { ARDUINO_SKETCH_INFO, ARDUINO_DATA, "locked=yes", 0, FALSE }, TRUE, DRIVER_ERROR_IDENTITY },
    { { ARDUINO_SKETCH_INFO, ARDUINO_RESPONSE, NULL, ARDUINO_NACK, FALSE },
      FALSE,
      DRIVER_ERROR_NO_ANSWER },
    { { 0 }, FALSE, DRIVER_ERROR_NO_ANSWER },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Reply replies[] = { cases[i].reply, cases[i].reply, { 0 } };
    Session *first = session_with (replies);
    Session *second = session_with (replies);
    g_autoptr (GError) error = NULL;
    gboolean speaks;

    ck_assert (arduino_driver.probe (first->transport, &speaks, SOON, NULL));
    ck_assert_int_eq (speaks, cases[i].speaks);
    ck_assert_ptr_null (arduino_driver.identify (second, SOON, &error));
    ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)cases[i].error), "%zu: %s", i,
                   error->message);
    session_end (first);
    session_end (second);
  }
}
END_TEST

/* As Arduino's sketch writes it: lines of 76 characters. */
static char *
request_text (EVP_PKEY *key, const char *name)
{
  g_autoptr (GBytes) request = device_key_request (key, name);
  g_autofree char *base64 =
      g_base64_encode (g_bytes_get_data (request, NULL), g_bytes_get_size (request));
  GString *text = g_string_new ("-----BEGIN CERTIFICATE REQUEST-----\n");

  for (gsize i = 0; i < strlen (base64); i += 76)
    g_string_append_printf (text, "%.76s\n", base64 + i);
  g_string_append (text, "-----END CERTIFICATE REQUEST-----\n");
  return g_string_free (text, FALSE);
}

static GBytes *
make_and_request (EVP_PKEY *made, EVP_PKEY *requested, GError **error)
{
  g_autofree char *first = request_text (made, "device");
  g_autofree char *second = request_text (requested, "unit-1");
  const Reply replies[] = { { ARDUINO_CSR, ARDUINO_DATA, first, 0, FALSE },
                            { ARDUINO_REQUEST, ARDUINO_DATA, second, 0, FALSE },
                            { 0 } };
  Session *session = session_with (replies);

  ck_assert (arduino_driver.generate_key (session, KEY_KIND_P256, SOON, NULL));
  GBytes *request = arduino_driver.read_csr (session, "unit-1", SOON, error);
  session_end (session);
  return request;
}

START_TEST (the_request_is_that_of_the_key_that_was_made)
{
  EVP_PKEY *key = device_key_new ();
  EVP_PKEY *other = device_key_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) request = make_and_request (key, key, &error);

  ck_assert_ptr_nonnull (request);
  ck_assert_ptr_null (make_and_request (key, other, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED));
  EVP_PKEY_free (key);
  EVP_PKEY_free (other);
}
END_TEST

static DriverError
install_error (const Reply *replies)
{
  g_autoptr (GBytes) certificate = g_bytes_new ("\x30\x03\x02\x01\x01", 5);
  Credentials credentials = { .certificate = certificate };
  Session *session = session_with (replies);
  g_autoptr (GError) error = NULL;
  gboolean installed = arduino_driver.install (session, &credentials, SOON, &error);

  session_end (session);
  ck_assert_int_eq (installed, error == NULL);
  return error == NULL ? DRIVER_ERROR_INTERNAL : (DriverError)error->code;
}

#define ACKED(number)                                                                              \
  {                                                                                                \
    number, ARDUINO_RESPONSE, NULL, ARDUINO_ACK, FALSE                                             \
  }
#define ANSWERED(number, result)                                                                   \
  {                                                                                                \
    number, ARDUINO_RESPONSE, NULL, result, FALSE                                                  \
  }

START_TEST (each_answer_to_a_write_is_read)
{
  static const Reply good[] = {
    ACKED (ARDUINO_BEGIN_STORAGE), ACKED (ARDUINO_WRITE), ACKED (ARDUINO_END_STORAGE), { 0 }
  };
  static const Reply again[] = { ANSWERED (ARDUINO_BEGIN_STORAGE, ARDUINO_NACK),
                                 ACKED (ARDUINO_BEGIN_STORAGE),
                                 ANSWERED (ARDUINO_WRITE, ARDUINO_NACK),
                                 ANSWERED (ARDUINO_WRITE, ARDUINO_NACK),
                                 ACKED (ARDUINO_WRITE),
                                 ACKED (ARDUINO_END_STORAGE),
                                 { 0 } };
  static const Reply never[] = { ANSWERED (ARDUINO_BEGIN_STORAGE, ARDUINO_NACK),
                                 ANSWERED (ARDUINO_BEGIN_STORAGE, ARDUINO_NACK),
                                 ANSWERED (ARDUINO_BEGIN_STORAGE, ARDUINO_NACK),
                                 { 0 } };
  static const Reply refused[] = { ACKED (ARDUINO_BEGIN_STORAGE),
                                   ACKED (ARDUINO_WRITE),
                                   ANSWERED (ARDUINO_END_STORAGE, ARDUINO_ERROR),
                                   { 0 } };
  static const Reply silent[] = { ACKED (ARDUINO_BEGIN_STORAGE), { 0 } };
  static const Reply odd[] = { ANSWERED (ARDUINO_BEGIN_STORAGE, ARDUINO_NONE), { 0 } };
  static const Reply data[] = { { ARDUINO_BEGIN_STORAGE, ARDUINO_DATA, "ok", 0, FALSE }, { 0 } };
  static const Reply broken[] = {
    { ARDUINO_BEGIN_STORAGE, ARDUINO_RESPONSE, NULL, ARDUINO_ACK, TRUE }, { 0 }
  };

  ck_assert_int_eq (install_error (good), DRIVER_ERROR_INTERNAL); /* none */
  ck_assert_int_eq (install_error (again), DRIVER_ERROR_INTERNAL);
  ck_assert_int_eq (install_error (never), DRIVER_ERROR_GARBLED);
  ck_assert_int_eq (install_error (refused), DRIVER_ERROR_REFUSED);
  ck_assert_int_eq (install_error (silent), DRIVER_ERROR_NO_ANSWER);
  ck_assert_int_eq (install_error (odd), DRIVER_ERROR_GARBLED);
  ck_assert_int_eq (install_error (data), DRIVER_ERROR_GARBLED);
  ck_assert_int_eq (install_error (broken), DRIVER_ERROR_GARBLED);
}
END_TEST

START_TEST (a_certificate_without_end_is_none)
{
  g_autofree char *full = g_strnfill (ARDUINO_PIECE_MAX, 'x');
  g_autofree char *longer = g_strnfill (ARDUINO_PIECE_MAX + 1, 'x');
  Reply replies[64] = { { 0 } };
  g_auto (ReadBack) read_back = { 0 };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 60; i++)
    replies[i] = (Reply){ ARDUINO_READ, ARDUINO_DATA, full, 0, FALSE };
  Session *session = session_with (replies);
  ck_assert (!arduino_driver.read_back (session, NULL, &read_back, SOON, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_READ_BACK));
  session_end (session);
  g_clear_error (&error);

  const Reply one[] = { { ARDUINO_READ, ARDUINO_DATA, longer, 0, FALSE }, { 0 } };
  session = session_with (one);
  ck_assert (!arduino_driver.read_back (session, NULL, &read_back, SOON, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_READ_BACK));
  session_end (session);
}
END_TEST

static gboolean
run_proof (const Reply *reply, Proof *proof, GError **error)
{
  const Reply replies[] = { *reply, { 0 } };
  Session *session = session_with (replies);
  gboolean proved = arduino_driver.prove (session, nonce, proof, SOON, error);

  session_end (session);
  return proved;
}

START_TEST (the_proof_is_a_request_under_the_nonce_as_name)
{
  EVP_PKEY *key = device_key_new ();
  g_autofree char *hex = hex_encode (nonce, sizeof nonce);
  g_autofree char *text = request_text (key, hex);
  const Reply good = { ARDUINO_REQUEST, ARDUINO_DATA, text, 0, FALSE };
  const Reply keyless = ANSWERED (ARDUINO_REQUEST, ARDUINO_ERROR);
  const Reply empty = { ARDUINO_REQUEST, ARDUINO_DATA, "", 0, FALSE };
  g_auto (Proof) proof = { 0 };
  g_auto (Proof) none = { 0 };
  g_autoptr (GError) error = NULL;

  ck_assert (run_proof (&good, &proof, NULL));
  ck_assert (device_key_made (key, &proof));
  ck_assert_ptr_nonnull (memmem (g_bytes_get_data (proof.message, NULL),
                                 g_bytes_get_size (proof.message), hex, strlen (hex)));
  ck_assert (!run_proof (&keyless, &none, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_PROOF));
  g_clear_error (&error);
  ck_assert (!run_proof (&empty, &none, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED));
  EVP_PKEY_free (key);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-arduino");
  TCase *steps = tcase_create ("steps");

  tcase_add_test (steps, a_board_tells_its_secure_elements_number);
  tcase_add_test (steps, a_sketch_that_can_not_prove_anything_is_refused);
  tcase_add_test (steps, the_request_is_that_of_the_key_that_was_made);
  tcase_add_test (steps, each_answer_to_a_write_is_read);
  tcase_add_test (steps, a_certificate_without_end_is_none);
  tcase_add_test (steps, the_proof_is_a_request_under_the_nonce_as_name);
  suite_add_tcase (suite, steps);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
