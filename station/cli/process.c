/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Our other programs: where they are, and running one to its end.
 */
#include "station/cli/cli.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

char *
cli_program (const char *name, GError **error)
{
  const char *const folders[] = { g_getenv ("KEYCRADLE_LIBEXEC"), KEYCRADLE_LIBEXECDIR,
                                  KEYCRADLE_BINDIR };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    if (folders[i] == NULL)
      continue;
    g_autofree char *path = g_build_filename (folders[i], name, NULL);
    if (access (path, X_OK) == 0)
      return g_steal_pointer (&path);
  }
  char *found = g_find_program_in_path (name);
  if (found == NULL)
    g_set_error (error, CLI_ERROR, CLI_FAILED,
                 "%s is not installed: it is neither in %s nor in %s nor in PATH. Install it, or "
                 "name its folder in KEYCRADLE_LIBEXEC.",
                 name, KEYCRADLE_LIBEXECDIR, KEYCRADLE_BINDIR);
  return found;
}

gboolean
cli_run_program (char **argv, int *status, GError **error)
{
  int wait_status;

  if (!g_spawn_sync (NULL, argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL,
                     &wait_status, error))
    return FALSE;
  *status = WIFEXITED (wait_status) ? WEXITSTATUS (wait_status) : CLI_FAILED;
  return TRUE;
}

CliExit
cli_become (GPtrArray *words, GError **error)
{
  const char *program = g_ptr_array_index (words, 0);

  execv (program, (char **)words->pdata);
  g_set_error (error, CLI_ERROR, CLI_FAILED, "%s can't be run: %s.", program, g_strerror (errno));
  return CLI_FAILED;
}

CliExit
cli_hand_over (Cli *cli, const char *name, const char *verb, GError **error)
{
  g_autofree char *program = cli_program (name, error);
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  if (program == NULL)
    return CLI_FAILED;
  g_ptr_array_add (words, program);
  if (verb != NULL)
    g_ptr_array_add (words, (char *)verb);
  for (char **argument = cli->arguments; *argument != NULL; argument++)
    g_ptr_array_add (words, *argument);
  g_ptr_array_add (words, NULL);
  return cli_become (words, error);
}

/* Signals and exit status are the simulator's own. */
CliExit
cli_sim (Cli *cli, GError **error)
{
  return cli_hand_over (cli, "keycradle-sim", NULL, error);
}

/* The daemon itself reads the file: there is one parser, and no second opinion. */
CliExit
cli_config_check (Cli *cli, GError **error)
{
  static char check[] = "--check-config";
  static char config[] = "--config";
  g_autofree char *path = g_strdup (cli_config_path (cli));
  g_autofree char *program = cli_program ("keycradled", error);
  int status = CLI_FAILED;

  if (program == NULL)
    return CLI_FAILED;
  char *argv[] = { program, check, config, path, NULL };
  if (!cli_run_program (argv, &status, error))
    return CLI_FAILED;
  return status == 0 ? CLI_OK : CLI_FAILED;
}
