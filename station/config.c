/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See config.h. Each key is read by one line; what can't be right is refused where it
 * stands, so that the message can say which line to change.
 */
#include "station/config.h"

#include "base/files.h"
#include "base/keyfile.h"
#include "base/names.h"
#include "base/text.h"
#include "drivers/driver.h"
#include "station/error.h"

#define LEARNED_FILE "slots.conf"

static const char *const station_keys[] = {
  "Name",          "Mode",           "StateFolder",         "Socket",
  "ProfileFolder", "CrlFolder",      "OperatorGroup",       "SupervisorGroup",
  "AuditorGroup",  "AttemptSeconds", "AcknowledgeFailures", NULL
};
static const char *const signer_keys[] = { "Socket", "Config", NULL };
static const char *const slot_keys[] = { "Port",   "IdPath",  "Driver", "Baud",
                                         "RtsCts", "Enabled", NULL };
static const char *const learned_keys[] = { "IdPath", "Enabled", "DisabledReason", NULL };

static const KeyfileGroup config_groups[] = {
  { "station", station_keys }, { "signer", signer_keys }, { "slot *", slot_keys }, { 0 }
};
static const KeyfileGroup learned_groups[] = { { "slot *", learned_keys }, { 0 } };

void
slot_config_free (SlotConfig *slot)
{
  if (slot == NULL)
    return;
  g_free (slot->port);
  g_free (slot->id_path);
  g_free (slot->driver);
  g_free (slot->disabled_reason);
  g_free (slot);
}

void
config_free (Config *config)
{
  if (config == NULL)
    return;
  g_free (config->path);
  g_free (config->name);
  g_free (config->state_folder);
  g_free (config->socket);
  g_free (config->profile_folder);
  g_free (config->operator_group);
  g_free (config->supervisor_group);
  g_free (config->auditor_group);
  g_free (config->crl_folder);
  g_free (config->signer_socket);
  g_free (config->signer_config);
  g_ptr_array_unref (config->slots);
  g_free (config);
}

SlotConfig *
config_slot (const Config *config, guint number)
{
  for (guint i = 0; i < config->slots->len; i++) {
    SlotConfig *slot = g_ptr_array_index (config->slots, i);

    if (slot->number == number)
      return slot;
  }
  return NULL;
}

/* A path from the file, which must be absolute: the daemon has no useful current folder. */
static gboolean
read_path (const Keyfile *file, const char *group, const char *key, const char *fallback,
           char **path, GError **error)
{
  *path = keyfile_text (file, group, key, fallback);
  if (*path == NULL || g_path_is_absolute (*path))
    return TRUE;
  return keyfile_refuse (file, group, key, error, "%s=%s must be a full path, starting with /", key,
                         *path);
}

static gboolean
read_station (const Keyfile *file, Config *config, GError **error)
{
  static const char *const modes[] = { "production", "demo", NULL };
  const char *group = "station";
  guint mode;

  config->name = keyfile_text (file, group, "Name", g_get_host_name ());
  config->operator_group = keyfile_text (file, group, "OperatorGroup", "keycradle-operator");
  config->supervisor_group = keyfile_text (file, group, "SupervisorGroup", "keycradle-supervisor");
  config->auditor_group = keyfile_text (file, group, "AuditorGroup", "keycradle-auditor");
  if (!keyfile_choice (file, group, "Mode", modes, 0, &mode, error)
      || !keyfile_number (file, group, "AttemptSeconds", 1, 3600, 120, &config->attempt_seconds,
                          error)
      || !keyfile_boolean (file, group, "AcknowledgeFailures", TRUE, &config->acknowledge_failures,
                           error))
    return FALSE;
  config->demo = mode == 1;
  return read_path (file, group, "StateFolder", DEFAULT_STATE_FOLDER, &config->state_folder, error)
         && read_path (file, group, "Socket", DEFAULT_STATION_SOCKET, &config->socket, error)
         && read_path (file, group, "ProfileFolder", DEFAULT_PROFILE_FOLDER,
                       &config->profile_folder, error)
         && read_path (file, group, "CrlFolder", NULL, &config->crl_folder, error);
}

static gboolean
read_signer (const Keyfile *file, Config *config, GError **error)
{
  return read_path (file, "signer", "Socket", DEFAULT_SIGNER_SOCKET, &config->signer_socket, error)
         && read_path (file, "signer", "Config", NULL, &config->signer_config, error);
}

/* "slot 7" and nothing like "slot 07" or "slot seven": one slot has one name. */
static gboolean
read_slot_number (const Keyfile *file, const char *group, guint *number, GError **error)
{
  guint64 value;

  if (g_ascii_string_to_unsigned (group + 5, 10, 1, SLOT_NUMBER_MAX, &value, NULL)
      && group[5] != '0') {
    *number = (guint)value;
    return TRUE;
  }
  return keyfile_refuse (file, group, NULL, error, "[%s] is no slot: write [slot 1] to [slot %u]",
                         group, SLOT_NUMBER_MAX);
}

