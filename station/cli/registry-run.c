/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See registry-run.h. The daemon streams its lines into a pipe, which a thread of ours reads while
 * the call is under way.
 */
#include "station/cli/registry-run.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

#define CHUNK 10000u
/* What two people decide on is kept in the ledger, and read by the second of them. */
#define FINAL_CHUNK 1000u
#define LINE_MOST 1000

typedef struct {
  Cli *cli;
  const char *operation;
  RegistryWords words;
  guint begin; /* of the chunk under way, in words.devices */
  guint64 changed;
  guint64 unchanged;
  guint64 refused;
  guint64 told; /* lines that came back, of all chunks */
  gboolean waits;
} Run;

/* ---- lines that come back ---- */

static const char *
member (JsonObject *line, const char *name)
{
  return json_object_get_string_member_with_default (line, name, "");
}

/* "line 12 of serials.txt, " or "". Free with g_free(). */
static char *
place_of (const Run *run, JsonObject *line)
{
  const gint64 number = json_object_get_int_member_with_default (line, "line", 0);
  const guint64 at = run->begin + (guint64)number - 1;

  if (run->words.file == NULL || number < 1 || at >= run->words.numbers->len)
    return g_strdup ("");
  return g_strdup_printf ("line %" G_GUINT64_FORMAT " of %s, ",
                          g_array_index (run->words.numbers, guint64, at), run->words.file);
}

static void
show_refusal (const Run *run, JsonObject *line)
{
  g_autofree char *place = place_of (run, line);
  g_autofree char *device = text_for_display (member (line, "device"), LINE_MOST);
  g_autofree char *refusal = text_for_display (member (line, "refusal"), LINE_MOST);

  fprintf (stderr, "keycradle: %s%s: %s\n", place, device, refusal);
}

static void
show_change (JsonObject *line)
{
  g_autofree char *device = text_for_display (member (line, "device"), LINE_MOST);
  const char *from = member (line, "from"), *to = member (line, "to");

  if (!g_str_equal (from, to))
    printf ("%s: %s -> %s\n", device, from, to);
}

static void
take_line (Run *run, JsonParser *parser, const char *text, gsize length)
{
  JsonNode *root;
  JsonObject *line;

  if (!json_parser_load_from_data (parser, text, (gssize)length, NULL))
    return;
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return;
  line = json_node_get_object (root);
  run->told++;
  if (json_object_has_member (line, "refusal"))
    show_refusal (run, line);
  else if (run->cli->options.dry_run && !run->cli->options.json)
    show_change (line);
}

typedef struct {
  Run *run;
  int fd;
} Reading;

static gpointer
read_lines (gpointer data)
{
  const Reading *reading = data;
  g_autoptr (JsonParser) parser = json_parser_new ();
  FILE *stream = fdopen (reading->fd, "r");
  char *line = NULL;
  size_t space = 0;
  ssize_t length;

  while (stream != NULL && (length = getline (&line, &space, stream)) > 0)
    take_line (reading->run, parser, line, (gsize)length);
  free (line);
  if (stream != NULL)
    fclose (stream);
  return NULL;
}

/* ---- calls ---- */

static void
insert_text (GVariantDict *options, const char *key, const char *value)
{
  if (value != NULL)
    g_variant_dict_insert (options, key, "s", value);
}

static GVariant *
options_of (const Run *run, guint count)
{
  const CliOptions *options = &run->cli->options;
  const char *message = options->message != NULL ? options->message : options->reason;
  GVariantDict dictionary;

  g_variant_dict_init (&dictionary, NULL);
  insert_text (&dictionary, "batch", run->words.batch);
  insert_text (&dictionary, "status", options->status);
  insert_text (&dictionary, "account", options->account);
  insert_text (&dictionary, "message", message);
  if (run->words.devices != NULL)
    g_variant_dict_insert_value (
        &dictionary, "devices",
        g_variant_new_strv ((const char *const *)run->words.devices->pdata + run->begin,
                            (gssize)count));
  if (options->elsewhere)
    g_variant_dict_insert (&dictionary, "elsewhere", "b", TRUE);
  if (options->dry_run)
    g_variant_dict_insert (&dictionary, "dry-run", "b", TRUE);
  return g_variant_dict_end (&dictionary);
}

static gboolean
call (Run *run, int fd, guint count, GVariant **summary, GError **error)
{
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new_from_array (&fd, 1);

  return api_station1_call_change_registry_sync (
      run->cli->api, run->operation, run->cli->arguments[0], options_of (run, count),
      g_variant_new_handle (0), files, summary, NULL, NULL, error);
}

