/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nrf91 and freertos against keycradle-sim, over a pty, the whole way of a device:
 * from the first question to the proof, and with each fault that concerns them.
 *
 * With RECORD=FOLDER in the environment the transcripts of the sound devices are
 * written there, in the form of drivers/NAME/recording.txt.
 */
#include <check.h>
#include <gio/gio.h>
#include <string.h>

#include "base/encode.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/journey.h"

#define ATTEMPT deadline_in (20000)
#define IMPATIENT deadline_in (1000)

/* A simulated device and the station's end of its line. */
typedef struct {
  GSubprocess *simulator;
  char *port;
  Journey journey;
} Line;

static void
line_clear (Line *line)
{
  journey_clear (&line->journey);
  g_subprocess_force_exit (line->simulator);
  g_subprocess_wait (line->simulator, NULL, NULL);
  g_object_unref (line->simulator);
  g_free (line->port);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Line, line_clear)

/* Starts a device with `arguments` (separated by blanks) and opens its port. */
static Line
line_open (const char *arguments)
{
  g_autofree char *command = g_strdup_printf ("%s one %s", g_getenv ("KEYCRADLE_SIM"), arguments);
  g_auto (GStrv) words = g_strsplit (command, " ", -1);
  Line line = { .simulator =
                    g_subprocess_newv ((const char *const *)words, G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                       &line.journey.error) };

  ck_assert_msg (line.journey.error == NULL, "%s",
                 line.journey.error == NULL ? "" : line.journey.error->message);
  g_autoptr (GDataInputStream) output =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (line.simulator));
  line.port = g_data_input_stream_read_line (output, NULL, NULL, &line.journey.error);
  ck_assert_ptr_nonnull (line.port);
  SerialSettings settings = { .baud = 115200 };
  line.journey.transport = transport_open_serial (line.port, &settings, &line.journey.error);
  ck_assert_msg (line.journey.transport != NULL, "%s",
                 line.journey.error == NULL ? "" : line.journey.error->message);
  return line;
}

static void
record (Line *line, const char *name)
{
  GBytes *certificate = line->journey.certificate;
  const char *folder = g_getenv ("RECORD");

  if (folder == NULL)
    return;
  g_autofree char *path = g_strdup_printf ("%s/%s.txt", folder, name);
  g_autofree char *hex =
      hex_encode (g_bytes_get_data (certificate, NULL), g_bytes_get_size (certificate));
  transport_note (line->journey.transport, "certificate", hex);
  g_autofree char *transcript = transport_transcript (line->journey.transport);
  g_file_set_contents (path, transcript, -1, NULL);
}

static void
check_sound_device (const char *arguments, const char *driver)
{
  g_auto (Line) line = line_open (arguments);
  JourneyVerdict verdict = { 0 };

  if (g_getenv ("RECORD") != NULL)
    line.journey.driver = driver_by_name (driver);
  gint64 started = g_get_monotonic_time ();
  Deadline deadline = ATTEMPT;

  ck_assert_msg (journey_to_certificate (&line.journey, deadline)
                     && journey_to_proof (&line.journey, &verdict, deadline),
                 "%s: %s", arguments,
                 line.journey.error == NULL ? "?" : line.journey.error->message);
  ck_assert_str_eq (line.journey.driver->name, driver);
  ck_assert (verdict.shows_what_was_sent);
  ck_assert (verdict.signed_by_its_key);
  g_print ("%s: %.1f ms\n", arguments, (double)(g_get_monotonic_time () - started) / 1000);
  g_autofree char *name = g_strdelimit (g_strdup (arguments), " -", '_');
  record (&line, name);
}

START_TEST (sound_devices_go_all_the_way)
{
  check_sound_device ("nrf91", "nrf91");
  check_sound_device ("nrf91 --host shell", "nrf91");
  check_sound_device ("freertos --serial board-7", "freertos");
  check_sound_device ("freertos", "freertos");
  check_sound_device ("microchip", "microchip");
  check_sound_device ("microchip --firmware 508a", "microchip");
}
END_TEST

START_TEST (log_lines_stop_no_board)
{
  check_sound_device ("freertos --log-every 1", "freertos");
  check_sound_device ("freertos --log-every 3", "freertos");
  check_sound_device ("freertos --log-every 7", "freertos");
}
END_TEST

START_TEST (a_board_keeps_its_name_through_a_proof)
{
  g_auto (Line) line = line_open ("freertos --serial board-7");
  JourneyVerdict verdict = { 0 };

  ck_assert (journey_to_certificate (&line.journey, ATTEMPT)
             && journey_to_proof (&line.journey, &verdict, ATTEMPT));
  g_autoptr (DeviceIdentity) identity =
      line.journey.driver->identify (line.journey.session, ATTEMPT, &line.journey.error);
  ck_assert_str_eq (identity->serial, "board-7");
}
END_TEST