static gboolean
check_slot_driver (const Keyfile *file, const char *group, const SlotConfig *slot, GError **error)
{
  if (slot->driver == NULL || driver_by_name (slot->driver) != NULL)
    return TRUE;
  return keyfile_refuse (file, group, "Driver", error,
                         "there is no driver \"%s\"; `keycradle driver list` shows them",
                         slot->driver);
}

static gboolean
check_slot_binding (const Keyfile *file, const char *group, const SlotConfig *slot, GError **error)
{
  if (slot->port != NULL && slot->id_path != NULL)
    return keyfile_refuse (file, group, "IdPath", error,
                           "[%s] has both Port and IdPath: keep one of them", group);
  return TRUE;
}

static gboolean
read_rtscts (const Keyfile *file, const char *group, SlotConfig *slot, GError **error)
{
  g_autofree char *text = keyfile_text (file, group, "RtsCts", NULL);
  gboolean on;

  if (text == NULL)
    return TRUE;
  if (!keyfile_boolean (file, group, "RtsCts", FALSE, &on, error))
    return FALSE;
  slot->rtscts = on ? RTSCTS_ON : RTSCTS_OFF;
  return TRUE;
}

static gboolean
read_slot_values (const Keyfile *file, const char *group, SlotConfig *slot, GError **error)
{
  slot->id_path = keyfile_text (file, group, "IdPath", NULL);
  slot->driver = keyfile_text (file, group, "Driver", NULL);
  return read_slot_number (file, group, &slot->number, error)
         && read_path (file, group, "Port", NULL, &slot->port, error)
         && keyfile_number (file, group, "Baud", 50, 12000000, 0, &slot->baud, error)
         && read_rtscts (file, group, slot, error)
         && keyfile_boolean (file, group, "Enabled", TRUE, &slot->enabled, error)
         && check_slot_binding (file, group, slot, error)
         && check_slot_driver (file, group, slot, error);
}

/* The other slot that has the same port or path already, or NULL. */
static const SlotConfig *
slot_with_binding (const Config *config, const char *port, const char *id_path)
{
  for (guint i = 0; i < config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (config->slots, i);

    if ((port != NULL && g_strcmp0 (slot->port, port) == 0)
        || (id_path != NULL && g_strcmp0 (slot->id_path, id_path) == 0))
      return slot;
  }
  return NULL;
}

static gboolean
read_slot (const Keyfile *file, const char *group, Config *config, GError **error)
{
  g_autoptr (SlotConfig) slot = g_new0 (SlotConfig, 1);
  const SlotConfig *other;

  if (!read_slot_values (file, group, slot, error))
    return FALSE;
  other = slot_with_binding (config, slot->port, slot->id_path);
  if (other != NULL)
    return keyfile_refuse (file, group, slot->port != NULL ? "Port" : "IdPath", error,
                           "[%s] and [slot %u] are on the same port: %s", group, other->number,
                           slot->port != NULL ? slot->port : slot->id_path);
  g_ptr_array_add (config->slots, g_steal_pointer (&slot));
  return TRUE;
}

static int
compare_slots (gconstpointer a, gconstpointer b)
{
  const SlotConfig *const *first = a;
  const SlotConfig *const *second = b;

  return ((*first)->number > (*second)->number) - ((*first)->number < (*second)->number);
}

static gboolean
read_slots (const Keyfile *file, Config *config, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file->values, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    if (g_str_has_prefix (groups[i], "slot ") && !read_slot (file, groups[i], config, error))
      return FALSE;
  g_ptr_array_sort (config->slots, compare_slots);
  if (config->slots->len > 0)
    return TRUE;
  g_set_error (
      error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND,
      "%s: there are no slots: add a group [slot 1]; with neither Port nor IdPath `keycradle slot "
      "learn 1` finds its port",
      file->path);
  return FALSE;
}

Config *
config_load (const char *path, GError **error)
{
  g_autoptr (Keyfile) file = keyfile_load_strict (path, config_groups, error);
  g_autoptr (Config) config = NULL;

  if (file == NULL)
    return NULL;
  config = g_new0 (Config, 1);
  config->path = g_strdup (path);
  config->slots = g_ptr_array_new_with_free_func ((GDestroyNotify)slot_config_free);
  if (!read_station (file, config, error) || !read_signer (file, config, error)
      || !read_slots (file, config, error))
    return NULL;
  return g_steal_pointer (&config);
}

static void
slot_bind (SlotConfig *slot, const char *id_path)
{
  g_clear_pointer (&slot->port, g_free);
  g_free (slot->id_path);
  slot->id_path = g_strdup (id_path);
}

static gboolean
apply_learned (const Keyfile *file, const char *group, Config *config, GError **error)
{
  g_autofree char *id_path = keyfile_text (file, group, "IdPath", NULL);
  SlotConfig *slot;
  guint number;

  if (!read_slot_number (file, group, &number, error))
    return FALSE;
  slot = config_slot (config, number);
  if (slot == NULL)
    return keyfile_refuse (file, group, NULL, error, "%s has no [%s]: delete this group",
                           config->path, group);
  if (id_path != NULL)
    slot_bind (slot, id_path);
  g_free (slot->disabled_reason);
  slot->disabled_reason = keyfile_text (file, group, "DisabledReason", NULL);
  return keyfile_boolean (file, group, "Enabled", slot->enabled, &slot->enabled, error);
}

