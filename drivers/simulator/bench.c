/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Devices by name, slots by number, events and what is shown of a device.
 */
#include "drivers/simulator/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/encode.h"
#include "drivers/simulator/problem.h"

static const char *const event_words[] = {
  [MACHINE_OPENED] = "opened",
  [MACHINE_CLOSED] = "closed",
  [MACHINE_PULLED] = "pulled",
};

/* Held by who changes what is on the bench, and for ever by the thread that a signal woke. */
static GMutex hands;
static Bench *guarded; /* what a signal clears; NULL where there is nothing more to clear */

static gboolean
make_folder (const char *path, GError **error)
{
  return path == NULL || g_mkdir_with_parents (path, 0755) == 0 || fail_errno (error, path);
}

/* Links that a killed process left: their ptys may be somebody else's by now. Only the first
 * process in a folder sweeps; it holds the lock for its life. */
static void
sweep_links (Bench *bench)
{
  g_autofree char *lock = g_build_filename (bench->ports, ".keycradle-sim.lock", NULL);
  g_autoptr (GDir) folder = g_dir_open (bench->ports, 0, NULL);
  const char *name;

  bench->lock = open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (folder == NULL || bench->lock < 0 || flock (bench->lock, LOCK_EX | LOCK_NB) != 0)
    return;
  while ((name = g_dir_read_name (folder)) != NULL) {
    g_autofree char *path = g_build_filename (bench->ports, name, NULL);

    if (g_str_has_prefix (name, "slot") && g_file_test (path, G_FILE_TEST_IS_SYMLINK))
      unlink (path);
  }
}

Bench *
bench_new (const char *ports, const char *state, const char *firmware, GError **error)
{
  g_autoptr (Bench) bench = g_new0 (Bench, 1);

  bench->ports = g_strdup (ports);
  bench->state = g_strdup (state);
  bench->firmware = g_strdup (firmware);
  bench->devices = g_ptr_array_new_with_free_func ((GDestroyNotify)device_free);
  bench->events = g_async_queue_new_full (g_free);
  bench->lock = -1;
  if (!make_folder (ports, error))
    return NULL;
  if (ports != NULL)
    sweep_links (bench);
  return g_steal_pointer (&bench);
}

void
bench_free (Bench *bench)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&hands);

  guarded = NULL;
  g_ptr_array_unref (bench->devices);
  g_async_queue_unref (bench->events);
  g_free (bench->ports);
  g_free (bench->state);
  g_free (bench->firmware);
  if (bench->lock >= 0)
    close (bench->lock);
  g_free (bench);
}

/* Called from the machines' threads. */
static void
bench_notify (Device *device, MachineEvent kind)
{
  Bench *bench = device->owner;
  BenchEvent *event = g_new (BenchEvent, 1);

  *event = (BenchEvent){ .device = device, .kind = kind };
  g_async_queue_push (bench->events, event);
}

static Device *
bench_lookup (Bench *bench, const char *name)
{
  for (guint i = 0; i < bench->devices->len; i++) {
    Device *device = g_ptr_array_index (bench->devices, i);

    if (g_str_equal (device->settings.name, name))
      return device;
  }
  return NULL;
}

Device *
bench_add (Bench *bench, DeviceSettings *settings, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&hands);
  Device *device;

  if (bench_lookup (bench, settings->name) != NULL) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "there is a device '%s' already",
                 settings->name);
    return NULL;
  }
  if (settings->personality == NULL) {
    g_autofree char *words = personality_words ();

    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "device '%s' needs a driver: one of %s", settings->name, words);
    return NULL;
  }
  if (settings->firmware == NULL)
    settings->firmware = g_strdup (bench->firmware);
  device = device_new (settings, bench->state, bench_notify, bench, error);
  if (device != NULL)
    g_ptr_array_add (bench->devices, device);
  return device;
}

Device *
bench_find (Bench *bench, const char *name, GError **error)
{
  Device *device = bench_lookup (bench, name);

  if (device == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "there is no device '%s'", name);
  return device;
}

