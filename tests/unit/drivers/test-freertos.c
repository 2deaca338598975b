/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against a board that follows a list, in small pieces.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/driver.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/nrf9160-transcript.h"
#include "tests/unit/drivers/scripted.h"

#define SOON deadline_in (20000)

/* Bytes that come at once: few enough to cut everything in two somewhere. */
#define PIECE 7
#define LOG "<ERR>    12345 [MQTT      ] Error: no route (mqtt_agent.c:120)\r\n"

/* The board repeats what is typed, answers, and shows its prompt. */
#define PROMPTED                                                                                   \
  {                                                                                                \
    "\x03", "\r\n> "                                                                               \
  }
#define TYPED(line, answer)                                                                        \
  {                                                                                                \
    line "\r", line "\r\n" answer "> "                                                             \
  }
#define CONFIGURATION(name)                                                                        \
  "thing_name=\"" name "\"\r\nmqtt_endpoint=\"\"\r\nmqtt_port=8883\r\nwifi_ssid=\"hall\"\r\n"      \
  "wifi_credential=\"top secret\"\r\ntime_hwm=0\r\n"
#define NOT_RECOGNIZED                                                                             \
  "Command not recognized. Enter 'help' to view a list of available commands.\r\n"

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
      session_open (driver_by_name ("freertos"), bench.transport, NULL, SOON, &bench.error);
  return bench;
}

static gboolean
probe (const Step *steps)
{
  g_autoptr (Transport) transport = scripted_transport (steps, PIECE);
  gboolean speaks = FALSE;

  ck_assert (driver_by_name ("freertos")->probe (transport, &speaks, SOON, NULL));
  return speaks;
}

START_TEST (a_board_is_known_by_its_configuration)
{
  static const Step steps[] = { PROMPTED, TYPED ("conf get", CONFIGURATION ("a")), { 0 } };

  ck_assert (probe (steps));
}
END_TEST

START_TEST (a_board_left_in_the_middle_of_a_certificate_is_known_too)
{
  static const Step steps[] = {
    PROMPTED,
    TYPED ("conf get", "Error: PEM header does not contain the expected text: '-----BEGIN '.\r\n"),
    TYPED ("-----END CERTIFICATE-----", NOT_RECOGNIZED),
    TYPED ("conf get", CONFIGURATION ("a")),
    { 0 }
  };

  ck_assert (probe (steps));
}
END_TEST

START_TEST (other_consoles_are_not_the_board)
{
  static const Step silent[] = { { "\x03", "" }, { 0 } };
  static const Step shell[] = { { "\x03", "\r\nuart:~$ " }, { 0 } };
  static const Step other[] = { PROMPTED, TYPED ("conf get", NOT_RECOGNIZED), { 0 } };
  static const Step no_echo[] = { PROMPTED, { "conf get\r", "what?\r\n> " }, { 0 } };

  ck_assert (!probe (silent));
  ck_assert (!probe (shell));
  ck_assert (!probe (other));
  ck_assert (!probe (no_echo));
}
END_TEST

START_TEST (the_name_is_the_serial_and_the_secret_stays_out_of_the_transcript)
{
  static const Step steps[] = { PROMPTED, TYPED ("conf get", CONFIGURATION ("dev-001")), { 0 } };
  g_auto (Bench) bench = bench_open (steps);
  g_autoptr (DeviceIdentity) identity =
      bench.session->driver->identify (bench.session, SOON, &bench.error);

  ck_assert_ptr_nonnull (identity);
  ck_assert_str_eq (identity->serial, "dev-001");
  ck_assert_ptr_null (identity->chip_id);
  g_autofree char *transcript = transport_transcript (bench.transport);
  ck_assert_ptr_null (strstr (transcript, "secret"));
}
END_TEST

START_TEST (a_board_without_name_has_no_serial)
{
  static const Step steps[] = { PROMPTED, TYPED ("conf get", CONFIGURATION ("")), { 0 } };
  g_auto (Bench) bench = bench_open (steps);
  g_autoptr (DeviceIdentity) identity =
      bench.session->driver->identify (bench.session, SOON, &bench.error);

  ck_assert_ptr_nonnull (identity);
  ck_assert_ptr_null (identity->serial);
}
END_TEST

/* What a killed station asked is answered when the next one listens already. */
START_TEST (late_answers_to_an_earlier_station_are_passed_over)
{
  static const Step steps[] = { { "\x03", "Public Key Label: tls_key_pub\r\n> " },
                                { "conf get\r",
                                  "late\r\n> \r\n> conf get\r\n" CONFIGURATION ("dev-001") "> " },
                                { 0 } };
  g_auto (Bench) bench = bench_open (steps);
  g_autoptr (DeviceIdentity) identity =
      bench.session->driver->identify (bench.session, SOON, &bench.error);

  ck_assert_ptr_nonnull (identity);
  ck_assert_str_eq (identity->serial, "dev-001");
}
END_TEST

