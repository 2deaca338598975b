/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Help, made from the tables.
 */
#include "station/cli/cli.h"

#include <stdio.h>
#include <string.h>

#define COLUMN 26

static void
append_verb (GString *text, const CliVerb *verb)
{
  g_autofree char *name = cli_verb_name (verb);
  g_autofree char *line = g_strdup_printf ("%s %s", name, verb->arguments);

  /* one that is too wide has a line of its own */
  if (strlen (line) > COLUMN)
    g_string_append_printf (text, "  %s\n  %-*s %s\n", line, COLUMN, "", verb->help);
  else
    g_string_append_printf (text, "  %-*s %s\n", COLUMN, line, verb->help);
}

static void
append_option (GString *text, const CliOption *option)
{
  g_autofree char *line =
      g_strdup_printf ("--%s%s%s", option->name, option->argument == NULL ? "" : " ",
                       option->argument == NULL ? "" : option->argument);

  g_string_append_printf (text, "  %-*s %s\n", COLUMN, line, option->help);
}

static void
append_general_options (GString *text)
{
  for (const CliOption *option = cli_options; option->name != NULL; option++)
    if (option->general)
      append_option (text, option);
}

char *
cli_help_text (void)
{
  g_autoptr (GString) text = g_string_new ("keycradle [options] NOUN VERB [arguments]\n\n");

  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++)
    append_verb (text, verb);
  g_string_append (text, "\nOptions may stand anywhere; for every verb:\n");
  append_general_options (text);
  g_string_append (text, "\n'keycradle help NOUN VERB' tells more; so does keycradle(1).\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
cli_verb_help_text (const CliVerb *verb)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *name = cli_verb_name (verb);

  g_string_append_printf (text, "keycradle %s %s\n\n%s\n", name, verb->arguments, verb->help);
  if (verb->role != CLI_ROLE_NONE)
    g_string_append_printf (text, "Needs keycradled and the role: %s.\n",
                            cli_role_word (verb->role));
  g_string_append (text, "\nOptions:\n");
  for (const CliOption *option = cli_options; option->name != NULL; option++)
    if (cli_verb_takes (verb, option->name))
      append_option (text, option);
  append_general_options (text);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
append_noun (GString *text, const char *noun)
{
  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++)
    if (g_str_equal (verb->noun, noun))
      append_verb (text, verb);
  return text->len > 0;
}

CliExit
cli_print_help (char **words, GError **error)
{
  guint n_words;
  const CliVerb *verb = cli_verb_find (words, &n_words);
  g_autoptr (GString) noun = g_string_new (NULL);

  if (words[0] == NULL) {
    g_autofree char *all = cli_help_text ();
    fputs (all, stdout);
    return CLI_OK;
  }
  if (verb != NULL) {
    g_autofree char *text = cli_verb_help_text (verb);
    fputs (text, stdout);
    return CLI_OK;
  }
  if (append_noun (noun, words[0])) {
    fputs (noun->str, stdout);
    return CLI_OK;
  }
  g_set_error (error, CLI_ERROR, CLI_NOT_FOUND,
               "There is no '%s'. 'keycradle help' lists what there is.", words[0]);
  return CLI_NOT_FOUND;
}

CliExit
cli_help (Cli *cli, GError **error)
{
  return cli_print_help (cli->arguments, error);
}

CliExit
cli_version (Cli *cli, GError **error)
{
  printf ("keycradle %s\n", KEYCRADLE_VERSION);
  return CLI_OK;
}
