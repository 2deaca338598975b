/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See detect.h. An event of udev only says "look again at this device": what is there is told from
 * what was there by the number that the bus gives a device each time it is plugged in, and by the
 * port that it is reached by. So nothing hangs on the order of events, on how often udev says the
 * same (each upgrade of its package does), or on one that was lost.
 */
#include "station/detect-private.h"

#include <string.h>

#include "station/place.h"

static void
claim_free (gpointer data)
{
  Claim *claim = data;

  g_free (claim->path);
  g_free (claim->place);
  g_free (claim->address);
  g_free (claim->reason);
  g_free (claim);
}

/* ---- slots ---- */

/* How many slots are at `place`. */
static guint
count_slots (const Detector *detector, const char *place)
{
  guint count = 0;
  int interface;

  for (guint i = 0; i < detector->config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (detector->config->slots, i);
    g_autofree char *own =
        slot->id_path != NULL ? place_of_id_path (slot->id_path, &interface) : NULL;

    count += g_strcmp0 (own, place) == 0;
  }
  return count;
}

static const Driver *
driver_of_slot (const SlotConfig *slot)
{
  return slot->driver != NULL ? driver_by_name (slot->driver) : NULL;
}

gboolean
detect_wish (const Detector *detector, const SlotConfig *slot, const char *place, SlotWish *wish)
{
  g_autofree char *own = NULL;

  if (slot->id_path == NULL || place == NULL)
    return FALSE;
  own = place_of_id_path (slot->id_path, &wish->interface);
  if (!g_str_equal (own, place))
    return FALSE;
  wish->driver = driver_of_slot (slot);
  wish->trusted = wish->driver != NULL;
  wish->exclusive = wish->interface >= 0 && count_slots (detector, place) > 1;
  return TRUE;
}

/* ---- who is in which slot ---- */

static void
leave_slot (Detector *detector, guint number)
{
  if (g_hash_table_remove (detector->claims, GUINT_TO_POINTER (number)))
    detector->callbacks.removed (number, detector->data);
}

static gboolean
claim_is_same (const Claim *claim, const SeenDevice *device, const char *path,
               const Verdict *verdict)
{
  return claim != NULL && g_str_equal (claim->path, path) && claim->number == device->number
         && g_strcmp0 (claim->address, verdict->address) == 0
         && g_strcmp0 (claim->reason, verdict->reason) == 0;
}

static void
enter_slot (Detector *detector, guint number, const SeenDevice *device, const char *path,
            const Verdict *verdict)
{
  Claim *claim = g_hash_table_lookup (detector->claims, GUINT_TO_POINTER (number));

  if (claim_is_same (claim, device, path, verdict))
    return;
  leave_slot (detector, number);
  claim = g_new0 (Claim, 1);
  claim->path = g_strdup (path);
  claim->place = g_strdup (device->place);
  claim->number = device->number;
  claim->address = g_strdup (verdict->address);
  claim->reason = g_strdup (verdict->reason);
  g_hash_table_insert (detector->claims, GUINT_TO_POINTER (number), claim);
  if (verdict->kind == VERDICT_ACCEPTED)
    detector->callbacks.added (number, verdict->address, verdict->drivers, detector->data);
  else
    detector->callbacks.refused (number, verdict->reason, detector->data);
}

/* TRUE where the claimed device is still there, by its port. */
static gboolean
claim_stands (const Claim *claim, const SeenDevice *device)
{
  if (device == NULL || claim->number != device->number)
    return FALSE;
  for (guint i = 0; i < device->ways->len; i++) {
    const DeviceWay *way = g_ptr_array_index (device->ways, i);

    if (g_strcmp0 (way->address, claim->address) == 0)
      return TRUE;
  }
  return claim->address == NULL;
}

/* Slots whose device at `path` is not what is there now: `device`, or nothing. */
static void
leave_slots (Detector *detector, const char *path, const SeenDevice *device)
{
  for (guint i = 0; i < detector->config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (detector->config->slots, i);
    const Claim *claim = g_hash_table_lookup (detector->claims, GUINT_TO_POINTER (slot->number));

    if (claim == NULL || !g_str_equal (claim->path, path) || claim_stands (claim, device))
      continue;
    detect_note_departure (detector, claim->place);
    leave_slot (detector, slot->number);
  }
}

/* ---- a device that has been there for a moment ---- */

/* With the cards that are in it. */
static SeenDevice *
look_at (Detector *detector, const char *path)
{
  SeenDevice *device = look_at_device (detector->udev, path);

  if (device != NULL)
    detect_cards_add_ways (detector, device);
  return device;
}

