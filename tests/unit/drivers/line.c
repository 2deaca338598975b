/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See line.h.
 */
#include "tests/unit/drivers/line.h"

#include <check.h>

#include "base/encode.h"

#define ATTEMPT deadline_in (20000)

Line
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

void
line_clear (Line *line)
{
  journey_clear (&line->journey);
  g_subprocess_force_exit (line->simulator);
  g_subprocess_wait (line->simulator, NULL, NULL);
  g_object_unref (line->simulator);
}

static void
go_all_the_way (Journey *journey, const char *what)
{
  JourneyVerdict verdict = { 0 };

  ck_assert_msg (journey_to_certificate (journey, ATTEMPT)
                     && journey_to_proof (journey, &verdict, ATTEMPT),
                 "%s: %s", what, journey->error == NULL ? "?" : journey->error->message);
  ck_assert (verdict.shows_what_was_sent && verdict.signed_by_its_key);
}

void
line_go_all_the_way (Line *line, const char *what)
{
  go_all_the_way (&line->journey, what);
}

void
line_record (Line *line, const char *path)
{
  GBytes *certificate = line->journey.certificate;
  g_autofree char *hex =
      hex_encode (g_bytes_get_data (certificate, NULL), g_bytes_get_size (certificate));

  transport_note (line->journey.transport, "certificate", hex);
  g_autofree char *transcript = transport_transcript (line->journey.transport);
  ck_assert (g_file_set_contents (path, transcript, -1, NULL));
}

void
line_check_stranger (const char *asks, const char *arguments)
{
  g_auto (Line) line = line_open (arguments);
  g_autofree char *what = g_strdup_printf ("%s asks %s", asks, arguments);
  gboolean speaks = TRUE;

  ck_assert_msg (driver_by_name (asks)->probe (line.journey.transport, &speaks, deadline_in (300),
                                               &line.journey.error),
                 "%s", what);
  ck_assert_msg (!speaks, "%s", what);
  line_go_all_the_way (&line, what);
  ck_assert (g_str_has_prefix (arguments, line.journey.driver->name));
}

void
line_replay (const char *name, const char *path)
{
  Journey journey = { .transport = transport_open_replay (path, NULL),
                      .driver = driver_by_name (name) };

  ck_assert_ptr_nonnull (journey.transport);
  journey.certificate = hex_decode (transport_replay_note (journey.transport, "certificate"));
  go_all_the_way (&journey, path);
  journey_clear (&journey);
}
