/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle manifest verify: the daemon holds the file against its ledger; it
 * gets the open file, not a path. What the station signed about the file, FILE.p7s, is looked at
 * here: an owner's copy of both can be judged without a station, with openssl.
 */
#include "station/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <stdio.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/text.h"
#include "ca/proof/report.h"
#include "ca/proof/statement.h"
#include "station/cli/output.h"

/* What people read; programs get all. */
#define PROBLEMS_MOST 10u

static const Field verdict_fields[] = {
  { "genuine", "Genuine", FIELD_YES_NO },
  { "format", "Format", FIELD_TEXT },
  { "batch", "Batch", FIELD_TEXT },
  { "target", "Target", FIELD_TEXT },
  { "part", "Part", FIELD_NUMBER },
  { "parts", "Of", FIELD_NUMBER },
  { "rows", "Rows", FIELD_NUMBER },
  { "exported-at", "Exported", FIELD_TIME },
  { "exported-by", "By", FIELD_TEXT },
  { "statement", "Station signed", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static GUnixFDList *
open_manifest (const char *file, GError **error)
{
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  gboolean standard_input = g_str_equal (file, "-");
  int fd = standard_input ? STDIN_FILENO : open (file, O_RDONLY | O_NOCTTY | O_CLOEXEC);

  if (fd < 0) {
    g_autofree char *shown = g_filename_display_name (file);
    g_set_error (error, CLI_ERROR, errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILED,
                 "%s can't be opened: %s.", shown, g_strerror (errno));
    return NULL;
  }
  int index = g_unix_fd_list_append (files, fd, error);
  if (!standard_input)
    close (fd);
  return index < 0 ? NULL : g_steal_pointer (&files);
}

static void
print_problems (GVariant *verdict)
{
  g_autoptr (GVariant) problems =
      g_variant_lookup_value (verdict, "problems", G_VARIANT_TYPE_STRING_ARRAY);
  g_autofree const char **texts = problems == NULL ? NULL : g_variant_get_strv (problems, NULL);

  guint n = texts == NULL ? 0 : g_strv_length ((char **)texts);

  for (guint i = 0; i < MIN (n, PROBLEMS_MOST); i++) {
    g_autofree char *safe = text_for_display (texts[i], 1000);
    printf ("%-16s %s\n", "Problem", safe);
  }
  if (n > PROBLEMS_MOST)
    printf ("%-16s and %u more; --json shows them\n", "", n - PROBLEMS_MOST);
}

/* ---- what the station signed about it ---- */

/* SHA-256 in hex, or NULL. */
static char *
digest_of_file (const char *file)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  FILE *stream = fopen (file, "re");
  guint8 block[65536];
  gsize length;

  if (stream == NULL)
    return NULL;
  while ((length = fread (block, 1, sizeof block, stream)) > 0)
    g_checksum_update (checksum, block, (gssize)length);
  const gboolean whole = ferror (stream) == 0;
  fclose (stream);
  return whole ? g_strdup (g_checksum_get_string (checksum)) : NULL;
}

static char *
open_statement (const char *station, Span der, GError **error)
{
  g_autoptr (GPtrArray) signers = NULL;

  if (station == NULL)
    return statement_peek (der, error);
  signers = statement_signers_load (station, error);
  return signers != NULL ? statement_open (der, signers, NULL, error) : NULL;
}

/* In a few words what it comes to; `good` FALSE where it speaks against the file. */
static char *
judge_statement (const char *file, const char *station, Span der, gboolean *good)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = open_statement (station, der, &error);
  g_autoptr (ManifestStatement) statement =
      text != NULL ? manifest_statement_parse (text, &error) : NULL;
  g_autofree char *actual = digest_of_file (file);

  *good = FALSE;
  if (statement == NULL)
    return g_strdup_printf ("no: %s", error->message);
  g_autofree char *stated = hex_encode (statement->sha256, sizeof statement->sha256);
  if (g_strcmp0 (actual, stated) != 0)
    return g_strdup ("no: it is about another file");
  *good = TRUE;
  return g_strdup (station != NULL ? "yes, about this file"
                                   : "it is about this file; --station says whether it is genuine");
}

/* NULL where there is nothing beside the file. */
static char *
look_beside (const Cli *cli, gboolean *good)
{
  const char *file = cli->arguments[0];
  g_autofree char *path = g_strconcat (file, ".p7s", NULL);
  g_autofree char *content = NULL;
  gsize length;

  *good = TRUE;
  if (g_str_equal (file, "-") || !g_file_get_contents (path, &content, &length, NULL))
    return NULL;
  return judge_statement (file, cli->options.station, (Span){ (guint8 *)content, length }, good);
}

static GVariant *
with_statement (GVariant *verdict, const char *words)
{
  GVariantDict record;

  g_variant_dict_init (&record, verdict);
  if (words != NULL)
    g_variant_dict_insert (&record, "statement", "s", words);
  return g_variant_ref_sink (g_variant_dict_end (&record));
}

CliExit
cli_manifest_verify (Cli *cli, GError **error)
{
  g_autoptr (GUnixFDList) files = open_manifest (cli->arguments[0], error);
  g_autoptr (GVariant) verdict = NULL;
  gboolean genuine = FALSE, stated;

  if (files == NULL || !cli_connect (cli, error))
    return CLI_FAILED;
  cli_wait_forever (cli);
  if (!api_station1_call_verify_manifest_sync (cli->api, g_variant_new_handle (0), files, &verdict,
                                               NULL, NULL, error))
    return CLI_FAILED;
  g_autofree char *words = look_beside (cli, &stated);
  g_autoptr (GVariant) shown = with_statement (verdict, words);
  cli_print_record (cli, shown, verdict_fields);
  if (!cli->options.json)
    print_problems (verdict);
  g_variant_lookup (verdict, "genuine", "b", &genuine);
  return genuine && stated ? CLI_OK : CLI_VERDICT;
}
