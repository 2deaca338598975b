/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See credentials.h.
 */
#include "courier/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "courier/error.h"

#define MOST_BYTES 65536u

static void
wipe (char **text)
{
  if (*text != NULL)
    explicit_bzero (*text, strlen (*text));
  g_clear_pointer (text, g_free);
}

void
credentials_free (Credentials *credentials)
{
  if (credentials == NULL)
    return;
  wipe (&credentials->aws.access_key_id);
  wipe (&credentials->aws.secret_access_key);
  wipe (&credentials->aws.session_token);
  wipe (&credentials->host_name);
  wipe (&credentials->key_name);
  wipe (&credentials->shared_key);
  wipe (&credentials->api_key);
  g_free (credentials);
}

static gboolean
refuse (GError **error, const char *place, const char *why)
{
  g_set_error (error, COURIER_ERROR, COURIER_FAILED, "The credentials at %s can't be used: %s.",
               place, why);
  return FALSE;
}

/* ---- AWS: the shared credentials file ---- */

/* Takes `value` for the one of the three names that the courier knows. */
static void
take_aws_line (AwsKey *key, const char *name, const char *value)
{
  const struct {
    const char *name;
    char **place;
  } known[] = { { "aws_access_key_id", &key->access_key_id },
                { "aws_secret_access_key", &key->secret_access_key },
                { "aws_session_token", &key->session_token } };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (name, known[i].name) == 0 && *value != '\0') {
      wipe (known[i].place);
      *known[i].place = g_strdup (value);
    }
}

/* "[profile]", "# comment", "; comment", "name = value" (AWS CLI User Guide, "Configuration and
 * credential file settings"). */
static void
parse_aws_line (AwsKey *key, char *line, const char *profile, gboolean *inside)
{
  char *equals;

  g_strstrip (line);
  if (*line == '[') {
    g_autofree char *wanted = g_strdup_printf ("[%s]", profile);
    g_autofree char *wanted_long = g_strdup_printf ("[profile %s]", profile);

    *inside = g_str_equal (line, wanted) || g_str_equal (line, wanted_long);
    return;
  }
  equals = strchr (line, '=');
  if (!*inside || *line == '#' || *line == ';' || equals == NULL)
    return;
  *equals = '\0';
  take_aws_line (key, g_strchomp (line), g_strchug (equals + 1));
}

static gboolean
parse_aws (Credentials *credentials, const char *text, const char *profile, const char *place,
           GError **error)
{
  char **lines = g_strsplit (text, "\n", -1);
  gboolean inside = FALSE;

  for (char **line = lines; *line != NULL; line++) {
    const gsize length = strlen (*line);

    parse_aws_line (&credentials->aws, *line, profile, &inside);
    explicit_bzero (*line, length);
  }
  g_strfreev (lines);
  if (credentials->aws.access_key_id != NULL && credentials->aws.secret_access_key != NULL)
    return TRUE;
  g_autofree char *why =
      g_strdup_printf ("section [%s] needs aws_access_key_id and aws_secret_access_key", profile);
  return refuse (error, place, why);
}

/* ---- Azure: a connection string ---- */

static gboolean
parse_connection_string (Credentials *credentials, const char *text, const char *place,
                         GError **error)
{
  const struct {
    const char *name;
    char **place;
  } known[] = { { "HostName=", &credentials->host_name },
                { "SharedAccessKeyName=", &credentials->key_name },
                { "SharedAccessKey=", &credentials->shared_key } };
  char **parts = g_strsplit (text, ";", -1);

  for (char **part = parts; *part != NULL; part++) {
    for (guint i = 0; i < G_N_ELEMENTS (known); i++)
      if (g_str_has_prefix (*part, known[i].name) && *known[i].place == NULL)
        *known[i].place = g_strdup (*part + strlen (known[i].name));
    explicit_bzero (*part, strlen (*part));
  }
  g_strfreev (parts);
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (*known[i].place == NULL || **known[i].place == '\0')
      return refuse (error, place,
                     "a connection string is needed there, HostName=...;SharedAccessKeyName=...;"
                     "SharedAccessKey=...");
  return TRUE;
}

