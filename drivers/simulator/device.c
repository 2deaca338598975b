/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The items of a device, in memory and as files, and its key.
 */
#include "drivers/simulator/device.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/encode.h"

#define LONG_ANSWER 256u

static char *
device_item_path (Device *device, const char *item)
{
  g_autofree char *name = g_strconcat (device->settings.serial, ".", item, NULL);

  return g_build_filename (device->state_folder, name, NULL);
}

static void
device_read_item (Device *device, const char *item)
{
  g_autofree char *path = device_item_path (device, item);
  char *content;
  gsize length;

  if (g_file_get_contents (path, &content, &length, NULL))
    g_hash_table_insert (device->items, g_strdup (item), g_bytes_new_take (content, length));
}

static gboolean
device_read_items (Device *device, GError **error)
{
  g_autofree char *prefix = g_strconcat (device->settings.serial, ".", NULL);
  g_autoptr (GDir) folder = NULL;
  const char *name;

  if (device->state_folder == NULL)
    return TRUE;
  g_mkdir_with_parents (device->state_folder, 0700);
  folder = g_dir_open (device->state_folder, 0, error);
  if (folder == NULL)
    return FALSE;
  while ((name = g_dir_read_name (folder)) != NULL)
    if (g_str_has_prefix (name, prefix))
      device_read_item (device, name + strlen (prefix));
  return TRUE;
}

static void
device_run (gpointer data)
{
  Device *device = data;

  device->settings.personality->run (device);
}

static void
device_notify (gpointer data, MachineEvent event)
{
  Device *device = data;

  if (device->notify != NULL)
    device->notify (device, event);
}

static gboolean
device_prepare (Device *device, GError **error)
{
  DeviceSettings *settings = &device->settings;

  if (!settings->key_given)
    settings->key_kind = settings->personality->key_kind;
  if ((settings->personality->key_kinds & 1u << settings->key_kind) == 0) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "%s: a %s device can't make such a key", settings->name,
                 settings->personality->name);
    return FALSE;
  }
  if (settings->usb.wanted && !settings->personality->usb) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "%s: a %s device has no USB interface of its own", settings->name,
                 settings->personality->name);
    return FALSE;
  }
  settings->machine.long_answer =
      settings->personality->long_answer > 0 ? settings->personality->long_answer : LONG_ANSWER;
  settings->serial_given = settings->serial != NULL;
  if (settings->personality->prepare != NULL && !settings->personality->prepare (device, error))
    return FALSE;
  if (settings->serial == NULL)
    settings->serial = g_strdup (settings->name);
  if (strchr (settings->serial, '/') != NULL) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: a serial has no '/'",
                 settings->serial);
    return FALSE;
  }
  return TRUE;
}

Device *
device_new (DeviceSettings *settings, const char *state_folder,
            void (*notify) (Device *device, MachineEvent event), gpointer owner, GError **error)
{
  g_autoptr (Device) device = g_new0 (Device, 1);

  device->settings = *settings;
  *settings = (DeviceSettings){ 0 };
  device->state_folder = g_strdup (state_folder);
  device->notify = notify;
  device->owner = owner;
  device->items =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  g_mutex_init (&device->mutex);
  if (!device_prepare (device, error) || !device_read_items (device, error))
    return NULL;
  device->machine = machine_new (&device->settings.machine, device_run, device_notify, device);
  return g_steal_pointer (&device);
}

/* vhci's ports are counted as the slots are. */
static gboolean
device_attach (Device *device, GError **error)
{
  const DeviceSettings *settings = &device->settings;
  guint port = settings->usb.port > 0 ? settings->usb.port : settings->slot;
  MachineCounters counters;

  machine_count (device->machine, &counters);
  device->plug = usb_plug_new (&settings->usb, settings->serial, machine_port (device->machine),
                               port, counters.plugged_times, error);
  return device->plug != NULL;
}

/* Into its card reader. */
static gboolean
device_insert (Device *device, GError **error)
{
  const char *atr = device->settings.personality->atr;

  if (atr == NULL) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "%s: it is no card, so not vpcd=", device->settings.name);
    return FALSE;
  }
  g_autoptr (GBytes) bytes = hex_decode (atr);
  device->card =
      card_plug_new (device->settings.vpcd, bytes, machine_port (device->machine), error);
  return device->card != NULL;
}

gboolean
device_plug (Device *device, const char *link, GError **error)
{
  device_unplug (device);
  if (!machine_plug (device->machine, link, error))
    return FALSE;
  if ((!device->settings.usb.attached || device_attach (device, error))
      && (device->settings.vpcd == NULL || device_insert (device, error)))
    return TRUE;
  device_unplug (device);
  return FALSE;
}

void
device_unplug (Device *device)
{
  g_clear_pointer (&device->plug, usb_plug_free);
  g_clear_pointer (&device->card, card_plug_free);
  machine_unplug (device->machine);
}

