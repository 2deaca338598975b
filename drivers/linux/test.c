/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against real shells, over a pty, and against its recording.
 *
 * With RECORD=FOLDER in the environment the recording is written there.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "drivers/linux/test-options.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/scripted.h"
#include "tests/unit/drivers/simulated.h"

#define ATTEMPT deadline_in (30000)

static void
go_all_the_way (SimulatedLine *line)
{
  JourneyVerdict verdict = { 0 };
  const gint64 started = g_get_monotonic_time ();
  const Deadline deadline = ATTEMPT;

  line->journey.driver = driver_by_name ("linux");
  gboolean good = journey_to_certificate (&line->journey, deadline)
                  && journey_to_proof (&line->journey, &verdict, deadline);
  if (!good || g_getenv ("SHOW") != NULL) {
    g_autofree char *transcript = transport_transcript (line->journey.transport);
    g_print ("%s\n", transcript);
  }
  ck_assert_msg (good, "%s", line->journey.error == NULL ? "?" : line->journey.error->message);
  ck_assert (verdict.shows_what_was_sent);
  ck_assert (verdict.signed_by_its_key);
  g_print ("%.1f ms\n", (double)(g_get_monotonic_time () - started) / 1000);
}

START_TEST (each_shell_goes_all_the_way_with_a_tpm)
{
  static const char *const devices[] = { "linux --shell dash", "linux --shell bash",
                                         "linux --shell busybox --log-every 3" };
  g_auto (SimulatedLine) line = simulated_line_open (devices[_i]);

  go_all_the_way (&line);
}
END_TEST

START_TEST (each_shell_goes_all_the_way_with_a_key_file)
{
  static const char *const devices[] = { "linux --tpm no --shell dash --log-every 2",
                                         "linux --tpm no --shell bash --log-every 1",
                                         "linux --tpm no --shell busybox" };
  static const char *const settings[] = { "KeyStore", "openssl", NULL };
  g_autoptr (DriverOptions) options = options_of (settings);
  g_auto (SimulatedLine) line = simulated_line_open (devices[_i]);

  line.journey.options = options;
  go_all_the_way (&line);
}
END_TEST

#define PASSWORD "letmein-4711"

/* Options with a password, from a file of their own. */
static DriverOptions *
options_with_password (const char *password)
{
  g_autofree char *path = NULL, *place = NULL;
  int file = g_file_open_tmp ("password-XXXXXX", &path, NULL);

  ck_assert (file >= 0 && write (file, password, strlen (password)) == (ssize_t)strlen (password));
  place = g_strconcat ("file:", path, NULL);
  const char *const settings[] = { "Password", place, "KeyStore", "openssl", NULL };
  DriverOptions *options = options_of (settings);
  close (file);
  g_unlink (path);
  return options;
}

START_TEST (it_waits_through_a_boot_and_logs_in_with_a_password)
{
  g_autoptr (DriverOptions) options = options_with_password (PASSWORD);
  g_auto (SimulatedLine) line =
      simulated_line_open ("linux --tpm no --boot-ms 1200 --log-every 4 --password " PASSWORD);

  line.journey.options = options;
  go_all_the_way (&line);
  g_autofree char *transcript = transport_transcript (line.journey.transport);
  ck_assert_ptr_null (strstr (transcript, PASSWORD));
  ck_assert_ptr_nonnull (strstr (transcript, "# secret Password\n"));
  simulated_line_record (&line, "recording");
}
END_TEST

static void
check_refusal (const char *arguments, const char *password, const char *words)
{
  g_autoptr (DriverOptions) options = options_with_password (password);
  g_auto (SimulatedLine) line = simulated_line_open (arguments);

  line.journey.options = options;
  line.journey.driver = driver_by_name ("linux");
  ck_assert (!journey_to_certificate (&line.journey, ATTEMPT));
  ck_assert_msg (g_error_matches (line.journey.error, DRIVER_ERROR, DRIVER_ERROR_REFUSED)
                     && strstr (line.journey.error->message, words) != NULL,
                 "%s", line.journey.error->message);
}

START_TEST (a_wrong_password_is_said_once)
{
  check_refusal ("linux --tpm no --password " PASSWORD, "wrong", "does not let the user in");
}
END_TEST