/* The device that is in `slot` now, or NULL. */
static Device *
bench_in_slot (Bench *bench, guint slot)
{
  for (guint i = 0; i < bench->devices->len; i++) {
    Device *device = g_ptr_array_index (bench->devices, i);
    MachineCounters counters;

    machine_count (device->machine, &counters);
    if (counters.plugged && device->settings.slot == slot)
      return device;
  }
  return NULL;
}

gboolean
bench_plug (Bench *bench, Device *device, guint slot, GError **error)
{
  Device *present = bench_in_slot (bench, slot);
  g_autofree char *name = g_strdup_printf ("slot%u", slot);
  g_autofree char *link = g_build_filename (bench->ports, name, NULL);

  if (present != NULL) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "slot %u holds '%s'", slot,
                 present->settings.name);
    return FALSE;
  }
  bench_unplug (device);
  device->settings.slot = slot;
  return bench_plug_link (device, link, error);
}

gboolean
bench_plug_link (Device *device, const char *link, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&hands);

  return device_plug (device, link, error);
}

void
bench_unplug (Device *device)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&hands);

  device_unplug (device);
}

static char *
json_text (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);

  return json_to_string (root, FALSE);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_number (JsonBuilder *builder, const char *name, guint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64)value);
}

static void
add_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

const char *
bench_event_word (MachineEvent kind)
{
  return event_words[kind];
}

char *
bench_event_json (const char *word, Device *device)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_string (builder, "event", word);
  add_string (builder, "device", device->settings.name);
  add_number (builder, "slot", device->settings.slot);
  json_builder_end_object (builder);
  return json_text (builder);
}

char *
bench_error_json (const char *sentence)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_string (builder, "error", sentence);
  json_builder_end_object (builder);
  return json_text (builder);
}

static void
add_digest (JsonBuilder *builder, const char *name, GBytes *bytes)
{
  g_autofree char *digest = NULL;

  if (bytes == NULL)
    return;
  digest = sha256_hex (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  add_string (builder, name, digest);
}

static void
add_holdings (JsonBuilder *builder, Device *device)
{
  g_autoptr (GBytes) certificate = device_get (device, "cert.der"),
                     locked = device_get (device, "locked"), public = NULL;
  g_autoptr (EVP_PKEY) key = device_key (device, "key");

  if (key != NULL)
  public = chip_public_key (key);
  add_digest (builder, "certificate", certificate);
  add_digest (builder, "key", public);
  add_boolean (builder, "locked", locked != NULL);
}

char *
bench_device_json (Device *device)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  const DeviceSettings *settings = &device->settings;
  MachineCounters counters;

  machine_count (device->machine, &counters);
  json_builder_begin_object (builder);
  add_string (builder, "device", settings->name);
  add_string (builder, "driver", settings->personality->name);
  add_string (builder, "serial", settings->serial);
  add_string (builder, "chip", settings->chip);
  add_number (builder, "slot", settings->slot);
  add_boolean (builder, "plugged", counters.plugged);
  add_string (builder, "port", counters.plugged ? machine_port (device->machine) : NULL);
  add_number (builder, "plugged-times", counters.plugged_times);
  add_number (builder, "opened", counters.opened);
  add_number (builder, "closed", counters.closed);
  add_number (builder, "bytes-in", counters.bytes_in);
  add_number (builder, "bytes-out", counters.bytes_out);
  add_holdings (builder, device);
  json_builder_end_object (builder);
  return json_text (builder);
}

static gpointer
signal_thread (gpointer data)
{
  sigset_t signals;
  int number = 0;

  sigemptyset (&signals);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGHUP);
  sigwait (&signals, &number);
  g_mutex_lock (&hands);
  for (guint i = 0; guarded != NULL && i < guarded->devices->len; i++)
    device_power_off (g_ptr_array_index (guarded->devices, i));
  _exit (128 + number);
}

void
bench_guard_signals (Bench *bench)
{
  sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGHUP);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  guarded = bench;
  g_thread_unref (g_thread_new ("signals", signal_thread, NULL));
}
