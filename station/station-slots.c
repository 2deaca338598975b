/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What people do to slots. A FAIL stays until somebody has seen it. Whether one stands is in the
 * ledger alone: the slot's last attempt failed, and no event says that it was acknowledged. So
 * there is no second record that could miss a FAIL when the power goes, and a start asks two
 * questions for each slot: the other one is whether its last attempt passed.
 */
#include "station/error.h"
#include "station/station-private.h"

/* On record, where FAILs stand, with one sync for all of them. One that the ledger could not even
 * begin is known by its slot. */
static gboolean
record_acknowledged (Station *station, Slot *const *slots, guint count, const char *actor,
                     GError **error)
{
  g_autofree Attempt *attempts = g_new0 (Attempt, count);
  g_autoptr (GStrvBuilder) numbers = g_strv_builder_new ();
  g_auto (GStrv) texts = NULL;
  guint standing = 0;

  for (guint i = 0; i < count; i++) {
    g_autofree char *number = g_strdup_printf ("%u", slots[i]->config->number);

    g_strv_builder_add (numbers, number);
  }
  texts = g_strv_builder_end (numbers);
  for (guint i = 0; i < count; i++)
    if (slots[i]->failure_stands)
      attempts[standing++] = (Attempt){ .id = slots[i]->attempt_id,
                                        .slot = texts[i],
                                        .device = slots[i]->device,
                                        .reason = slots[i]->reason };
  return ledger_acknowledge_failures (station->ledger, attempts, standing, actor, error);
}

gboolean
station_start_slot (Station *station, guint number, const char *actor, GError **error)
{
  Slot *slot = station_slot (station, number, error);
  g_autofree char *subject = g_strdup_printf ("slot %u", number);

  return slot != NULL && slot_may_start (slot, error)
         && record_acknowledged (station, &slot, 1, actor, error)
         && ledger_note_event (station->ledger, actor, "slot-start", subject, slot->device, error)
         && slot_start (slot, error);
}

static gboolean
acknowledge (Station *station, Slot *const *slots, guint count, const char *actor, GError **error)
{
  if (!record_acknowledged (station, slots, count, actor, error))
    return FALSE;
  for (guint i = 0; i < count; i++)
    slot_acknowledge (slots[i]);
  return TRUE;
}

gboolean
station_acknowledge_slot (Station *station, guint number, const char *actor, GError **error)
{
  Slot *slot;

  if (number == 0)
    return acknowledge (station, (Slot *const *)station->slots->pdata, station->slots->len, actor,
                        error);
  slot = station_slot (station, number, error);
  if (slot == NULL)
    return FALSE;
  if (slot->failure_stands)
    return acknowledge (station, &slot, 1, actor, error);
  g_set_error (error, STATION_ERROR, STATION_ERROR_SLOT, "slot %u has no FAIL to acknowledge",
               number);
  return FALSE;
}

static gboolean
restore_failure (Station *station, Slot *slot, const char *number, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (Attempt) attempt = NULL;

  if (!station->config->acknowledge_failures)
    return TRUE;
  attempt = ledger_unacknowledged_failure (station->ledger, number, &failure);
  if (attempt != NULL)
    slot_restore_failure (slot, attempt);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
restore_pass (Station *station, Slot *slot, const char *number, GError **error)
{
  g_autoptr (GError) failure = NULL;

  slot_restore_pass (slot, ledger_last_pass (station->ledger, number, &failure));
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

gboolean
station_restore_slots (Station *station, GError **error)
{
  for (guint i = 0; i < station->slots->len; i++) {
    Slot *slot = g_ptr_array_index (station->slots, i);
    g_autofree char *number = g_strdup_printf ("%u", slot->config->number);

    if (!restore_failure (station, slot, number, error)
        || !restore_pass (station, slot, number, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- setup ---- */

/* A FAIL is on record with its slot's number: it is seen first. */
static gboolean
may_swap (const Slot *slot, GError **error)
{
  if (slot->state != SLOT_WORKING && !slot->failure_stands)
    return TRUE;
  g_set_error (error, STATION_ERROR, STATION_ERROR_SLOT,
               slot->failure_stands ? "slot %u shows a FAIL: acknowledge it first"
                                    : "slot %u is working: wait until it has ended",
               slot->config->number);
  return FALSE;
}

static gboolean
record_swap (Station *station, const Slot *first, const Slot *second, const char *actor,
             GError **error)
{
  g_autofree char *subject =
      g_strdup_printf ("slots %u and %u", first->config->number, second->config->number);
  g_autofree char *detail =
      g_strdup_printf ("slot %u is now %s, slot %u is now %s", first->config->number,
                       second->config->id_path, second->config->number, first->config->id_path);

  return ledger_record_event (station->ledger, actor, "slot-swap", subject, detail, error);
}

gboolean
station_swap_slots (Station *station, guint first, guint second, const char *actor, GError **error)
{
  Slot *one = station_slot (station, first, error);
  Slot *other = one != NULL ? station_slot (station, second, error) : NULL;

  if (other == NULL || !may_swap (one, error) || !may_swap (other, error))
    return FALSE;
  if (one == other) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_CONFIG,
                 "slot %u can't be swapped with itself: name two slots", first);
    return FALSE;
  }
  if (!config_may_swap (station->config, first, second, error)
      || !record_swap (station, one, other, actor, error)
      || !config_swap (station->config, first, second, error))
    return FALSE;
  detector_swap (station->detector, first, second);
  slot_swap (one, other);
  return TRUE;
}
