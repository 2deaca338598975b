/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See driver-settings.h.
 */
#include "station/driver-settings.h"

static gboolean
apply (DriverOptions *options, const Driver *driver, const GPtrArray *settings, GError **error)
{
  for (guint i = 0; settings != NULL && i < settings->len; i++) {
    const KeyfileSetting *setting = g_ptr_array_index (settings, i);

    if (g_str_equal (setting->group, driver->name)
        && !driver_options_set (options, setting->key, setting->value, error))
      return FALSE;
  }
  return TRUE;
}

DriverOptions *
driver_settings_apply (const Driver *driver, const GPtrArray *of_station,
                       const GPtrArray *of_profile, GError **error)
{
  g_autoptr (DriverOptions) options = driver_options_new (driver->options);

  if (!apply (options, driver, of_station, error) || !apply (options, driver, of_profile, error))
    return NULL;
  return g_steal_pointer (&options);
}

gboolean
driver_setting_check (const KeyfileSetting *setting, gboolean in_profile, GError **error)
{
  const Driver *driver = driver_by_name (setting->group);
  g_autoptr (DriverOptions) options = NULL;

  if (driver == NULL) {
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND,
                 "there is no driver \"%s\"; `keycradle driver list` shows them", setting->group);
    return FALSE;
  }
  options = driver_options_new (driver->options);
  if (in_profile && driver_options_is_secret (options, setting->key)) {
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                 "%s is a secret: set it in [driver %s] of keycradle.conf, not in a profile",
                 setting->key, setting->group);
    return FALSE;
  }
  return driver_options_set (options, setting->key, setting->value, error);
}
