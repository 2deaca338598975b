/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * slots.conf: which slot was learned to be which place on USB, and which are out of service. It
 * stands beside the ledger and wins over keycradle.conf.
 */
#include "base/files.h"
#include "base/text.h"
#include "station/config-private.h"
#include "station/error.h"

#define LEARNED_FILE "slots.conf"

static const char *const learned_keys[] = { "IdPath", "Enabled", "DisabledReason", NULL };
static const KeyfileGroup learned_groups[] = { { "slot *", learned_keys }, { 0 } };

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

  if (!config_read_slot_number (file, group, &number, error))
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
config_may_learn (const Config *config, guint number, const char *id_path, GError **error)
{
  const SlotConfig *slot = config_slot (config, number);
  const SlotConfig *other = config_slot_with_binding (config, NULL, id_path);

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
  return TRUE;
}

gboolean
config_learn (Config *config, guint number, const char *id_path, GError **error)
{
  SlotConfig *slot = config_slot (config, number);
  g_autoptr (GKeyFile) values = NULL;

  if (!config_may_learn (config, number, id_path, error))
    return FALSE;
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