START_TEST (a_name_that_can_not_be_a_serial_is_refused)
{
  static const Step steps[] = { PROMPTED, TYPED ("conf get", CONFIGURATION ("../etc;rm")), { 0 } };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert_ptr_null (bench.session->driver->identify (bench.session, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY));
}
END_TEST

#define LEFT_NONCE "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

START_TEST (a_nonce_left_by_a_proof_is_reset_away)
{
  static const Step steps[] = { PROMPTED,
                                TYPED ("conf get", CONFIGURATION (LEFT_NONCE)),
                                TYPED ("reset", "Resetting device.\r\n" LOG LOG),
                                PROMPTED,
                                TYPED ("conf get", CONFIGURATION ("dev-001")),
                                { 0 } };
  g_auto (Bench) bench = bench_open (steps);
  g_autoptr (DeviceIdentity) identity =
      bench.session->driver->identify (bench.session, SOON, &bench.error);

  ck_assert_ptr_nonnull (identity);
  ck_assert_str_eq (identity->serial, "dev-001");
  ck_assert (scripted_is_through (bench.transport));
}
END_TEST

START_TEST (log_lines_about_errors_are_not_errors)
{
  static const Step steps[] = {
    { "\x03", "\r\n> \r\x1b[K" LOG "> " },
    { "conf set thing_name dev-7\r",
      "\r\x1b[K" LOG "> conf set th\r\x1b[K" LOG "> conf set thing_name dev-7\r\n" LOG "thing_" LOG
      "name=\"dev-7\"\r\n" LOG "> " },
    { "conf commit\r", "\r\x1b[K" LOG "> conf commit\r\nConfiguration saved to NVM.\r\n> " },
    { 0 }
  };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert (bench.session->driver->assign_serial (bench.session, "dev-7", SOON, &bench.error));
  ck_assert (scripted_is_through (bench.transport));
}
END_TEST

START_TEST (a_name_that_is_not_stored_is_an_error)
{
  static const Step steps[] = { PROMPTED,
                                TYPED ("conf set thing_name dev-7", "thing_name=\"dev-7\"\r\n"),
                                TYPED ("conf commit",
                                       "Error: Could not save configuration to NVM.\r\n"),
                                { 0 } };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert (!bench.session->driver->assign_serial (bench.session, "dev-7", SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_REFUSED));
  ck_assert_ptr_nonnull (strstr (bench.error->message, "Could not save configuration"));
}
END_TEST

START_TEST (a_byte_lost_on_the_line_is_noticed_at_once)
{
  static const Step steps[] = { PROMPTED,
                                { "conf set thing_name dev-7\r",
                                  "conf set thing_name dv-7\r\nthing_name=\"dv-7\"\r\n> " },
                                { 0 } };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert (!bench.session->driver->assign_serial (bench.session, "dev-7", SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_GARBLED));
}
END_TEST

/* `der` as the board prints it, with a log line in the middle. */
static char *
printed (const char *label, GBytes *der)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);
  g_autofree char *pem = pem_encode (label, data, length);
  g_autoptr (GString) text = g_string_new (pem);

  g_string_replace (text, "\n", "\r\n", 0);
  g_string_insert (text, (gssize)(text->len / 2), LOG);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
echoed (const char *line, const char *answer)
{
  return g_strconcat (line, "\r\n", answer, "> ", NULL);
}

static GBytes *
make_key_and_request (EVP_PKEY *printed_key, EVP_PKEY *request_key, GError **error)
{
  g_autoptr (GBytes) key_info = device_key_info (printed_key);
  g_autoptr (GBytes) request = device_key_request (request_key, "dev-1");
  g_autofree char *key_pem = printed ("PUBLIC KEY", key_info);
  g_autofree char *request_pem = printed ("CERTIFICATE REQUEST", request);
  g_autofree char *key_answer = g_strconcat (
      "SUCCESS: Key pair generated and stored in\r\nPrivate Key Label: tls_key_priv\r\n"
      "Public Key Label: tls_key_pub\r\n",
      key_pem, NULL);
  g_autofree char *generated = echoed ("pki generate key", key_answer);
  g_autofree char *requested = echoed ("pki generate csr", request_pem);
  const Step steps[] = {
    PROMPTED, { "pki generate key\r", generated }, { "pki generate csr\r", requested }, { 0 }
  };
  g_auto (Bench) bench = bench_open (steps);
  const Driver *driver = bench.session->driver;

  ck_assert (driver->generate_key (bench.session, KEY_KIND_P256, SOON, &bench.error));
  return driver->read_csr (bench.session, "dev-1", SOON, error);
}

