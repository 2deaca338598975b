/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against a modem that follows a list, in small pieces.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/driver.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/nrf9160-transcript.h"
#include "tests/unit/drivers/scripted.h"

#define IMEI "352656109480783"
#define SOON deadline_in (20000)

/* Bytes that come at once: few enough to cut everything in two somewhere. */
#define PIECE 7

#define VERSION_STEP                                                                               \
  {                                                                                                \
    "AT+CGMR\r\n", "mfw_nrf9160_1.3.5\r\nOK\r\n"                                                   \
  }
#define OPEN_STEPS { "AT\r\n", "OK\r\n" }, VERSION_STEP
#define IDENTIFY_STEPS                                                                             \
  OPEN_STEPS, { "AT+CGSN\r\n", IMEI "\r\nOK\r\n" }, { "AT+CMEE=1\r\n", "OK\r\n" },                 \
  {                                                                                                \
    "AT+CFUN=4\r\n", "OK\r\n"                                                                      \
  }

#define DELETE_STEPS                                                                               \
  { "AT%CMNG=3,16842753,0\r\n", "ERROR\r\n" },                                                     \
      { "AT%CMNG=3,16842753,1\r\n", "+CME ERROR: 513\r\n" },                                       \
  {                                                                                                \
    "AT%CMNG=3,16842753,2\r\n", "OK\r\n"                                                           \
  }

typedef struct {
  Transport *transport;
  Session *session;
  GError *error;
} Bench;

