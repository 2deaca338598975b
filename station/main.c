/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradled: reads its configuration, puts the station together, and runs the main loop until it
 * is told to stop. Everything else is in station.c.
 */
#include <glib-unix.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/names.h"
#include "db/ledger-collect.h"
#include "station/api.h"
#include "station/log.h"
#include "station/sandbox.h"

#define EXIT_USAGE 2

typedef struct {
  char *config_path;
  char *ledger_evidence;
  char *check_ledger;
  gboolean check_config;
  gboolean version;
} Options;

typedef struct {
  GMainLoop *loop;
  Station *station;
  guint signals; /* how often we were told to stop */
} Daemon;

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_path,
      "The configuration; default " DEFAULT_CONFIG_PATH, "FILE" },
    { "check-config", 0, 0, G_OPTION_ARG_NONE, &options->check_config,
      "Only say whether the configuration is sound", NULL },
    { "check-ledger", 0, 0, G_OPTION_ARG_FILENAME, &options->check_ledger,
      "Read a whole ledger and say whether it is sound; a station may have it open", "STATION.DB" },
    { "ledger-evidence", 0, 0, G_OPTION_ARG_FILENAME, &options->ledger_evidence,
      "Write the evidence of a ledger that no station has open to standard output", "STATION.DB" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Say which version this is", NULL },
    { 0 },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- the provisioning station's daemon");

  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static void
quit (gpointer data)
{
  Daemon *daemon = data;

  g_main_loop_quit (daemon->loop);
}

/* The first signal lets running attempts end; the second one cuts them: the ledger can take it. */
static gboolean
handle_signal (gpointer data)
{
  Daemon *daemon = data;
  guint busy = station_busy_slots (daemon->station);

  if (daemon->signals++ > 0) {
    log_station (G_LOG_LEVEL_WARNING, "told to stop twice: %u attempts are cut off", busy);
    _exit (EXIT_FAILURE);
  }
  log_station (G_LOG_LEVEL_MESSAGE, "stopping; %u attempts may end first", busy);
  sd_notify (0, "STOPPING=1");
  station_stop (daemon->station, quit, daemon);
  return G_SOURCE_CONTINUE;
}

static gboolean
feed_watchdog (gpointer data)
{
  if (station_is_alive (data))
    sd_notify (0, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

static void
watch_signals (Daemon *daemon)
{
  uint64_t watchdog;

  g_unix_signal_add (SIGTERM, handle_signal, daemon);
  g_unix_signal_add (SIGINT, handle_signal, daemon);
  if (sd_watchdog_enabled (0, &watchdog) > 0)
    g_timeout_add ((guint)(watchdog / 2000), feed_watchdog, daemon->station);
}

static int
run (Config *config, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (Station) station = station_new (config, error);
  g_autoptr (Api) api = station != NULL ? api_new (station, error) : NULL;
  Daemon daemon = { .loop = loop, .station = station };

  if (api == NULL)
    return EXIT_FAILURE;
  watch_signals (&daemon);
  station_start (station);
  log_station (G_LOG_LEVEL_MESSAGE, "station %s is ready with %u slots", station->config->name,
               station->slots->len);
  sd_notifyf (0, "READY=1\nSTATUS=%u slots", station->slots->len);
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}

/* Of a copy of a disk, say: no configuration, no station. */
static int
write_ledger_evidence (const char *path, GError **error)
{
  return ledger_file_collect (path, STDOUT_FILENO, error) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
check_ledger (const char *path, GError **error)
{
  if (!ledger_file_check (path, error))
    return EXIT_FAILURE;
  printf ("%s: sound\n", path);
  return EXIT_SUCCESS;
}

/* What is asked of a file alone. TRUE where that was done, with how it ended in `status`. */
static gboolean
ask_ledger (const Options *options, int *status, GError **error)
{
  if (options->check_ledger != NULL)
    *status = check_ledger (options->check_ledger, error);
  else if (options->ledger_evidence != NULL)
    *status = write_ledger_evidence (options->ledger_evidence, error);
  else
    return FALSE;
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Options options = { 0 };
  Config *config;
  int status;

  mallopt (M_ARENA_MAX, 2); /* 64 threads need no arena each */
  signal (SIGPIPE, SIG_IGN);
  log_start ();
  if (!parse_options (&argc, &argv, &options, &error)) {
    fprintf (stderr, "keycradled: %s\n", error->message);
    return EXIT_USAGE;
  }
  if (options.version) {
    printf ("keycradled %s\n", KEYCRADLE_VERSION);
    return EXIT_SUCCESS;
  }
  if (ask_ledger (&options, &status, &error)) {
    if (error != NULL)
      fprintf (stderr, "keycradled: %s\n", error->message);
    g_free (options.check_ledger);
    g_free (options.ledger_evidence);
    return status;
  }
  config =
      config_load (options.config_path != NULL ? options.config_path : DEFAULT_CONFIG_PATH, &error);
  g_free (options.config_path);
  if (config != NULL && options.check_config) {
    printf ("%s: good: station %s, %u slots\n", config->path, config->name, config->slots->len);
    config_free (config);
    return EXIT_SUCCESS;
  }
  status = EXIT_FAILURE;
  /* Before there are threads. */
  if (config != NULL && sandbox_daemon (config->signer_config != NULL, &error))
    status = run (config, &error);
  if (error != NULL)
    fprintf (stderr, "keycradled: %s\n", error->message);
  return status;
}
