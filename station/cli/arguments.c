/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words as numbers and filters.
 */
#include "station/cli/arguments.h"

#define LIMIT_DEFAULT 100

gboolean
argument_slot (const char *word, guint *slot, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (word, 10, 1, G_MAXUINT32, &number, NULL)) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "A slot is a number from 1 on. 'keycradle slot list' shows them.");
    return FALSE;
  }
  *slot = (guint)number;
  return TRUE;
}

gboolean
argument_attempt (const char *word, gint64 *attempt, GError **error)
{
  if (g_ascii_string_to_signed (word, 10, 1, G_MAXINT64, attempt, NULL))
    return TRUE;
  g_set_error (error, CLI_ERROR, CLI_USAGE,
               "An attempt is a number from 1 on. 'keycradle attempt list' shows them.");
  return FALSE;
}

gboolean
argument_count (const char *name, gint64 value, guint most, guint *count, GError **error)
{
  if (value > most) {
    g_set_error (error, CLI_ERROR, CLI_USAGE, "--%s may be %u at most.", name, most);
    return FALSE;
  }
  if (value >= 0)
    *count = (guint)value;
  return TRUE;
}

gboolean
argument_text (const char *word, GError **error)
{
  if (word == NULL || g_utf8_validate (word, -1, NULL))
    return TRUE;
  g_set_error (error, CLI_ERROR, CLI_USAGE, "A word of the command line is not UTF-8 text.");
  return FALSE;
}

gboolean
argument_insert (GVariantDict *dictionary, const char *key, const char *word, GError **error)
{
  if (!argument_text (word, error))
    return FALSE;
  if (word != NULL)
    g_variant_dict_insert (dictionary, key, "s", word);
  return TRUE;
}

gboolean
argument_filter (const Cli *cli, GVariant **filter, GError **error)
{
  g_auto (GVariantDict) dictionary;
  guint limit = LIMIT_DEFAULT;

  g_variant_dict_init (&dictionary, NULL);
  if (!argument_text (cli->options.batch, error) || !argument_text (cli->options.device, error)
      || !argument_count ("limit", cli->options.limit, G_MAXUINT32, &limit, error))
    return FALSE;
  if (cli->options.batch != NULL)
    g_variant_dict_insert (&dictionary, "batch", "s", cli->options.batch);
  if (cli->options.device != NULL)
    g_variant_dict_insert (&dictionary, "device", "s", cli->options.device);
  g_variant_dict_insert (&dictionary, "limit", "u", limit == 0 ? G_MAXUINT32 : limit);
  *filter = g_variant_dict_end (&dictionary);
  return TRUE;
}
