/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See detect.h. udev's four words (add, change, remove, and what is there at the start) become two:
 * added and removed. udev may say "add" more than once of one tty: each upgrade of its package
 * does (`udevadm trigger`), and a tty that came while the ports were listed is on both lists. A
 * working line must not feel that.
 */
#include "station/detect.h"

#include <gudev/gudev.h>

#include "drivers/driver.h"
#include "drivers/match.h"
#include "station/ports.h"

/* The tty in a slot. The time when udev saw it first tells it from the next one of its name. */
typedef struct {
  guint number;
  guint64 initialized;
} Claim;

struct Detector {
  const Config *config;
  DetectorCallbacks callbacks;
  gpointer data;
  Ports *ports;
  GUdevClient *udev;
  GHashTable *claimed; /* sysfs path of a tty → Claim */
  gboolean learning;
};

static const SlotConfig *
slot_by_id_path (Detector *detector, const char *id_path)
{
  for (guint i = 0; id_path != NULL && i < detector->config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (detector->config->slots, i);

    if (g_strcmp0 (slot->id_path, id_path) == 0)
      return slot;
  }
  return NULL;
}

static int
hex_property (GUdevDevice *device, const char *name)
{
  const char *text = g_udev_device_get_property (device, name);
  guint64 number;

  return text != NULL && g_ascii_string_to_unsigned (text, 16, 0, 0xffff, &number, NULL)
             ? (int)number
             : -1;
}

static gboolean
some_driver_allows (GUdevDevice *device)
{
  const MatchSubject subject = { .channel = CHANNEL_SERIAL,
                                 .vendor = hex_property (device, "ID_VENDOR_ID"),
                                 .product = hex_property (device, "ID_MODEL_ID"),
                                 .interface = { -1, -1, -1 },
                                 .serial = g_udev_device_get_property (device, "ID_SERIAL_SHORT") };

  for (const Driver *const *driver = driver_list (); *driver != NULL; driver++)
    if (matches_find (driver_matches (*driver), &subject) != NULL)
      return TRUE;
  return FALSE;
}

static void
handle_removed (Detector *detector, GUdevDevice *device)
{
  const char *sysfs = g_udev_device_get_sysfs_path (device);
  const Claim *claim = g_hash_table_lookup (detector->claimed, sysfs);

  if (claim == NULL)
    return;
  guint number = claim->number;

  g_hash_table_remove (detector->claimed, sysfs);
  detector->callbacks.removed (number, detector->data);
}

/* Whether `device` is the one that slot `number` has already. */
static gboolean
is_claimed (Detector *detector, GUdevDevice *device, guint number)
{
  const char *sysfs = g_udev_device_get_sysfs_path (device);
  const Claim *claim = g_hash_table_lookup (detector->claimed, sysfs);

  return claim != NULL && claim->number == number
         && claim->initialized == g_udev_device_get_property_as_uint64 (device, "USEC_INITIALIZED");
}

static void
claim_tty (Detector *detector, GUdevDevice *device, guint number)
{
  Claim *made = g_new (Claim, 1);

  made->number = number;
  made->initialized = g_udev_device_get_property_as_uint64 (device, "USEC_INITIALIZED");
  g_hash_table_insert (detector->claimed, g_strdup (g_udev_device_get_sysfs_path (device)), made);
}

static void
handle_added (Detector *detector, GUdevDevice *device)
{
  const char *id_path = g_udev_device_get_property (device, "ID_PATH");
  const char *node = g_udev_device_get_device_file (device);
  const SlotConfig *slot = slot_by_id_path (detector, id_path);

  if (id_path == NULL || node == NULL)
    return;
  if (slot == NULL) {
    if (detector->learning && some_driver_allows (device))
      detector->callbacks.unclaimed (id_path, detector->data);
    return;
  }
  if (is_claimed (detector, device, slot->number))
    return;
  handle_removed (detector, device);
  claim_tty (detector, device, slot->number);
  detector->callbacks.added (slot->number, node, detector->data);
}

static void
handle_uevent (GUdevClient *client, const char *action, GUdevDevice *device, gpointer data)
{
  Detector *detector = data;

  if (g_str_equal (action, "add"))
    handle_added (detector, device);
  else if (g_str_equal (action, "remove"))
    handle_removed (detector, device);
}

static void
handle_port (guint number, gboolean present, gpointer data)
{
  Detector *detector = data;
  const SlotConfig *slot = config_slot (detector->config, number);

  if (present && slot != NULL && slot->port != NULL)
    detector->callbacks.added (number, slot->port, detector->data);
  else
    detector->callbacks.removed (number, detector->data);
}

Detector *
detector_new (const Config *config, const DetectorCallbacks *callbacks, gpointer data,
              GError **error)
{
  static const char *const subsystems[] = { "tty", NULL };
  g_autoptr (Detector) detector = g_new0 (Detector, 1);

  detector->config = config;
  detector->callbacks = *callbacks;
  detector->data = data;
  detector->claimed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  detector->ports = ports_new (handle_port, detector, error);
  if (detector->ports == NULL)
    return NULL;
  detector->udev = g_udev_client_new (subsystems);
  g_signal_connect (detector->udev, "uevent", G_CALLBACK (handle_uevent), detector);
  return g_steal_pointer (&detector);
}

void
detector_free (Detector *detector)
{
  if (detector == NULL)
    return;
  ports_free (detector->ports);
  g_clear_object (&detector->udev);
  g_hash_table_unref (detector->claimed);
  g_free (detector);
}

/* What udev knew before we listened. */
static void
coldplug (Detector *detector)
{
  GList *devices = g_udev_client_query_by_subsystem (detector->udev, "tty");

  for (GList *item = devices; item != NULL; item = item->next)
    if (!g_hash_table_contains (detector->claimed, g_udev_device_get_sysfs_path (item->data)))
      handle_added (detector, item->data);
  g_list_free_full (devices, g_object_unref);
}

void
detector_start (Detector *detector)
{
  for (guint i = 0; i < detector->config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (detector->config->slots, i);

    if (slot->port != NULL)
      ports_add (detector->ports, slot->number, slot->port);
  }
  ports_check (detector->ports);
  coldplug (detector);
}

void
detector_learn (Detector *detector, gboolean on)
{
  detector->learning = on;
}

static gboolean
claims_slot (gpointer sysfs, gpointer value, gpointer wanted)
{
  const Claim *claim = value;

  return claim->number == GPOINTER_TO_UINT (wanted);
}

void
detector_rebind (Detector *detector, guint number)
{
  const SlotConfig *slot = config_slot (detector->config, number);

  g_hash_table_foreach_remove (detector->claimed, claims_slot, GUINT_TO_POINTER (number));
  detector->callbacks.removed (number, detector->data);
  ports_remove (detector->ports, number);
  if (slot != NULL && slot->port != NULL)
    ports_add (detector->ports, number, slot->port);
  ports_check (detector->ports);
  coldplug (detector);
}

void
detector_swap (Detector *detector, guint first, guint second)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, detector->claimed);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Claim *claim = value;

    if (claim->number == first)
      claim->number = second;
    else if (claim->number == second)
      claim->number = first;
  }
}

void
detector_recheck (Detector *detector)
{
  ports_check (detector->ports);
}