gboolean
config_load_learned (Config *config, GError **error)
{
  g_autofree char *path = g_build_filename (config->state_folder, LEARNED_FILE, NULL);
  g_autoptr (Keyfile) file = NULL;
  g_auto (GStrv) groups = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  file = keyfile_load_strict (path, learned_groups, error);
  if (file == NULL)
    return FALSE;
  groups = g_key_file_get_groups (file->values, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    if (!apply_learned (file, groups[i], config, error))
      return FALSE;
  return TRUE;
}

/* slots.conf as it is, to be changed. */
static GKeyFile *
open_learned (const Config *config, GError **error)
{
  g_autofree char *path = g_build_filename (config->state_folder, LEARNED_FILE, NULL);
  g_autoptr (GKeyFile) values = g_key_file_new ();

  if (g_file_test (path, G_FILE_TEST_EXISTS)
      && !g_key_file_load_from_file (values, path, G_KEY_FILE_KEEP_COMMENTS, error))
    return NULL;
  return g_steal_pointer (&values);
}

/* NULL takes the key out. */
static void
set_learned (GKeyFile *values, guint number, const char *key, const char *text)
{
  g_autofree char *group = g_strdup_printf ("slot %u", number);

  if (text != NULL)
    g_key_file_set_value (values, group, key, text);
  else
    g_key_file_remove_key (values, group, key, NULL);
}

static gboolean
save_learned (const Config *config, GKeyFile *values, GError **error)
{
  g_autofree char *path = g_build_filename (config->state_folder, LEARNED_FILE, NULL);
  gsize length;
  g_autofree char *text = g_key_file_to_data (values, &length, NULL);

  return file_replace_durably (path, text, length, 0640, error);
}

gboolean
config_keep_enabled (Config *config, guint number, gboolean enabled, const char *reason,
                     GError **error)
{
  g_autofree char *shown = enabled ? NULL : text_for_display (reason, 200);
  SlotConfig *slot = config_slot (config, number);
  g_autoptr (GKeyFile) values = open_learned (config, error);

  if (values == NULL)
    return FALSE;
  set_learned (values, number, "Enabled", enabled ? "yes" : "no");
  set_learned (values, number, "DisabledReason", shown);
  if (!save_learned (config, values, error))
    return FALSE;
  slot->enabled = enabled;
  g_free (slot->disabled_reason);
  slot->disabled_reason = g_steal_pointer (&shown);
  return TRUE;
}

gboolean
config_learn (Config *config, guint number, const char *id_path, GError **error)
{
  SlotConfig *slot = config_slot (config, number);
  const SlotConfig *other = slot_with_binding (config, NULL, id_path);
  g_autoptr (GKeyFile) values = NULL;

  if (slot == NULL) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_CONFIG, "%s has no [slot %u]", config->path,
                 number);
    return FALSE;
  }
  if (other != NULL && other != slot) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_CONFIG, "%s belongs to slot %u already",
                 id_path, other->number);
    return FALSE;
  }
  values = open_learned (config, error);
  if (values == NULL)
    return FALSE;
  set_learned (values, number, "IdPath", id_path);
  if (!save_learned (config, values, error))
    return FALSE;
  slot_bind (slot, id_path);
  return TRUE;
}

/* A slot whose port can be given to another: found by its place on the USB. */
static const SlotConfig *
slot_to_swap (const Config *config, guint number, GError **error)
{
  const SlotConfig *slot = config_slot (config, number);

  if (slot != NULL && slot->id_path != NULL)
    return slot;
  if (slot == NULL)
    g_set_error (error, STATION_ERROR, STATION_ERROR_CONFIG, "%s has no [slot %u]", config->path,
                 number);
  else if (slot->port != NULL)
    g_set_error (error, STATION_ERROR, STATION_ERROR_CONFIG,
                 "slot %u is bound to %s by the configuration: change that Port there", number,
                 slot->port);
  else
    g_set_error (error, STATION_ERROR, STATION_ERROR_CONFIG,
                 "slot %u has no port yet: learn it first", number);
  return NULL;
}

gboolean
config_may_swap (const Config *config, guint number, guint other_number, GError **error)
{
  return slot_to_swap (config, number, error) != NULL
         && slot_to_swap (config, other_number, error) != NULL;
}

gboolean
config_swap (Config *config, guint number, guint other_number, GError **error)
{
  SlotConfig *slot = config_slot (config, number);
  SlotConfig *other = config_slot (config, other_number);
  g_autoptr (GKeyFile) values = open_learned (config, error);
  char *id_path;

  if (values == NULL)
    return FALSE;
  set_learned (values, number, "IdPath", other->id_path);
  set_learned (values, other_number, "IdPath", slot->id_path);
  if (!save_learned (config, values, error))
    return FALSE;
  id_path = slot->id_path;
  slot->id_path = other->id_path;
  other->id_path = id_path;
  return TRUE;
}
