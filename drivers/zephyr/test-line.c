/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against keycradle-sim, over a pty: with a log that talks in between, after a station
 * that was killed, and beside the other dialects.
 *
 * With RECORD=FOLDER in the environment the transcript of a device whose log talks is written
 * there.
 */
#include <check.h>

#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/simulated.h"

#define ATTEMPT deadline_in (20000)

START_TEST (a_log_stops_no_device)
{
  static const char *const devices[] = { "zephyr", "zephyr --log-every 1", "zephyr --log-every 2",
                                         "zephyr --log-every 3", "zephyr --log-every 7" };
  const char *path = g_getenv ("RECORD");

  for (gsize i = 0; i < G_N_ELEMENTS (devices); i++) {
    g_auto (SimulatedLine) line = simulated_line_open (devices[i]);

    /* The recording is of this driver alone. */
    line.journey.driver = path == NULL ? NULL : driver_by_name ("zephyr");
    simulated_line_go_all_the_way (&line, devices[i]);
    ck_assert_str_eq (line.journey.driver->name, "zephyr");
    if (i == 3 && path != NULL)
      simulated_line_record (&line, "recording");
  }
}
END_TEST

START_TEST (a_session_that_comes_later_can_still_prove_the_key)
{
  g_auto (SimulatedLine) line = simulated_line_open ("zephyr");
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
  g_auto (SimulatedLine) line = simulated_line_open ("zephyr");
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
    g_auto (SimulatedLine) line = simulated_line_open (cases[i].arguments);

    ck_assert (transport_write_text (line.journey.transport, cases[i].begun, ATTEMPT, NULL));
    simulated_line_go_all_the_way (&line, cases[i].begun);
  }
}
END_TEST

START_TEST (other_dialects_are_strangers_both_ways)
{
  static const char *const others[] = { "nrf91", "nrf91 --host shell", "freertos --serial b-1",
                                        "smp --serial s-1 --key p-256", "microchip" };

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autofree char *name = g_strndup (others[i], strcspn (others[i], " "));

    simulated_line_check_stranger ("zephyr", others[i]);
    simulated_line_check_stranger (name, "zephyr");
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
