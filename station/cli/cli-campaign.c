/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle campaign: which units are to come back, and how far they have. And batch units: the
 * list of a batch that takes them back.
 */
#include "station/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "station/cli/arguments.h"
#include "station/cli/pages.h"
#include "station/cli/registry-run.h"

#define UNITS_A_CALL 10000u

/* ---- the list of a batch ---- */

static gboolean
add_some (Cli *cli, const char *batch, const RegistryWords *units, guint first, guint *added,
          GError **error)
{
  const guint count = MIN (UNITS_A_CALL, units->devices->len - first);
  g_autofree const char **devices = g_new0 (const char *, count + 1);
  guint some = 0;

  for (guint i = 0; i < count; i++)
    devices[i] = g_ptr_array_index (units->devices, first + i);
  if (!api_station1_call_add_batch_units_sync (cli->api, batch, devices, &some, NULL, error))
    return FALSE;
  *added += some;
  return TRUE;
}

static gboolean
add_all (Cli *cli, const char *batch, const RegistryWords *units, GError **error)
{
  guint added = 0;

  for (guint first = 0; first < units->devices->len; first += UNITS_A_CALL)
    if (!add_some (cli, batch, units, first, &added, error)) {
      fprintf (stderr, "%u units are added to the list of batch %s, and no more:\n", added, batch);
      return FALSE;
    }
  printf ("%u units are added to the list of batch %s.\n", added, batch);
  return TRUE;
}

gboolean
cli_add_batch_units (Cli *cli, const char *batch, GError **error)
{
  g_auto (RegistryWords) units = { 0 };

  if (cli->options.file == NULL && cli->n_arguments < 2) {
    g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                         "Say which units: with --file FILE, or by serials behind the batch.");
    return FALSE;
  }
  return registry_words_read (cli, &units, error) && cli_connect (cli, error)
         && add_all (cli, batch, &units, error);
}

CliExit
cli_batch_units (Cli *cli, GError **error)
{
  if (!argument_text (cli->arguments[0], error))
    return CLI_USAGE;
  return cli_add_batch_units (cli, cli->arguments[0], error) ? CLI_OK : CLI_FAILED;
}

/* ---- progress ---- */

static const Field progress_fields[] = {
  { "name", "Batch", FIELD_TEXT },    { "kind", "It does", FIELD_TEXT },
  { "state", "State", FIELD_TEXT },   { "listed", "Units", FIELD_NUMBER },
  { "passed", "Done", FIELD_NUMBER }, { "failed", "Failed", FIELD_NUMBER },
  { "left", "Left", FIELD_NUMBER },   { NULL, NULL, FIELD_TEXT },
};

static const Field unit_columns[] = {
  { "device", "DEVICE", FIELD_TEXT },
  { "state", "STATE", FIELD_TEXT },
  { "reason", "REASON", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

/* Where a page comes from whose call has one argument more than PageCall: one command has one. */
static const char *listed_batch;

static gboolean
unit_page (ApiStation1 *api, GVariant *filter, GVariant **records, char **next, GError **error)
{
  return api_station1_call_list_batch_units_sync (api, listed_batch, filter, records, next, NULL,
                                                  error);
}

static GVariant *
state_filter (const Cli *cli, GError **error)
{
  g_auto (GVariantDict) filter;

  g_variant_dict_init (&filter, NULL);
  if (!argument_insert (&filter, "state", cli->options.state, error))
    return NULL;
  return g_variant_ref_sink (g_variant_dict_end (&filter));
}

typedef struct {
  FILE *stream;
  GHashTable *written; /* serials; a unit may stand in a list more than once */
} SerialFile;

static gboolean
write_serial (GVariant *record, gpointer data, GError **error)
{
  SerialFile *file = data;
  g_autofree char *serial = record_text (record, "device");

  if (!g_hash_table_contains (file->written, serial)) {
    fprintf (file->stream, "%s\n", serial);
    g_hash_table_add (file->written, g_steal_pointer (&serial));
  }
  return TRUE;
}

/* The list as serials, a line each; whole, or not there. */
static CliExit
write_serials (Cli *cli, const PagedList *list, GError **error)
{
  const char *path = cli->options.output;
  g_autofree char *text = NULL;
  gsize length;
  SerialFile file = { .stream = open_memstream (&text, &length) };
  gboolean good;
  guint units;

  file.written = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  good = pages_each (cli, list, write_serial, &file, error);
  fclose (file.stream);
  units = g_hash_table_size (file.written);
  g_hash_table_unref (file.written);
  if (!good
      || !g_file_set_contents_full (path, text, (gssize)length, G_FILE_SET_CONTENTS_DURABLE, 0644,
                                    error))
    return CLI_FAILED;
  printf ("%u units are in %s.\n", units, path);
  return CLI_OK;
}

CliExit
cli_campaign_progress (Cli *cli, GError **error)
{
  g_autoptr (GVariant) batch = NULL;
  g_autoptr (GVariant) filter = state_filter (cli, error);
  const PagedList list = { unit_page, filter, unit_columns, NULL, NULL };

  listed_batch = cli->arguments[0];
  if (filter == NULL || !argument_text (listed_batch, error) || !cli_connect (cli, error)
      || !api_station1_call_get_batch_sync (cli->api, listed_batch, &batch, NULL, error))
    return CLI_FAILED;
  if (cli->options.output != NULL)
    return write_serials (cli, &list, error);
  if (cli->options.state != NULL)
    return pages_print (cli, &list, error) ? CLI_OK : CLI_FAILED;
  cli_print_record (cli, batch, progress_fields);
  return CLI_OK;
}

/* ---- what ends ---- */

static const Field ending_columns[] = {
  { "device", "DEVICE", FIELD_TEXT },    { "batch", "BATCH", FIELD_TEXT },
  { "what", "WHAT ENDS", FIELD_TEXT },   { "ends", "ENDS", FIELD_SECONDS },
  { "about", "OF", FIELD_TEXT },         { "not-after", "CERTIFICATE ENDS", FIELD_SECONDS },
  { "sha256", "SHA-256", FIELD_DIGEST }, { NULL, NULL, FIELD_TEXT },
};

static const char *const all_words[] = { "certificate", "ca", "root" };

static int
place_of_word (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_words); i++)
    if (g_strcmp0 (word, all_words[i]) == 0)
      return (int)i;
  return -1;
}

