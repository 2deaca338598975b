/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle csr check: the signer's own judgement, without a station.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "base/text.h"
#include "station/cli/csr-fleet.h"

#define LINE_MOST 1000

static void
print_verdict (const CsrVerdict *verdict)
{
  g_autofree char *file = text_for_display (verdict->file, LINE_MOST);
  g_autofree char *engineer = text_for_display (verdict->engineer, LINE_MOST);

  if (verdict->accepted)
    printf ("%s: accept: %s\n", file, engineer);
  else
    printf ("%s: reject: %s: %s\n  %s\n", file, verdict->code, engineer, verdict->operator_text);
}

static CliExit
exit_for (GPtrArray *verdicts)
{
  CliExit code = CLI_OK;

  for (guint i = 0; i < verdicts->len; i++) {
    const CsrVerdict *verdict = g_ptr_array_index (verdicts, i);
    if (!verdict->readable)
      return CLI_FAILED;
    if (!verdict->accepted)
      code = CLI_VERDICT;
  }
  return code;
}

static void
print_verdicts (const Cli *cli, GPtrArray *verdicts)
{
  if (cli->options.json) {
    g_autofree char *json = csr_verdicts_json (verdicts);
    fputs (json, stdout);
    return;
  }
  for (guint i = 0; i < verdicts->len; i++)
    print_verdict (g_ptr_array_index (verdicts, i));
}

CliExit
cli_csr_check (Cli *cli, GError **error)
{
  g_autoptr (GPtrArray) files = csr_files_find (cli->arguments);
  g_autoptr (GPtrArray) verdicts =
      g_ptr_array_new_with_free_func ((GDestroyNotify)csr_verdict_free);
  g_autoptr (KnownKeys) known =
      known_keys_load ((const char *const *)cli->options.known_keys, error);

  if (known == NULL)
    return CLI_FAILED;
  for (guint i = 0; i < files->len; i++)
    g_ptr_array_add (verdicts, csr_file_judge (g_ptr_array_index (files, i), known));
  if (!csr_fleet_judge (verdicts, error))
    return CLI_FAILED;
  print_verdicts (cli, verdicts);
  if (files->len == 0) {
    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND,
                 "There is no *.csr, *.pem or *.der in there: nothing was judged.");
    return CLI_NOT_FOUND;
  }
  return exit_for (verdicts);
}
