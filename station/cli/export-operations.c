/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See export-operations.h. The file is whole under its name before anything counts as handed: what
 * is cut off between the two waits still, and is in the next file, too; calls that are made
 * twice do no harm.
 */
#include "station/cli/export-operations.h"

#include <json-glib/json-glib.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/aws-call.h"
#include "base/encode.h"
#include "base/files.h"
#include "base/output-file.h"
#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

#define MOST 1000 /* operations of one call */

typedef struct {
  Cli *cli;
  OutputFile output;
  GVariant *target;
  GString *text;
  GArray *ids; /* gint64, of what was written */
  guint without_call;
} Export;

static void
export_clear (Export *export)
{
  output_file_clear (&export->output);
  g_clear_pointer (&export->target, g_variant_unref);
  g_string_free (export->text, TRUE);
  g_array_unref (export->ids);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Export, export_clear)

/* ---- the target ---- */

static gboolean
find_target (Export *export, GError **error)
{
  g_autoptr (GVariant) targets = NULL;

  if (!api_station1_call_list_targets_sync (export->cli->api, &targets, NULL, error))
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (targets) && export->target == NULL; i++) {
    g_autoptr (GVariant) target = g_variant_get_child_value (targets, i);
    g_autofree char *name = record_text (target, "name");

    if (g_str_equal (name, export->cli->options.target))
      export->target = g_steal_pointer (&target);
  }
  if (export->target == NULL) {
    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND,
                 "There is no target %s. 'keycradle target list' shows what there is.",
                 export->cli->options.target);
    return FALSE;
  }
  g_autofree char *kind = record_text (export->target, "kind");
  if (g_str_equal (kind, "aws"))
    return TRUE;
  g_set_error (error, CLI_ERROR, CLI_USAGE,
               "Target %s is of kind %s: calls of the aws CLI are for AWS. 'keycradle register %s' "
               "tells the other clouds.",
               export->cli->options.target, kind, export->cli->options.target);
  return FALSE;
}

/* ---- one operation ---- */

static GBytes *
record_der (GVariant *record, const char *key)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (record, key, G_VARIANT_TYPE_BYTESTRING);

  return value != NULL && g_variant_n_children (value) > 0 ? g_variant_get_data_as_bytes (value)
                                                           : NULL;
}