static gboolean
call_page (ApiStation1 *api, GVariant *filter, const char *what, const char *marker,
           GVariant **records, char **next, GError **error)
{
  GVariantDict one;

  g_variant_dict_init (&one, filter);
  g_variant_dict_insert (&one, "what", "s", what);
  g_variant_dict_remove (&one, "marker");
  if (marker != NULL && *marker != '\0')
    g_variant_dict_insert (&one, "marker", "s", marker);
  return api_station1_call_list_ending_sync (api, g_variant_dict_end (&one), records, next, NULL,
                                             error);
}

/* Without --what one list behind the other: markers are WHAT:MARKER. */
static gboolean
ending_page (ApiStation1 *api, GVariant *filter, GVariant **records, char **next, GError **error)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (filter);
  g_autofree char *marker = NULL, *only = NULL, *behind = NULL;
  g_auto (GStrv) parts = NULL;
  int place;

  g_variant_lookup (held, "marker", "s", &marker);
  if (g_variant_lookup (held, "what", "s", &only))
    return call_page (api, held, only, marker, records, next, error);
  parts = g_strsplit (marker != NULL ? marker : "certificate:", ":", 2);
  place = place_of_word (parts[0]);
  if (place < 0 || parts[1] == NULL) {
    g_set_error (error, CLI_ERROR, CLI_USAGE, "That is no --marker of such a list.");
    return FALSE;
  }
  if (!call_page (api, held, all_words[place], parts[1], records, &behind, error))
    return FALSE;
  if (*behind != '\0')
    *next = g_strdup_printf ("%s:%s", all_words[place], behind);
  else if (place + 1 < (int)G_N_ELEMENTS (all_words))
    *next = g_strdup_printf ("%s:", all_words[place + 1]);
  else
    *next = g_strdup ("");
  return TRUE;
}

/* "90d", "90": days. */
static gboolean
read_days (const char *text, guint *days, GError **error)
{
  g_autofree char *number = g_strdup (text != NULL ? text : "");
  guint64 value = 0;

  if (g_str_has_suffix (number, "d"))
    number[strlen (number) - 1] = '\0';
  if (g_ascii_string_to_unsigned (number, 10, 1, G_MAXUINT32, &value, NULL)) {
    *days = (guint)value;
    return TRUE;
  }
  g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                       "Say within how many days with --within, as in --within 90d.");
  return FALSE;
}

static GVariant *
ending_filter (const Cli *cli, GError **error)
{
  g_auto (GVariantDict) filter;
  guint days;

  g_variant_dict_init (&filter, NULL);
  if (!read_days (cli->options.within, &days, error))
    return NULL;
  if (cli->options.what != NULL && place_of_word (cli->options.what) < 0) {
    g_set_error_literal (error, CLI_ERROR, CLI_USAGE, "--what is certificate, ca or root.");
    return NULL;
  }
  g_variant_dict_insert (&filter, "within", "u", days);
  if (!argument_insert (&filter, "what", cli->options.what, error)
      || !argument_insert (&filter, "target", cli->arguments[0], error))
    return NULL;
  return g_variant_ref_sink (g_variant_dict_end (&filter));
}

typedef struct {
  guint64 of[G_N_ELEMENTS (all_words)];
} Counts;

/* All are kept; they are counted as they pass. */
static gboolean
count_row (GVariant *record, gconstpointer data)
{
  g_autofree char *what = record_text (record, "what");
  const int place = place_of_word (what);
  Counts *counts = (Counts *)data;

  if (place >= 0)
    counts->of[place]++;
  return TRUE;
}

CliExit
cli_campaign_list (Cli *cli, GError **error)
{
  Counts counts = { { 0 } };
  g_autoptr (GVariant) filter = ending_filter (cli, error);
  const PagedList list = { ending_page, filter, ending_columns, count_row, &counts };

  if (filter == NULL)
    return CLI_USAGE;
  if (!cli_connect (cli, error))
    return CLI_FAILED;
  if (cli->options.output != NULL)
    return write_serials (cli, &list, error);
  if (!pages_print (cli, &list, error))
    return CLI_FAILED;
  if (!cli->options.json)
    for (guint i = 0; i < G_N_ELEMENTS (all_words); i++)
      if (cli->options.what == NULL || place_of_word (cli->options.what) == (int)i)
        printf ("%" G_GUINT64_FORMAT " by %s\n", counts.of[i], all_words[i]);
  return CLI_OK;
}
