/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See alarm.h. One command runs at a time, so that 64 slots that fail at once start no 64 horns:
 * what happens meanwhile waits its turn, and of too much only the newest.
 */
#include "ui-tui/alarm.h"

#include <gio/gio.h>

#include "ui-tui/language.h"

#define MOST_WAITING 8
/* A horn that hangs must not keep the next one from being blown. */
#define COMMAND_SECONDS 30

struct Alarm {
  const Preferences *preferences;
  AlarmListener listener;
  GQueue waiting;       /* of char **: words behind the command's own */
  GSubprocess *process; /* that runs, or NULL */
  GCancellable *gone;   /* the alarm is, and the process goes on alone */
  guint deadline;
};

Alarm *
alarm_new (const Preferences *preferences, const AlarmListener *listener)
{
  Alarm *alarm = g_new0 (Alarm, 1);

  alarm->preferences = preferences;
  alarm->listener = *listener;
  alarm->gone = g_cancellable_new ();
  g_queue_init (&alarm->waiting);
  return alarm;
}

static void
stop_deadline (Alarm *alarm)
{
  g_clear_handle_id (&alarm->deadline, g_source_remove);
}

void
alarm_free (Alarm *alarm)
{
  if (alarm == NULL)
    return;
  stop_deadline (alarm);
  g_queue_clear_full (&alarm->waiting, (GDestroyNotify)g_strfreev);
  g_cancellable_cancel (alarm->gone);
  g_object_unref (alarm->gone);
  g_clear_object (&alarm->process);
  g_free (alarm);
}

/* ---- the command ---- */

static void run_next (Alarm *alarm);

static void
command_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Alarm *alarm = user_data; /* gone where the wait was cancelled */

  if (!g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL))
    return;
  stop_deadline (alarm);
  g_clear_object (&alarm->process);
  run_next (alarm);
}

static gboolean
command_hangs (gpointer user_data)
{
  Alarm *alarm = user_data;

  alarm->deadline = 0;
  g_subprocess_force_exit (alarm->process);
  return G_SOURCE_REMOVE;
}

/* The command's own words and those of what happened. */
static GPtrArray *
command_words (const Alarm *alarm, char **more)
{
  GPtrArray *words = g_ptr_array_new ();

  for (guint i = 0; alarm->preferences->command[i] != NULL; i++)
    g_ptr_array_add (words, alarm->preferences->command[i]);
  for (guint i = 0; more[i] != NULL; i++)
    g_ptr_array_add (words, more[i]);
  g_ptr_array_add (words, NULL);
  return words;
}

static void
run_next (Alarm *alarm)
{
  g_auto (GStrv) more = g_queue_pop_head (&alarm->waiting);
  g_autoptr (GPtrArray) words = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *sentence = NULL;

  if (more == NULL)
    return;
  words = command_words (alarm, more);
  alarm->process = g_subprocess_newv (
      (const char *const *)words->pdata,
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error);
  if (alarm->process == NULL) {
    sentence = g_strdup_printf (_ ("The alarm command does not start: %s"), error->message);
    alarm->listener.problem (sentence, alarm->listener.data);
    return;
  }
  g_subprocess_wait_async (alarm->process, alarm->gone, command_ended, alarm);
  alarm->deadline = g_timeout_add_seconds (COMMAND_SECONDS, command_hangs, alarm);
}

static void
run_command (Alarm *alarm, const char *const *words)
{
  if (alarm->preferences->command == NULL)
    return;
  if (alarm->waiting.length == MOST_WAITING)
    g_strfreev (g_queue_pop_head (&alarm->waiting));
  g_queue_push_tail (&alarm->waiting, g_strdupv ((char **)words));
  if (alarm->process == NULL)
    run_next (alarm);
}

/* ---- what happened ---- */

void
alarm_fail (Alarm *alarm, const Tile *tile)
{
  g_autofree char *slot = g_strdup_printf ("%u", tile->number);
  const char *const words[] = { "fail", slot, tile->reason != NULL ? tile->reason : "", NULL };

  if (alarm->preferences->bell_on_fail)
    alarm->listener.bell (alarm->listener.data);
  run_command (alarm, words);
}

void
alarm_batch_done (Alarm *alarm, const BatchLine *batch)
{
  const char *const words[] = { "batch-done", batch->name, NULL };

  if (alarm->preferences->bell_on_done)
    alarm->listener.bell (alarm->listener.data);
  run_command (alarm, words);
}
