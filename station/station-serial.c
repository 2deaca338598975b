/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Serials that are scanned: which device is meant, and whether it may be called so. A scan that
 * can't be right is refused while the operator still has the unit in his hand.
 */
#include "base/text.h"
#include "station/log.h"
#include "station/station-private.h"

static gboolean refuse (GError **error, LedgerError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
refuse (GError **error, LedgerError code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_propagate_error (error, g_error_new_valist (LEDGER_ERROR, (int)code, format, arguments));
  va_end (arguments);
  return FALSE;
}

/* Whether the slot has a device of that name, or works on it. */
static gboolean
slot_has_serial (const Slot *slot, const char *serial)
{
  return g_strcmp0 (slot->bound_serial, serial) == 0
         || (slot->state == SLOT_WORKING && g_strcmp0 (slot->device, serial) == 0);
}

static gboolean
check_no_other_slot (const Station *station, const char *serial, GError **error)
{
  for (guint i = 0; i < station->slots->len; i++) {
    const Slot *slot = g_ptr_array_index (station->slots, i);

    if (slot_has_serial (slot, serial))
      return refuse (error, LEDGER_ERROR_BUSY_DEVICE,
                     "%s is in slot %u already: scan the label of the unit that waits", serial,
                     slot->config->number);
  }
  return TRUE;
}

static gboolean
check_serial (const Station *station, const char *serial, GError **error)
{
  const Order *order = station->site.order;
  g_autofree char *shown = text_for_display (serial, 64);

  if (order == NULL || !order->scans_serials)
    return refuse (error, LEDGER_ERROR_BATCH_STATE,
                   "%s was scanned, but no batch runs that takes its serials from a scan", shown);
  if (!serial_is_valid (serial))
    return refuse (error, LEDGER_ERROR_INVALID,
                   "\"%s\" is no serial: 1 to 64 letters, digits and . : _ -, the first one a "
                   "letter or digit. Is it the right label?",
                   shown);
  return check_no_other_slot (station, serial, error)
         && ledger_check_serial (station->ledger, order->batch, serial, error);
}

static gboolean
waits_for_serial (const Slot *slot)
{
  return g_strcmp0 (slot_waits_for (slot), "serial") == 0;
}

/* The slot that waits longest for a serial, or NULL. */
static Slot *
longest_waiting (const Station *station)
{
  Slot *first = NULL;

  for (guint i = 0; i < station->slots->len; i++) {
    Slot *slot = g_ptr_array_index (station->slots, i);

    if (waits_for_serial (slot) && (first == NULL || slot->arrival < first->arrival))
      first = slot;
  }
  return first;
}

void
station_set_next_serial (Station *station, const char *serial)
{
  if (g_strcmp0 (station->site.next_serial, serial) == 0)
    return;
  g_free (station->site.next_serial);
  station->site.next_serial = g_strdup (serial);
  station_status_changed (station);
}

/* Who waits gets it, and it is for no other then. */
static guint
bind (Station *station, Slot *slot, const char *serial)
{
  if (g_strcmp0 (station->site.next_serial, serial) == 0)
    station_set_next_serial (station, NULL);
  log_slot (G_LOG_LEVEL_MESSAGE, slot->config->number, serial, "scanned: %s", serial);
  slot_bind_serial (slot, serial);
  return slot->config->number;
}

static gboolean
bind_any (Station *station, const char *serial, guint *bound, GError **error)
{
  Slot *slot = longest_waiting (station);

  if (*serial == '\0')
    station_set_next_serial (station, NULL);
  else if (!check_serial (station, serial, error))
    return FALSE;
  else if (slot != NULL)
    *bound = bind (station, slot, serial);
  else
    station_set_next_serial (station, serial);
  return TRUE;
}

/* Why no serial can be bound to this slot, for a sentence that began with the slot. */
static const char *
why_not_waiting (const Slot *slot)
{
  switch (slot->state) {
  case SLOT_EMPTY:
    return "is empty: plug the unit in first";
  case SLOT_WAITING:
    return "waits for something else";
  case SLOT_WORKING:
    return "is working already";
  case SLOT_PASS:
    return "shows PASS: take that unit out first";
  case SLOT_FAIL:
    return slot->failure_stands ? "shows a FAIL: acknowledge it first"
                                : "shows a FAIL: take that unit out first";
  case SLOT_DISABLED:
    return "is out of service";
  }
  return "waits for no serial";
}

/* What was scanned, for which slot. */
static gboolean
record_scan (Station *station, const char *serial, guint bound, const char *actor, GError **error)
{
  g_autofree char *slot = g_strdup_printf ("for slot %u", bound);
  const char *detail = bound != 0 ? slot : *serial != '\0' ? "for the next device" : "taken back";

  return ledger_note_event (station->ledger, actor, "serial-scan", serial, detail, error);
}

static gboolean
bind_to (Station *station, guint number, const char *serial, guint *bound, GError **error)
{
  g_autofree char *shown = text_for_display (serial, 64);
  Slot *slot;

  *bound = 0;
  if (number == 0)
    return bind_any (station, serial, bound, error);
  slot = station_slot (station, number, error);
  if (slot == NULL || !check_serial (station, serial, error))
    return FALSE;
  if (!waits_for_serial (slot))
    return refuse (error, LEDGER_ERROR_BUSY_DEVICE, "%s was scanned, but slot %u %s", shown, number,
                   why_not_waiting (slot));
  *bound = bind (station, slot, serial);
  return TRUE;
}

gboolean
station_bind_serial (Station *station, guint number, const char *serial, guint *bound,
                     const char *actor, GError **error)
{
  return bind_to (station, number, serial, bound, error)
         && record_scan (station, serial, *bound, actor, error);
}
