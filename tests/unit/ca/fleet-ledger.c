/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fleet-ledger.h.
 */
#include "tests/unit/ca/fleet-ledger.h"

#include <check.h>

#define FIRST_ID 7
#define STEP 3

Ledger
ledger_new (void)
{
  return (Ledger){ g_ptr_array_new_with_free_func ((GDestroyNotify)fleet_key_free), 0, 0 };
}

void
ledger_clear (Ledger *ledger)
{
  g_ptr_array_unref (ledger->keys);
}

/* The place of the first key above `after`. */
static guint
place_above (const Ledger *ledger, guint64 after)
{
  guint from = 0;
  guint to = ledger->keys->len;

  while (from < to) {
    guint middle = (from + to) / 2;
    const FleetKey *key = g_ptr_array_index (ledger->keys, middle);

    if (key->id > after)
      to = middle;
    else
      from = middle + 1;
  }
  return from;
}

GPtrArray *
ledger_read (guint64 after, guint most, gpointer data, GError **error)
{
  Ledger *ledger = data;
  guint place = place_above (ledger, after);
  GPtrArray *found;

  if (++ledger->reads == ledger->fail_at) {
    g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_IO, "the disk is gone");
    return NULL;
  }
  found = g_ptr_array_new_with_free_func ((GDestroyNotify)fleet_key_free);
  for (; place < ledger->keys->len && found->len < most; place++) {
    const FleetKey *key = g_ptr_array_index (ledger->keys, place);
    gsize length;
    const guint8 *number = g_bytes_get_data (key->number, &length);

    g_ptr_array_add (found, fleet_key_new (key->id, key->type, number, length));
  }
  return found;
}

guint64
ledger_next_id (const Ledger *ledger)
{
  const FleetKey *last;

  if (ledger->keys->len == 0)
    return FIRST_ID;
  last = g_ptr_array_index (ledger->keys, ledger->keys->len - 1);
  return last->id + STEP;
}

guint64
ledger_add (Ledger *ledger, CsrKeyType type, const void *number, gsize length)
{
  guint64 id = ledger_next_id (ledger);

  g_ptr_array_add (ledger->keys, fleet_key_new (id, type, number, length));
  return id;
}

GArray *
findings_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (FleetFinding));
}

gboolean
has_finding (GArray *findings, guint64 key, guint64 partner, CaError kind)
{
  for (guint i = 0; i < findings->len; i++) {
    const FleetFinding *finding = &g_array_index (findings, FleetFinding, i);

    if (finding->key == key && finding->partner == partner && finding->kind == kind)
      return TRUE;
  }
  return FALSE;
}

void
check_all (Fleet *fleet, guint most, guint64 *mark, GArray *findings)
{
  guint64 before;

  do {
    g_autoptr (GError) problem = NULL;

    before = *mark;
    ck_assert_msg (fleet_check (fleet, most, mark, findings, &problem), "%s",
                   problem != NULL ? problem->message : "");
  } while (*mark != before);
}

GArray *
findings_of (Ledger *ledger, guint most)
{
  g_autoptr (Fleet) fleet = fleet_open (NULL, ledger_read, ledger, NULL);
  GArray *findings = findings_new ();
  guint64 mark = 0;

  check_all (fleet, most, &mark, findings);
  if (ledger->keys->len > 0)
    ck_assert_uint_eq (mark, ledger_next_id (ledger) - STEP);
  return findings;
}