START_TEST (a_device_without_tpm_gets_no_key_unless_a_file_is_allowed)
{
  g_auto (SimulatedLine) line = simulated_line_open ("linux --tpm no");

  line.journey.driver = driver_by_name ("linux");
  ck_assert (!journey_to_certificate (&line.journey, ATTEMPT));
  ck_assert (g_error_matches (line.journey.error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
}
END_TEST

static void
wait_for (Transport *transport, const char *what)
{
  g_autoptr (GByteArray) heard = g_byte_array_new ();

  do {
    ck_assert (transport_read_some (transport, heard, ATTEMPT, NULL));
    g_byte_array_append (heard, (const guint8 *)"", 1);
    g_byte_array_set_size (heard, heard->len - 1);
  } while (strstr ((const char *)heard->data, what) == NULL);
}

static void
type (Transport *transport, const char *text)
{
  ck_assert (transport_write_text (transport, text, ATTEMPT, NULL));
}

/* What a station left that was killed: its shell, echo off, in the middle of something. */
START_TEST (what_a_killed_station_left_is_taken_up)
{
  static const char *const leftovers[] = { "rm -rf /etc/ke", "cat >/tmp/x <<'END'\nhalf a li",
                                           "sleep 100\n" };
  static const char *const settings[] = { "KeyStore", "openssl", NULL };
  g_autoptr (DriverOptions) options = options_of (settings);
  g_auto (SimulatedLine) line = simulated_line_open ("linux --tpm no");

  type (line.journey.transport, "\x15\r");
  wait_for (line.journey.transport, "login: ");
  type (line.journey.transport, "root\r");
  wait_for (line.journey.transport, "# ");
  type (line.journey.transport, "exec env PS1='key''cradle# ' /bin/sh\n");
  wait_for (line.journey.transport, "keycradle# ");
  type (line.journey.transport, "stty -echo\n");
  wait_for (line.journey.transport, "keycradle# ");
  type (line.journey.transport, leftovers[_i]);
  simulated_line_reopen (&line);
  line.journey.options = options;
  go_all_the_way (&line);
}
END_TEST

START_TEST (nobody_stays_logged_in)
{
  static const char *const settings[] = { "KeyStore", "openssl", NULL };
  g_autoptr (DriverOptions) options = options_of (settings);
  g_auto (SimulatedLine) line = simulated_line_open ("linux --tpm no");

  line.journey.options = options;
  go_all_the_way (&line);
  simulated_line_reopen (&line);
  type (line.journey.transport, "\x15\r");
  wait_for (line.journey.transport, "board login: ");
}
END_TEST

START_TEST (rsa_keys_sign_too)
{
  static const char *const arguments[] = { "linux", "linux --tpm no" };
  static const char *const settings[] = { "KeyStore", "openssl", NULL };
  g_autoptr (DriverOptions) options = _i == 0 ? NULL : options_of (settings);
  g_auto (SimulatedLine) line = simulated_line_open (arguments[_i]);
  const Driver *driver = driver_by_name ("linux");
  g_auto (Proof) proof = { 0 };
  GError *error = NULL;

  g_autoptr (Session) session =
      session_open (driver, line.journey.transport, options, ATTEMPT, &error);
  ck_assert_ptr_nonnull (session);
  ck_assert (driver->generate_key (session, KEY_KIND_RSA_2048, ATTEMPT, &error));
  g_autoptr (GBytes) request = driver->read_csr (session, "unit-1", ATTEMPT, &error);
  ck_assert_ptr_nonnull (request);
  ck_assert (driver->prove (session, journey_nonce, &proof, ATTEMPT, &error));
  ck_assert_int_eq (proof.scheme, PROOF_RSA_PKCS1_SHA256);
  const unsigned char *at = g_bytes_get_data (request, NULL);
  X509_REQ *parsed = d2i_X509_REQ (NULL, &at, (long)g_bytes_get_size (request));
  EVP_PKEY *key = X509_REQ_get_pubkey (parsed);
  ck_assert_int_eq (X509_REQ_verify (parsed, key), 1);
  ck_assert (device_key_made (key, &proof));
  EVP_PKEY_free (key);
  X509_REQ_free (parsed);
}
END_TEST

/* A key at a persistent handle, made by tpm2-tools and used through OpenSSL. */
START_TEST (a_key_at_a_handle_goes_all_the_way)
{
  static const char *const settings[] = { "Handle", "0x81000002", NULL };
  g_autoptr (DriverOptions) options = options_of (settings);
  g_auto (SimulatedLine) line = simulated_line_open ("linux");

  line.journey.options = options;
  go_all_the_way (&line);
}
END_TEST

/* ---- without a shell ---- */

static gboolean
probe (const Step *steps)
{
  g_autoptr (Transport) transport = scripted_transport (steps, 7);
  gboolean speaks = FALSE;

  ck_assert (driver_by_name ("linux")->probe (transport, &speaks, ATTEMPT, NULL));
  return speaks;
}

START_TEST (a_shell_is_told_from_other_prompts)
{
  static const Step login[] = { { "\x15\r", "\r\nboard login: " }, { 0 } };
  static const Step shell[] = { { "\x15\r", "\r\n\x1b[32mroot@b\x1b[0m:~# " },
                                { "echo key''cradle:$((6*7))\r",
                                  "echo key''cradle:$((6*7))\r\nkeycradle:42\r\nroot@b:~# " },
                                { 0 } };
  static const Step zephyr[] = { { "\x15\r", "\r\nuart:~$ " },
                                 { "echo key''cradle:$((6*7))\r",
                                   "echo: command not found\r\nuart:~$ " },
                                 { "\x03"
                                   "echo key''cradle:$((6*7))\r",
                                   "echo: command not found\r\nuart:~$ " },
                                 { 0 } };
  static const Step silent[] = { { "\x15\r", "" }, { "\x03\x15\r", "" }, { 0 } };
  static const Step words[] = { { "\x15\r", "\r\nLast login: now" }, { 0 } };

  ck_assert (probe (login));
  ck_assert (probe (shell));
  ck_assert (!probe (zephyr));
  ck_assert (!probe (silent));
  ck_assert (!probe (words));
}
END_TEST

START_TEST (a_password_that_is_repeated_reaches_nobody)
{
  static const Step steps[] = { { "\x15\r", "\r\nboard login: " },
                                { "root\r", "root\r\nPassword: " },
                                { PASSWORD "\r", PASSWORD "\r\nno: " PASSWORD
                                                          "!\r\nLogin incorrect\r\nboard login: " },
                                { 0 } };
  g_autoptr (DriverOptions) options = options_with_password (PASSWORD);
  g_autoptr (Transport) transport = scripted_transport (steps, 5);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (session_open (driver_by_name ("linux"), transport, options, ATTEMPT, &error));
  g_autofree char *transcript = transport_transcript (transport);
  ck_assert_msg (strstr (transcript, "# secret Password") != NULL
                     && strstr (transcript, "\r\n") == NULL,
                 "%s", transcript);
  ck_assert_ptr_null (strstr (error->message, PASSWORD));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED));
}
END_TEST

