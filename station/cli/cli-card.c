/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle card: the control barcodes, drawn by a program of its own, so that
 * the command line needs none of the drawing libraries.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "station/cli/arguments.h"

#define SLOTS_MOST 128u
#define SLOTS_DEFAULT 4u
#define IMPATIENCE_MILLISECONDS 1000

/* The highest number of a slot that the station has, or what a new one has. */
static guint
count_slots (Cli *cli)
{
  g_autoptr (GVariant) slots = NULL;
  guint most = 0;

  cli->impatience = IMPATIENCE_MILLISECONDS;
  if (!cli_connect (cli, NULL) || !api_station1_call_list_slots_sync (cli->api, &slots, NULL, NULL))
  {
    fprintf (stderr,
             "keycradle: keycradled does not answer: the card has %u slots, as --slots %u.\n",
             SLOTS_DEFAULT, SLOTS_DEFAULT);
    return SLOTS_DEFAULT;
  }
  for (gsize i = 0; i < g_variant_n_children (slots); i++) {
    g_autoptr (GVariant) slot = g_variant_get_child_value (slots, i);
    guint number = 0;
    if (g_variant_lookup (slot, "slot", "u", &number))
      most = MAX (most, number);
  }
  return MIN (most, SLOTS_MOST);
}

static char *
card_program (GError **error)
{
  char *program = cli_program ("keycradle-card", NULL);

  if (program == NULL)
    g_set_error (error, CLI_ERROR, CLI_FAILED,
                 "keycradle-card is not here: this Keycradle was built without it. Install "
                 "libcairo2-dev, libpango1.0-dev and libzint-dev and build with -Dcard=enabled.");
  return program;
}

static GPtrArray *
card_words (const CliOptions *options, const char *program, guint slots)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (words, g_strdup (program));
  g_ptr_array_add (words, g_strdup_printf ("--slots=%u", slots));
  if (options->output != NULL)
    g_ptr_array_add (words, g_strconcat ("--output=", options->output, NULL));
  if (options->language != NULL)
    g_ptr_array_add (words, g_strconcat ("--language=", options->language, NULL));
  if (options->ascii)
    g_ptr_array_add (words, g_strdup ("--ascii"));
  g_ptr_array_add (words, NULL);
  return words;
}

/* Becomes keycradle-card: its errors and its exit status are ours. */
CliExit
cli_card (Cli *cli, GError **error)
{
  guint slots = 0;

  if (!argument_count ("slots", cli->options.slots, SLOTS_MOST, &slots, error))
    return CLI_USAGE;
  g_autofree char *program = card_program (error);
  if (program == NULL)
    return CLI_FAILED;
  if (cli->options.slots < 0)
    slots = count_slots (cli);

  g_autoptr (GPtrArray) words = card_words (&cli->options, program, slots);
  return cli_become (words, error);
}