START_TEST (the_request_is_that_of_the_key_it_printed)
{
  EVP_PKEY *key = device_key_new ();
  EVP_PKEY *other = device_key_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) request = make_key_and_request (key, key, &error);

  ck_assert_ptr_nonnull (request);
  ck_assert_ptr_null (make_key_and_request (key, other, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED));
  EVP_PKEY_free (key);
  EVP_PKEY_free (other);
}
END_TEST

static void
check_generate_error (const char *answer, DriverError expected)
{
  g_autofree char *says = echoed ("pki generate key", answer);
  const Step steps[] = { PROMPTED, { "pki generate key\r", says }, { 0 } };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert (
      !bench.session->driver->generate_key (bench.session, KEY_KIND_P256, SOON, &bench.error));
  ck_assert_msg (g_error_matches (bench.error, DRIVER_ERROR, (int)expected), "%.40s gave: %s",
                 answer, bench.error->message);
}

/* Each prompt could be the end of an answer, and has to be looked at. */
static void
check_prompts_without_end (void)
{
  g_autoptr (GString) prompts = g_string_new (NULL);

  while (prompts->len < TRANSPORT_ANSWER_MAX + 100)
    g_string_append (prompts, "\r\n\r\n\n> ");
  const Step steps[] = { PROMPTED, { "pki generate key\r", prompts->str }, { 0 } };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert (
      !bench.session->driver->generate_key (bench.session, KEY_KIND_P256, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_FLOOD));
}

START_TEST (each_answer_without_a_key_has_its_error)
{
  g_autofree char *flood = g_strnfill (TRANSPORT_ANSWER_MAX + 5000, 'x');

  check_generate_error ("ERROR: Failed to generate public/private key pair.\r\n",
                        DRIVER_ERROR_KEY_GENERATION);
  check_generate_error (NOT_RECOGNIZED, DRIVER_ERROR_UNSUPPORTED);
  check_generate_error ("", DRIVER_ERROR_KEY_GENERATION);
  check_generate_error ("x", DRIVER_ERROR_NO_ANSWER); /* "x> " is no prompt */
  check_generate_error (flood, DRIVER_ERROR_FLOOD);
  check_prompts_without_end ();
  check_generate_error ("-----BEGIN EC PRIVATE KEY-----\r\n", DRIVER_ERROR_PRIVATE_KEY_LEAKED);
}
END_TEST

/* The steps of importing NRF9160_CERTIFICATE under `label`; the last line is answered with
 * `verdict`, the line `broken` with `complaint`. Strings are owned by `strings`. */
static void
add_import_steps (GArray *steps, GPtrArray *strings, const char *label, const char *verdict)
{
  g_autofree char *command = g_strconcat ("pki import cert ", label, NULL);
  g_autofree char *text = g_strconcat (command, "\n", NRF9160_CERTIFICATE, NULL);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++) {
    Step step = { g_strconcat (lines[i], "\r", NULL),
                  echoed (lines[i], lines[i + 1] == NULL ? verdict : "") };

    g_ptr_array_add (strings, (gpointer)step.hears);
    g_ptr_array_add (strings, (gpointer)step.says);
    g_array_append_val (steps, step);
  }
}

static void
add_step (GArray *steps, const char *hears, const char *says)
{
  Step step = { hears, says };

  g_array_append_val (steps, step);
}

START_TEST (certificate_root_and_endpoint_are_installed_and_stored)
{
  g_autoptr (GArray) steps = g_array_new (TRUE, TRUE, sizeof (Step));
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GBytes) certificate = pem_decode (NRF9160_CERTIFICATE, "CERTIFICATE", NULL);
  g_autoptr (GPtrArray) roots = g_ptr_array_new ();
  Credentials credentials = { .certificate = certificate,
                              .roots = roots,
                              .endpoint = "iot.example.com" };

  g_ptr_array_add (roots, certificate);
  add_step (steps, "\x03", "\r\n> ");
  add_import_steps (steps, strings, "tls_cert",
                    "Success: Certificate loaded to label: 'tls_cert'.\r\n");
  add_import_steps (steps, strings, "root_ca_cert",
                    "Success: Certificate loaded to label: '" LOG "root_ca_cert'.\r\n");
  add_step (steps, "conf set mqtt_endpoint iot.example.com\r",
            "conf set mqtt_endpoint iot.example.com\r\nmqtt_endpoint=\"iot.example.com\"\r\n> ");
  add_step (steps, "conf commit\r", "conf commit\r\nConfiguration saved to NVM.\r\n> ");
  g_auto (Bench) bench = bench_open ((const Step *)(gpointer)steps->data);
  ck_assert (bench.session->driver->install (bench.session, &credentials, SOON, &bench.error));
  ck_assert (scripted_is_through (bench.transport));
}
END_TEST