void
device_power_off (Device *device)
{
  if (device->machine != NULL)
    device_unplug (device);
  if (device->settings.personality->finish != NULL)
    device->settings.personality->finish (device);
}

void
device_free (Device *device)
{
  device_power_off (device);
  g_clear_pointer (&device->machine, machine_free);
  device_settings_clear (&device->settings);
  EVP_PKEY_free (device->other_key);
  g_hash_table_unref (device->items);
  g_mutex_clear (&device->mutex);
  g_free (device->state_folder);
  g_free (device);
}

GBytes *
device_get (Device *device, const char *item)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&device->mutex);
  GBytes *bytes = g_hash_table_lookup (device->items, item);

  return bytes != NULL ? g_bytes_ref (bytes) : NULL;
}

char *
device_get_text (Device *device, const char *item)
{
  g_autoptr (GBytes) bytes = device_get (device, item);

  return bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes))
                       : NULL;
}

/* Written beside and renamed: whoever kills the process leaves the old item or the new one. */
static void
device_write_item (Device *device, const char *item, const void *data, gsize length)
{
  g_autofree char *path = device_item_path (device, item);
  g_autoptr (GError) error = NULL;

  if (length == 0)
    g_unlink (path);
  else if (!g_file_set_contents_full (path, data, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT,
                                      0600, &error))
    g_printerr ("keycradle-sim: %s\n", error->message);
}

void
device_put (Device *device, const char *item, const void *data, gsize length)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&device->mutex);

  if (length == 0 && !g_hash_table_remove (device->items, item))
    return;
  if (length > 0)
    g_hash_table_insert (device->items, g_strdup (item), g_bytes_new (data, length));
  if (device->state_folder != NULL)
    device_write_item (device, item, data, length);
}

void
device_put_text (Device *device, const char *item, const char *text)
{
  device_put (device, item, text, text != NULL ? strlen (text) : 0);
}

gboolean
device_fault (Device *device, Fault fault)
{
  return machine_fault (device->machine, fault) != NULL;
}

/* One key of each kind for all devices that share. Returns a reference of its own. */
static EVP_PKEY *
shared_key (KeyKind kind)
{
  static GMutex mutex;
  static EVP_PKEY *keys[N_KEY_KINDS];
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  if (keys[kind] == NULL)
    keys[kind] = chip_make_key (kind);
  if (keys[kind] != NULL)
    EVP_PKEY_up_ref (keys[kind]);
  return keys[kind];
}

/* The key that somebody else made for it, as by a random generator that is no good. */
static EVP_PKEY *
key_from_file (const char *path)
{
  g_autofree char *pem = NULL;

  return g_file_get_contents (path, &pem, NULL, NULL) ? chip_parse_private_pem (pem) : NULL;
}

static EVP_PKEY *
device_new_key (Device *device, KeyKind kind)
{
  if (device->settings.key_file != NULL)
    return key_from_file (device->settings.key_file);
  if (device_fault (device, FAULT_DUPLICATE_KEY))
    return shared_key (kind);
  if (device_fault (device, FAULT_WEAK_KEY))
    return chip_make_weak_key (kind);
  return chip_make_key (kind);
}

gboolean
device_make_key (Device *device, KeyKind kind, const char *item)
{
  g_autoptr (EVP_PKEY) key = device_new_key (device, kind);
  g_autofree char *pem = key != NULL ? chip_private_pem (key) : NULL;

  if (pem == NULL)
    return FALSE;
  device_put (device, "cert.der", NULL, 0);
  device_put_text (device, item, pem);
  device_put_text (device, "key", pem);
  machine_work (device->machine, device->settings.keygen_ms);
  return TRUE;
}

EVP_PKEY *
device_key (Device *device, const char *item)
{
  g_autofree char *pem = device_get_text (device, item);

  return pem != NULL ? chip_parse_private_pem (pem) : NULL;
}

EVP_PKEY *
device_proof_key (Device *device, const char *item)
{
  g_autoptr (EVP_PKEY) key = device_key (device, item);

  if (key == NULL || !device_fault (device, FAULT_WRONG_KEY))
    return g_steal_pointer (&key);
  if (device->other_key == NULL)
    device->other_key = chip_make_key (device->settings.key_kind);
  EVP_PKEY_up_ref (device->other_key);
  return device->other_key;
}

GBytes *
device_make_csr (Device *device, EVP_PKEY *key, ChipRequest *request)
{
  if (device_fault (device, FAULT_LEAK_DER))
    return chip_private_der (key);
  request->bad_signature = device_fault (device, FAULT_BAD_SIGNATURE);
  return chip_make_csr (key, request);
}

char *
device_leak (Device *device, EVP_PKEY *key)
{
  return device_fault (device, FAULT_LEAK_PRIVATE_KEY) ? chip_private_pem (key) : NULL;
}