static char *
pem_of (GBytes *der)
{
  return der == NULL
             ? NULL
             : pem_encode ("CERTIFICATE", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

/* The certificate's common name, as the thing is called; the device's serial where it has none. */
static char *
thing_of (GBytes *der, const char *device)
{
  const guint8 *end = der == NULL ? NULL : g_bytes_get_data (der, NULL);
  X509 *certificate = end == NULL ? NULL : d2i_X509 (NULL, &end, (long)g_bytes_get_size (der));
  char name[256] = "";

  if (certificate != NULL
      && X509_NAME_get_text_by_NID (X509_get_subject_name (certificate), NID_commonName, name,
                                    sizeof name)
             < 0)
    name[0] = '\0';
  X509_free (certificate);
  return g_strdup (name[0] != '\0' && g_utf8_validate (name, -1, NULL) ? name : device);
}

/* What AWS calls the certificate, or the CA; of a CA the record does not tell it. */
static char *
sha256_of_record (GVariant *record, GBytes *der)
{
  if (der != NULL)
    return sha256_hex (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  return record_text (record, "sha256");
}

static const char *
argument_member (JsonObject *arguments, const char *name)
{
  JsonNode *node = arguments == NULL ? NULL : json_object_get_member (arguments, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

static int
argument_flag (JsonObject *arguments, const char *name)
{
  JsonNode *node = arguments == NULL ? NULL : json_object_get_member (arguments, name);

  if (node == NULL || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return -1;
  return json_node_get_boolean (node) ? 1 : 0;
}

static JsonObject *
read_arguments (JsonParser *parser, const char *text)
{
  JsonNode *root;

  if (*text == '\0' || !json_parser_load_from_data (parser, text, -1, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
}

static gboolean
append_subject (Export *export, GVariant *record, const AwsOperation *operation)
{
  g_autofree char *mode = record_text (export->target, "mode");
  g_autofree char *account = record_text (export->target, "account");
  g_autofree char *region = record_text (export->target, "region");
  g_autofree char *policy = record_text (export->target, "policy");
  g_autofree char *type = record_text (export->target, "thing-type");
  g_autofree char *group = record_text (export->target, "thing-group");
  const AwsAccount where = {
    account, region, policy,
    type,    group,  g_str_equal (mode, "registered-ca") || g_str_equal (mode, "sni-only")
  };
  g_autofree char *device = record_text (record, "device");
  g_autoptr (GBytes) der = record_der (record, "certificate");
  g_autoptr (GBytes) authority_der = record_der (record, "authority");
  g_autofree char *sha256 = sha256_of_record (record, der);
  g_autofree char *certificate = pem_of (der);
  g_autofree char *authority = pem_of (authority_der);
  g_autofree char *thing = thing_of (der, device);
  const gboolean of_device = *device != '\0';
  const AwsSubject subject = { of_device ? device : "CA", of_device ? thing : NULL, sha256,
                               certificate, authority };

  return aws_calls_append (export->text, &where, &subject, operation);
}

static gboolean
append_operation (Export *export, GVariant *record)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *word = record_text (record, "operation");
  g_autofree char *to = record_text (record, "to");
  g_autofree char *text = record_text (record, "arguments");
  JsonObject *arguments = read_arguments (parser, text);
  const AwsOperation operation = { .operation = word,
                                   .to_status = *to != '\0' ? to : NULL,
                                   .account = argument_member (arguments, "account"),
                                   .message = argument_member (arguments, "message"),
                                   .verification = argument_member (arguments, "verification"),
                                   .auto_registration =
                                       argument_flag (arguments, "auto-registration") };

  return append_subject (export, record, &operation);
}

/* ---- all that is due ---- */

static gboolean
take_page (Export *export, gint64 *after, gsize *count, GError **error)
{
  g_autoptr (GVariant) page = NULL;

  if (!api_station1_call_take_operations_sync (export->cli->api, export->cli->options.target, MOST,
                                               *after, &page, NULL, error))
    return FALSE;
  *count = g_variant_n_children (page);
  for (gsize i = 0; i < *count; i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (page, i);

    g_variant_lookup (record, "id", "x", after);
    if (append_operation (export, record))
      g_array_append_val (export->ids, *after);
    else
      export->without_call++;
  }
  return TRUE;
}

static gboolean
write_page (Export *export, GError **error)
{
  const gboolean written =
      fd_write_all (export->output.fd, export->text->str, export->text->len, error);

  g_string_truncate (export->text, 0);
  return written;
}

static gboolean
write_all (Export *export, GError **error)
{
  gint64 after = 0;
  gsize count;

  do
    if (!take_page (export, &after, &count, error) || !write_page (export, error))
      return FALSE;
  while (count > 0);
  return TRUE;
}

/* ---- handed ---- */

static GVariant *
handed (const Export *export, guint from, guint count)
{
  g_autofree char *file = text_for_display (export->cli->options.output, 200);
  g_autofree char *answer = g_strdup_printf ("stands in %s, exported for the aws CLI", file);
  GVariantBuilder answers;

  g_variant_builder_init (&answers, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = from; i < from + count; i++) {
    GVariantDict record;

    g_variant_dict_init (&record, NULL);
    g_variant_dict_insert (&record, "id", "x", g_array_index (export->ids, gint64, i));
    g_variant_dict_insert (&record, "state", "s", "handed");
    g_variant_dict_insert (&record, "answer", "s", answer);
    g_variant_builder_add_value (&answers, g_variant_dict_end (&record));
  }
  return g_variant_builder_end (&answers);
}

static gboolean
hand_over (const Export *export, GError **error)
{
  for (guint from = 0; from < export->ids->len; from += MOST)
    if (!api_station1_call_answer_operations_sync (
            export->cli->api, handed (export, from, MIN (MOST, export->ids->len - from)), NULL,
            error))
      return FALSE;
  return TRUE;
}

/* ---- the command ---- */

static gboolean
check_options (const Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;

  if (options->target != NULL && options->output != NULL && !g_str_equal (options->output, "-"))
    return argument_text (options->target, error);
  g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                       "Type 'keycradle export aws-calls --target TARGET --output FILE', for a "
                       "batch with --batch BATCH. The script that makes the calls is FILE.sh.");
  return FALSE;
}

static CliExit
report (const Export *export)
{
  g_autofree char *file = text_for_display (export->cli->options.output, 1000);
  g_autofree char *command = command_for_file ("sh {file}.sh", export->cli->options.output);

  printf ("%s: %u operations of target %s, handed over\n", file, export->ids->len,
          export->cli->options.target);
  printf ("Next, where the aws CLI is:\n  %s\n", command);
  if (export->without_call == 0)
    return CLI_OK;
  fprintf (stderr, "keycradle: for %u operations there is no call; they wait still\n",
           export->without_call);
  return CLI_PARTIAL;
}

static gboolean
finish (Export *export, GError **error)
{
  const char *script = aws_calls_script ();
  g_autofree char *path =
      output_file_write_beside (&export->output, ".sh", script, strlen (script), error);

  return path != NULL && output_file_finish (&export->output, error) && hand_over (export, error);
}

CliExit
export_operations (Cli *cli, GError **error)
{
  g_auto (Export) export = { .cli = cli,
                             .output = OUTPUT_FILE_INIT,
                             .text = g_string_new (NULL),
                             .ids = g_array_new (FALSE, FALSE, sizeof (gint64)) };

  if (!check_options (cli, error) || !cli_connect (cli, error) || !find_target (&export, error)
      || !output_file_open (&export.output, cli->options.output, error)
      || !write_all (&export, error))
    return CLI_FAILED;
  if (export.ids->len == 0) {
    printf ("Nothing is due for target %s.\n", cli->options.target);
    return export.without_call == 0 ? CLI_OK : CLI_PARTIAL;
  }
  return finish (&export, error) ? report (&export) : CLI_FAILED;
}
