/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle-courier: tells a cloud what the registry of this station says; keycradle-courier(8).
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/confine.h"
#include "base/station-socket.h"
#include "base/text.h"
#include "courier/drain.h"

#define MOST_SENTENCE 2000

static volatile sig_atomic_t ending;

typedef struct {
  char *socket;
  char *config;
  char *courier;
  gboolean once;
  gboolean watch;
  gboolean version;
  char **targets;
} Options;

static void
end (int signal_number)
{
  ending = 1;
}

/* A second signal ends it at once. */
static void
listen_for_signals (void)
{
  struct sigaction action = { .sa_handler = end, .sa_flags = (int)SA_RESETHAND };

  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  signal (SIGPIPE, SIG_IGN);
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "socket", 0, 0, G_OPTION_ARG_FILENAME, &options->socket, "The socket of keycradled", "PATH" },
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config, "The station's configuration",
      "FILE" },
    { "courier", 0, 0, G_OPTION_ARG_FILENAME, &options->courier,
      "How clouds are reached; default: courier.conf beside the configuration", "FILE" },
    { "once", 0, 0, G_OPTION_ARG_NONE, &options->once, "Tell what is due now, and end", NULL },
    { "watch", 0, 0, G_OPTION_ARG_NONE, &options->watch, "Go on until it is told to end", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Say which version this is", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->targets, NULL, "TARGET" },
    { 0 },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context, "Tells a cloud what the registry of this station says.");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, &argc, &argv, error);
}

static void
clear_options (Options *options)
{
  g_free (options->socket);
  g_free (options->config);
  g_free (options->courier);
  g_strfreev (options->targets);
}

static CourierExit
deliver (const Options *options, GError **error)
{
  const char *name = options->targets[0];
  g_autofree char *socket = station_socket_path (options->socket, options->config);
  g_autofree char *path = options->courier != NULL ? g_strdup (options->courier)
                                                   : station_courier_path (options->config);
  g_autoptr (CourierSettings) settings = courier_settings_load (path, name, error);
  g_autoptr (StationLink) link = station_link_new (socket);
  g_autoptr (CloudTarget) target =
      settings == NULL ? NULL : station_link_target (link, name, error);
  g_autoptr (Credentials) credentials =
      target == NULL
          ? NULL
          : credentials_read (settings->credentials, target->kind, settings->profile, error);
  const DrainOrder order = {
    .link = link,
    .target = target,
    .settings = settings,
    .credentials = credentials,
    .mode = options->watch  ? DRAIN_WATCH
            : options->once ? DRAIN_ONCE
                            : DRAIN_ALL,
    .ending = &ending,
  };

  if (credentials == NULL)
    return COURIER_FAILED;
  target->things = settings->things;
  return drain (&order, error);
}

static CourierExit
run (const Options *options, GError **error)
{
  if (options->version) {
    puts ("keycradle-courier " KEYCRADLE_VERSION);
    return COURIER_OK;
  }
  if (options->targets == NULL || g_strv_length (options->targets) != 1
      || (options->once && options->watch))
  {
    g_set_error (error, COURIER_ERROR, COURIER_USAGE,
                 "Say one target, and --once or --watch: keycradle-courier [--once | --watch] "
                 "TARGET.");
    return COURIER_USAGE;
  }
  if (!confine_process (error) || !confine_drop_capabilities (error))
    return COURIER_FAILED;
  listen_for_signals ();
  return deliver (options, error);
}

static int
report (const GError *error)
{
  g_autofree char *message = text_for_display (error->message, MOST_SENTENCE);

  fprintf (stderr, "keycradle-courier: %s\n", message);
  return error->domain == COURIER_ERROR ? error->code : COURIER_FAILED;
}

int
main (int argc, char **argv)
{
  Options options = { 0 };
  g_autoptr (GError) error = NULL;
  int code;

  setlocale (LC_ALL, "");
  if (parse (argc, argv, &options, &error))
    code = (int)run (&options, &error);
  else
    code = COURIER_USAGE;
  if (error != NULL)
    code = code == COURIER_USAGE && error->domain == G_OPTION_ERROR
               ? (report (error), COURIER_USAGE)
               : report (error);
  clear_options (&options);
  return code;
}
