/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cards as detection sees them: a reader that the configuration names has a slot of its own; one
 * that is on USB is a way to the device that it is (or is in), which is judged as every other.
 */
#include <string.h>

#include "station/cards.h"
#include "station/detect-private.h"
#include "station/log.h"
#include "station/usb-class.h"

/* A reader with a card in. */
typedef struct {
  guint bus; /* 0: not on USB, or not known */
  guint device;
} Filled;

static gboolean
waits_for_cards (const SlotConfig *slot)
{
  return slot->id_path != NULL
         || (slot->port != NULL && address_channel (slot->port) == CHANNEL_CARD);
}

/* Whether somebody must know that cards can't be seen. */
static gboolean
needs_cards (const SlotConfig *slot)
{
  const Driver *driver = slot->driver != NULL ? driver_by_name (slot->driver) : NULL;

  return (slot->port != NULL && address_channel (slot->port) == CHANNEL_CARD)
         || (slot->id_path != NULL && driver != NULL && driver->channels == CHANNEL_CARD);
}

static gboolean
some_slot (const Detector *detector, gboolean (*does) (const SlotConfig *slot))
{
  for (guint i = 0; i < detector->config->slots->len; i++)
    if (does (g_ptr_array_index (detector->config->slots, i)))
      return TRUE;
  return FALSE;
}

/* ---- readers on USB ---- */

/* The interface by which a USB device is a reader: its first of class 0B (CCID, 4.3); -1: none. */
static int
reader_interface (const SeenDevice *device)
{
  for (guint i = 0; device->interfaces != NULL && i < device->interfaces->len; i++) {
    const UsbInterface *one = &g_array_index (device->interfaces, UsbInterface, i);

    if (one->configuration == device->configuration && one->class.code == USB_SMART_CARD)
      return (int)one->number;
  }
  return -1;
}

void
detect_cards_add_ways (const Detector *detector, SeenDevice *device)
{
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, detector->filled);
  while (g_hash_table_iter_next (&iter, &name, &value)) {
    const Filled *filled = value;
    g_autofree char *address = g_strconcat ("card:", name, NULL);

    if (filled->bus != 0 && filled->bus == device->bus && filled->device == device->number)
      seen_device_add_way (device, CHANNEL_CARD, reader_interface (device), address);
  }
}

static gboolean
is_at (GUdevDevice *device, guint bus, guint number)
{
  return g_strcmp0 (g_udev_device_get_devtype (device), "usb_device") == 0
         && g_udev_device_get_sysfs_attr_as_int (device, "busnum") == (int)bus
         && g_udev_device_get_sysfs_attr_as_int (device, "devnum") == (int)number;
}

static void
look_at_reader (Detector *detector, guint bus, guint number)
{
  GList *devices = g_udev_client_query_by_subsystem (detector->udev, "usb");

  for (GList *item = devices; item != NULL; item = item->next)
    if (is_at (item->data, bus, number))
      detect_look_again (detector, g_udev_device_get_sysfs_path (item->data));
  g_list_free_full (devices, g_object_unref);
}

/* ---- slots that name a reader ---- */

/* The reader that the slot's port names, or NULL. */
static const char *
reader_of (const SlotConfig *slot)
{
  if (slot->port == NULL || address_channel (slot->port) != CHANNEL_CARD)
    return NULL;
  return slot->port + strlen ("card:");
}

void
detect_cards_offer (Detector *detector, const SlotConfig *slot)
{
  const char *reader = reader_of (slot);

  if (reader != NULL && g_hash_table_contains (detector->filled, reader))
    detector->callbacks.added (slot->number, slot->port, NULL, detector->data);
}

static void
tell_slots (Detector *detector, const char *reader, gboolean present)
{
  for (guint i = 0; i < detector->config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (detector->config->slots, i);

    if (g_strcmp0 (reader_of (slot), reader) != 0)
      continue;
    if (present)
      detect_cards_offer (detector, slot);
    else
      detector->callbacks.removed (slot->number, detector->data);
  }
}

/* ---- news ---- */

static void
handle_card (const char *reader, guint bus, guint device, gboolean present, gpointer data)
{
  Detector *detector = data;

  if (present) {
    Filled *filled = g_new0 (Filled, 1);

    *filled = (Filled){ bus, device };
    g_hash_table_insert (detector->filled, g_strdup (reader), filled);
  }
  else
    g_hash_table_remove (detector->filled, reader);
  tell_slots (detector, reader, present);
  if (bus != 0)
    look_at_reader (detector, bus, device);
}

static void
handle_service (gboolean answers, const char *why, gpointer data)
{
  Detector *detector = data;

  g_clear_pointer (&detector->cards_problem, g_free);
  if (!answers)
    detector->cards_problem = g_strdup_printf ("no card can be seen (%s): install pcscd, start "
                                               "pcscd.socket, and let this user work with it",
                                               why);
  if (some_slot (detector, needs_cards))
    log_station (answers ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING, "%s",
                 answers ? "cards: pcscd answers" : detector->cards_problem);
}

const char *
detector_cards_problem (const Detector *detector)
{
  return some_slot (detector, needs_cards) ? detector->cards_problem : NULL;
}

void
detect_cards_start (Detector *detector)
{
  static const CardsCallbacks callbacks = { handle_card, handle_service };

  if (detector->cards != NULL || !some_slot (detector, waits_for_cards))
    return;
  detector->cards = cards_new (&callbacks, detector);
  if (detector->cards == NULL)
    handle_service (FALSE, "this Keycradle was built without PC/SC", detector);
}

void
detect_cards_new (Detector *detector)
{
  detector->filled = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

void
detect_cards_free (Detector *detector)
{
  g_clear_pointer (&detector->cards, cards_free);
  g_clear_pointer (&detector->filled, g_hash_table_unref);
  g_clear_pointer (&detector->cards_problem, g_free);
}