START_TEST (a_session_that_comes_later_can_still_prove_the_key)
{
  static const char *const devices[] = { "nrf91", "nrf91 --host shell", "freertos --serial b-1" };

  for (gsize i = 0; i < G_N_ELEMENTS (devices); i++) {
    g_auto (Line) line = line_open (devices[i]);
    g_auto (Proof) proof = { 0 };

    ck_assert (journey_to_certificate (&line.journey, ATTEMPT));
    session_close (line.journey.session);
    line.journey.session = session_open (line.journey.driver, line.journey.transport, NULL, ATTEMPT,
                                         &line.journey.error);
    g_autoptr (DeviceIdentity) identity =
        line.journey.driver->identify (line.journey.session, ATTEMPT, &line.journey.error);
    ck_assert_ptr_nonnull (identity);
    ck_assert (line.journey.driver->prove (line.journey.session, journey_nonce, &proof, ATTEMPT,
                                           &line.journey.error));
    ck_assert (device_key_made (line.journey.key, &proof));
  }
}
END_TEST

START_TEST (a_fresh_device_has_no_proof)
{
  static const char *const devices[] = { "nrf91", "freertos --serial b-1" };

  for (gsize i = 0; i < G_N_ELEMENTS (devices); i++) {
    g_auto (Line) line = line_open (devices[i]);
    g_auto (Proof) proof = { 0 };

    line.journey.driver = driver_probe (line.journey.transport, NULL, ATTEMPT, &line.journey.error);
    line.journey.session = session_open (line.journey.driver, line.journey.transport, NULL, ATTEMPT,
                                         &line.journey.error);
    ck_assert (!line.journey.driver->prove (line.journey.session, journey_nonce, &proof, ATTEMPT,
                                            &line.journey.error));
    ck_assert_msg (g_error_matches (line.journey.error, DRIVER_ERROR, DRIVER_ERROR_PROOF), "%s",
                   line.journey.error->message);
  }
}
END_TEST

START_TEST (each_fault_has_its_error)
{
  static const struct {
    const char *arguments;
    DriverError expected;
  } cases[] = {
    { "nrf91 --fault no-identity", DRIVER_ERROR_IDENTITY },
    { "freertos --fault no-identity", DRIVER_ERROR_IDENTITY },
    { "nrf91 --fault silence", DRIVER_ERROR_NO_ANSWER },
    { "freertos --fault silence", DRIVER_ERROR_NO_ANSWER },
    { "nrf91 --fault silence=400", DRIVER_ERROR_NO_ANSWER },
    { "freertos --fault silence=600", DRIVER_ERROR_NO_ANSWER },
    { "nrf91 --fault half-line", DRIVER_ERROR_NO_ANSWER },
    { "freertos --fault half-line", DRIVER_ERROR_NO_ANSWER },
    { "nrf91 --fault flood", DRIVER_ERROR_FLOOD },
    { "freertos --fault flood", DRIVER_ERROR_FLOOD },
    { "nrf91 --fault unplug=200", DRIVER_ERROR_UNPLUGGED },
    { "freertos --fault unplug=900", DRIVER_ERROR_UNPLUGGED },
    { "nrf91 --fault unplug-in=1000", DRIVER_ERROR_UNPLUGGED },
    { "freertos --fault unplug-in=300", DRIVER_ERROR_UNPLUGGED },
    { "nrf91 --fault refuse-install", DRIVER_ERROR_REFUSED },
    { "freertos --fault refuse-install", DRIVER_ERROR_REFUSED },
    { "freertos --fault leak-private-key", DRIVER_ERROR_PRIVATE_KEY_LEAKED },
    { "nrf91 --fault leak-private-key", DRIVER_ERROR_PRIVATE_KEY_LEAKED },
    { "freertos --fault leak-der", DRIVER_ERROR_PRIVATE_KEY_LEAKED },
    { "nrf91 --fault leak-der", DRIVER_ERROR_PRIVATE_KEY_LEAKED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Line) line = line_open (cases[i].arguments);
    JourneyVerdict verdict = { 0 };
    Deadline deadline = IMPATIENT;

    ck_assert_msg (!journey_to_certificate (&line.journey, deadline)
                       || !journey_to_proof (&line.journey, &verdict, deadline),
                   "%s went all the way", cases[i].arguments);
    ck_assert_msg (g_error_matches (line.journey.error, DRIVER_ERROR, (int)cases[i].expected),
                   "%s: %s (%s)", cases[i].arguments, line.journey.error->message,
                   driver_error_word ((DriverError)line.journey.error->code));
  }
}
END_TEST