static void
check_import_error (const char *verdict, DriverError expected)
{
  g_autoptr (GArray) steps = g_array_new (TRUE, TRUE, sizeof (Step));
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GBytes) certificate = pem_decode (NRF9160_CERTIFICATE, "CERTIFICATE", NULL);
  Credentials credentials = { .certificate = certificate };

  add_step (steps, "\x03", "\r\n> ");
  add_import_steps (steps, strings, "tls_cert", verdict);
  g_auto (Bench) bench = bench_open ((const Step *)(gpointer)steps->data);
  ck_assert (!bench.session->driver->install (bench.session, &credentials, SOON, &bench.error));
  ck_assert_msg (g_error_matches (bench.error, DRIVER_ERROR, (int)expected), "%s gave: %s", verdict,
                 bench.error->message);
}

START_TEST (a_certificate_that_the_board_does_not_take_is_an_error)
{
  check_import_error ("Error: failed to save certificate to label: 'tls_cert'.\r\n",
                      DRIVER_ERROR_REFUSED);
  check_import_error ("", DRIVER_ERROR_GARBLED);
  check_import_error ("Success: Certificate loaded to label: 'other'.\r\n", DRIVER_ERROR_GARBLED);
}
END_TEST

START_TEST (a_board_that_drops_out_of_the_import_is_noticed)
{
  static const Step steps[] = {
    PROMPTED,
    TYPED ("pki import cert tls_cert", ""),
    TYPED ("-----BEGIN CERTIFICATE-----", ""),
    TYPED ("MIIBiDCCAS8CFCDQFevZ3njwztUTy/zclM9d9j6aMAoGCCqGSM49BAMCMF8xCzAJ", ""),
    TYPED ("BgNVBAYTAlVTMQswCQYDVQQIDAJPUjEMMAoGA1UEBwwDUERYMQ8wDQYDVQQKDAZu", NOT_RECOGNIZED),
    { 0 }
  };
  g_autoptr (GBytes) certificate = pem_decode (NRF9160_CERTIFICATE, "CERTIFICATE", NULL);
  Credentials credentials = { .certificate = certificate };
  g_auto (Bench) bench = bench_open (steps);

  ck_assert (!bench.session->driver->install (bench.session, &credentials, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_REFUSED));
}
END_TEST

