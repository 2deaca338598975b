/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See allow-list.h. Strict: a file for a driver that does not exist is an error, not a file that
 * nobody reads.
 */
#include "station/allow-list.h"

#include <string.h>

#define SUFFIX ".match"

static void
add_matches (AllowList *allowed, const Driver *driver, const GPtrArray *matches)
{
  for (guint i = 0; matches != NULL && i < matches->len; i++) {
    const Allowed one = { driver, g_ptr_array_index (matches, i) };

    g_array_append_val (allowed->list, one);
  }
}

static void
unref_matches (gpointer matches)
{
  if (matches != NULL)
    g_ptr_array_unref (matches);
}

static gboolean
check_channels (const GPtrArray *matches, const Driver *driver, const char *path, GError **error)
{
  for (guint i = 0; i < matches->len; i++) {
    const Match *match = g_ptr_array_index (matches, i);

    if (driver->channels & match->channel)
      continue;
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                 "%s: \"%s\": driver %s does not speak over %s", path, match->text, driver->name,
                 channel_word (match->channel));
    return FALSE;
  }
  return TRUE;
}

static GPtrArray *
read_site_file (const char *path, const Driver *driver, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) matches = NULL;

  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  matches = matches_parse (text, path, error);
  if (matches == NULL || !check_channels (matches, driver, path, error))
    return NULL;
  return g_steal_pointer (&matches);
}

/* Which driver the file called `name` is for; its place in driver_list(). */
static gboolean
find_driver (const char *folder, const char *name, guint *place, GError **error)
{
  g_autofree char *driver = g_strndup (name, strlen (name) - strlen (SUFFIX));

  for (*place = 0; driver_list ()[*place] != NULL; (*place)++)
    if (g_str_equal (driver_list ()[*place]->name, driver))
      return TRUE;
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
               "%s/%s: there is no driver \"%s\"; `keycradle driver list` shows them", folder, name,
               driver);
  return FALSE;
}

static gboolean
read_folder (AllowList *allowed, const char *folder, GError **error)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, error);
  const char *name;
  guint place;

  if (directory == NULL)
    return FALSE;
  while ((name = g_dir_read_name (directory)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (!g_str_has_suffix (name, SUFFIX))
      continue;
    if (!find_driver (folder, name, &place, error))
      return FALSE;
    allowed->sites->pdata[place] = read_site_file (path, driver_list ()[place], error);
    if (allowed->sites->pdata[place] == NULL)
      return FALSE;
  }
  return TRUE;
}

AllowList *
allow_list_load (const char *folder, GError **error)
{
  g_autoptr (AllowList) allowed = g_new0 (AllowList, 1);
  guint drivers = 0;

  while (driver_list ()[drivers] != NULL)
    drivers++;
  allowed->list = g_array_new (FALSE, FALSE, sizeof (Allowed));
  allowed->sites = g_ptr_array_new_with_free_func (unref_matches);
  g_ptr_array_set_size (allowed->sites, (int)drivers);
  if (folder != NULL && !read_folder (allowed, folder, error))
    return NULL;
  for (guint i = 0; i < drivers; i++) {
    add_matches (allowed, driver_list ()[i], driver_matches (driver_list ()[i]));
    add_matches (allowed, driver_list ()[i], g_ptr_array_index (allowed->sites, i));
  }
  return g_steal_pointer (&allowed);
}

void
allow_list_free (AllowList *allowed)
{
  if (allowed == NULL)
    return;
  g_array_unref (allowed->list);
  g_ptr_array_unref (allowed->sites);
  g_free (allowed);
}

const GPtrArray *
allow_list_of_site (const AllowList *allowed, const Driver *driver)
{
  for (guint i = 0; driver_list ()[i] != NULL; i++)
    if (driver_list ()[i] == driver)
      return g_ptr_array_index (allowed->sites, i);
  return NULL;
}