static void
add_counts (Run *run, GVariant *summary)
{
  guint64 changed = 0, unchanged = 0, refused = 0;

  g_variant_lookup (summary, "changed", "t", &changed);
  g_variant_lookup (summary, "unchanged", "t", &unchanged);
  g_variant_lookup (summary, "refused", "t", &refused);
  run->changed += changed;
  run->unchanged += unchanged;
  run->refused += refused;
}

/* The whole answer has come when this returns: the pipe ends with the call. */
static gboolean
run_chunk (Run *run, guint count, GError **error)
{
  g_autoptr (GVariant) summary = NULL;
  g_autoptr (GThread) reader = NULL;
  int ends[2];

  if (!g_unix_open_pipe (ends, FD_CLOEXEC, error))
    return FALSE;
  Reading reading = { run, ends[0] };
  reader = g_thread_new ("lines", read_lines, &reading);
  const gboolean done = call (run, ends[1], count, &summary, error);
  g_thread_join (g_steal_pointer (&reader));
  if (done)
    add_counts (run, summary);
  return done;
}

/* Kept for a second supervisor: what else there is goes on. */
static gboolean
note_wait (Run *run, GError **problem)
{
  if (*problem == NULL || cli_exit_for_error (*problem) != CLI_WAITS)
    return FALSE;
  g_dbus_error_strip_remote_error (*problem);
  fprintf (stderr, "keycradle: %s\n", (*problem)->message);
  g_clear_error (problem);
  run->waits = TRUE;
  return TRUE;
}

static guint
chunk_size (const Run *run)
{
  static const char *const final[] = { "revoke", "transfer", "delete", NULL };

  return g_strv_contains (final, run->operation) ? FINAL_CHUNK : CHUNK;
}

static gboolean
run_chunks (Run *run, GError **error)
{
  const guint total = run->words.devices != NULL ? run->words.devices->len : 1;

  for (run->begin = 0; run->begin < total; run->begin += chunk_size (run)) {
    g_autoptr (GError) problem = NULL;

    if (run_chunk (run, MIN (chunk_size (run), total - run->begin), &problem)
        || note_wait (run, &problem))
      continue;
    if (run->told > 0)
      fprintf (stderr,
               "keycradle: %" G_GUINT64_FORMAT " lines were dealt with; the same command again "
               "does the rest.\n",
               run->told);
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  return TRUE;
}

/* ---- the end ---- */

static void
print_json (const Run *run)
{
  GVariantDict summary;
  g_autoptr (GVariant) value = NULL;
  g_autofree char *text = NULL;

  g_variant_dict_init (&summary, NULL);
  g_variant_dict_insert (&summary, "changed", "t", run->changed);
  g_variant_dict_insert (&summary, "unchanged", "t", run->unchanged);
  g_variant_dict_insert (&summary, "refused", "t", run->refused);
  g_variant_dict_insert (&summary, "dry-run", "b", run->cli->options.dry_run);
  value = g_variant_ref_sink (g_variant_dict_end (&summary));
  text = json_text (value, TRUE);
  fputs (text, stdout);
}

static void
print_summary (const Run *run)
{
  if (run->cli->options.json) {
    print_json (run);
    return;
  }
  if (run->changed + run->unchanged + run->refused == 0) {
    puts ("Nothing to do.");
    return;
  }
  printf ("%s: %" G_GUINT64_FORMAT " %s, %" G_GUINT64_FORMAT " so already, %" G_GUINT64_FORMAT
          " refused\n",
          run->cli->arguments[0], run->changed,
          run->cli->options.dry_run ? "would change" : "changed", run->unchanged, run->refused);
}

static gboolean
check_texts (const Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;

  return argument_text (cli->arguments[0], error) && argument_text (options->status, error)
         && argument_text (options->account, error) && argument_text (options->message, error)
         && argument_text (options->reason, error);
}

static CliExit
run_all (Run *run, GError **error)
{
  if (!check_texts (run->cli, error) || !registry_words_read (run->cli, &run->words, error)
      || !cli_connect (run->cli, error))
    return CLI_FAILED;
  cli_wait_forever (run->cli);
  if (!run_chunks (run, error))
    return CLI_FAILED;
  if (!run->waits || run->changed + run->unchanged + run->refused > 0)
    print_summary (run);
  if (run->waits)
    return CLI_WAITS;
  return run->refused > 0 ? CLI_PARTIAL : CLI_OK;
}

CliExit
registry_run (Cli *cli, const char *operation, GError **error)
{
  Run run = { .cli = cli, .operation = operation };
  const CliExit code = run_all (&run, error);

  registry_words_clear (&run.words);
  return code;
}
