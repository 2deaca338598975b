/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle-card: draws the control card. 'keycradle card' runs it; it stands apart so that the
 * command line needs none of the drawing libraries.
 */
#include <gio/gio.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/output-file.h"
#include "ui-tui/card/card.h"
#include "ui-tui/language.h"

#define SLOTS_DEFAULT 4

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct {
  char *output;
  int slots;
  char *language;
  gboolean ascii;
} Settings;

static void
settings_clear (Settings *settings)
{
  g_free (settings->output);
  g_free (settings->language);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Settings, settings_clear)

static gboolean
parse (Settings *settings, char ***words, GError **error)
{
  const GOptionEntry entries[] = {
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &settings->output,
      "a name that ends in .png or .txt; - for standard output", "FILE" },
    { "slots", 0, 0, G_OPTION_ARG_INT, &settings->slots, "how many slots there are", "N" },
    { "language", 0, 0, G_OPTION_ARG_STRING, &settings->language, "the labels' language", "CODE" },
    { "ascii", 0, 0, G_OPTION_ARG_NONE, &settings->ascii, "the codes in letters alone", NULL },
    { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- draw the control barcodes");

  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse_strv (context, words, error);
}

static gboolean
ends_in (const char *name, const char *suffix)
{
  g_autofree char *small = g_ascii_strdown (name, -1);

  return g_str_has_suffix (small, suffix);
}

static gboolean
wants_png (const Settings *settings)
{
  return settings->output != NULL && ends_in (settings->output, ".png");
}

static gboolean
check (const Settings *settings, GError **error)
{
  const char *output = settings->output;

  if (settings->slots < 0 || settings->slots > (int)CARD_SLOTS_MOST)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "A station has at most %u slots; --slots can't be %d.", CARD_SLOTS_MOST,
                 settings->slots);
  else if (settings->language != NULL && !g_strv_contains (language_codes (), settings->language))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "There are no labels in '%s'. Try --language en, de or zh_CN.",
                 settings->language);
  else if (output != NULL && !g_str_equal (output, "-") && !wants_png (settings)
           && !ends_in (output, ".txt"))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "%s: a name must end in .png for pages to print, or in .txt for text.", output);
  else if (settings->ascii && wants_png (settings))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "--ascii is text: choose a name that ends in .txt.");
  else
    return TRUE;
  return FALSE;
}

static gboolean
print_pages (const Card *card, const char *path, GError **error)
{
  g_autoptr (GPtrArray) paths = card_write_png (card, path, error);

  for (guint i = 0; paths != NULL && i < paths->len; i++) {
    g_autofree char *shown = g_filename_display_name (g_ptr_array_index (paths, i));
    printf ("%s\n", shown);
  }
  return paths != NULL;
}

static gboolean
print_text (const Card *card, const Settings *settings, GError **error)
{
  const char *file = settings->output == NULL ? "-" : settings->output;
  const gboolean on_terminal = g_str_equal (file, "-") && isatty (STDOUT_FILENO);
  g_auto (OutputFile) output = OUTPUT_FILE_INIT;
  g_autofree char *text =
      settings->ascii ? card_ascii (card) : card_text (card, on_terminal, error);

  return text != NULL && output_file_open (&output, file, error)
         && fd_write_all (output.fd, text, strlen (text), error)
         && output_file_finish (&output, error);
}

static gboolean
print_card (const Settings *settings, GError **error)
{
  const char *wanted = settings->language == NULL ? language_of_locale () : settings->language;
  const char *language = language_use (wanted, settings->ascii);
  g_autoptr (Card) card = card_new ((guint)settings->slots, language);

  return wants_png (settings) ? print_pages (card, settings->output, error)
                              : print_text (card, settings, error);
}

static int
report (const GError *error, int code)
{
  fprintf (stderr, "keycradle: %s\n", error->message);
  return code;
}

int
main (int argc, char **argv)
{
  g_auto (Settings) settings = { .slots = SLOTS_DEFAULT };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = g_strdupv (argv);

  setlocale (LC_ALL, "");
  language_init (KEYCRADLE_LOCALEDIR);
  if (!parse (&settings, &words, &error) || !check (&settings, &error))
    return report (error, EXIT_USAGE);
  if (!print_card (&settings, &error))
    return report (error, EXIT_FAILED);
  return EXIT_OK;
}