START_TEST (an_endpoint_that_does_not_fit_is_not_sent)
{
  g_autoptr (GArray) steps = g_array_new (TRUE, TRUE, sizeof (Step));
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GBytes) certificate = pem_decode (NRF9160_CERTIFICATE, "CERTIFICATE", NULL);
  Credentials credentials = { .certificate = certificate, .endpoint = "a b" };

  add_step (steps, "\x03", "\r\n> ");
  add_import_steps (steps, strings, "tls_cert",
                    "Success: Certificate loaded to label: 'tls_cert'.\r\n");
  g_auto (Bench) bench = bench_open ((const Step *)(gpointer)steps->data);
  ck_assert (!bench.session->driver->install (bench.session, &credentials, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
}
END_TEST

START_TEST (what_is_read_back_is_the_boards_own_certificate)
{
  g_autoptr (GBytes) certificate = pem_decode (NRF9160_CERTIFICATE, "CERTIFICATE", NULL);
  g_autofree char *pem = printed ("CERTIFICATE", certificate);
  g_autofree char *says = echoed ("pki export cert tls_cert", pem);
  const Step steps[] = {
    PROMPTED, { "pki export cert tls_cert\r", says }, TYPED ("pki export cert tls_cert", ""), { 0 }
  };
  g_auto (Bench) bench = bench_open (steps);
  const Driver *driver = bench.session->driver;
  g_auto (ReadBack) read_back = { 0 };
  g_auto (ReadBack) nothing = { 0 };

  ck_assert (driver->read_back (bench.session, NULL, &read_back, SOON, &bench.error));
  ck_assert (g_bytes_equal (read_back.certificate, certificate));
  ck_assert (!driver->read_back (bench.session, NULL, &nothing, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_READ_BACK));
}
END_TEST

static const guint8 nonce[PROOF_NONCE_LENGTH] = { 0xab, 0xcd };

/* Runs a proof in which "pki generate csr" is answered with `csr_answer`. */
static gboolean
run_proof (const char *csr_answer, Proof *proof, GError **error)
{
  g_autofree char *hex = hex_encode (nonce, sizeof nonce);
  g_autofree char *set = g_strconcat ("conf set thing_name ", hex, NULL);
  g_autofree char *set_typed = g_strconcat (set, "\r", NULL);
  g_autofree char *set_answer = g_strdup_printf ("thing_name=\"%s\"\r\n", hex);
  g_autofree char *set_says = echoed (set, set_answer);
  g_autofree char *csr_says = echoed ("pki generate csr", csr_answer);
  const Step steps[] = { PROMPTED,
                         TYPED ("conf get", CONFIGURATION ("dev-1")),
                         { set_typed, set_says },
                         { "pki generate csr\r", csr_says },
                         TYPED ("conf set thing_name dev-1", "thing_name=\"dev-1\"\r\n"),
                         { 0 } };
  g_auto (Bench) bench = bench_open (steps);
  gboolean proved = bench.session->driver->prove (bench.session, nonce, proof, SOON, error);

  ck_assert (scripted_is_through (bench.transport)); /* the name is given back in any case */
  return proved;
}

START_TEST (the_proof_is_a_request_under_the_nonce_as_name)
{
  EVP_PKEY *key = device_key_new ();
  g_autofree char *hex = hex_encode (nonce, sizeof nonce);
  g_autoptr (GBytes) request = device_key_request (key, hex);
  g_autofree char *pem = printed ("CERTIFICATE REQUEST", request);
  g_auto (Proof) proof = { 0 };
  g_autoptr (GError) error = NULL;

  ck_assert (run_proof (pem, &proof, &error));
  ck_assert (device_key_made (key, &proof));
  ck_assert_ptr_nonnull (memmem (g_bytes_get_data (proof.message, NULL),
                                 g_bytes_get_size (proof.message), hex, strlen (hex)));
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (a_board_without_key_has_no_proof_but_its_name_back)
{
  static const char *const answers[] = {
    "", LOG, "-----BEGIN CERTIFICATE REQUEST-----\r\nMAA=\r\n-----END CERTIFICATE REQUEST-----\r\n"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_auto (Proof) proof = { 0 };
    g_autoptr (GError) error = NULL;

    ck_assert (!run_proof (answers[i], &proof, &error));
    ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_PROOF));
    ck_assert_ptr_null (proof.message);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-freertos");
  TCase *probing = tcase_create ("probing");
  TCase *steps = tcase_create ("steps");

  tcase_add_test (probing, a_board_is_known_by_its_configuration);
  tcase_add_test (probing, a_board_left_in_the_middle_of_a_certificate_is_known_too);
  tcase_add_test (probing, other_consoles_are_not_the_board);
  tcase_add_test (steps, the_name_is_the_serial_and_the_secret_stays_out_of_the_transcript);
  tcase_add_test (steps, a_board_without_name_has_no_serial);
  tcase_add_test (steps, late_answers_to_an_earlier_station_are_passed_over);
  tcase_add_test (steps, a_name_that_can_not_be_a_serial_is_refused);
  tcase_add_test (steps, a_nonce_left_by_a_proof_is_reset_away);
  tcase_add_test (steps, log_lines_about_errors_are_not_errors);
  tcase_add_test (steps, a_name_that_is_not_stored_is_an_error);
  tcase_add_test (steps, a_byte_lost_on_the_line_is_noticed_at_once);
  tcase_add_test (steps, the_request_is_that_of_the_key_it_printed);
  tcase_add_test (steps, each_answer_without_a_key_has_its_error);
  tcase_add_test (steps, certificate_root_and_endpoint_are_installed_and_stored);
  tcase_add_test (steps, a_certificate_that_the_board_does_not_take_is_an_error);
  tcase_add_test (steps, a_board_that_drops_out_of_the_import_is_noticed);
  tcase_add_test (steps, an_endpoint_that_does_not_fit_is_not_sent);
  tcase_add_test (steps, what_is_read_back_is_the_boards_own_certificate);
  tcase_add_test (steps, the_proof_is_a_request_under_the_nonce_as_name);
  tcase_add_test (steps, a_board_without_key_has_no_proof_but_its_name_back);
  tcase_set_timeout (steps, 30);
  suite_add_tcase (suite, probing);
  suite_add_tcase (suite, steps);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
