/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle slot: the places of the fixture.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

#define LEARN_SECONDS 60

static const Field slot_columns[] = {
  { "slot", "SLOT", FIELD_NUMBER },     { "state", "STATE", FIELD_TEXT },
  { "device", "DEVICE", FIELD_TEXT },   { "driver", "DRIVER", FIELD_TEXT },
  { "step", "STEP", FIELD_TEXT },       { "passed", "PASSED", FIELD_NUMBER },
  { "failed", "FAILED", FIELD_NUMBER }, { "reason", "REASON", FIELD_TEXT },
  { "port", "PORT", FIELD_TEXT },       { NULL, NULL, FIELD_TEXT },
};

static const Field slot_fields[] = {
  { "slot", "Slot", FIELD_NUMBER },
  { "state", "State", FIELD_TEXT },
  { "enabled", "Enabled", FIELD_YES_NO },
  { "disabled-reason", "Disabled because", FIELD_TEXT },
  { "port", "Port", FIELD_TEXT },
  { "binding", "Bound by", FIELD_TEXT },
  { "present", "Device there", FIELD_YES_NO },
  { "waiting-for", "Waits for", FIELD_TEXT },
  { "bound-serial", "Scanned serial", FIELD_TEXT },
  { "driver", "Driver", FIELD_TEXT },
  { "device", "Device", FIELD_TEXT },
  { "model", "Model", FIELD_TEXT },
  { "batch", "Batch", FIELD_TEXT },
  { "attempt", "Attempt", FIELD_NUMBER },
  { "step", "Step", FIELD_TEXT },
  { "started-at", "Started", FIELD_TIME },
  { "ended-at", "Ended", FIELD_TIME },
  { "reason", "Reason", FIELD_TEXT },
  { "operator-text", "What to do", FIELD_TEXT },
  { "detail", "Detail", FIELD_TEXT },
  { "acknowledged", "FAIL was seen", FIELD_YES_NO },
  { NULL, NULL, FIELD_TEXT },
};

CliExit
cli_slot_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) slots = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_list_slots_sync (cli->api, &slots, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, slots, slot_columns);
  return CLI_OK;
}

static CliExit
set_enabled (Cli *cli, gboolean enabled, GError **error)
{
  const char *reason = cli->options.reason == NULL ? "" : cli->options.reason;
  guint slot;

  if (!argument_slot (cli->arguments[0], &slot, error) || !cli_connect (cli, error)
      || !api_station1_call_set_slot_enabled_sync (cli->api, slot, enabled, reason, NULL, error))
    return CLI_FAILED;
  printf ("Slot %u is %s.\n", slot, enabled ? "enabled" : "disabled");
  return CLI_OK;
}

CliExit
cli_slot_enable (Cli *cli, GError **error)
{
  return set_enabled (cli, TRUE, error);
}

CliExit
cli_slot_disable (Cli *cli, GError **error)
{
  return set_enabled (cli, FALSE, error);
}

CliExit
cli_slot_learn (Cli *cli, GError **error)
{
  guint slot, seconds = LEARN_SECONDS;
  g_autofree char *path = NULL;

  if (!argument_slot (cli->arguments[0], &slot, error)
      || !argument_count ("seconds", cli->options.seconds, 3600, &seconds, error)
      || !cli_connect (cli, error))
    return CLI_FAILED;

  cli_wait_forever (cli);
  fprintf (stderr, "Plug a device into the place that is to be slot %u (%u s) ...\n", slot,
           seconds);
  if (!api_station1_call_learn_slot_sync (cli->api, slot, seconds, &path, NULL, error))
    return CLI_FAILED;
  g_autofree char *text = text_for_display (path, 1000);
  printf ("Slot %u is now %s.\n", slot, text);
  return CLI_OK;
}

/* The record of one slot out of all. */
static GVariant *
find_slot (GVariant *slots, guint slot, GError **error)
{
  g_autoptr (GVariant) record = NULL;
  guint number;

  for (gsize i = 0; i < g_variant_n_children (slots); i++) {
    g_clear_pointer (&record, g_variant_unref);
    record = g_variant_get_child_value (slots, i);
    if (g_variant_lookup (record, "slot", "u", &number) && number == slot)
      return g_steal_pointer (&record);
  }
  g_set_error (error, CLI_ERROR, CLI_NOT_FOUND,
               "There is no slot %u. 'keycradle slot list' shows them all.", slot);
  return NULL;
}

CliExit
cli_slot_identify (Cli *cli, GError **error)
{
  g_autoptr (GVariant) slots = NULL;
  guint number;

  if (!argument_slot (cli->arguments[0], &number, error) || !cli_connect (cli, error)
      || !api_station1_call_list_slots_sync (cli->api, &slots, NULL, error))
    return CLI_FAILED;

  g_autoptr (GVariant) slot = find_slot (slots, number, error);
  if (slot == NULL)
    return CLI_NOT_FOUND;
  cli_print_record (cli, slot, slot_fields);
  return CLI_OK;
}

CliExit
cli_slot_start (Cli *cli, GError **error)
{
  guint slot;

  if (!argument_slot (cli->arguments[0], &slot, error) || !cli_connect (cli, error)
      || !api_station1_call_start_slot_sync (cli->api, slot, NULL, error))
    return CLI_FAILED;
  printf ("Slot %u starts.\n", slot);
  return CLI_OK;
}

CliExit
cli_slot_acknowledge (Cli *cli, GError **error)
{
  guint slot = 0; /* every slot */

  if ((cli->n_arguments > 0 && !argument_slot (cli->arguments[0], &slot, error))
      || !cli_connect (cli, error)
      || !api_station1_call_acknowledge_slot_sync (cli->api, slot, NULL, error))
    return CLI_FAILED;
  if (slot == 0)
    printf ("Every FAIL is acknowledged.\n");
  else
    printf ("Slot %u is acknowledged.\n", slot);
  return CLI_OK;
}

CliExit
cli_slot_bind (Cli *cli, GError **error)
{
  const char *serial = cli->arguments[1];
  const gboolean any = g_str_equal (cli->arguments[0], "0");
  guint slot = 0, bound = 0;

  if ((!any && !argument_slot (cli->arguments[0], &slot, error)) || !argument_text (serial, error)
      || !cli_connect (cli, error)
      || !api_station1_call_bind_serial_sync (cli->api, slot, serial, &bound, NULL, error))
    return CLI_FAILED;
  if (bound == 0)
    printf ("The next device that comes is %s.\n", serial);
  else
    printf ("The device in slot %u is %s.\n", bound, serial);
  return CLI_OK;
}

CliExit
cli_slot_swap (Cli *cli, GError **error)
{
  guint first, second;

  if (!argument_slot (cli->arguments[0], &first, error)
      || !argument_slot (cli->arguments[1], &second, error) || !cli_connect (cli, error)
      || !api_station1_call_swap_slots_sync (cli->api, first, second, NULL, error))
    return CLI_FAILED;
  printf ("Slots %u and %u have exchanged their ports.\n", first, second);
  return CLI_OK;
}
