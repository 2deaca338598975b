/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle monitor: what happens on the line, one line an event, for people or
 * as JSON. It begins with the present state of each slot, and goes on by
 * itself when the daemon was started anew.
 */
#include "station/cli/cli.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "station/cli/monitor-line.h"
#include "station/cli/output.h"

#define RETRY_MILLISECONDS 500

typedef struct {
  Cli *cli;
  GMainLoop *loop;
  gboolean stopped;  /* by a signal */
  GHashTable *lines; /* what was last said of "slot 3" or "batch B": never twice the same */
} Monitor;

static void
print_json (const char *signal, const char *member, GVariant *record)
{
  g_auto (GVariantBuilder) members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&members, "{sv}", "signal", g_variant_new_string (signal));
  g_variant_builder_add (&members, "{sv}", member, record);
  g_autoptr (GVariant) line = g_variant_ref_sink (g_variant_builder_end (&members));
  g_autofree char *json = json_text (line, FALSE);

  fputs (json, stdout);
  fflush (stdout);
}

/* The word says it; on a terminal colour says it once more (no-color.org). */
static const char *
colour_of (const char *what)
{
  if (!isatty (STDOUT_FILENO) || g_getenv ("NO_COLOR") != NULL)
    return NULL;
  if (strstr (what, " PASS ") != NULL)
    return "\033[1;32m";
  return strstr (what, " FAIL ") != NULL ? "\033[1;31m" : NULL;
}

/* Takes both strings. */
static void
print_line (Monitor *monitor, char *who, char *what)
{
  g_autofree char *now = time_of_day (g_get_real_time ());
  const char *colour;

  if (g_strcmp0 (g_hash_table_lookup (monitor->lines, who), what) == 0) {
    g_free (who);
    g_free (what);
    return;
  }
  colour = colour_of (what);
  printf ("%s  %s  %s%s%s\n", now, who, colour != NULL ? colour : "", what,
          colour != NULL ? "\033[0m" : "");
  fflush (stdout);
  g_hash_table_replace (monitor->lines, who, what);
}

static void
slot_changed (ApiStation1 *api, GVariant *slot, Monitor *monitor)
{
  if (monitor->cli->options.json)
    print_json ("SlotChanged", "slot", slot);
  else
    print_line (monitor, monitor_slot_name (slot), monitor_slot_line (slot));
}

static void
batch_changed (ApiStation1 *api, GVariant *batch, Monitor *monitor)
{
  if (monitor->cli->options.json)
    print_json ("BatchChanged", "batch", batch);
  else
    print_line (monitor, monitor_batch_name (batch), monitor_batch_line (batch));
}

/* People have seen PASS or FAIL at the slot already. */
static void
attempt_ended (ApiStation1 *api, GVariant *attempt, Monitor *monitor)
{
  if (monitor->cli->options.json)
    print_json ("AttemptEnded", "attempt", attempt);
}

static void
status_changed (ApiStation1 *api, GVariant *status, Monitor *monitor)
{
  if (monitor->cli->options.json)
    print_json ("StatusChanged", "status", status);
}

static void
event_recorded (ApiStation1 *api, GVariant *event, Monitor *monitor)
{
  if (monitor->cli->options.json)
    print_json ("EventRecorded", "event", event);
}

static void
connection_closed (GDBusConnection *connection, gboolean remote_vanished, GError *error,
                   Monitor *monitor)
{
  g_main_loop_quit (monitor->loop);
}

static gboolean
stop (gpointer user_data)
{
  Monitor *monitor = user_data;

  monitor->stopped = TRUE;
  g_main_loop_quit (monitor->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
leave_loop (gpointer user_data)
{
  Monitor *monitor = user_data;

  g_main_loop_quit (monitor->loop);
  return G_SOURCE_REMOVE;
}

/* Signals are heard from here on; then the present state, so that nothing is missed. */
static gboolean
listen_to_daemon (Monitor *monitor, GError **error)
{
  Cli *cli = monitor->cli;
  g_autoptr (GVariant) slots = NULL;

  if (!cli_connect (cli, error))
    return FALSE;
  g_signal_connect (cli->api, "slot-changed", G_CALLBACK (slot_changed), monitor);
  g_signal_connect (cli->api, "batch-changed", G_CALLBACK (batch_changed), monitor);
  g_signal_connect (cli->api, "attempt-ended", G_CALLBACK (attempt_ended), monitor);
  g_signal_connect (cli->api, "status-changed", G_CALLBACK (status_changed), monitor);
  g_signal_connect (cli->api, "event-recorded", G_CALLBACK (event_recorded), monitor);
  g_signal_connect (g_dbus_proxy_get_connection (G_DBUS_PROXY (cli->api)), "closed",
                    G_CALLBACK (connection_closed), monitor);
  if (!api_station1_call_list_slots_sync (cli->api, &slots, NULL, error))
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (slots); i++) {
    g_autoptr (GVariant) slot = g_variant_get_child_value (slots, i);
    slot_changed (cli->api, slot, monitor);
  }
  return TRUE;
}

/* Until the daemon is back, or we are told to stop. */
static gboolean
listen_again (Monitor *monitor)
{
  fprintf (stderr, "keycradle: keycradled went away; waiting for it ...\n");
  while (!monitor->stopped) {
    if (listen_to_daemon (monitor, NULL)) {
      fprintf (stderr, "keycradle: keycradled is back.\n");
      return TRUE;
    }
    g_timeout_add (RETRY_MILLISECONDS, leave_loop, monitor);
    g_main_loop_run (monitor->loop);
  }
  return FALSE;
}

static void
forget_connection (Monitor *monitor)
{
  ApiStation1 *api = monitor->cli->api;

  if (api == NULL)
    return;
  g_signal_handlers_disconnect_by_data (g_dbus_proxy_get_connection (G_DBUS_PROXY (api)), monitor);
  g_signal_handlers_disconnect_by_data (api, monitor);
}

CliExit
cli_monitor (Cli *cli, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GHashTable) lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Monitor monitor = { cli, loop, FALSE, lines };

  g_unix_signal_add (SIGINT, stop, &monitor);
  g_unix_signal_add (SIGTERM, stop, &monitor);
  if (!listen_to_daemon (&monitor, error))
    return CLI_UNREACHABLE;
  while (!monitor.stopped) {
    g_main_loop_run (loop);
    forget_connection (&monitor);
    if (!monitor.stopped && !listen_again (&monitor))
      break;
  }
  return CLI_OK;
}