/* FALSE where the device is to be looked at again. */
static gboolean
offer_to_learner (Detector *detector, const SeenDevice *device, gboolean patient)
{
  const SlotConfig *slot = config_slot (detector->config, detector->learning);
  const Driver *driver = slot != NULL ? driver_of_slot (slot) : NULL;
  const SlotWish wish = { .driver = driver, .trusted = driver != NULL, .interface = -1 };
  g_autoptr (Verdict) verdict = judge_device (device, detector->allowed, &wish, patient);

  if (verdict->kind == VERDICT_ACCEPTED)
    detector->callbacks.unclaimed (device->place, detector->data);
  else if (verdict->kind == VERDICT_REFUSED)
    detector->callbacks.refused (0, verdict->reason, detector->data);
  return verdict->kind != VERDICT_WAIT;
}

gboolean
detect_settle (Detector *detector, const char *path, gboolean patient)
{
  g_autoptr (SeenDevice) device = look_at (detector, path);
  gboolean done = TRUE, claimed = FALSE;

  leave_slots (detector, path, device);
  if (device == NULL || device->place == NULL)
    return TRUE;
  for (guint i = 0; i < detector->config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (detector->config->slots, i);
    g_autoptr (Verdict) verdict = NULL;
    SlotWish wish;

    if (!detect_wish (detector, slot, device->place, &wish))
      continue;
    claimed = TRUE;
    verdict = judge_device (device, detector->allowed, &wish, patient);
    if (verdict->kind == VERDICT_WAIT)
      done = FALSE;
    else if (verdict->kind != VERDICT_NOTHING)
      enter_slot (detector, slot->number, device, path, verdict);
  }
  if (!claimed && detector->learning != 0 && !device->is_hub)
    return offer_to_learner (detector, device, patient);
  return done;
}

/* ---- events ---- */

void
detect_look_again (Detector *detector, const char *path)
{
  g_autoptr (SeenDevice) device = look_at (detector, path);

  leave_slots (detector, path, device);
  if (device == NULL)
    detect_forget (detector, path);
  else if (device->place != NULL
           && (detector->learning != 0 || count_slots (detector, device->place) > 0))
    detect_plan (detector, path, device);
}

/* What is gone has no parents any more. A part of a claimed device is known by that one's path;
 * where one is behind the other, by the longer. */
static char *
path_of_removed (Detector *detector, GUdevDevice *removed)
{
  const char *path = g_udev_device_get_sysfs_path (removed);
  const char *best = path;
  gsize longest = 0;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, detector->claims);
  while (g_strcmp0 (g_udev_device_get_subsystem (removed), "usb") != 0
         && g_hash_table_iter_next (&iter, NULL, &value))
  {
    const Claim *claim = value;
    const gsize length = strlen (claim->path);

    if (length <= longest || !g_str_has_prefix (path, claim->path)
        || (path[length] != '\0' && path[length] != '/'))
      continue;
    best = claim->path;
    longest = length;
  }
  return g_strdup (best);
}

static void
handle_uevent (GUdevClient *client, const char *action, GUdevDevice *device, gpointer data)
{
  Detector *detector = data;
  g_autofree char *path = g_str_equal (action, "remove") ? path_of_removed (detector, device)
                                                         : look_device_path (device);

  if (path != NULL)
    detect_look_again (detector, path);
}

/* ---- ports that the configuration names by path ---- */

/* Why the USB device behind the slot's port is refused, or NULL. Its drivers go to *drivers. */
static char *
refuse_port (Detector *detector, const SlotConfig *slot, GPtrArray **drivers)
{
  SlotWish wish = { .driver = driver_of_slot (slot), .trusted = TRUE, .exclusive = TRUE };
  g_autofree char *path = look_up_node (detector->udev, slot->port, &wish.interface);
  g_autoptr (SeenDevice) device = path != NULL ? look_at_device (detector->udev, path) : NULL;
  g_autoptr (Verdict) verdict = NULL;

  if (device == NULL)
    return NULL;
  verdict = judge_device (device, detector->allowed, &wish, FALSE);
  if (verdict->drivers != NULL)
    *drivers = g_ptr_array_ref (verdict->drivers);
  return g_steal_pointer (&verdict->reason);
}

static void
handle_port (guint number, gboolean present, gpointer data)
{
  Detector *detector = data;
  const SlotConfig *slot = config_slot (detector->config, number);
  g_autoptr (GPtrArray) drivers = NULL;
  g_autofree char *reason = NULL;

  if (!present || slot == NULL || slot->port == NULL) {
    detector->callbacks.removed (number, detector->data);
    return;
  }
  reason = refuse_port (detector, slot, &drivers);
  if (reason != NULL)
    detector->callbacks.refused (number, reason, detector->data);
  else
    detector->callbacks.added (number, slot->port, drivers, detector->data);
}

