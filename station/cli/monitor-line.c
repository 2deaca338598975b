/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Slots and batches in a few words.
 */
#include "station/cli/monitor-line.h"

#include "station/cli/output.h"

/* As long as a bar may get, whatever the daemon says. */
#define MOST_STEPS 30u

static guint
count_of (GVariant *record, const char *key)
{
  guint count = 0;

  g_variant_lookup (record, key, "u", &count);
  return count;
}

static char *
text_or_dash (GVariant *record, const char *key)
{
  g_autofree char *text = record_text (record, key);

  return *text == '\0' ? g_strdup ("-") : g_steal_pointer (&text);
}

char *
monitor_slot_name (GVariant *slot)
{
  return g_strdup_printf ("slot %u", count_of (slot, "slot"));
}

char *
monitor_batch_name (GVariant *batch)
{
  g_autofree char *name = record_text (batch, "name");

  return g_strdup_printf ("batch %s", name);
}

/* "[####......] sign 4/10": how far the device is on its way. */
static char *
working_text (GVariant *slot)
{
  const guint steps = MIN (count_of (slot, "steps"), MOST_STEPS);
  const guint step_number = MIN (count_of (slot, "step-number"), steps);
  g_autofree char *step = record_text (slot, "step");
  g_autofree char *done = g_strnfill (step_number, '#');
  g_autofree char *left = g_strnfill (steps - step_number, '.');

  return g_strdup_printf ("[%s%s] %s %u/%u", done, left, step, step_number, steps);
}

static char *
pass_text (GVariant *slot)
{
  gint64 started = 0, ended = 0;

  if (!g_variant_lookup (slot, "started-at", "x", &started)
      || !g_variant_lookup (slot, "ended-at", "x", &ended) || ended < started)
    return g_strdup ("PASS");
  return g_strdup_printf ("PASS %.2f s", (double)(ended - started) / G_USEC_PER_SEC);
}

static char *
fail_text (GVariant *slot)
{
  g_autofree char *reason = record_text (slot, "reason");
  g_autofree char *operator_text = record_text (slot, "operator-text");

  return g_strdup_printf ("FAIL %s: %s", reason, operator_text);
}

static char *
disabled_text (GVariant *slot)
{
  g_autofree char *reason = record_text (slot, "disabled-reason");

  return g_strdup_printf ("disabled%s%s", *reason == '\0' ? "" : ": ", reason);
}

static char *
waiting_text (GVariant *slot)
{
  g_autofree char *what = record_text (slot, "waiting-for");

  if (g_str_equal (what, "serial"))
    return g_strdup ("waiting: scan the serial of this device");
  if (g_str_equal (what, "stopping"))
    return g_strdup ("waiting: the station stops");
  return g_strdup ("waiting: no batch is running");
}

static char *
state_text (GVariant *slot)
{
  g_autofree char *state = record_text (slot, "state");

  if (g_str_equal (state, "working"))
    return working_text (slot);
  if (g_str_equal (state, "pass"))
    return pass_text (slot);
  if (g_str_equal (state, "fail"))
    return fail_text (slot);
  if (g_str_equal (state, "disabled"))
    return disabled_text (slot);
  if (g_str_equal (state, "waiting"))
    return waiting_text (slot);
  return g_steal_pointer (&state);
}

char *
monitor_slot_line (GVariant *slot)
{
  g_autofree char *device = text_or_dash (slot, "device");
  g_autofree char *driver = text_or_dash (slot, "driver");
  g_autofree char *state = state_text (slot);

  return g_strdup_printf ("%-16s %-8s %s", device, driver, state);
}

char *
monitor_batch_line (GVariant *batch)
{
  g_autofree char *state = record_text (batch, "state");
  guint target = count_of (batch, "target");
  g_autofree char *goal = target == 0 ? g_strdup ("") : g_strdup_printf (" of %u", target);

  return g_strdup_printf ("%s  %u%s passed, %u failed", state, count_of (batch, "passed"), goal,
                          count_of (batch, "failed"));
}
