/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against keycradle-sim, over a pty: with a log that talks in between, after a station
 * that was killed, and beside the other dialects.
 *
 * With RECORD=FILE in the environment the transcript of a device whose log talks is written there.
 */
#include <check.h>
#include <gio/gio.h>

#include "base/encode.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/journey.h"

#define ATTEMPT deadline_in (20000)

typedef struct {
  GSubprocess *simulator;
  Journey journey;
} Line;

static void
line_clear (Line *line)
{
  journey_clear (&line->journey);
  g_subprocess_force_exit (line->simulator);
  g_subprocess_wait (line->simulator, NULL, NULL);
  g_object_unref (line->simulator);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Line, line_clear)

/* Starts a device with `arguments` (separated by blanks) and opens its port. */
static Line
line_open (const char *arguments)
{
  g_autofree char *command = g_strdup_printf ("%s one %s", g_getenv ("KEYCRADLE_SIM"), arguments);
  g_auto (GStrv) words = g_strsplit (command, " ", -1);
  SerialSettings settings = { .baud = 115200 };
  Line line = { .simulator =
                    g_subprocess_newv ((const char *const *)words, G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                       &line.journey.error) };

  ck_assert_ptr_nonnull (line.simulator);
  g_autoptr (GDataInputStream) output =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (line.simulator));
  g_autofree char *port = g_data_input_stream_read_line (output, NULL, NULL, NULL);
  ck_assert_ptr_nonnull (port);
  line.journey.transport = transport_open_serial (port, &settings, &line.journey.error);
  ck_assert_ptr_nonnull (line.journey.transport);
  return line;
}

static void
go_all_the_way (Line *line, const char *what)
{
  JourneyVerdict verdict = { 0 };

  ck_assert_msg (journey_to_certificate (&line->journey, ATTEMPT)
                     && journey_to_proof (&line->journey, &verdict, ATTEMPT),
                 "%s: %s", what, line->journey.error == NULL ? "?" : line->journey.error->message);
  ck_assert (verdict.shows_what_was_sent && verdict.signed_by_its_key);
}

static void
record (Line *line, const char *path)
{
  GBytes *certificate = line->journey.certificate;
  g_autofree char *hex =
      hex_encode (g_bytes_get_data (certificate, NULL), g_bytes_get_size (certificate));

  transport_note (line->journey.transport, "certificate", hex);
  g_autofree char *transcript = transport_transcript (line->journey.transport);
  g_file_set_contents (path, transcript, -1, NULL);
}

START_TEST (a_log_stops_no_device)
{
  static const char *const devices[] = { "zephyr", "zephyr --log-every 1", "zephyr --log-every 2",
                                         "zephyr --log-every 3", "zephyr --log-every 7" };
  const char *path = g_getenv ("RECORD");

  for (gsize i = 0; i < G_N_ELEMENTS (devices); i++) {
    g_auto (Line) line = line_open (devices[i]);

    /* The recording is of this driver alone. */
    line.journey.driver = path == NULL ? NULL : driver_by_name ("zephyr");
    go_all_the_way (&line, devices[i]);
    ck_assert_str_eq (line.journey.driver->name, "zephyr");
    if (i == 3 && path != NULL)
      record (&line, path);
  }
}
END_TEST

START_TEST (a_session_that_comes_later_can_still_prove_the_key)
{
  g_auto (Line) line = line_open ("zephyr");
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
END_TEST

START_TEST (a_fresh_device_has_no_proof)
{
  g_auto (Line) line = line_open ("zephyr");
  g_auto (Proof) proof = { 0 };
  const Driver *driver = driver_by_name ("zephyr");

  line.journey.session =
      session_open (driver, line.journey.transport, NULL, ATTEMPT, &line.journey.error);
  ck_assert (
      !driver->prove (line.journey.session, journey_nonce, &proof, ATTEMPT, &line.journey.error));
  ck_assert (g_error_matches (line.journey.error, DRIVER_ERROR, DRIVER_ERROR_PROOF));
}
END_TEST

/* A station that was killed leaves the device in the middle of something. */
START_TEST (what_a_killed_station_has_begun_does_no_harm)
{
  static const struct {
    const char *arguments;
    const char *begun;
  } cases[] = {
    { "zephyr", "cred buf MIIB" },
    { "zephyr", "cred buf MIIB\r" },
    { "zephyr", "cred buf load\r-----BEGIN" },
    { "zephyr --keygen-ms 700", "nrf_cloud_cred keygen 16842753\r" },
    { "zephyr",
      "nrf_cloud_cred keygen 16842753\rcred buf AAAA\rcred add 16842753 SERV DEFAULT bin\r" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Line) line = line_open (cases[i].arguments);

    ck_assert (transport_write_text (line.journey.transport, cases[i].begun, ATTEMPT, NULL));
    go_all_the_way (&line, cases[i].begun);
  }
}
END_TEST

/* One of a kind asks a device of the other; that one's own driver must get through afterwards. */
static void
check_stranger (const char *asks, const char *arguments)
{
  g_auto (Line) line = line_open (arguments);
  gboolean speaks = TRUE;
  g_autofree char *what = g_strdup_printf ("%s asks %s", asks, arguments);

  ck_assert_msg (driver_by_name (asks)->probe (line.journey.transport, &speaks, deadline_in (300),
                                               &line.journey.error),
                 "%s", what);
  ck_assert_msg (!speaks, "%s", what);
  go_all_the_way (&line, what);
  ck_assert (g_str_has_prefix (arguments, line.journey.driver->name));
}

START_TEST (other_dialects_are_strangers_both_ways)
{
  static const char *const others[] = { "nrf91", "nrf91 --host shell", "freertos --serial b-1",
                                        "smp --serial s-1 --key p-256" };

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autofree char *name = g_strndup (others[i], strcspn (others[i], " "));

    check_stranger ("zephyr", others[i]);
    check_stranger (name, "zephyr");
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-zephyr-line");
  TCase *tcase = tcase_create ("line");

  if (g_getenv ("KEYCRADLE_SIM") == NULL)
    return 77;
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, a_log_stops_no_device);
  tcase_add_test (tcase, a_session_that_comes_later_can_still_prove_the_key);
  tcase_add_test (tcase, a_fresh_device_has_no_proof);
  tcase_add_test (tcase, what_a_killed_station_has_begun_does_no_harm);
  tcase_add_test (tcase, other_dialects_are_strangers_both_ways);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
