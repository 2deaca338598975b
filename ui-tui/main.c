/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle-tui, the operator's screen: options, preferences and terminal; then loop.c.
 */
#include <gio/gio.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/names.h"
#include "base/station-socket.h"
#include "ui-tui/language.h"
#include "ui-tui/loop.h"
#include "ui-tui/view.h"

#define EXIT_USAGE 2
/* For tests of the whole program: what stands on the screen is written to this file after each
 * drawing, as text, so that they can wait for a word. Nobody else needs it. */
#define SAVE_VARIABLE "KEYCRADLE_TUI_SAVE"

typedef struct {
  char *socket;
  char *config;
  char *screen;
  char *view;
  char *language;
  gboolean ascii;
  gboolean no_colour;
  gboolean version;
} Options;

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "socket", 0, 0, G_OPTION_ARG_FILENAME, &options->socket, "The socket of keycradled", "PATH" },
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
      "The station's configuration, which says where the socket is", "FILE" },
    { "screen", 0, 0, G_OPTION_ARG_FILENAME, &options->screen,
      "How this screen behaves; default screen.conf beside the station's configuration", "FILE" },
    { "view", 0, 0, G_OPTION_ARG_STRING, &options->view,
      "Begin with line, batch, device, ca, log, export or slots", "NAME" },
    { "ascii", 0, 0, G_OPTION_ARG_NONE, &options->ascii, "Draw with nothing but ASCII", NULL },
    { "no-colour", 0, 0, G_OPTION_ARG_NONE, &options->no_colour, "Draw without colours", NULL },
    { "language", 0, 0, G_OPTION_ARG_STRING, &options->language,
      "Begin with this language: en, de or zh_CN", "CODE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Say which version this is", NULL },
    { 0 },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- the operator's screen");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc == 1)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "keycradle-tui takes options only, not '%s'; 'keycradle-tui --help' shows them",
               (*argv)[1]);
  return FALSE;
}

static void
options_clear (Options *options)
{
  g_free (options->socket);
  g_free (options->config);
  g_free (options->screen);
  g_free (options->view);
  g_free (options->language);
}

static gboolean
refuse (GError **error, const char *format, const char *text)
{
  g_autofree char *sentence = g_strdup_printf ("%s '%s'", format, text);

  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, sentence);
  return FALSE;
}

static gboolean
find_view (const char *name, ViewKind *view, GError **error)
{
  *view = VIEW_LINE;
  for (int kind = 0; name != NULL && kind < N_VIEWS; kind++)
    if (g_str_equal (view_of_kind ((ViewKind)kind)->name, name)) {
      *view = (ViewKind)kind;
      return TRUE;
    }
  if (name == NULL)
    return TRUE;
  return refuse (error, "--view takes line, batch, device, ca, log, export or slots, not", name);
}

static gboolean
check_language (const char *code, GError **error)
{
  if (code == NULL)
    return TRUE;
  if (g_strv_contains (language_codes (), code))
    return TRUE;
  g_autofree char *codes = g_strjoinv (", ", (char **)language_codes ());
  g_autofree char *sentence = g_strdup_printf ("--language takes one of %s, not", codes);
  return refuse (error, sentence, code);
}

/* A file that was asked for must be there; the usual one need not. */
static Preferences *
load_preferences (const Options *options, GError **error)
{
  const char *environment = g_getenv ("KEYCRADLE_SCREEN");
  const char *named = options->screen != NULL ? options->screen : environment;
  g_autofree char *usual = station_screen_path (options->config);
  Preferences *preferences = preferences_load (named != NULL ? named : usual, named != NULL, error);

  if (preferences == NULL)
    return NULL;
  preferences->ascii = preferences->ascii || options->ascii;
  preferences->colour = preferences->colour && !options->no_colour;
  if (options->language != NULL) {
    g_free (preferences->language);
    preferences->language = g_strdup (options->language);
  }
  return preferences;
}

/* Warnings of libraries would stand in the middle of the screen: they go to the journal, or, where
 * standard error is a file, there. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  if (isatty (STDERR_FILENO)) {
    g_log_writer_journald (level, fields, n_fields, user_data);
    return G_LOG_WRITER_HANDLED;
  }
  return g_log_writer_default (level, fields, n_fields, user_data);
}

static int
run (const Options *options, GError **error)
{
  g_autofree char *socket = station_socket_path (options->socket, options->config);
  g_autoptr (Preferences) preferences = NULL;
  g_autoptr (Display) display = NULL;
  LoopPlan plan = { .socket = socket, .save = g_getenv (SAVE_VARIABLE) };

  if (!find_view (options->view, &plan.view, error) || !check_language (options->language, error))
    return EXIT_USAGE;
  preferences = load_preferences (options, error);
  if (preferences == NULL)
    return EXIT_USAGE;
  display = display_open (preferences, error);
  if (display == NULL)
    return EXIT_USAGE;
  plan.preferences = preferences;
  plan.display = display;
  loop_run (&plan);
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Options options = { 0 };
  int status = EXIT_USAGE;

  setlocale (LC_ALL, "");
  language_init (KEYCRADLE_LOCALEDIR);
  g_log_set_writer_func (write_log, NULL, NULL);
  if (parse_options (&argc, &argv, &options, &error)) {
    status = EXIT_SUCCESS;
    if (options.version)
      printf ("keycradle-tui %s\n", KEYCRADLE_VERSION);
    else
      status = run (&options, &error);
  }
  if (error != NULL)
    fprintf (stderr, "keycradle-tui: %s\n", error->message);
  options_clear (&options);
  return status;
}
