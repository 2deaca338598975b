/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * smp against keycradle-sim, over a pty: from the first question to the proof, and
 * each fault that concerns it. The simulator's address is in KEYCRADLE_SIM.
 */
#include <check.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/drivers/journey.h"

#define ATTEMPT deadline_in (20000)
#define IMPATIENT deadline_in (1000)

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

static void
open_port (Line *line)
{
  static const SerialSettings settings = { .baud = 115200 };

  line->journey.transport = transport_open_serial (line->port, &settings, &line->journey.error);
  ck_assert_msg (line->journey.transport != NULL, "%s",
                 line->journey.error == NULL ? "?" : line->journey.error->message);
}

/* Starts a device with `arguments` (separated by blanks) and opens its port. */
static Line
line_open (const char *arguments)
{
  g_autofree char *command =
      g_strdup_printf ("%s one smp %s", g_getenv ("KEYCRADLE_SIM"), arguments);
  g_auto (GStrv) words = NULL;
  g_autoptr (GDataInputStream) output = NULL;
  Line line = { 0 };

  ck_assert (g_shell_parse_argv (command, NULL, &words, NULL));
  line.simulator =
      g_subprocess_newv ((const char *const *)words, G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL);
  ck_assert_ptr_nonnull (line.simulator);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (line.simulator));
  line.port = g_data_input_stream_read_line (output, NULL, NULL, NULL);
  ck_assert_ptr_nonnull (line.port);
  open_port (&line);
  return line;
}

static gboolean
go (Line *line, JourneyVerdict *verdict, Deadline deadline)
{
  return journey_to_certificate (&line->journey, deadline)
         && journey_to_proof (&line->journey, verdict, deadline);
}

START_TEST (a_sound_device_goes_all_the_way)
{
  static const char *const arguments[] = { "", "--serial board-7", "--log-every 1", "--log-every 3",
                                           "--baud 115200" };
  g_auto (Line) line = line_open (arguments[_i]);
  JourneyVerdict verdict = { 0 };

  ck_assert_msg (go (&line, &verdict, ATTEMPT), "%s: %s", arguments[_i],
                 line.journey.error == NULL ? "?" : line.journey.error->message);
  ck_assert_str_eq (line.journey.driver->name, "smp");
  ck_assert (verdict.shows_what_was_sent);
  ck_assert (verdict.signed_by_its_key);
}
END_TEST

static const struct {
  const char *arguments;
  DriverError expected;
} faults[] = {
  { "--fault garbage", DRIVER_ERROR_UNKNOWN },
  { "--fault garbage=150", DRIVER_ERROR_GARBLED },
  { "--fault silence", DRIVER_ERROR_NO_ANSWER },
  { "--fault silence=150", DRIVER_ERROR_NO_ANSWER },
  { "--fault half-line", DRIVER_ERROR_NO_ANSWER },
  { "--fault flood", DRIVER_ERROR_FLOOD },
  { "--fault unplug=300", DRIVER_ERROR_UNPLUGGED },
  { "--fault unplug-in=300", DRIVER_ERROR_UNPLUGGED },
  { "--fault no-identity", DRIVER_ERROR_IDENTITY },
  { "--fault leak-private-key", DRIVER_ERROR_PRIVATE_KEY_LEAKED },
  { "--fault leak-der", DRIVER_ERROR_PRIVATE_KEY_LEAKED },
  { "--fault refuse-install", DRIVER_ERROR_REFUSED },
};

START_TEST (each_fault_has_its_error)
{
  g_auto (Line) line = line_open (faults[_i].arguments);
  JourneyVerdict verdict = { 0 };
  gboolean silent =
      faults[_i].expected == DRIVER_ERROR_NO_ANSWER || faults[_i].expected == DRIVER_ERROR_UNKNOWN;

  ck_assert_msg (!go (&line, &verdict, silent ? IMPATIENT : ATTEMPT), "%s went all the way",
                 faults[_i].arguments);
  ck_assert_msg (g_error_matches (line.journey.error, DRIVER_ERROR, (int)faults[_i].expected),
                 "%s: %s (%s)", faults[_i].arguments, line.journey.error->message,
                 driver_error_word ((DriverError)line.journey.error->code));
}
END_TEST

START_TEST (what_the_station_must_judge_is_shown_as_it_is)
{
  g_auto (Line) liar = line_open ("--fault wrong-certificate");
  g_auto (Line) thief = line_open ("--fault wrong-key");
  JourneyVerdict shown = { 0 };
  JourneyVerdict signature = { 0 };

  ck_assert (go (&liar, &shown, ATTEMPT));
  ck_assert (!shown.shows_what_was_sent && shown.signed_by_its_key);
  ck_assert (go (&thief, &signature, ATTEMPT));
  ck_assert (signature.shows_what_was_sent && !signature.signed_by_its_key);
}
END_TEST

/* A station that was killed leaves half a frame, half a packet or half an install behind. */
START_TEST (what_a_killed_station_has_begun_does_no_harm)
{
  static const char *const begun[] = {
    "\x06",
    "\x06\x09"
    "AF4KAABUS0MH",
    "\x06\x09"
    "AF4KAABUS0MHBKVkd2hhdGhlbmRwb2ludGNvZmYAY2xlbg9kZGF0YU9pb3QuZXhhbXBsZS5jb21jc2hh"
    "WCApT7sfXQos1ejwgb2GM/DLZFZAgEV2OM+KWcnwrhJo\n",
  };
  g_auto (Line) line = line_open ("");
  JourneyVerdict verdict = { 0 };

  ck_assert (transport_write_text (line.journey.transport, begun[_i], ATTEMPT, NULL));
  transport_free (line.journey.transport);
  open_port (&line);
  ck_assert (go (&line, &verdict, ATTEMPT));
  ck_assert (verdict.shows_what_was_sent && verdict.signed_by_its_key);
}
END_TEST

START_TEST (the_port_is_free_again_after_each_fault)
{
  g_auto (Line) line = line_open ("--fault half-linex1");
  JourneyVerdict verdict = { 0 };

  ck_assert (!go (&line, &verdict, deadline_in (300)));
  session_close (line.journey.session);
  line.journey.session = NULL;
  transport_free (line.journey.transport);
  open_port (&line);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("smp-line");
  TCase *tests = tcase_create ("line");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (tests, 60);
  tcase_add_loop_test (tests, a_sound_device_goes_all_the_way, 0, 5);
  tcase_add_loop_test (tests, each_fault_has_its_error, 0, (int)G_N_ELEMENTS (faults));
  tcase_add_test (tests, what_the_station_must_judge_is_shown_as_it_is);
  tcase_add_loop_test (tests, what_a_killed_station_has_begun_does_no_harm, 0, 3);
  tcase_add_test (tests, the_port_is_free_again_after_each_fault);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
