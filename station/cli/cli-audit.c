/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle audit verify and reconcile: what an owner asks of a collection of evidence, without a
 * station.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "audit/audit.h"

/* Nothing wrong, but not all of it could be checked, is no clean bill. */
static CliExit
exit_of (const AuditResult *result)
{
  if (audit_count (result, AUDIT_WRONG) > 0)
    return CLI_VERDICT;
  return audit_count (result, AUDIT_UNCHECKED) > 0 ? CLI_PARTIAL : CLI_OK;
}

static gboolean
check_folder (const char *folder, GError **error)
{
  g_autofree char *shown = NULL;

  if (g_file_test (folder, G_FILE_TEST_EXISTS))
    return TRUE;
  shown = g_filename_display_name (folder);
  g_set_error (error, CLI_ERROR, CLI_NOT_FOUND, "There is no %s.", shown);
  return FALSE;
}

CliExit
cli_audit_verify (Cli *cli, GError **error)
{
  const AuditPlan plan = {
    .folder = cli->arguments[0],
    .owner = cli->options.owner,
    .station = cli->options.station,
    .kept = (const char *const *)cli->options.kept,
    .manifests = (const char *const *)cli->options.manifest,
    .certificates = cli->options.certificates,
  };
  g_autoptr (AuditResult) result = NULL;
  g_autofree char *text = NULL;

  if (!check_folder (plan.folder, error))
    return CLI_FAILED;
  result = audit_verify (&plan, error);
  if (result == NULL)
    return CLI_FAILED;
  text = cli->options.json ? audit_result_json (result) : audit_result_text (result);
  fputs (text, stdout);
  if (cli->options.json)
    putchar ('\n');
  return exit_of (result);
}

static void
print_tally (const Cli *cli, const AuditTally *tally)
{
  g_autofree char *text = cli->options.json ? audit_tally_json (tally) : audit_tally_text (tally);

  fputs (text, stdout);
  if (cli->options.json)
    putchar ('\n');
}

/* Numbers of a collection that does not hold together mean nothing: what is wrong is told first. */
CliExit
cli_audit_reconcile (Cli *cli, GError **error)
{
  AuditPlan plan = {
    .folder = cli->arguments[0],
    .owner = cli->options.owner,
    .station = cli->options.station,
    .kept = (const char *const *)cli->options.kept,
  };
  g_autoptr (AuditTally) tally = NULL;
  g_autoptr (AuditResult) result = NULL;
  const AuditFinding *wrong;
  gint64 from, to;

  if (!audit_tally_month (cli->options.month, &from, &to)) {
    g_set_error_literal (error, CLI_ERROR, CLI_USAGE, "--month is a year and a month: 2026-11.");
    return CLI_USAGE;
  }
  if (!check_folder (plan.folder, error))
    return CLI_FAILED;
  plan.tally = tally = audit_tally_new (from, to);
  result = audit_verify (&plan, error);
  if (result == NULL)
    return CLI_FAILED;
  print_tally (cli, tally);
  wrong = audit_first_wrong (result);
  if (wrong != NULL)
    fprintf (stderr, "keycradle: the collection is wrong (keycradle audit verify): %s: %s\n",
             wrong->place, wrong->sentence);
  if (wrong != NULL || !audit_tally_is_even (tally))
    return CLI_VERDICT;
  return result->found[AUDIT_LEDGER][AUDIT_UNCHECKED] > 0 ? CLI_PARTIAL : CLI_OK;
}
