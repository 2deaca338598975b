/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle register: the courier, a program of its own, so that the command line needs neither
 * network nor credentials.
 */
#include "station/cli/cli.h"

static char *
courier_program (GError **error)
{
  char *program = cli_program ("keycradle-courier", NULL);

  if (program == NULL)
    g_set_error (error, CLI_ERROR, CLI_FAILED,
                 "keycradle-courier is not here: this Keycradle was built without it. Install "
                 "libcurl4-openssl-dev and build with -Dcourier=enabled, or hand what waits to "
                 "somebody who has the network: keycradle export aws-calls.");
  return program;
}

static GPtrArray *
courier_words (const Cli *cli, const char *program)
{
  const CliOptions *options = &cli->options;
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (words, g_strdup (program));
  if (options->socket != NULL)
    g_ptr_array_add (words, g_strconcat ("--socket=", options->socket, NULL));
  if (options->config != NULL)
    g_ptr_array_add (words, g_strconcat ("--config=", options->config, NULL));
  if (options->courier != NULL)
    g_ptr_array_add (words, g_strconcat ("--courier=", options->courier, NULL));
  if (options->once)
    g_ptr_array_add (words, g_strdup ("--once"));
  if (options->watch)
    g_ptr_array_add (words, g_strdup ("--watch"));
  g_ptr_array_add (words, g_strdup ("--"));
  g_ptr_array_add (words, g_strdup (cli->arguments[0]));
  g_ptr_array_add (words, NULL);
  return words;
}

/* Becomes keycradle-courier: its errors and its exit status are ours. */
CliExit
cli_register (Cli *cli, GError **error)
{
  g_autofree char *program = courier_program (error);
  g_autoptr (GPtrArray) words = NULL;

  if (program == NULL)
    return CLI_FAILED;
  words = courier_words (cli, program);
  return cli_become (words, error);
}
