/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bench by remote control: one command a line, one JSON object a line back,
 * and events as they come. Tests hold the line's other end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/simulator/commands.h"

#define WAIT_SECONDS 120u

/* The thread that prints events wakes whoever waits for one. */
static GMutex mutex;
static GCond changed;

static void
say (const char *json)
{
  g_print ("%s\n", json);
  fflush (stdout);
}

static gpointer
event_thread (gpointer data)
{
  GAsyncQueue *events = data;

  while (TRUE) {
    g_autofree BenchEvent *event = g_async_queue_pop (events);
    g_autofree char *json = NULL;

    if (event->device == NULL)
      return NULL;
    json = bench_event_json (bench_event_word (event->kind), event->device);
    g_mutex_lock (&mutex);
    say (json);
    g_cond_broadcast (&changed);
    g_mutex_unlock (&mutex);
  }
}

/* An answer: `json` is an object's text, or NULL for plain success. */
static void
answer (const char *json)
{
  g_mutex_lock (&mutex);
  say (json != NULL ? json : "{\"ok\":true}");
  g_mutex_unlock (&mutex);
}

static gboolean
wrong (GError **error, const char *usage)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "usage: %s", usage);
  return FALSE;
}

static gboolean
command_new (Bench *bench, char **words, GError **error)
{
  DeviceSettings settings = { .name = g_strdup (words[1]) };
  gboolean good = words[1] != NULL || wrong (error, "new NAME driver=… SETTING=VALUE…");

  for (char **word = words + 2; good && *word != NULL; word++) {
    g_auto (GStrv) parts = g_strsplit (*word, "=", 2);

    good = parts[1] != NULL ? device_settings_set (&settings, parts[0], parts[1], error)
                            : wrong (error, "new NAME driver=… SETTING=VALUE…");
  }
  good = good && bench_add (bench, &settings, error) != NULL;
  device_settings_clear (&settings);
  if (good)
    answer (NULL);
  return good;
}

static gboolean
command_plug (Bench *bench, char **words, GError **error)
{
  guint64 slot;
  Device *device;

  if (g_strv_length (words) != 3
      || !g_ascii_string_to_unsigned (words[2], 10, 1, 100000, &slot, NULL))
    return wrong (error, "plug NAME SLOT");
  device = bench_find (bench, words[1], error);
  if (device == NULL || !bench_plug (bench, device, (guint)slot, error))
    return FALSE;
  answer (NULL);
  return TRUE;
}

static gboolean
command_unplug (Bench *bench, char **words, GError **error)
{
  Device *device = words[1] != NULL ? bench_find (bench, words[1], error) : NULL;

  if (words[1] == NULL)
    return wrong (error, "unplug NAME");
  if (device == NULL)
    return FALSE;
  bench_unplug (device);
  answer (NULL);
  return TRUE;
}

static gboolean
command_show (Bench *bench, char **words, GError **error)
{
  Device *device = words[1] != NULL ? bench_find (bench, words[1], error) : NULL;
  g_autofree char *json = NULL;

  if (words[1] == NULL)
    return wrong (error, "show NAME");
  if (device == NULL)
    return FALSE;
  json = bench_device_json (device);
  answer (json);
  return TRUE;
}

static gboolean
command_list (Bench *bench, char **words, GError **error)
{
  g_autoptr (GString) list = g_string_new ("{\"devices\":[");

  for (guint i = 0; i < bench->devices->len; i++) {
    g_autofree char *json = bench_device_json (g_ptr_array_index (bench->devices, i));

    g_string_append_printf (list, "%s%s", i > 0 ? "," : "", json);
  }
  g_string_append (list, "]}");
  answer (list->str);
  return TRUE;
}

/* Closed since the last plug-in and not open now, or out again. */
static gboolean
is_over (Device *device)
{
  MachineCounters counters;

  machine_count (device->machine, &counters);
  return !counters.plugged || (counters.closed_since_plug > 0 && counters.open_now == 0);
}

static gboolean
command_wait_closed (Bench *bench, char **words, GError **error)
{
  Device *device = words[1] != NULL ? bench_find (bench, words[1], error) : NULL;
  guint64 seconds = WAIT_SECONDS;
  gint64 end;
  gboolean over;

  if (words[1] == NULL
      || (words[2] != NULL && !g_ascii_string_to_unsigned (words[2], 10, 0, 86400, &seconds, NULL)))
    return wrong (error, "wait-closed NAME [SECONDS]");
  if (device == NULL)
    return FALSE;
  end = g_get_monotonic_time () + (gint64)seconds * G_USEC_PER_SEC;
  g_mutex_lock (&mutex);
  while (!(over = is_over (device)) && g_cond_wait_until (&changed, &mutex, end))
    ;
  g_mutex_unlock (&mutex);
  if (!over) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "the port of '%s' was not closed in %u s", words[1], (guint)seconds);
    return FALSE;
  }
  answer (NULL);
  return TRUE;
}

static const struct {
  const char *word;
  gboolean (*run) (Bench *bench, char **words, GError **error);
} commands[] = {
  { "new", command_new },   { "plug", command_plug }, { "unplug", command_unplug },
  { "show", command_show }, { "list", command_list }, { "wait-closed", command_wait_closed },
};

static void
obey (Bench *bench, char **words)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;
  gboolean known = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].word, words[0])) {
      known = TRUE;
      commands[i].run (bench, words, &error);
    }
  if (!known)
    g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                 "'%s': say new, plug, unplug, show, list, wait-closed or quit", words[0]);
  if (error == NULL)
    return;
  json = bench_error_json (error->message);
  answer (json);
}

static void
read_commands (Bench *bench)
{
  size_t size = 0;
  char *place = NULL;

  while (getline (&place, &size, stdin) > 0) {
    g_auto (GStrv) words = g_strsplit_set (g_strstrip (place), " \t", -1);

    if (words[0] == NULL || *words[0] == '\0')
      continue;
    if (g_str_equal (words[0], "quit")) {
      answer (NULL);
      break;
    }
    obey (bench, words);
  }
  free (place);
}

int
control_run (Bench *bench)
{
  g_autoptr (GThread) thread =
      g_thread_new ("events", event_thread, g_async_queue_ref (bench->events));
  BenchEvent *last = g_new0 (BenchEvent, 1);

  read_commands (bench);
  for (guint i = 0; i < bench->devices->len; i++)
    bench_unplug (g_ptr_array_index (bench->devices, i));
  g_async_queue_push (bench->events, last);
  g_thread_join (g_steal_pointer (&thread));
  g_async_queue_unref (bench->events);
  return 0;
}
