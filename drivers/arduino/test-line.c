/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against keycradle-sim, over a pty: after a station that was killed, beside the other
 * dialects, and with Arduino's own sketch.
 *
 * With RECORD=FOLDER in the environment the transcript of a sound device is written there.
 */
#include <check.h>

#include "drivers/arduino/proto.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/simulated.h"

#define ATTEMPT deadline_in (20000)

/* The questions of a session hold random letters; the recording was made with these. */
#define SEED 20261121

START_TEST (a_sound_board_goes_all_the_way)
{
  const char *path = g_getenv ("RECORD");
  g_auto (SimulatedLine) line = simulated_line_open ("arduino");

  g_random_set_seed (SEED);
  line.journey.driver = path == NULL ? NULL : driver_by_name ("arduino");
  simulated_line_go_all_the_way (&line, "arduino");
  ck_assert_str_eq (line.journey.driver->name, "arduino");
  if (path != NULL)
    simulated_line_record (&line, "recording");
}
END_TEST

START_TEST (a_recording_is_replayed)
{
  g_random_set_seed (SEED);
  replay_all_the_way ("arduino", DRIVER_FOLDER "/recording.txt");
}
END_TEST

START_TEST (a_session_that_comes_later_can_still_prove_the_key)
{
  g_auto (SimulatedLine) line = simulated_line_open ("arduino");
  g_auto (Proof) proof = { 0 };

  ck_assert (journey_to_certificate (&line.journey, ATTEMPT));
  session_close (line.journey.session);
  line.journey.session = session_open (line.journey.driver, line.journey.transport, NULL, ATTEMPT,
                                       &line.journey.error);
  ck_assert (line.journey.driver->prove (line.journey.session, journey_nonce, &proof, ATTEMPT,
                                         &line.journey.error));
  ck_assert (device_key_made (line.journey.key, &proof));
}
END_TEST

START_TEST (a_fresh_board_has_no_proof)
{
  g_auto (SimulatedLine) line = simulated_line_open ("arduino");
  g_auto (Proof) proof = { 0 };
  const Driver *driver = driver_by_name ("arduino");

  line.journey.session =
      session_open (driver, line.journey.transport, NULL, ATTEMPT, &line.journey.error);
  ck_assert (
      !driver->prove (line.journey.session, journey_nonce, &proof, ATTEMPT, &line.journey.error));
  ck_assert (g_error_matches (line.journey.error, DRIVER_ERROR, DRIVER_ERROR_PROOF));
}
END_TEST

/* It is known, and refused before any key is made. */
START_TEST (arduinos_own_sketch_is_refused)
{
  g_auto (SimulatedLine) line = simulated_line_open ("arduino --firmware stock");

  ck_assert (!journey_to_certificate (&line.journey, ATTEMPT));
  ck_assert_str_eq (line.journey.driver->name, "arduino");
  ck_assert (g_error_matches (line.journey.error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
}
END_TEST

/* A station that was killed leaves a frame half sent, or an answer to come. */
START_TEST (what_a_killed_station_has_begun_does_no_harm)
{
  static const struct {
    const char *arguments;
    const char *bytes;
    gsize length;
  } cases[] = {
    { "arduino", "\x55", 1 },
    { "arduino", "\x55\xaa\x01\x00\x05\x0a", 6 },
    { "arduino", "\x55\xaa\x01\x00\x7f\x21", 6 },
    { "arduino", "\x55\xaa\x01\x00\x03\x02\xd3\x6a\xaa\x55", 10 },
    { "arduino --keygen-ms 300", "\x55\xaa\x01\x00\x03\x02\xd3\x6a\xaa\x55", 10 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (SimulatedLine) line = simulated_line_open (cases[i].arguments);
    g_autofree char *what = g_strdup_printf ("case %zu", i);

    line.journey.driver = driver_by_name ("arduino");
    ck_assert (
        transport_write (line.journey.transport, cases[i].bytes, cases[i].length, ATTEMPT, NULL));
    simulated_line_go_all_the_way (&line, what);
  }
}
END_TEST

START_TEST (other_dialects_are_strangers_both_ways)
{
  static const char *const others[] = {
    "nrf91",  "nrf91 --host shell",           "freertos --serial b-1",
    "zephyr", "smp --serial s-1 --key p-256", "microchip"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autofree char *name = g_strndup (others[i], strcspn (others[i], " "));

    simulated_line_check_stranger ("arduino", others[i]);
    simulated_line_check_stranger (name, "arduino");
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-arduino-line");
  TCase *tcase = tcase_create ("line");

  if (g_getenv ("KEYCRADLE_SIM") == NULL)
    return 77;
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, a_sound_board_goes_all_the_way);
  if (g_getenv ("RECORD") == NULL)
    tcase_add_test (tcase, a_recording_is_replayed);
  tcase_add_test (tcase, a_session_that_comes_later_can_still_prove_the_key);
  tcase_add_test (tcase, a_fresh_board_has_no_proof);
  tcase_add_test (tcase, arduinos_own_sketch_is_refused);
  tcase_add_test (tcase, what_a_killed_station_has_begun_does_no_harm);
  tcase_add_test (tcase, other_dialects_are_strangers_both_ways);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