/* ---- the whole ---- */

Detector *
detector_new (const Config *config, const DetectorCallbacks *callbacks, gpointer data,
              GError **error)
{
  static const char *const subsystems[] = { "usb/usb_device", "tty", "hidraw", NULL };
  g_autoptr (Detector) detector = g_new0 (Detector, 1);

  detector->config = config;
  detector->callbacks = *callbacks;
  detector->data = data;
  detector->claims = g_hash_table_new_full (NULL, NULL, NULL, claim_free);
  detect_timing_new (detector);
  detect_cards_new (detector);
  detector->ports = ports_new (handle_port, detector, error);
  detector->allowed = allow_list_load (config->match_folder, error);
  if (detector->ports == NULL || detector->allowed == NULL)
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
  detect_cards_free (detector);
  ports_free (detector->ports);
  g_clear_object (&detector->udev);
  detect_timing_free (detector);
  g_clear_pointer (&detector->allowed, allow_list_free);
  g_hash_table_unref (detector->claims);
  g_free (detector);
}

GPtrArray *
detect_all_paths (Detector *detector)
{
  static const char *const subsystems[] = { "usb", "tty" };
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < G_N_ELEMENTS (subsystems); i++) {
    GList *devices = g_udev_client_query_by_subsystem (detector->udev, subsystems[i]);

    for (GList *item = devices; item != NULL; item = item->next) {
      char *path = look_device_path (item->data);

      /* each once: parts of a USB device are not looked at for themselves */
      if (g_strcmp0 (path, g_udev_device_get_sysfs_path (item->data)) == 0)
        g_ptr_array_add (paths, path);
      else
        g_free (path);
    }
    g_list_free_full (devices, g_object_unref);
  }
  return paths;
}

/* What udev knows already. */
static void
coldplug (Detector *detector)
{
  g_autoptr (GPtrArray) paths = detect_all_paths (detector);
  const guint learning = detector->learning;

  detector->learning = 0; /* what was there before is not news */
  for (guint i = 0; i < paths->len; i++)
    if (!detect_settle (detector, g_ptr_array_index (paths, i), TRUE))
      detect_look_again (detector, g_ptr_array_index (paths, i));
  detector->learning = learning;
}

/* Card readers are watched for themselves. */
static void
watch_port (Detector *detector, const SlotConfig *slot)
{
  if (slot->port == NULL)
    return;
  if (address_channel (slot->port) == CHANNEL_CARD)
    detect_cards_offer (detector, slot);
  else
    ports_add (detector->ports, slot->number, slot->port);
}

void
detector_start (Detector *detector)
{
  for (guint i = 0; i < detector->config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (detector->config->slots, i);

    watch_port (detector, slot);
  }
  ports_check (detector->ports);
  coldplug (detector);
  detect_cards_start (detector);
}

void
detector_learn (Detector *detector, guint number)
{
  detector->learning = number;
}

void
detector_rebind (Detector *detector, guint number)
{
  const SlotConfig *slot = config_slot (detector->config, number);

  g_hash_table_remove (detector->claims, GUINT_TO_POINTER (number));
  detector->callbacks.removed (number, detector->data);
  ports_remove (detector->ports, number);
  if (slot != NULL)
    watch_port (detector, slot);
  detect_cards_start (detector);
  ports_check (detector->ports);
  coldplug (detector);
}

void
detector_swap (Detector *detector, guint first, guint second)
{
  gpointer one = NULL, other = NULL;

  g_hash_table_steal_extended (detector->claims, GUINT_TO_POINTER (first), NULL, &one);
  g_hash_table_steal_extended (detector->claims, GUINT_TO_POINTER (second), NULL, &other);
  if (other != NULL)
    g_hash_table_insert (detector->claims, GUINT_TO_POINTER (first), other);
  if (one != NULL)
    g_hash_table_insert (detector->claims, GUINT_TO_POINTER (second), one);
}

void
detector_recheck (Detector *detector)
{
  g_autoptr (GList) claims = g_hash_table_get_values (detector->claims);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  ports_check (detector->ports);
  for (GList *item = claims; item != NULL; item = item->next)
    g_ptr_array_add (paths, g_strdup (((const Claim *)item->data)->path));
  for (guint i = 0; i < paths->len; i++)
    detect_look_again (detector, g_ptr_array_index (paths, i));
}
