/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle registry ca: CAs that are registered in a cloud's registry.
 */
#include "station/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/output-file.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

static const Field authority_columns[] = {
  { "target", "TARGET", FIELD_TEXT },
  { "name", "CA", FIELD_TEXT },
  { "status", "STATUS", FIELD_TEXT },
  { "certificate-mode", "MODE", FIELD_TEXT },
  { "auto-registration", "AUTOMATIC", FIELD_YES_NO },
  { "registered-at", "REGISTERED", FIELD_TIME },
  { "not-after", "ENDS", FIELD_SECONDS },
  { "subject", "SUBJECT", FIELD_TEXT },
  { "sha256", "SHA-256", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

/* --auto-registration on or off; left out where it was not given. */
static gboolean
insert_automatic (GVariantDict *options, const char *word, GError **error)
{
  const gboolean on = g_strcmp0 (word, "on") == 0;

  if (word == NULL)
    return TRUE;
  if (!on && !g_str_equal (word, "off")) {
    g_set_error_literal (error, CLI_ERROR, CLI_USAGE, "--auto-registration is on or off.");
    return FALSE;
  }
  g_variant_dict_insert (options, "auto-registration", "b", on);
  return TRUE;
}

static gboolean
insert_verification (GVariantDict *options, const char *file, GError **error)
{
  g_autofree char *pem = NULL;
  gsize length;

  if (file == NULL)
    return TRUE;
  if (!g_file_get_contents (file, &pem, &length, error))
    return FALSE;
  if (!g_utf8_validate (pem, (gssize)length, NULL)) {
    g_set_error (error, CLI_ERROR, CLI_USAGE, "%s is no certificate in PEM.", file);
    return FALSE;
  }
  g_variant_dict_insert (options, "verification", "s", pem);
  return TRUE;
}

static gboolean
fill_options (const CliOptions *options, GVariantDict *dictionary, GError **error)
{
  if (options->code != NULL && options->verification != NULL) {
    g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                         "Either --code or --verification: with the code the station makes the "
                         "certificate itself.");
    return FALSE;
  }
  if (!argument_text (options->code, error))
    return FALSE;
  if (options->code != NULL)
    g_variant_dict_insert (dictionary, "code", "s", options->code);
  if (options->inactive)
    g_variant_dict_insert (dictionary, "active", "b", FALSE);
  return insert_automatic (dictionary, options->auto_registration, error)
         && insert_verification (dictionary, options->verification, error);
}

/* What the station certified goes to AWS with the CA. */
static gboolean
write_verification (const Cli *cli, GVariant *authority, GError **error)
{
  const char *file = cli->options.output != NULL ? cli->options.output : "-";
  g_auto (OutputFile) output = OUTPUT_FILE_INIT;
  const char *pem;

  if (!g_variant_lookup (authority, "verification", "&s", &pem))
    return TRUE;
  return output_file_open (&output, file, error)
         && fd_write_all (output.fd, pem, strlen (pem), error)
         && output_file_finish (&output, error);
}

CliExit
cli_registry_ca_register (Cli *cli, GError **error)
{
  const char *target = cli->arguments[0], *authority = cli->arguments[1];
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GVariant) record = NULL;
  g_auto (GVariantDict) dictionary;

  g_variant_dict_init (&dictionary, NULL);
  if (!argument_text (target, error) || !argument_text (authority, error)
      || !fill_options (&cli->options, &dictionary, error) || !cli_connect (cli, error))
    return CLI_FAILED;
  options = g_variant_ref_sink (g_variant_dict_end (&dictionary));
  if (!api_station1_call_register_authority_sync (cli->api, target, authority, options, &record,
                                                  NULL, error)
      || !write_verification (cli, record, error))
    return CLI_FAILED;
  fprintf (stderr, "The CA %s is registered in %s.\n", authority, target);
  return CLI_OK;
}

static CliExit
set_status (Cli *cli, const char *status, const char *words, GError **error)
{
  const char *target = cli->arguments[0], *authority = cli->arguments[1];
  g_auto (GVariantDict) dictionary;

  g_variant_dict_init (&dictionary, NULL);
  if (!argument_text (target, error) || !argument_text (authority, error)
      || !insert_automatic (&dictionary, cli->options.auto_registration, error)
      || !cli_connect (cli, error)
      || !api_station1_call_set_authority_status_sync (
          cli->api, target, authority, status, g_variant_dict_end (&dictionary), NULL, error))
    return CLI_FAILED;
  printf ("The CA %s is %s %s.\n", authority, words, target);
  return CLI_OK;
}

CliExit
cli_registry_ca_activate (Cli *cli, GError **error)
{
  return set_status (cli, "ACTIVE", "ACTIVE in", error);
}

CliExit
cli_registry_ca_deactivate (Cli *cli, GError **error)
{
  return set_status (cli, "INACTIVE", "INACTIVE in", error);
}

CliExit
cli_registry_ca_delete (Cli *cli, GError **error)
{
  return set_status (cli, "DELETED", "deleted from", error);
}

CliExit
cli_registry_ca_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) authorities = NULL;
  g_auto (GVariantDict) filter;

  g_variant_dict_init (&filter, NULL);
  if (cli->n_arguments > 0)
    g_variant_dict_insert (&filter, "target", "s", cli->arguments[0]);
  if (!argument_text (cli->arguments[0], error) || !cli_connect (cli, error)
      || !api_station1_call_list_authorities_sync (cli->api, g_variant_dict_end (&filter),
                                                   &authorities, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, authorities, authority_columns);
  return CLI_OK;
}
