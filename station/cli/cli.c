/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the command line to the exit code: parse, run the verb, say in one
 * sentence what went wrong.
 */
#include "station/cli/cli.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

G_DEFINE_QUARK (keycradle - cli - error, cli_error)

/* The daemon's own errors; its State is "not now": a batch that is paused, a slot that works. */
static CliExit
exit_for_remote_error (const char *name)
{
  static const struct {
    const char *name;
    CliExit code;
  } codes[] = {
    { "org.keycradle.Error.NotFound", CLI_NOT_FOUND },
    { "org.keycradle.Error.NotPermitted", CLI_NOT_PERMITTED },
    { "org.keycradle.Error.Invalid", CLI_USAGE },
    { "org.keycradle.Error.NeedsApproval", CLI_WAITS },
    { "org.keycradle.Error.State", CLI_TRY_AGAIN },
    { "org.keycradle.Error.Storage", CLI_FAILED },
    { "org.keycradle.Error.CaUnavailable", CLI_CA_UNAVAILABLE },
    { "org.keycradle.Error.Failed", CLI_FAILED },
    { "org.freedesktop.DBus.Error.AccessDenied", CLI_NOT_PERMITTED },
    { "org.freedesktop.DBus.Error.AuthFailed", CLI_NOT_PERMITTED },
    { "org.freedesktop.DBus.Error.LimitsExceeded", CLI_TRY_AGAIN },
    { "org.freedesktop.DBus.Error.NoReply", CLI_UNREACHABLE },
    { "org.freedesktop.DBus.Error.Timeout", CLI_UNREACHABLE },
    { "org.freedesktop.DBus.Error.Disconnected", CLI_UNREACHABLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_str_equal (codes[i].name, name))
      return codes[i].code;
  return CLI_FAILED;
}

CliExit
cli_exit_for_error (const GError *error)
{
  if (error->domain == CLI_ERROR)
    return (CliExit)error->code;
  if (g_dbus_error_is_remote_error (error)) {
    g_autofree char *name = g_dbus_error_get_remote_error (error);
    return exit_for_remote_error (name);
  }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return CLI_UNREACHABLE;
  return CLI_FAILED;
}

static CliExit
report (const GError *problem)
{
  g_autoptr (GError) error = g_error_copy (problem);
  CliExit code = cli_exit_for_error (error);

  g_dbus_error_strip_remote_error (error);
  g_autofree char *message = text_for_display (error->message, 2000);
  fprintf (stderr, "keycradle: %s\n", message);
  return code;
}

static CliExit
run (Cli *cli, GError **error)
{
  if (cli->options.help && cli->verb->run != cli_help) {
    g_autofree char *text = cli_verb_help_text (cli->verb);
    fputs (text, stdout);
    return CLI_OK;
  }
  return cli->verb->run (cli, error);
}

/* What bash asks with every press of the tab key: an error is just no candidate. */
static int
complete (char **words)
{
  g_auto (Cli) cli = { 0 };
  g_auto (GStrv) candidates = cli_complete (&cli, words);

  for (char **candidate = candidates; *candidate != NULL; candidate++)
    puts (*candidate);
  return CLI_OK;
}

/* The place of the noun: only --socket and --config may stand before those of other programs. */
static int
find_noun (char **argv)
{
  int at = 1;

  while (argv[at] != NULL && argv[at + 1] != NULL
         && (g_str_equal (argv[at], "--socket") || g_str_equal (argv[at], "--config")))
    at += 2;
  return at;
}

/* The place behind the word "sim", or 0. */
static int
find_sim (char **argv)
{
  const int at = find_noun (argv);

  return g_strcmp0 (argv[at], "sim") == 0 ? at + 1 : 0;
}

/* The place behind "ca" where a verb of keycradle-signer stands there, or 0. */
static int
find_ca_tool (char **argv)
{
  static const char *const verbs[] = { "init", "csr", "install-chain", "check", NULL };
  const int at = find_noun (argv);

  return g_strcmp0 (argv[at], "ca") == 0 && argv[at + 1] != NULL
                 && g_strv_contains (verbs, argv[at + 1])
             ? at + 1
             : 0;
}

static int
become (CliExit (*program) (Cli *cli, GError **error), char **words)
{
  g_auto (Cli) cli = { 0 };
  g_autoptr (GError) error = NULL;

  cli.arguments = g_strdupv (words);
  program (&cli, &error);
  return (int)report (error);
}

int
cli_main (int argc, char **argv)
{
  g_auto (Cli) cli = { 0 };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  if (argc > 1 && g_str_equal (argv[1], "__complete"))
    return complete (argv + 2);
  /* its words are keycradle-sim's own, options too */
  if (find_sim (argv) > 0)
    return become (cli_sim, argv + find_sim (argv));
  if (find_ca_tool (argv) > 0)
    return become (cli_ca_tool, argv + find_ca_tool (argv));

  if (!cli_parse (&cli, argv, &error))
    return (int)report (error);
  CliExit code = run (&cli, &error);
  if (error != NULL)
    return (int)report (error);
  if (fflush (stdout) != 0 || ferror (stdout)) {
    fprintf (stderr, "keycradle: The output could not be written: %s\n", g_strerror (errno));
    return CLI_FAILED;
  }
  return (int)code;
}
