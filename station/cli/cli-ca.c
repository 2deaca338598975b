/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle ca: what a supervisor asks of a CA through the daemon, and, for convenience, the verbs
 * of keycradle-signer that make and install one.
 */
#include "station/cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/output-file.h"
#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

/* Writes to --output, whole or not at all; standard output where there is none. */
static gboolean
write_output (Cli *cli, const void *data, gsize length, GError **error)
{
  const char *file = cli->options.output != NULL ? cli->options.output : "-";
  g_auto (OutputFile) output = OUTPUT_FILE_INIT;

  return output_file_open (&output, file, error) && fd_write_all (output.fd, data, length, error)
         && output_file_finish (&output, error);
}

static const char *
wanted_ca (const Cli *cli)
{
  return cli->options.ca != NULL ? cli->options.ca : "";
}

static void
print_crl (GVariant *crl)
{
  guint64 number = 0;
  guint revoked = 0;
  gint64 next_update = 0;
  g_autofree char *ca = record_text (crl, "ca");
  g_autofree char *path = record_text (crl, "path");

  g_variant_lookup (crl, "number", "t", &number);
  g_variant_lookup (crl, "revoked", "u", &revoked);
  g_variant_lookup (crl, "next-update", "x", &next_update);
  g_autofree char *until = date_and_time (next_update);
  fprintf (stderr, "%s: revocation list %" G_GUINT64_FORMAT ", %u revoked, good until %s%s%s\n", ca,
           number, revoked, until, *path != '\0' ? ", published as " : "", path);
}

/* Without --output and CrlFolder= the list goes to standard output: it must not be lost. */
CliExit
cli_ca_crl (Cli *cli, GError **error)
{
  g_autoptr (GVariant) crl = NULL;
  g_autoptr (GVariant) bytes = NULL;
  g_autofree char *path = NULL;
  const void *data;
  gsize length = 0;

  if (!argument_text (wanted_ca (cli), error) || !cli_connect (cli, error)
      || !api_station1_call_make_crl_sync (cli->api, wanted_ca (cli), &crl, NULL, error))
    return CLI_FAILED;
  bytes = g_variant_lookup_value (crl, "crl", G_VARIANT_TYPE_BYTESTRING);
  path = record_text (crl, "path");
  data = bytes != NULL ? g_variant_get_fixed_array (bytes, &length, 1) : NULL;
  if (data == NULL) {
    g_set_error_literal (error, CLI_ERROR, CLI_FAILED, "The station answered without a list.");
    return CLI_FAILED;
  }
  if ((cli->options.output != NULL || *path == '\0') && !write_output (cli, data, length, error))
    return CLI_FAILED;
  print_crl (crl);
  return CLI_OK;
}

CliExit
cli_ca_verification_certificate (Cli *cli, GError **error)
{
  g_autoptr (GVariant) certificate = NULL;
  const char *pem = "";

  if (!argument_text (cli->arguments[0], error) || !argument_text (wanted_ca (cli), error)
      || !cli_connect (cli, error)
      || !api_station1_call_certify_code_sync (cli->api, cli->arguments[0], wanted_ca (cli),
                                               &certificate, NULL, error))
    return CLI_FAILED;
  g_variant_lookup (certificate, "pem", "&s", &pem);
  return write_output (cli, pem, strlen (pem), error) ? CLI_OK : CLI_FAILED;
}

CliExit
cli_ca_accept (Cli *cli, GError **error)
{
  const char *fingerprint = cli->arguments[0];

  if (!argument_text (fingerprint, error) || !cli_connect (cli, error)
      || !api_station1_call_accept_ca_sync (cli->api, fingerprint, NULL, error))
    return CLI_FAILED;
  printf ("The CA with the fingerprint %s may issue here.\n", fingerprint);
  return CLI_OK;
}

/* Its errors and its exit status are ours. */
CliExit
cli_ca_tool (Cli *cli, GError **error)
{
  return cli_hand_over (cli, "keycradle-signer", "ca", error);
}
