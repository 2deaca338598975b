/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See options.h.
 */
#include "drivers/options.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 4096u

struct DriverOptions {
  const DriverOption *declared;
  GHashTable *values; /* name → text */
};

static void
wipe_and_free (gpointer data)
{
  char *text = data;

  explicit_bzero (text, strlen (text));
  g_free (text);
}

static const DriverOption *
find (const DriverOptions *options, const char *name)
{
  for (const DriverOption *option = options->declared; option != NULL && option->name != NULL;
       option++)
    if (g_str_equal (option->name, name))
      return option;
  return NULL;
}

DriverOptions *
driver_options_new (const DriverOption *declared)
{
  DriverOptions *options = g_new0 (DriverOptions, 1);

  options->declared = declared;
  options->values = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, wipe_and_free);
  for (const DriverOption *option = declared; option != NULL && option->name != NULL; option++)
    if (option->fallback != NULL)
      g_hash_table_insert (options->values, (gpointer)option->name, g_strdup (option->fallback));
  return options;
}

void
driver_options_free (DriverOptions *options)
{
  if (options == NULL)
    return;
  g_hash_table_unref (options->values);
  g_free (options);
}

static gboolean
refuse (GError **error, const char *name, const char *why)
{
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "%s %s", name, why);
  return FALSE;
}

/* Where the words of a secret's place lead, or NULL. */
static char *
secret_path (const char *name, const char *place, GError **error)
{
  const char *credentials = g_getenv ("CREDENTIALS_DIRECTORY");
  const char *credential =
      g_str_has_prefix (place, "credential:") ? place + strlen ("credential:") : NULL;

  if (g_str_has_prefix (place, "file:/"))
    return g_strdup (place + strlen ("file:"));
  if (credential == NULL || *credential == '\0' || strchr (credential, '/') != NULL) {
    refuse (error, name,
            "is a secret: say file:/FULL/PATH or credential:NAME, where it is to be read");
    return NULL;
  }
  if (credentials == NULL) {
    refuse (error, name,
            "is to come from a systemd credential, but there are none: "
            "LoadCredential= is missing in the unit");
    return NULL;
  }
  return g_build_filename (credentials, credential, NULL);
}

/* What systemd hands over as a credential it guards itself, with an ACL that shows as group. */
static gboolean
check_private (int fd, const char *name, const char *place, GError **error)
{
  g_autofree char *why = NULL;
  struct stat info;

  if (fstat (fd, &info) < 0 || !S_ISREG (info.st_mode))
    why = g_strdup_printf ("is to come from %s, which is no plain file", place);
  else if (g_str_has_prefix (place, "file:") && (info.st_mode & 077) != 0)
    why = g_strdup_printf (
        "is to come from %s, which may be read by group or others; chmod 0600 it", place);
  return why == NULL || refuse (error, name, why);
}

static int
open_secret (const char *name, const char *place, GError **error)
{
  g_autofree char *path = secret_path (name, place, error);
  int fd;

  if (path == NULL)
    return -1;
  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    g_autofree char *why = g_strdup_printf ("is to come from %s, which can't be opened: %s", place,
                                            g_strerror (errno));

    refuse (error, name, why);
    return -1;
  }
  if (check_private (fd, name, place, error))
    return fd;
  close (fd);
  return -1;
}

/* The file's first line. */
static char *
read_secret (const char *name, const char *place, GError **error)
{
  char text[SECRET_MAX + 1] = { 0 };
  char *secret = NULL;
  ssize_t length;
  int fd = open_secret (name, place, error);

  if (fd < 0)
    return NULL;
  length = read (fd, text, sizeof text);
  close (fd);
  if (length < 0 || (gsize)length > SECRET_MAX || strlen (text) != (gsize)length)
    refuse (error, name, "has no secret in that file: it must be one line of text");
  else
    secret = g_strndup (text, strcspn (text, "\r\n"));
  explicit_bzero (text, sizeof text);
  return secret;
}

static gboolean
check_choice (const DriverOption *option, const char *value, GError **error)
{
  g_autofree char *all = NULL;
  g_autofree char *why = NULL;

  if (option->choices == NULL || g_strv_contains (option->choices, value))
    return TRUE;
  all = g_strjoinv (", ", (char **)option->choices);
  why = g_strdup_printf ("can't be \"%s\"; it is one of %s", value, all);
  return refuse (error, option->name, why);
}

gboolean
driver_options_set (DriverOptions *options, const char *name, const char *value, GError **error)
{
  const DriverOption *option = find (options, name);
  char *taken;

  if (option == NULL)
    return refuse (error, name, "is no option of this driver; `keycradle driver list` shows them");
  if (!check_choice (option, value, error))
    return FALSE;
  taken = option->secret ? read_secret (name, value, error) : g_strdup (value);
  if (taken == NULL)
    return FALSE;
  g_hash_table_replace (options->values, (gpointer)option->name, taken);
  return TRUE;
}

gboolean
driver_options_is_secret (const DriverOptions *options, const char *name)
{
  const DriverOption *option = find (options, name);

  return option != NULL && option->secret;
}

const char *
driver_option (const DriverOptions *options, const char *name)
{
  g_return_val_if_fail (options == NULL || find (options, name) != NULL, NULL);
  return options != NULL ? g_hash_table_lookup (options->values, name) : NULL;
}