START_TEST (garbage_is_never_believed)
{
  static const char *const devices[] = { "nrf91 --fault garbage", "freertos --fault garbage",
                                         "nrf91 --fault garbage=300",
                                         "freertos --fault garbage=700",
                                         "nrf91 --host shell --fault garbage=600" };

  for (gsize i = 0; i < G_N_ELEMENTS (devices); i++) {
    g_auto (Line) line = line_open (devices[i]);
    JourneyVerdict verdict = { 0 };
    Deadline deadline = IMPATIENT;

    ck_assert_msg (!journey_to_certificate (&line.journey, deadline)
                       || !journey_to_proof (&line.journey, &verdict, deadline),
                   "%s went all the way", devices[i]);
    g_print ("%s: %s: %s\n", devices[i], driver_error_word ((DriverError)line.journey.error->code),
             line.journey.error->message);
  }
}
END_TEST

START_TEST (what_the_station_must_judge_is_shown_as_it_is)
{
  static const struct {
    const char *arguments;
    JourneyVerdict verdict;
  } cases[] = {
    { "nrf91 --fault wrong-certificate", { FALSE, TRUE } },
    { "freertos --fault wrong-certificate", { FALSE, TRUE } },
    { "nrf91 --fault wrong-key", { TRUE, FALSE } },
    { "freertos --fault wrong-key", { TRUE, FALSE } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Line) line = line_open (cases[i].arguments);
    JourneyVerdict verdict = { 0 };

    ck_assert_msg (journey_to_certificate (&line.journey, ATTEMPT)
                       && journey_to_proof (&line.journey, &verdict, ATTEMPT),
                   "%s: %s", cases[i].arguments,
                   line.journey.error == NULL ? "?" : line.journey.error->message);
    ck_assert_int_eq (verdict.shows_what_was_sent, cases[i].verdict.shows_what_was_sent);
    ck_assert_int_eq (verdict.signed_by_its_key, cases[i].verdict.signed_by_its_key);
  }
}
END_TEST

/* A station that was killed leaves the device in the middle of something; the next one must get
 * through all the same, without a hand and with the same identity. */
START_TEST (what_a_killed_station_has_begun_does_no_harm)
{
  static const struct {
    const char *arguments;
    const char *begun;
  } cases[] = {
    { "nrf91", "AT%CM" },
    { "nrf91", "AT%CMNG=0,16842753,1,\"-----BEGIN CERTIFICATE-----\r\nMIIB" },
    { "nrf91", "AT%KEYGEN=16842753,2,0\r\n" },
    { "nrf91 --host shell", "at 'AT%CMNG=0,16842753,1,\"-----BEGIN CERTIFICATE-----\\nMIIB" },
    { "nrf91 --keygen-ms 700", "AT+CFUN=4\r\nAT%KEYGEN=16842753,2,0\r\n" },
    { "nrf91 --host shell --keygen-ms 300", "at AT+CFUN=4\r\nat AT%KEYGEN=16842753,2,0\r\n" },
    { "freertos --serial board-7 --keygen-ms 700", "pki generate key\r" },
    { "freertos --serial board-7", "conf se" },
    { "freertos --serial board-7", "pki import cert tls_cert\r" },
    { "freertos --serial board-7", "pki import cert tls_cert\r-----BEGIN CERTIFICATE-----\rMIIB" },
    { "freertos --serial board-7",
      "conf set thing_name "
      "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\r" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Line) line = line_open (cases[i].arguments);
    JourneyVerdict verdict = { 0 };
    Deadline deadline = ATTEMPT;

    ck_assert (transport_write_text (line.journey.transport, cases[i].begun, deadline, NULL));
    ck_assert_msg (journey_to_certificate (&line.journey, deadline)
                       && journey_to_proof (&line.journey, &verdict, deadline),
                   "\"%s\": %s", cases[i].begun,
                   line.journey.error == NULL ? "?" : line.journey.error->message);
    ck_assert (verdict.shows_what_was_sent && verdict.signed_by_its_key);
    if (!g_str_has_prefix (cases[i].arguments, "freertos"))
      continue;
    g_autoptr (DeviceIdentity) identity =
        line.journey.driver->identify (line.journey.session, deadline, &line.journey.error);
    ck_assert_str_eq (identity->serial, "board-7");
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-line-dialects");
  TCase *sound = tcase_create ("sound");
  TCase *faulty = tcase_create ("faulty");

  tcase_set_timeout (sound, 60);
  tcase_set_timeout (faulty, 120);
  tcase_add_test (sound, sound_devices_go_all_the_way);
  tcase_add_test (sound, log_lines_stop_no_board);
  tcase_add_test (sound, a_board_keeps_its_name_through_a_proof);
  tcase_add_test (sound, a_session_that_comes_later_can_still_prove_the_key);
  tcase_add_test (sound, a_fresh_device_has_no_proof);
  tcase_add_test (sound, what_a_killed_station_has_begun_does_no_harm);
  tcase_add_test (faulty, each_fault_has_its_error);
  tcase_add_test (faulty, garbage_is_never_believed);
  tcase_add_test (faulty, what_the_station_must_judge_is_shown_as_it_is);
  suite_add_tcase (suite, sound);
  suite_add_tcase (suite, faulty);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
