/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle audit collect and prove: evidence out of a running station. We open the files, the
 * daemon streams into them; each appears whole or not at all.
 */
#include "station/cli/cli.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/output-file.h"
#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

/* ---- collect ---- */

/* The log comes last, so that it holds all that the others tell of. */
static const struct {
  const char *part;
  const char *file;
} parts[] = {
  { "ledger", "ledger.jsonl" },
  { "station", "station.pem" },
  { "authorities", "authorities.pem" },
  { "checkpoint", "checkpoints" },
  { "log", "issuance.log" },
};

static gboolean
fetch (Cli *cli, const char *part, const char *path, GError **error)
{
  g_auto (OutputFile) output = OUTPUT_FILE_INIT;
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();

  return output_file_open (&output, path, error)
         && g_unix_fd_list_append (files, output.fd, error) >= 0
         && api_station1_call_collect_evidence_sync (cli->api, part, g_variant_new_handle (0),
                                                     files, NULL, NULL, error)
         && output_file_finish (&output, error);
}

static gboolean
make_folder (const char *folder, GError **error)
{
  int code;

  if (g_mkdir_with_parents (folder, 0755) == 0)
    return TRUE;
  code = errno;
  g_autofree char *shown = g_filename_display_name (folder);
  g_set_error (error, CLI_ERROR, CLI_FAILED, "%s can't be made: %s.", shown, g_strerror (code));
  return FALSE;
}

static void
say_done (const Cli *cli, const char *folder)
{
  g_autofree char *command = command_for_file (
      "keycradle audit verify {file} --station STATION.PEM --owner OWNER.PEM --kept FILE", folder);

  if (cli->options.json)
    puts ("[\"ledger.jsonl\", \"station.pem\", \"authorities.pem\", \"checkpoints\", "
          "\"issuance.log\"]");
  else
    printf ("Next, with what is in capitals your own:\n  %s\n", command);
}

CliExit
cli_audit_collect (Cli *cli, GError **error)
{
  const char *folder = cli->arguments[0];

  if (!cli_connect (cli, error) || !make_folder (folder, error))
    return CLI_FAILED;
  cli_wait_forever (cli);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_autofree char *path = g_build_filename (folder, parts[i].file, NULL);
    if (!fetch (cli, parts[i].part, path, error))
      return CLI_FAILED;
  }
  say_done (cli, folder);
  return CLI_OK;
}

/* ---- prove ---- */

static gboolean
place_of_device (Cli *cli, const char *device, guint64 *index, GError **error)
{
  g_autoptr (GVariant) certificate = NULL;

  if (!argument_text (device, error)
      || !api_station1_call_get_certificate_sync (cli->api, device, &certificate, NULL, error))
    return FALSE;
  if (g_variant_lookup (certificate, "log-index", "t", index))
    return TRUE;
  g_set_error_literal (error, CLI_ERROR, CLI_FAILED,
                       "The station did not say where the certificate stands in its log.");
  return FALSE;
}

static gboolean
write_proof (Cli *cli, guint64 index, const char *file, GError **error)
{
  g_auto (OutputFile) output = OUTPUT_FILE_INIT;
  g_autofree char *proof = NULL;

  return api_station1_call_prove_sync (cli->api, index, &proof, NULL, error)
         && output_file_open (&output, file, error)
         && fd_write_all (output.fd, proof, strlen (proof), error)
         && output_file_finish (&output, error);
}

static gboolean
prove_each (Cli *cli, GVariant *certificates, GError **error)
{
  for (gsize i = 0; i < g_variant_n_children (certificates); i++) {
    g_autoptr (GVariant) certificate = g_variant_get_child_value (certificates, i);
    g_autofree char *device = record_text (certificate, "device");
    g_autofree char *name = NULL;
    g_autofree char *path = NULL;
    guint64 index;

    if (!serial_is_valid (device) || !g_variant_lookup (certificate, "log-index", "t", &index))
      continue;
    name = g_strdup_printf ("%s-%" G_GUINT64_FORMAT ".tlog-proof", device, index);
    path = g_build_filename (cli->options.to, name, NULL);
    if (!write_proof (cli, index, path, error))
      return FALSE;
  }
  return TRUE;
}

static CliExit
prove_batch (Cli *cli, GError **error)
{
  g_autoptr (GVariant) certificates = NULL;
  GVariant *filter;

  if (cli->options.limit < 0)
    cli->options.limit = 0;
  if (!argument_filter (cli, &filter, error) || !make_folder (cli->options.to, error)
      || !api_station1_call_list_certificates_sync (cli->api, filter, &certificates, NULL, error)
      || !prove_each (cli, certificates, error))
    return CLI_FAILED;
  printf (cli->options.json ? "{\"proofs\": %" G_GSIZE_FORMAT "}\n"
                            : "%" G_GSIZE_FORMAT " proofs\n",
          g_variant_n_children (certificates));
  return CLI_OK;
}

static gboolean
check_options (const Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;
  const gboolean device = cli->n_arguments == 1, index = options->index >= 0;
  const gboolean batch = options->batch != NULL;

  if (device + index + batch == 1 && batch == (options->to != NULL)
      && batch == (options->output == NULL))
    return TRUE;
  g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                       "Type 'keycradle audit prove SERIAL --output FILE', with --index N in place "
                       "of a serial, or 'keycradle audit prove --batch BATCH --to FOLDER'.");
  return FALSE;
}

CliExit
cli_audit_prove (Cli *cli, GError **error)
{
  guint64 index = (guint64)cli->options.index;

  if (!check_options (cli, error) || !cli_connect (cli, error))
    return CLI_FAILED;
  if (cli->options.batch != NULL)
    return prove_batch (cli, error);
  if (cli->n_arguments == 1 && !place_of_device (cli, cli->arguments[0], &index, error))
    return CLI_FAILED;
  return write_proof (cli, index, cli->options.output, error) ? CLI_OK : CLI_FAILED;
}
