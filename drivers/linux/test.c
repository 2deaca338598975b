/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against real shells, over a pty, and against its recording.
 *
 * With RECORD=FOLDER in the environment the recording is written there.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/simulated.h"

#define ATTEMPT deadline_in (30000)

static DriverOptions *
options_of (const char *const *settings)
{
  DriverOptions *options = driver_options_new (driver_by_name ("linux")->options);
  g_autoptr (GError) error = NULL;

  for (; *settings != NULL; settings += 2)
    ck_assert_msg (driver_options_set (options, settings[0], settings[1], &error), "%s",
                   error == NULL ? "" : error->message);
  return options;
}

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
  if (_i == 0)
    simulated_line_record (&line, "recording");
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

int
main (void)
{
  Suite *suite = suite_create ("drivers-linux");
  TCase *shells = tcase_create ("shells");

  tcase_add_loop_test (shells, each_shell_goes_all_the_way_with_a_tpm, 0, 3);
  tcase_add_loop_test (shells, each_shell_goes_all_the_way_with_a_key_file, 0, 3);
  tcase_set_timeout (shells, 60);
  suite_add_tcase (suite, shells);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