static gboolean
parse_api_key (Credentials *credentials, const char *text, const char *place, GError **error)
{
  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at))
      return refuse (error, place, "an API key is one line without blanks");
  if (*text == '\0')
    return refuse (error, place, "it is empty, and an API key is needed");
  credentials->api_key = g_strdup (text);
  return TRUE;
}

static gboolean
parse (Credentials *credentials, char *text, const char *place, const char *kind,
       const char *profile, GError **error)
{
  if (g_str_equal (kind, "aws"))
    return parse_aws (credentials, text, profile, place, error);
  g_strstrip (text);
  if (g_str_has_prefix (kind, "azure-"))
    return parse_connection_string (credentials, text, place, error);
  if (g_str_equal (kind, "nrfcloud"))
    return parse_api_key (credentials, text, place, error);
  g_set_error (error, COURIER_ERROR, COURIER_USAGE,
               "The courier can't reach a registry of kind \"%s\": export a manifest for it.",
               kind);
  return FALSE;
}

Credentials *
credentials_parse (const char *text, const char *place, const char *kind, const char *profile,
                   GError **error)
{
  g_autoptr (Credentials) credentials = g_new0 (Credentials, 1);
  char *copy = g_strdup (text);
  const gboolean good = parse (credentials, copy, place, kind, profile, error);

  explicit_bzero (copy, strlen (text));
  g_free (copy);
  return good ? g_steal_pointer (&credentials) : NULL;
}

/* ---- where they are ---- */

static char *
path_of (const char *place, GError **error)
{
  const char *folder = g_getenv ("CREDENTIALS_DIRECTORY");
  const char *name =
      g_str_has_prefix (place, "credential:") ? place + strlen ("credential:") : NULL;

  if (g_str_has_prefix (place, "file:/"))
    return g_strdup (place + strlen ("file:"));
  if (name == NULL || *name == '\0' || strchr (name, '/') != NULL)
    refuse (error, place, "Credentials= must be file:/FULL/PATH or credential:NAME");
  else if (folder == NULL)
    refuse (error, place,
            "there are no systemd credentials: LoadCredential= is missing in the unit");
  else
    return g_build_filename (folder, name, NULL);
  return NULL;
}

/* A credential is systemd's to guard, with an ACL that shows as group. */
static gboolean
check_private (int fd, const char *place, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) < 0 || !S_ISREG (info.st_mode))
    return refuse (error, place, "it is no plain file");
  if (g_str_has_prefix (place, "file:") && (info.st_mode & 077) != 0)
    return refuse (error, place, "group or others may read it; chmod 0600 it");
  return TRUE;
}

static gboolean
read_text (int fd, char text[MOST_BYTES + 1], const char *place, GError **error)
{
  gsize length = 0;
  ssize_t got;

  while ((got = read (fd, text + length, MOST_BYTES + 1 - length)) > 0 && length <= MOST_BYTES)
    length += (gsize)got;
  if (got < 0)
    return refuse (error, place, g_strerror (errno));
  if (length > MOST_BYTES || memchr (text, '\0', length) != NULL)
    return refuse (error, place, "it is too long, or no text");
  text[length] = '\0';
  return TRUE;
}

Credentials *
credentials_read (const char *place, const char *kind, const char *profile, GError **error)
{
  g_autofree char *path = path_of (place, error);
  char *text = g_malloc0 (MOST_BYTES + 1);
  Credentials *credentials = NULL;
  int fd = path == NULL ? -1 : open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (path != NULL && fd < 0)
    refuse (error, place, g_strerror (errno));
  if (fd >= 0) {
    if (check_private (fd, place, error) && read_text (fd, text, place, error))
      credentials = credentials_parse (text, place, kind, profile, error);
    close (fd);
  }
  explicit_bzero (text, MOST_BYTES + 1);
  g_free (text);
  return credentials;
}
