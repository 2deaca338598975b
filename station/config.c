/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See config.h. Each key is read by one line; what can't be right is refused where it
 * stands, so that the message can say which line to change.
 */
#include "station/config-private.h"

#include "base/keyfile.h"
#include "base/names.h"
#include "base/text.h"
#include "drivers/driver.h"
#include "station/allow-list.h"
#include "station/driver-settings.h"
#include "station/dual-control.h"
#include "station/error.h"
#include "station/place.h"

static const char *const station_keys[] = { "Name",
                                            "Mode",
                                            "StateFolder",
                                            "Socket",
                                            "ProfileFolder",
                                            "CrlFolder",
                                            "KnownKeys",
                                            "OperatorGroup",
                                            "SupervisorGroup",
                                            "AuditorGroup",
                                            "AttemptSeconds",
                                            "AcknowledgeFailures",
                                            "MatchFolder",
                                            NULL };
static const char *const role_keys[] = { "DualControl", NULL };
static const char *const signer_keys[] = { "Socket", "Config", NULL };
static const char *const slot_keys[] = { "Port",   "IdPath",  "Driver", "Baud",
                                         "RtsCts", "Enabled", NULL };

static const KeyfileGroup config_groups[] = { { "station", station_keys }, { "roles", role_keys },
                                              { "signer", signer_keys },   { "slot *", slot_keys },
                                              { "driver *", NULL },        { 0 } };

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
  g_free (config->match_folder);
  g_free (config->crl_folder);
  g_strfreev (config->known_keys);
  g_free (config->signer_socket);
  g_free (config->signer_config);
  g_ptr_array_unref (config->slots);
  g_clear_pointer (&config->driver_settings, g_ptr_array_unref);
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

/* They are only read when somebody asks, so that a list that is away does not stop the line. */
static gboolean
read_known_keys (const Keyfile *file, Config *config, GError **error)
{
  config->known_keys = keyfile_words (file, "station", "KnownKeys", "");
  for (char **path = config->known_keys; *path != NULL; path++)
    if (!g_path_is_absolute (*path))
      return keyfile_refuse (file, "station", "KnownKeys", error,
                             "KnownKeys=%s must be a full path, starting with /", *path);
  return TRUE;
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
  return read_known_keys (file, config, error)
         && read_path (file, group, "StateFolder", DEFAULT_STATE_FOLDER, &config->state_folder,
                       error)
         && read_path (file, group, "Socket", DEFAULT_STATION_SOCKET, &config->socket, error)
         && read_path (file, group, "ProfileFolder", DEFAULT_PROFILE_FOLDER,
                       &config->profile_folder, error)
         && read_path (file, group, "CrlFolder", NULL, &config->crl_folder, error);
}

static gboolean
read_roles (const Keyfile *file, Config *config, GError **error)
{
  g_auto (GStrv) words = keyfile_words (file, "roles", "DualControl", "none");
  g_autofree char *problem = NULL;

  return dual_control_read (words, &config->dual_control, &problem)
         || keyfile_refuse (file, "roles", "DualControl", error, "DualControl: %s", problem);
}

/* The site's match files; the usual folder need not be there. */
static gboolean
read_matches (const Keyfile *file, Config *config, GError **error)
{
  g_autoptr (AllowList) allowed = NULL;

  if (!read_path (file, "station", "MatchFolder", NULL, &config->match_folder, error))
    return FALSE;
  if (config->match_folder == NULL && g_file_test (DEFAULT_MATCH_FOLDER, G_FILE_TEST_IS_DIR))
    config->match_folder = g_strdup (DEFAULT_MATCH_FOLDER);
  allowed = allow_list_load (config->match_folder, error);
  return allowed != NULL;
}

static gboolean
read_signer (const Keyfile *file, Config *config, GError **error)
{
  return read_path (file, "signer", "Socket", DEFAULT_SIGNER_SOCKET, &config->signer_socket, error)
         && read_path (file, "signer", "Config", NULL, &config->signer_config, error);
}

/* "slot 7" and nothing like "slot 07" or "slot seven": one slot has one name. */
gboolean
config_read_slot_number (const Keyfile *file, const char *group, guint *number, GError **error)
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

/* What a slot's Port= may say: a path, or a card reader's name. Everything else on USB is bound by
 * its place, IdPath=. */
static gboolean
read_port (const Keyfile *file, const char *group, SlotConfig *slot, GError **error)
{
  g_autofree char *port = keyfile_text (file, group, "Port", NULL);

  if (port == NULL || address_channel (port) != CHANNEL_CARD)
    return read_path (file, group, "Port", NULL, &slot->port, error);
  slot->port = g_steal_pointer (&port);
  return TRUE;
}

static gboolean
read_slot_values (const Keyfile *file, const char *group, SlotConfig *slot, GError **error)
{
  slot->id_path = keyfile_text (file, group, "IdPath", NULL);
  slot->driver = keyfile_text (file, group, "Driver", NULL);
  return config_read_slot_number (file, group, &slot->number, error)
         && read_port (file, group, slot, error)
         && keyfile_number (file, group, "Baud", 50, 12000000, 0, &slot->baud, error)
         && read_rtscts (file, group, slot, error)
         && keyfile_boolean (file, group, "Enabled", TRUE, &slot->enabled, error)
         && check_slot_binding (file, group, slot, error)
         && check_slot_driver (file, group, slot, error);
}

/* The other slot that has the same port or path already, or NULL. */
const SlotConfig *
config_slot_with_binding (const Config *config, const char *port, const char *id_path)
{
  for (guint i = 0; i < config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (config->slots, i);

    if ((port != NULL && g_strcmp0 (slot->port, port) == 0)
        || (id_path != NULL && slot->id_path != NULL && place_is_shared (slot->id_path, id_path)))
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
  other = config_slot_with_binding (config, slot->port, slot->id_path);
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

static gboolean
read_drivers (const Keyfile *file, Config *config, GError **error)
{
  config->driver_settings = keyfile_settings (file, "driver ");
  for (guint i = 0; i < config->driver_settings->len; i++) {
    const KeyfileSetting *setting = g_ptr_array_index (config->driver_settings, i);
    g_autofree char *group = g_strconcat ("driver ", setting->group, NULL);
    g_autoptr (GError) problem = NULL;

    if (!driver_setting_check (setting, FALSE, &problem))
      return keyfile_refuse (file, group, setting->key, error, "%s", problem->message);
  }
  return TRUE;
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
  if (!read_station (file, config, error) || !read_roles (file, config, error)
      || !read_signer (file, config, error) || !read_matches (file, config, error)
      || !read_slots (file, config, error) || !read_drivers (file, config, error))
    return NULL;
  return g_steal_pointer (&config);
}
