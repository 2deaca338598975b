/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See registry-watch.h.
 */
#include "station/registry-watch.h"

/* A line without a network for a night is nothing unusual. */
#define PATIENCE (G_TIME_SPAN_DAY)

static void
take (GStrvBuilder *warnings, char *text)
{
  g_autofree char *owned = text;

  g_strv_builder_add (warnings, owned);
}

static void
warn_of_alarms (GStrvBuilder *warnings, const Target *target)
{
  if (target->alarms > 0)
    take (warnings,
          g_strdup_printf ("Target %s: %" G_GUINT64_FORMAT " alarms: its cloud has something else "
                           "under a name of ours. See `keycradle outbox list %s --state alarm`.",
                           target->name, target->alarms, target->name));
}

static void
warn_of_refusals (GStrvBuilder *warnings, const Target *target, Ledger *ledger)
{
  const OperationFilter refused = { .target = target->name, .state = "refused" };
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) first = ledger_operations (ledger, &refused, 1, NULL, &next, NULL);

  if (first != NULL && first->len > 0)
    take (warnings,
          g_strdup_printf ("Target %s: its cloud, or our rules, refused what was to be registered. "
                           "See `keycradle outbox list %s --state refused`.",
                           target->name, target->name));
}

static void
warn_of_waiting (GStrvBuilder *warnings, const Target *target, Ledger *ledger)
{
  g_autoptr (GPtrArray) first = NULL;
  const Operation *oldest;

  if (target->waiting == 0)
    return;
  first = ledger_due_operations (ledger, target->name, 0, 1, NULL);
  if (first == NULL || first->len == 0)
    return;
  oldest = g_ptr_array_index (first, 0);
  if (g_get_real_time () - oldest->at > PATIENCE)
    take (warnings,
          g_strdup_printf ("Target %s: its cloud has heard nothing for more than a day; "
                           "%" G_GUINT64_FORMAT " operations wait. See `keycradle outbox list %s`.",
                           target->name, target->waiting, target->name));
}

char **
registry_warnings (Ledger *ledger)
{
  g_autoptr (GStrvBuilder) warnings = g_strv_builder_new ();
  g_autoptr (GPtrArray) targets = ledger_targets (ledger, NULL);

  for (guint i = 0; targets != NULL && i < targets->len; i++) {
    const Target *target = g_ptr_array_index (targets, i);

    warn_of_alarms (warnings, target);
    warn_of_refusals (warnings, target, ledger);
    warn_of_waiting (warnings, target, ledger);
  }
  return g_strv_builder_end (warnings);
}
