/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See settings.h.
 */
#include "courier/settings.h"

#include "base/keyfile.h"
#include "courier/error.h"

#define MOST_PER_SECOND 10000
#define MOST_CONNECTIONS 64
#define USUAL_CONNECTIONS 8

G_DEFINE_QUARK (courier - error - quark, courier_error)

static const char *const courier_keys[] = { "Proxy", NULL };
static const char *const target_keys[] = { "Credentials", "Profile", "Things", "PerSecond",
                                           "Connections", "Address", "CaFile", NULL };
static const KeyfileGroup groups[] = { { "courier", courier_keys },
                                       { "target *", target_keys },
                                       { NULL, NULL } };

void
courier_settings_free (CourierSettings *settings)
{
  if (settings == NULL)
    return;
  g_free (settings->target);
  g_free (settings->credentials);
  g_free (settings->profile);
  g_free (settings->proxy);
  g_free (settings->address);
  g_free (settings->ca_file);
  g_free (settings);
}

/* Another address is for a rehearsal, and whoever writes it must say whom to believe there: a line
 * in a file must not be enough to lead a factory's keys elsewhere. */
static gboolean
check_address (const Keyfile *file, const char *group, const CourierSettings *settings,
               GError **error)
{
  if (settings->address == NULL && settings->ca_file != NULL)
    return keyfile_refuse (file, group, "CaFile", error,
                           "CaFile is for an Address of your own; the clouds themselves are "
                           "verified with the system's roots");
  if (settings->address == NULL)
    return TRUE;
  if (settings->ca_file == NULL)
    return keyfile_refuse (file, group, "Address", error,
                           "Address, which is for tests, needs CaFile: the root certificate that "
                           "signed the server there");
  if (!g_regex_match_simple ("^[A-Za-z0-9.-]+:[0-9]{1,5}$", settings->address, 0, 0))
    return keyfile_refuse (file, group, "Address", error, "Address must be HOST:PORT");
  return TRUE;
}

static gboolean
read_target (const Keyfile *file, const char *group, CourierSettings *settings, GError **error)
{
  settings->credentials = keyfile_needed_text (file, group, "Credentials", error);
  if (settings->credentials == NULL)
    return FALSE;
  settings->profile = keyfile_text (file, group, "Profile", "default");
  settings->proxy = keyfile_text (file, "courier", "Proxy", NULL);
  settings->address = keyfile_text (file, group, "Address", NULL);
  settings->ca_file = keyfile_text (file, group, "CaFile", NULL);
  return keyfile_boolean (file, group, "Things", FALSE, &settings->things, error)
         && keyfile_number (file, group, "PerSecond", 0, MOST_PER_SECOND, 0, &settings->per_second,
                            error)
         && keyfile_number (file, group, "Connections", 1, MOST_CONNECTIONS, USUAL_CONNECTIONS,
                            &settings->connections, error)
         && check_address (file, group, settings, error);
}

/* Most often the file is not there at all. */
static void
say_what_to_write (const char *path, const char *target, GError **error)
{
  if (error == NULL || !g_error_matches (*error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return;
  g_clear_error (error);
  g_set_error (error, COURIER_ERROR, COURIER_NOT_FOUND,
               "There is no %s: write it, with [target %s] and Credentials= in it; "
               "courier.conf(5) tells how.",
               path, target);
}

CourierSettings *
courier_settings_load (const char *path, const char *target, GError **error)
{
  g_autoptr (Keyfile) file = keyfile_load_strict (path, groups, error);
  g_autoptr (CourierSettings) settings = g_new0 (CourierSettings, 1);
  g_autofree char *group = g_strconcat ("target ", target, NULL);

  if (file == NULL) {
    say_what_to_write (path, target, error);
    return NULL;
  }
  if (!g_key_file_has_group (file->values, group)) {
    g_set_error (error, COURIER_ERROR, COURIER_NOT_FOUND,
                 "%s has no [%s]: write it, with Credentials= in it; courier.conf(5) tells how.",
                 path, group);
    return NULL;
  }
  settings->target = g_strdup (target);
  if (!read_target (file, group, settings, error))
    return NULL;
  return g_steal_pointer (&settings);
}
