/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The recordings of the line dialects, replayed: what a driver sends has not
 * changed, and what was answered then still leads to the end.
 */
#include <check.h>

#include "base/encode.h"
#include "tests/unit/drivers/journey.h"

#define ATTEMPT deadline_in (20000)

typedef Journey Replay;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Replay, journey_clear)

static void
replay (const char *driver, const char *file)
{
  g_autofree char *path = g_build_filename (DRIVERS_FOLDER, driver, file, NULL);
  g_auto (Replay) journey = { .driver = driver_by_name (driver) };
  JourneyVerdict verdict = { 0 };

  journey.transport = transport_open_replay (path, &journey.error);
  ck_assert_msg (journey.transport != NULL, "%s", path);
  journey.certificate = hex_decode (transport_replay_note (journey.transport, "certificate"));
  ck_assert_msg (journey_to_certificate (&journey, ATTEMPT)
                     && journey_to_proof (&journey, &verdict, ATTEMPT),
                 "%s: %s", path, journey.error == NULL ? "?" : journey.error->message);
  ck_assert (verdict.shows_what_was_sent);
  ck_assert (verdict.signed_by_its_key);
}

START_TEST (a_plain_modem_is_replayed)
{
  replay ("nrf91", "recording.txt");
}
END_TEST

START_TEST (a_modem_behind_a_shell_is_replayed)
{
  replay ("nrf91", "recording-shell.txt");
}
END_TEST

START_TEST (a_board_whose_log_talks_in_between_is_replayed)
{
  replay ("freertos", "recording.txt");
}
END_TEST

START_TEST (neither_driver_takes_the_others_recording_for_its_own)
{
  static const struct {
    const char *driver;
    const char *folder;
  } cases[] = { { "nrf91", "freertos" }, { "freertos", "nrf91" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path =
        g_build_filename (DRIVERS_FOLDER, cases[i].folder, "recording.txt", NULL);
    g_auto (Replay) journey = { .driver = driver_by_name (cases[i].driver) };

    journey.transport = transport_open_replay (path, NULL);
    ck_assert (!journey_to_certificate (&journey, deadline_in (50)));
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-recordings");
  TCase *tcase = tcase_create ("recordings");

  tcase_add_test (tcase, a_plain_modem_is_replayed);
  tcase_add_test (tcase, a_modem_behind_a_shell_is_replayed);
  tcase_add_test (tcase, a_board_whose_log_talks_in_between_is_replayed);
  tcase_add_test (tcase, neither_driver_takes_the_others_recording_for_its_own);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
