/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle operator: who may sign in at the line.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "base/station-socket.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"
#include "station/cli/secret.h"

static const Field operator_columns[] = {
  { "name", "OPERATOR", FIELD_TEXT },     { "role", "ROLE", FIELD_TEXT },
  { "language", "LANGUAGE", FIELD_TEXT }, { "enabled", "ENABLED", FIELD_YES_NO },
  { "pin", "PIN", FIELD_YES_NO },         { "created-at", "CREATED", FIELD_TIME },
  { "created-by", "BY", FIELD_TEXT },     { NULL, NULL, FIELD_TEXT },
};

static char *
read_badge (const CliOptions *options, GError **error)
{
  if (options->badge_file == NULL && !secret_can_ask ()) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "Name what holds the badge's code with --badge-file; - is standard input.");
    return NULL;
  }
  g_auto (Secret) badge = secret_read (options->badge_file == NULL ? "-" : options->badge_file,
                                       "Scan the badge", error);
  if (badge == NULL)
    return NULL;
  if (options->badge_file == NULL) {
    g_autofree char *screen = station_screen_path (options->config);

    secret_take_prefix_off (badge, screen);
  }
  if (*badge == '\0') {
    g_set_error (error, CLI_ERROR, CLI_USAGE, "The badge is empty: nobody can sign in with that.");
    return NULL;
  }
  return g_steal_pointer (&badge);
}

/* Nobody sees what is typed, so it is typed twice. "" means none. */
static char *
ask_pin (GError **error)
{
  g_auto (Secret) pin = secret_read ("-", "PIN, or Enter for none", error);

  if (pin == NULL || *pin == '\0')
    return g_steal_pointer (&pin);
  g_auto (Secret) again = secret_read ("-", "The same PIN once more", error);
  if (again == NULL)
    return NULL;
  if (g_str_equal (pin, again))
    return g_steal_pointer (&pin);
  g_set_error (error, CLI_ERROR, CLI_USAGE, "The two PINs differ. Nobody was added; try again.");
  return NULL;
}

/* Who sits at the terminal is asked; who gave a file for the badge is not. */
static char *
read_pin (const CliOptions *options, GError **error)
{
  if (options->pin_file != NULL && !(g_str_equal (options->pin_file, "-") && secret_can_ask ()))
    return secret_read (options->pin_file, "", error);
  if (options->pin_file != NULL || options->badge_file == NULL)
    return ask_pin (error);
  return g_strdup ("");
}

static GVariant *
operator_options (const CliOptions *options, GError **error)
{
  g_auto (GVariantDict) dictionary;
  g_auto (Secret) badge = NULL;
  g_auto (Secret) pin = NULL;

  g_variant_dict_init (&dictionary, NULL);
  badge = read_badge (options, error);
  if (badge == NULL)
    return NULL;
  pin = read_pin (options, error);
  if (pin == NULL)
    return NULL;
  g_variant_dict_insert (&dictionary, "role", "s", options->role);
  g_variant_dict_insert (&dictionary, "badge", "s", badge);
  if (*pin != '\0')
    g_variant_dict_insert (&dictionary, "pin", "s", pin);
  if (options->language != NULL)
    g_variant_dict_insert (&dictionary, "language", "s", options->language);
  return g_variant_ref_sink (g_variant_dict_end (&dictionary));
}

static gboolean
check_words (const Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;

  static const char *const roles[] = { "auditor", "operator", "supervisor", NULL };

  if (options->role == NULL || !g_strv_contains (roles, options->role)) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "Say what they may do with --role operator, --role supervisor or --role auditor.");
    return FALSE;
  }
  return argument_text (cli->arguments[0], error) && argument_text (options->language, error);
}

/* The daemon first: nobody is asked for a badge that then goes nowhere. */
CliExit
cli_operator_add (Cli *cli, GError **error)
{
  const char *name = cli->arguments[0];

  if (!check_words (cli, error) || !cli_connect (cli, error))
    return CLI_FAILED;
  g_autoptr (GVariant) options = operator_options (&cli->options, error);
  if (options == NULL
      || !api_station1_call_add_operator_sync (cli->api, name, options, NULL, error))
    return CLI_FAILED;
  printf ("%s may sign in as %s.\n", name, cli->options.role);
  return CLI_OK;
}

CliExit
cli_operator_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) operators = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_list_operators_sync (cli->api, &operators, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, operators, operator_columns);
  return CLI_OK;
}

static CliExit
set_enabled (Cli *cli, gboolean enabled, GError **error)
{
  const char *name = cli->arguments[0];

  if (!argument_text (name, error) || !cli_connect (cli, error)
      || !api_station1_call_set_operator_enabled_sync (cli->api, name, enabled, NULL, error))
    return CLI_FAILED;
  printf ("%s may %s.\n", name, enabled ? "sign in again" : "sign in no more");
  return CLI_OK;
}

CliExit
cli_operator_enable (Cli *cli, GError **error)
{
  return set_enabled (cli, TRUE, error);
}

CliExit
cli_operator_disable (Cli *cli, GError **error)
{
  return set_enabled (cli, FALSE, error);
}
