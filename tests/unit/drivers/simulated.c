/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A process and a port.
 */
#include "tests/unit/drivers/simulated.h"

#include <check.h>
#include <string.h>

#include "base/encode.h"

#define ATTEMPT deadline_in (20000)

static void
open_port (SimulatedLine *line)
{
  SerialSettings settings = { .baud = 115200 };

  line->journey.transport = transport_open_serial (line->port, &settings, &line->journey.error);
  ck_assert_msg (line->journey.transport != NULL, "%s",
                 line->journey.error == NULL ? "" : line->journey.error->message);
}

SimulatedLine
simulated_line_open (const char *arguments)
{
  g_autofree char *command = g_strdup_printf ("%s one %s", g_getenv ("KEYCRADLE_SIM"), arguments);
  g_auto (GStrv) words = g_strsplit (command, " ", -1);
  SimulatedLine line = { .simulator = g_subprocess_newv ((const char *const *)words,
                                                         G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL) };

  ck_assert_ptr_nonnull (line.simulator);
  g_autoptr (GDataInputStream) output =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (line.simulator));
  line.port = g_data_input_stream_read_line (output, NULL, NULL, NULL);
  ck_assert_msg (line.port != NULL, "keycradle-sim one %s plays nothing", arguments);
  open_port (&line);
  return line;
}

void
simulated_line_reopen (SimulatedLine *line)
{
  g_clear_pointer (&line->journey.session, session_close);
  g_clear_pointer (&line->journey.transport, transport_free);
  open_port (line);
}

void
simulated_line_clear (SimulatedLine *line)
{
  journey_clear (&line->journey);
  g_subprocess_send_signal (line->simulator, SIGTERM);
  g_subprocess_wait (line->simulator, NULL, NULL);
  g_object_unref (line->simulator);
  g_free (line->port);
}

void
simulated_line_record (SimulatedLine *line, const char *name)
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
  ck_assert (g_file_set_contents (path, transcript, -1, NULL));
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
simulated_line_go_all_the_way (SimulatedLine *line, const char *what)
{
  go_all_the_way (&line->journey, what);
}

void
simulated_line_check_stranger (const char *asks, const char *arguments)
{
  g_auto (SimulatedLine) line = simulated_line_open (arguments);
  g_autofree char *what = g_strdup_printf ("%s asks %s", asks, arguments);
  g_autofree char *own = g_strndup (arguments, strcspn (arguments, " "));
  gboolean speaks = TRUE;

  ck_assert_msg (driver_by_name (asks)->probe (line.journey.transport, &speaks, deadline_in (300),
                                               &line.journey.error),
                 "%s", what);
  ck_assert_msg (!speaks, "%s", what);
  line.journey.driver = driver_by_name (own);
  simulated_line_go_all_the_way (&line, what);
}

void
replay_all_the_way (const char *name, const char *path)
{
  Journey journey = { .transport = transport_open_replay (path, NULL),
                      .driver = driver_by_name (name) };

  ck_assert_ptr_nonnull (journey.transport);
  journey.certificate = hex_decode (transport_replay_note (journey.transport, "certificate"));
  go_all_the_way (&journey, path);
  journey_clear (&journey);
}