START_TEST (the_recording_is_replayed)
{
  g_autoptr (DriverOptions) options = options_with_password ("any is right");
  JourneyVerdict verdict = { 0 };
  Journey journey = { .driver = driver_by_name ("linux"), .options = options };

  journey.transport = transport_open_replay (DRIVER_FOLDER "/recording.txt", &journey.error);
  ck_assert_ptr_nonnull (journey.transport);
  journey.certificate = hex_decode (transport_replay_note (journey.transport, "certificate"));
  ck_assert_msg (journey_to_certificate (&journey, ATTEMPT)
                     && journey_to_proof (&journey, &verdict, ATTEMPT),
                 "%s", journey.error == NULL ? "?" : journey.error->message);
  ck_assert (verdict.shows_what_was_sent && verdict.signed_by_its_key);
  journey_clear (&journey);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-linux");
  TCase *shells = tcase_create ("shells");
  TCase *words = tcase_create ("words");

  tcase_add_loop_test (shells, each_shell_goes_all_the_way_with_a_tpm, 0, 3);
  tcase_add_loop_test (shells, each_shell_goes_all_the_way_with_a_key_file, 0, 3);
  tcase_add_test (shells, it_waits_through_a_boot_and_logs_in_with_a_password);
  tcase_add_test (shells, a_wrong_password_is_said_once);
  tcase_add_test (shells, a_device_without_tpm_gets_no_key_unless_a_file_is_allowed);
  tcase_add_loop_test (shells, what_a_killed_station_left_is_taken_up, 0, 3);
  tcase_add_test (shells, nobody_stays_logged_in);
  tcase_add_loop_test (shells, rsa_keys_sign_too, 0, 2);
  tcase_add_test (shells, a_key_at_a_handle_goes_all_the_way);
  tcase_set_timeout (shells, 60);
  suite_add_tcase (suite, shells);
  tcase_add_test (words, a_shell_is_told_from_other_prompts);
  tcase_add_test (words, a_password_that_is_repeated_reaches_nobody);
  tcase_add_test (words, the_recording_is_replayed);
  suite_add_tcase (suite, words);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