static void
bench_clear (Bench *bench)
{
  session_close (bench->session);
  transport_free (bench->transport);
  g_clear_error (&bench->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

static Bench
bench_open (const Step *steps)
{
  Bench bench = { .transport = scripted_transport (steps, PIECE) };

  bench.session =
      session_open (driver_by_name ("nrf91"), bench.transport, NULL, SOON, &bench.error);
  return bench;
}

static gboolean
probe (const Step *steps, guint *taken)
{
  g_autoptr (Transport) transport = scripted_transport (steps, PIECE);
  gboolean speaks = FALSE;

  ck_assert (driver_by_name ("nrf91")->probe (transport, &speaks, SOON, NULL));
  *taken = scripted_steps_taken (transport);
  return speaks;
}

START_TEST (a_plain_host_is_known_by_one_question)
{
  static const Step steps[] = { { "AT\r\n", "OK\r\n" }, { 0 } };
  guint taken;

  ck_assert (probe (steps, &taken));
  ck_assert_uint_eq (taken, 1);
}
END_TEST

START_TEST (a_host_that_echoes_is_known_too)
{
  static const Step steps[] = { { "AT\r\n", "AT\r\r\nOK\r\n" }, { 0 } };
  guint taken;

  ck_assert (probe (steps, &taken));
}
END_TEST

START_TEST (a_host_with_junk_in_its_line_is_asked_again)
{
  static const Step steps[] = { { "AT\r\n", "\x03"
                                            "AT\r\nERROR\r\n" },
                                { "AT\r\n", "OK\r\n" },
                                { 0 } };
  guint taken;

  ck_assert (probe (steps, &taken));
  ck_assert_uint_eq (taken, 2);
}
END_TEST

START_TEST (a_shell_is_asked_through_its_at_command)
{
  static const Step steps[] = {
    { "AT\r\n", "AT\r\n\x1b[1;31mAT: command not found\x1b[m\r\n\x1b[1;32muart:~$ \x1b[m" },
    { "at 'AT'\r\n", "at 'AT'\r\nOK\r\n\x1b[1;32muart:~$ \x1b[m" },
    { 0 }
  };
  guint taken;

  ck_assert (probe (steps, &taken));
  ck_assert_uint_eq (taken, 2);
}
END_TEST

START_TEST (a_shell_without_at_is_not_a_modem)
{
  static const Step steps[] = { { "AT\r\n", "AT\r\nAT: command not found\r\nuart:~$ " },
                                { "at 'AT'\r\n", "at 'AT'\r\nat: command not found\r\nuart:~$ " },
                                { 0 } };
  guint taken;

  ck_assert (!probe (steps, &taken));
}
END_TEST

START_TEST (a_freertos_board_is_left_alone_after_one_question)
{
  static const Step steps[] = {
    { "AT\r\n", "AT\r\nCommand not recognized. Enter 'help' to view a list of available "
                "commands.\r\n> " },
    { 0 }
  };
  guint taken;

  ck_assert (!probe (steps, &taken));
  ck_assert_uint_eq (taken, 1);
}
END_TEST

START_TEST (a_modem_that_waits_for_a_closing_quote_gets_it)
{
  static const Step steps[] = {
    { "AT\r\n", "" }, { "\"\r\n", "+CME ERROR: 527\r\n" }, { "AT\r\n", "OK\r\n" }, { 0 }
  };
  guint taken;

  ck_assert (probe (steps, &taken));
  ck_assert_uint_eq (taken, 3);
}
END_TEST

START_TEST (who_stays_silent_is_not_a_modem)
{
  static const Step steps[] = { { "AT\r\n", "" }, { "\"\r\n", "" }, { 0 } };
  guint taken;

  ck_assert (!probe (steps, &taken));
}
END_TEST

START_TEST (the_identity_is_imei_and_firmware)
{
  static const Step steps[] = { IDENTIFY_STEPS, { 0 } };
  g_auto (Bench) bench = bench_open (steps);
  g_autoptr (DeviceIdentity) identity =
      bench.session->driver->identify (bench.session, SOON, &bench.error);

  ck_assert_ptr_nonnull (identity);
  ck_assert_str_eq (identity->chip_id, IMEI);
  ck_assert_str_eq (identity->serial, IMEI);
  ck_assert_str_eq (identity->model, "nrf9160");
  ck_assert_str_eq (identity->firmware, "mfw_nrf9160_1.3.5");
  ck_assert_uint_eq (identity->key_kinds, 1u << KEY_KIND_P256);
  ck_assert (scripted_is_through (bench.transport));
}
END_TEST

START_TEST (notifications_between_the_lines_do_no_harm)
{
  static const Step steps[] = { { "AT\r\n", "+CEREG: 0\r\nOK\r\n" },
                                { "AT+CGMR\r\n", "+CEREG: 2\r\nmfw_nrf91x1_2.0.1\r\n\r\nOK\r\n" },
                                { "AT+CGSN\r\n",
                                  "AT+CGSN\r\n\r\n+CEREG: 0\r\n" IMEI "\r\n+CEREG: 0\r\nOK\r\n" },
                                { "AT+CMEE=1\r\n", "%XTIME: \"0\"\r\nERROR\r\n" },
                                { "AT+CFUN=4\r\n", "+CEREG: 0\r\n\r\nOK\r\n" },
                                { 0 } };
  g_auto (Bench) bench = bench_open (steps);
  g_autoptr (DeviceIdentity) identity =
      bench.session->driver->identify (bench.session, SOON, &bench.error);

  ck_assert_ptr_nonnull (identity);
  ck_assert_str_eq (identity->chip_id, IMEI);
  ck_assert_str_eq (identity->model, "nrf91x1");
}
END_TEST

/* What a killed station asked is answered when the next one listens already. */
START_TEST (late_answers_to_an_earlier_station_are_passed_over)
{
  static const char *const late[] = { "OK\r\n",
                                      "ERROR\r\n",
                                      IMEI "\r\nOK\r\n",
                                      "mfw_nrf9160_1.3.5\r\nOK\r\n",
                                      NRF9160_KEYGEN "\r\nOK\r\n",
                                      "+CME ERROR: 518\r\n",
                                      NRF9160_CERTIFICATE_DIGEST "\r\nOK\r\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (late); i++) {
    g_autofree char *first = g_strconcat (late[i], "OK\r\n", NULL);
    gboolean upset = strstr (late[i], "ERROR") != NULL;
    const Step calm[] = { { "AT\r\n", first },
                          VERSION_STEP,
                          { "AT+CGSN\r\n", IMEI "\r\nOK\r\n" },
                          { "AT+CMEE=1\r\n", "OK\r\n" },
                          { "AT+CFUN=4\r\n", "ERROR\r\n" },
                          { 0 } };
    const Step asked_twice[] = { { "AT\r\n", first },
                                 { "AT\r\n", "OK\r\n" },
                                 VERSION_STEP,
                                 { "AT+CGSN\r\n", IMEI "\r\nOK\r\n" },
                                 { "AT+CMEE=1\r\n", "OK\r\n" },
                                 { "AT+CFUN=4\r\n", "ERROR\r\n" },
                                 { 0 } };
    g_auto (Bench) bench = bench_open (upset ? asked_twice : calm);

    /* In step means: it is the last command whose ERROR is seen. */
    ck_assert_ptr_null (bench.session->driver->identify (bench.session, SOON, &bench.error));
    ck_assert_msg (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_REFUSED), "%s: %s",
                   late[i], bench.error->message);
    ck_assert (scripted_is_through (bench.transport));
  }
}
END_TEST

START_TEST (old_firmware_is_refused_with_its_version)
{
  static const Step steps[] = { { "AT\r\n", "OK\r\n" },
                                { "AT+CGMR\r\n", "mfw_nrf9160_1.2.7\r\nOK\r\n" },
                                { "AT+CGSN\r\n", IMEI "\r\nOK\r\n" },
                                { 0 } };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert_ptr_null (bench.session->driver->identify (bench.session, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
  ck_assert_ptr_nonnull (strstr (bench.error->message, "mfw_nrf9160_1.2.7"));
  ck_assert_ptr_nonnull (strstr (bench.error->message, "1.3.0"));
}
END_TEST

START_TEST (a_modem_of_another_maker_is_refused_with_its_version)
{
  static const Step steps[] = { { "AT\r\n", "OK\r\n" },
                                { "AT+CGMR\r\n", "EG25GGBR07A08M2G\r\n\r\nOK\r\n" },
                                { "AT+CGSN\r\n", IMEI "\r\nOK\r\n" },
                                { 0 } };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert_ptr_null (bench.session->driver->identify (bench.session, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
  ck_assert_ptr_nonnull (strstr (bench.error->message, "EG25GGBR07A08M2G"));
}
END_TEST

START_TEST (a_modem_without_imei_has_no_identity)
{
  static const char *const answers[] = { "000000000000000\r\nOK\r\n", "ERROR\r\n", "OK\r\n",
                                         "+CME ERROR: 50\r\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    const Step steps[] = { OPEN_STEPS, { "AT+CGSN\r\n", answers[i] }, { 0 } };
    g_auto (Bench) bench = bench_open (steps);

    ck_assert_ptr_null (bench.session->driver->identify (bench.session, SOON, &bench.error));
    ck_assert_msg (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY), "%s: %s",
                   answers[i], bench.error->message);
  }
}
END_TEST

START_TEST (the_request_is_what_keygen_answered)
{
  static const Step steps[] = {
    OPEN_STEPS, DELETE_STEPS, { "AT%KEYGEN=16842753,2,0\r\n", NRF9160_KEYGEN "\r\nOK\r\n" }, { 0 }
  };
  g_auto (Bench) bench = bench_open (steps);
  const Driver *driver = bench.session->driver;

  ck_assert (driver->generate_key (bench.session, KEY_KIND_P256, SOON, &bench.error));
  g_autoptr (GBytes) request = driver->read_csr (bench.session, "x", SOON, &bench.error);
  gsize length;
  const guint8 *der = g_bytes_get_data (request, &length);
  g_autofree char *digest = sha256_hex (der, length);
  ck_assert_str_eq (digest, NRF9160_REQUEST_SHA256);
  ck_assert (scripted_is_through (bench.transport));
}
END_TEST

START_TEST (a_request_can_not_be_read_without_making_a_key)
{
  static const Step steps[] = { OPEN_STEPS, { 0 } };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert_ptr_null (bench.session->driver->read_csr (bench.session, "x", SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
}
END_TEST

START_TEST (other_keys_than_p_256_are_not_even_asked_for)
{
  static const Step steps[] = { OPEN_STEPS, { 0 } };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert (
      !bench.session->driver->generate_key (bench.session, KEY_KIND_RSA_2048, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
}
END_TEST

static void
check_keygen_error (const char *answer, DriverError expected)
{
  const Step steps[] = {
    OPEN_STEPS, DELETE_STEPS, { "AT%KEYGEN=16842753,2,0\r\n", answer }, { 0 }
  };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert (
      !bench.session->driver->generate_key (bench.session, KEY_KIND_P256, SOON, &bench.error));
  ck_assert_msg (g_error_matches (bench.error, DRIVER_ERROR, (int)expected), "%.40s gave: %s",
                 answer, bench.error->message);
}

START_TEST (each_answer_to_keygen_that_is_no_request_has_its_error)
{
  check_keygen_error ("ERROR\r\n", DRIVER_ERROR_KEY_GENERATION);
  check_keygen_error ("+CME ERROR: 523\r\n", DRIVER_ERROR_KEY_GENERATION);
  check_keygen_error ("+CME ERROR: 518\r\n", DRIVER_ERROR_REFUSED);
  check_keygen_error ("+CME ERROR: 0\r\n", DRIVER_ERROR_UNSUPPORTED);
  check_keygen_error ("OK\r\n", DRIVER_ERROR_GARBLED);
  check_keygen_error ("%KEYGEN: \"MIIB.0oRD\"\r\nOK\r\n", DRIVER_ERROR_GARBLED);
  check_keygen_error ("%KEYGEN: \"\"\r\nOK\r\n", DRIVER_ERROR_GARBLED);
  check_keygen_error ("%KEYGEN: \"MIIB", DRIVER_ERROR_NO_ANSWER);
  check_keygen_error ("-----BEGIN EC PRIVATE KEY-----\r\nMHcC\r\nOK\r\n",
                      DRIVER_ERROR_PRIVATE_KEY_LEAKED);
}
END_TEST

START_TEST (a_modem_that_sends_without_end_is_cut_off)
{
  g_autofree char *flood = g_strnfill (TRANSPORT_ANSWER_MAX + 100, 'x');
  g_autoptr (GString) lines = g_string_new (NULL);

  check_keygen_error (flood, DRIVER_ERROR_FLOOD);
  while (lines->len < 2 * TRANSPORT_ANSWER_MAX)
    g_string_append (lines, "+CEREG: 0,\"0000\",\"00000000\",7\r\n");
  check_keygen_error (lines->str, DRIVER_ERROR_FLOOD);
}
END_TEST

/* What install must send for the certificate of the transcript, and its digest then. */
static char *
cmng_write (int type)
{
  g_autoptr (GString) pem = g_string_new (NRF9160_CERTIFICATE);

  g_string_replace (pem, "\n", "\r\n", 0);
  return g_strdup_printf ("AT%%CMNG=0,16842753,%d,\"%s\"\r\n", type, pem->str);
}

static char *
cmng_digest (int type)
{
  g_autoptr (GString) pem = g_string_new (NRF9160_CERTIFICATE);

  g_string_replace (pem, "\n", "\r\n", 0);
  g_autofree char *hex = sha256_hex ((const guint8 *)pem->str, pem->len);
  g_autofree char *upper = g_ascii_strup (hex, -1);
  return g_strdup_printf ("%%CMNG: 16842753,%d,\"%s\"\r\nOK\r\n", type, upper);
}

typedef struct {
  GBytes *certificate;
  GPtrArray *roots;
  GPtrArray *chain;
  Credentials credentials;
} Parcel;

static void
parcel_clear (Parcel *parcel)
{
  g_bytes_unref (parcel->certificate);
  g_ptr_array_unref (parcel->roots);
  g_ptr_array_unref (parcel->chain);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parcel, parcel_clear)

static Parcel
parcel_with_root (void)
{
  Parcel parcel = { .certificate = pem_decode (NRF9160_CERTIFICATE, "CERTIFICATE", NULL),
                    .roots = g_ptr_array_new (),
                    .chain = g_ptr_array_new () };

  g_ptr_array_add (parcel.roots, parcel.certificate);
  parcel.credentials = (Credentials){ .certificate = parcel.certificate,
                                      .chain = parcel.chain,
                                      .roots = parcel.roots };
  return parcel;
}

START_TEST (roots_and_certificate_are_written_and_their_digests_compared)
{
  g_autofree char *write_roots = cmng_write (0);
  g_autofree char *write_certificate = cmng_write (1);
  g_autofree char *roots_digest = cmng_digest (0);
  g_autofree char *certificate_digest = cmng_digest (1);
  const Step steps[] = { OPEN_STEPS,
                         { write_roots, "OK\r\n" },
                         { write_certificate, "OK\r\n" },
                         { "AT%CMNG=1,16842753,1\r\n", certificate_digest },
                         { "AT%CMNG=1,16842753,0\r\n", roots_digest },
                         { 0 } };
  g_auto (Parcel) parcel = parcel_with_root ();
  g_auto (Bench) bench = bench_open (steps);
  const Driver *driver = bench.session->driver;
  g_auto (ReadBack) read_back = { 0 };

  ck_assert (driver->install (bench.session, &parcel.credentials, SOON, &bench.error));
  ck_assert (
      driver->read_back (bench.session, &parcel.credentials, &read_back, SOON, &bench.error));
  ck_assert (read_back.digest_matches);
  ck_assert_ptr_null (read_back.certificate);
  ck_assert (scripted_is_through (bench.transport));
}
END_TEST

START_TEST (an_occupied_place_is_emptied_first)
{
  g_autofree char *write = cmng_write (1);
  const Step steps[] = { OPEN_STEPS,
                         { write, "+CME ERROR: 519\r\n" },
                         { "AT%CMNG=3,16842753,1\r\n", "OK\r\n" },
                         { write, "OK\r\n" },
                         { 0 } };
  g_auto (Parcel) parcel = parcel_with_root ();
  g_auto (Bench) bench = bench_open (steps);

  g_ptr_array_set_size (parcel.roots, 0);
  ck_assert (
      bench.session->driver->install (bench.session, &parcel.credentials, SOON, &bench.error));
  ck_assert (scripted_is_through (bench.transport));
}
END_TEST

static gboolean
digest_matches (const char *certificate_answer, const char *roots_answer)
{
  const Step steps[] = { OPEN_STEPS,
                         { "AT%CMNG=1,16842753,1\r\n", certificate_answer },
                         { "AT%CMNG=1,16842753,0\r\n", roots_answer },
                         { 0 } };
  g_auto (Parcel) parcel = parcel_with_root ();
  g_auto (Bench) bench = bench_open (steps);
  g_auto (ReadBack) read_back = { 0 };

  ck_assert (bench.session->driver->read_back (bench.session, &parcel.credentials, &read_back, SOON,
                                               &bench.error));
  return read_back.digest_matches;
}

START_TEST (a_digest_of_something_else_does_not_match)
{
  g_autofree char *right = cmng_digest (1);
  g_autofree char *right_roots = cmng_digest (0);
  static const char wrong[] = NRF9160_CERTIFICATE_DIGEST "\r\nOK\r\n"; /* that of LF line ends */

  ck_assert (digest_matches (right, right_roots));
  ck_assert (!digest_matches (wrong, right_roots));
  ck_assert (!digest_matches (right, "OK\r\n"));
  ck_assert (!digest_matches ("+CME ERROR: 513\r\n", right_roots));
  ck_assert (!digest_matches (right_roots, right_roots));
}
END_TEST

START_TEST (roots_that_do_not_fit_are_not_sent)
{
  static const Step steps[] = { OPEN_STEPS, { 0 } };
  g_auto (Parcel) parcel = parcel_with_root ();
  g_auto (Bench) bench = bench_open (steps);

  for (int i = 0; i < 9; i++)
    g_ptr_array_add (parcel.roots, parcel.certificate);
  ck_assert (
      !bench.session->driver->install (bench.session, &parcel.credentials, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
}
END_TEST

static const guint8 nonce[PROOF_NONCE_LENGTH] = { 0xab, 0xcd };

START_TEST (the_proof_is_a_jwt_about_the_nonce)
{
  EVP_PKEY *key = device_key_new ();
  g_autofree char *hex = hex_encode (nonce, sizeof nonce);
  g_autofree char *payload = g_strdup_printf ("{\"sub\":\"" IMEI "\",\"aud\":\"%s\"}", hex);
  g_autofree char *jwt = device_key_jwt (key, "{\"alg\":\"ES256\"}", payload);
  g_autofree char *says = g_strdup_printf ("%%JWT: \"%s\"\r\nOK\r\n", jwt);
  g_autofree char *hears = g_strdup_printf ("AT%%JWT=0,0,\"" IMEI "\",\"%s\",16842753,2\r\n", hex);
  const Step steps[] = { IDENTIFY_STEPS, { hears, says }, { 0 } };
  g_auto (Bench) bench = bench_open (steps);
  g_auto (Proof) proof = { 0 };

  g_autoptr (DeviceIdentity) identity =
      bench.session->driver->identify (bench.session, SOON, &bench.error);
  ck_assert_ptr_nonnull (identity);
  ck_assert (bench.session->driver->prove (bench.session, nonce, &proof, SOON, &bench.error));
  ck_assert (device_key_made (key, &proof));
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (a_modem_without_key_has_no_proof)
{
  static const char *const answers[] = { "+CME ERROR: 513\r\n", "+CME ERROR: 525\r\n", "ERROR\r\n",
                                         "OK\r\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_autofree char *hex = hex_encode (nonce, sizeof nonce);
    g_autofree char *hears = g_strdup_printf ("AT%%JWT=0,0,\"\",\"%s\",16842753,2\r\n", hex);
    const Step steps[] = { OPEN_STEPS, { hears, answers[i] }, { 0 } };
    g_auto (Bench) bench = bench_open (steps);
    g_auto (Proof) proof = { 0 };

    ck_assert (!bench.session->driver->prove (bench.session, nonce, &proof, SOON, &bench.error));
    ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_PROOF));
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-nrf91");
  TCase *probing = tcase_create ("probing");
  TCase *steps = tcase_create ("steps");

  tcase_add_test (probing, a_plain_host_is_known_by_one_question);
  tcase_add_test (probing, a_host_that_echoes_is_known_too);
  tcase_add_test (probing, a_host_with_junk_in_its_line_is_asked_again);
  tcase_add_test (probing, a_shell_is_asked_through_its_at_command);
  tcase_add_test (probing, a_shell_without_at_is_not_a_modem);
  tcase_add_test (probing, a_freertos_board_is_left_alone_after_one_question);
  tcase_add_test (probing, a_modem_that_waits_for_a_closing_quote_gets_it);
  tcase_add_test (probing, who_stays_silent_is_not_a_modem);
  tcase_add_test (steps, the_identity_is_imei_and_firmware);
  tcase_add_test (steps, notifications_between_the_lines_do_no_harm);
  tcase_add_test (steps, late_answers_to_an_earlier_station_are_passed_over);
  tcase_add_test (steps, a_modem_of_another_maker_is_refused_with_its_version);
  tcase_add_test (steps, old_firmware_is_refused_with_its_version);
  tcase_add_test (steps, a_modem_without_imei_has_no_identity);
  tcase_add_test (steps, the_request_is_what_keygen_answered);
  tcase_add_test (steps, a_request_can_not_be_read_without_making_a_key);
  tcase_add_test (steps, other_keys_than_p_256_are_not_even_asked_for);
  tcase_add_test (steps, each_answer_to_keygen_that_is_no_request_has_its_error);
  tcase_add_test (steps, a_modem_that_sends_without_end_is_cut_off);
  tcase_add_test (steps, roots_and_certificate_are_written_and_their_digests_compared);
  tcase_add_test (steps, an_occupied_place_is_emptied_first);
  tcase_add_test (steps, a_digest_of_something_else_does_not_match);
  tcase_add_test (steps, roots_that_do_not_fit_are_not_sent);
  tcase_add_test (steps, the_proof_is_a_jwt_about_the_nonce);
  tcase_add_test (steps, a_modem_without_key_has_no_proof);
  tcase_set_timeout (steps, 30);
  suite_add_tcase (suite, probing);
  suite_add_tcase (suite, steps);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
