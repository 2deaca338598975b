/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plays a plan: each slot has a queue of devices, and an operator who takes a
 * device out when the station has closed its port, and puts in the next one.
 */
#include <gio/gio.h>
#include <string.h>

#include "drivers/simulator/commands.h"

typedef struct {
  guint number;
  GQueue devices; /* still to come */
  Device *present;
  gint64 out_at; /* when the operator takes it out; 0: not yet */
} Slot;

typedef struct {
  Bench *bench;
  const PlayOptions *options;
  GPtrArray *slots;    /* of Slot */
  GHashTable *replugs; /* Device → how often it still comes back */
  guint served;
} Play;

static void
slot_free (gpointer data)
{
  Slot *slot = data;

  g_queue_clear (&slot->devices);
  g_free (slot);
}

static Slot *
play_slot (Play *play, guint number)
{
  Slot *slot;

  for (guint i = 0; i < play->slots->len; i++) {
    slot = g_ptr_array_index (play->slots, i);
    if (slot->number == number)
      return slot;
  }
  slot = g_new0 (Slot, 1);
  slot->number = number;
  g_queue_init (&slot->devices);
  g_ptr_array_add (play->slots, slot);
  return slot;
}

static gboolean
read_setting (GKeyFile *plan, const char *group, const char *key, DeviceSettings *settings,
              GError **error)
{
  g_autofree char *value = g_key_file_get_string (plan, group, key, error);

  return value != NULL && device_settings_set (settings, key, g_strstrip (value), error);
}

/* One group "device NAME". */
static gboolean
play_add (Play *play, GKeyFile *plan, const char *group, GError **error)
{
  DeviceSettings settings = { 0 };
  g_auto (GStrv) keys = g_key_file_get_keys (plan, group, NULL, NULL);
  Device *device = NULL;
  gboolean good = g_str_has_prefix (group, "device ") && group[7] != '\0';

  if (!good)
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "expected [device NAME]");
  for (char **key = keys; good && *key != NULL; key++)
    good = read_setting (plan, group, *key, &settings, error);
  if (good && settings.slot == 0) {
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                 "Slot= is missing; slots count from 1");
    good = FALSE;
  }
  if (good) {
    settings.name = g_strdup (group + 7);
    device = bench_add (play->bench, &settings, error);
  }
  device_settings_clear (&settings);
  if (device == NULL) {
    g_prefix_error (error, "[%s]: ", group);
    return FALSE;
  }
  g_queue_push_tail (&play_slot (play, device->settings.slot)->devices, device);
  g_hash_table_insert (play->replugs, device, GUINT_TO_POINTER (play->options->replug));
  return TRUE;
}

static gboolean
play_load (Play *play, const char *path, GError **error)
{
  g_autoptr (GKeyFile) plan = g_key_file_new ();
  g_auto (GStrv) groups = NULL;

  if (!g_key_file_load_from_file (plan, path, G_KEY_FILE_NONE, error)) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  g_key_file_set_list_separator (plan, '\n');
  groups = g_key_file_get_groups (plan, NULL);
  for (char **group = groups; *group != NULL; group++)
    if (!play_add (play, plan, *group, error)) {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  if (play->slots->len > 0)
    return TRUE;
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND, "%s: no devices", path);
  return FALSE;
}

static void
play_say (Play *play, const char *event, Device *device)
{
  g_autofree char *json = bench_event_json (event, device);

  if (play->options->events)
    g_print ("%s\n", json);
}

static gboolean
slot_next (Play *play, Slot *slot, GError **error)
{
  slot->out_at = 0;
  slot->present = g_queue_pop_head (&slot->devices);
  if (slot->present == NULL)
    return TRUE;
  if (!bench_plug (play->bench, slot->present, slot->number, error))
    return FALSE;
  play_say (play, "plugged", slot->present);
  return TRUE;
}

static gboolean
slot_take_out (Play *play, Slot *slot, GError **error)
{
  Device *device = slot->present;
  guint replugs = GPOINTER_TO_UINT (g_hash_table_lookup (play->replugs, device));

  bench_unplug (device);
  play_say (play, "unplugged", device);
  if (replugs > 0) {
    g_hash_table_insert (play->replugs, device, GUINT_TO_POINTER (replugs - 1));
    g_queue_push_tail (&slot->devices, device);
  }
  else
    play->served++;
  return slot_next (play, slot, error);
}

static gboolean
play_event (Play *play, const BenchEvent *event, GError **error)
{
  Slot *slot = play_slot (play, event->device->settings.slot);

  play_say (play, bench_event_word (event->kind), event->device);
  if (slot->present != event->device)
    return TRUE;
  switch (event->kind) {
  case MACHINE_OPENED:
    slot->out_at = 0;
    return TRUE;
  case MACHINE_CLOSED:
    slot->out_at = g_get_monotonic_time () + (gint64)play->options->pause_ms * 1000;
    return TRUE;
  case MACHINE_PULLED:
    g_queue_push_tail (&slot->devices, slot->present);
    return slot_next (play, slot, error);
  }
  return TRUE;
}

/* Whether the station has the port open again, although it has closed it once. */
static gboolean
slot_is_open (Slot *slot)
{
  MachineCounters counters;

  machine_count (slot->present->machine, &counters);
  return counters.open_now > 0;
}

/* Takes out what is due; says when the next is, G_MAXINT64 for none. */
static gboolean
play_hands (Play *play, gint64 *next, gboolean *busy, GError **error)
{
  *next = G_MAXINT64;
  *busy = FALSE;
  for (guint i = 0; i < play->slots->len; i++) {
    Slot *slot = g_ptr_array_index (play->slots, i);

    if (slot->out_at != 0 && slot_is_open (slot))
      slot->out_at = 0;
    if (slot->out_at != 0 && slot->out_at <= g_get_monotonic_time ()
        && !slot_take_out (play, slot, error))
      return FALSE;
    if (slot->out_at != 0)
      *next = MIN (*next, slot->out_at);
    *busy = *busy || slot->present != NULL;
  }
  return TRUE;
}

static gboolean
play_all (Play *play, GError **error)
{
  gint64 next;
  gboolean busy;

  for (guint i = 0; i < play->slots->len; i++)
    if (!slot_next (play, g_ptr_array_index (play->slots, i), error))
      return FALSE;
  while (play_hands (play, &next, &busy, error)) {
    g_autofree BenchEvent *event = NULL;
    gint64 left = MAX (next - g_get_monotonic_time (), 1);

    if (!busy)
      return TRUE;
    event = next == G_MAXINT64 ? g_async_queue_pop (play->bench->events)
                               : g_async_queue_timeout_pop (play->bench->events, (guint64)left);
    if (event != NULL && !play_event (play, event, error))
      return FALSE;
  }
  return FALSE;
}

int
play_run (Bench *bench, const char *path, const PlayOptions *options)
{
  g_autoptr (GPtrArray) slots = g_ptr_array_new_with_free_func (slot_free);
  g_autoptr (GHashTable) replugs = g_hash_table_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  Play play = { .bench = bench, .options = options, .slots = slots, .replugs = replugs };

  if (play_load (&play, path, &error) && play_all (&play, &error)) {
    if (!options->events)
      g_print ("%u devices served\n", play.served);
    return 0;
  }
  g_printerr ("keycradle-sim: %s\n", error->message);
  return 1;
}
