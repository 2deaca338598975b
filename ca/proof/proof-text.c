/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See proof-text.h. A value that could be written in two ways is refused in all but one: what was
 * signed and what was meant are the same bytes.
 */
#include "ca/proof/proof-text.h"

#include "base/encode.h"
#include "base/text.h"

#include <string.h>

gboolean
proof_text_refuse (const Keyfile *text, const char *group, const char *key, GError **error,
                   const char *format, ...)
{
  g_autofree char *message = NULL;
  g_autoptr (GError) problem = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  keyfile_refuse (text, group, key, &problem, "%s", message);
  return ca_refuse (error, CA_ERROR_PROOF, "%s", problem->message);
}

static gboolean
check_version (const Keyfile *text, const char *group, GError **error)
{
  g_autofree char *version = keyfile_text (text, group, "Version", NULL);

  if (version == NULL)
    return proof_text_refuse (text, group, "Version", error, "[%s] needs Version=1", group);
  return g_str_equal (version, "1")
         || proof_text_refuse (text, group, "Version", error,
                               "Version is %s, but only 1 can be read here", version);
}

Keyfile *
proof_text_read (const char *name, const char *text, const KeyfileGroup *groups, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (Keyfile) keyfile = keyfile_read_strict (name, text, groups, &problem);

  if (keyfile == NULL) {
    ca_refuse (error, CA_ERROR_PROOF, "%s", problem->message);
    return NULL;
  }
  if (!check_version (keyfile, groups[0].pattern, error))
    return NULL;
  return g_steal_pointer (&keyfile);
}

/* The value as it stands there. NULL with an error where it does not. */
static char *
needed (const Keyfile *text, const char *group, const char *key, GError **error)
{
  char *value = keyfile_text (text, group, key, NULL);

  if (value == NULL)
    proof_text_refuse (text, group, key, error, "[%s] needs %s=", group, key);
  return value;
}

gboolean
proof_text_number (const Keyfile *text, const char *group, const char *key, guint64 least,
                   guint64 most, guint64 *value, GError **error)
{
  g_autofree char *written = needed (text, group, key, error);

  if (written == NULL)
    return FALSE;
  return (g_ascii_string_to_unsigned (written, 10, least, most, value, NULL)
          && (written[0] != '0' || written[1] == '\0'))
         || proof_text_refuse (text, group, key, error,
                               "%s must be a number from %" G_GUINT64_FORMAT
                               " to %" G_GUINT64_FORMAT " without leading zeros",
                               key, least, most);
}

gboolean
proof_text_count (const Keyfile *text, const char *group, const char *key, guint least, guint most,
                  guint *value, GError **error)
{
  guint64 number;

  if (!proof_text_number (text, group, key, least, most, &number, error))
    return FALSE;
  *value = (guint)number;
  return TRUE;
}

char *
proof_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup ("?");
}

gboolean
proof_text_time (const Keyfile *text, const char *group, const char *key, gint64 *seconds,
                 GError **error)
{
  g_autofree char *written = needed (text, group, key, error);
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *again = NULL;

  if (written == NULL)
    return FALSE;
  time = g_date_time_new_from_iso8601 (written, NULL);
  *seconds = time != NULL ? g_date_time_to_unix (time) : 0;
  again = proof_time (*seconds);
  return (time != NULL && *seconds >= 0 && g_str_equal (again, written))
         || proof_text_refuse (text, group, key, error, "%s must be a time as 2026-11-20T08:00:00Z",
                               key);
}

char *
proof_text_hex (const Keyfile *text, const char *group, const char *key, gsize bytes,
                GError **error)
{
  g_autofree char *written = needed (text, group, key, error);

  if (written == NULL)
    return NULL;
  if (strlen (written) == 2 * bytes && strspn (written, "0123456789abcdef") == 2 * bytes)
    return g_steal_pointer (&written);
  proof_text_refuse (text, group, key, error,
                     "%s must be %" G_GSIZE_FORMAT " lower-case hex digits", key, 2 * bytes);
  return NULL;
}

gboolean
proof_text_hash (const Keyfile *text, const char *group, const char *key, guint8 hash[PROOF_HASH],
                 GError **error)
{
  g_autofree char *hex = proof_text_hex (text, group, key, PROOF_HASH, error);
  g_autoptr (GBytes) bytes = hex != NULL ? hex_decode (hex) : NULL;

  if (bytes == NULL)
    return FALSE;
  memcpy (hash, g_bytes_get_data (bytes, NULL), PROOF_HASH);
  return TRUE;
}

char *
proof_text_name (const Keyfile *text, const char *group, const char *key, GError **error)
{
  g_autofree char *written = needed (text, group, key, error);

  if (written == NULL)
    return NULL;
  if (serial_is_valid (written))
    return g_steal_pointer (&written);
  proof_text_refuse (text, group, key, error,
                     "%s must be a name of 1 to 64 characters of A-Z a-z 0-9 . : _ -", key);
  return NULL;
}

gboolean
proof_text_note (const Keyfile *text, const char *group, const char *key, gsize most, char **value,
                 GError **error)
{
  g_autoptr (GError) problem = NULL; /* a value comes all the same */
  g_autofree char *plain = NULL;

  *value = NULL;
  if (!proof_text_has (text, group, key))
    return TRUE;
  plain = g_key_file_get_string (text->values, group, key, &problem);
  if (problem != NULL)
    return proof_text_refuse (text, group, key, error, "%s has an escape that nobody knows", key);
  if (strlen (plain) > most)
    return proof_text_refuse (text, group, key, error,
                              "%s is longer than %" G_GSIZE_FORMAT " bytes", key, most);
  *value = g_steal_pointer (&plain);
  return TRUE;
}

gboolean
proof_text_flag (const Keyfile *text, const char *group, const char *key, gboolean *value,
                 GError **error)
{
  g_autofree char *written = needed (text, group, key, error);

  if (written == NULL)
    return FALSE;
  *value = g_str_equal (written, "yes");
  return *value || g_str_equal (written, "no")
         || proof_text_refuse (text, group, key, error, "%s must be yes or no", key);
}

gboolean
proof_text_has (const Keyfile *text, const char *group, const char *key)
{
  return g_key_file_has_key (text->values, group, key, NULL);
}

gboolean
proof_text_has_group (const Keyfile *text, const char *group)
{
  return g_key_file_has_group (text->values, group);
}

/* ---- writing ---- */

GKeyFile *
proof_text_new (const char *group)
{
  GKeyFile *text = g_key_file_new ();

  g_key_file_set_value (text, group, "Version", "1");
  return text;
}

void
proof_text_set_time (GKeyFile *text, const char *group, const char *key, gint64 seconds)
{
  g_autofree char *time = proof_time (seconds);

  g_key_file_set_value (text, group, key, time);
}

void
proof_text_set_hash (GKeyFile *text, const char *group, const char *key,
                     const guint8 hash[PROOF_HASH])
{
  g_autofree char *hex = hex_encode (hash, PROOF_HASH);

  g_key_file_set_value (text, group, key, hex);
}

void
proof_text_set_flag (GKeyFile *text, const char *group, const char *key, gboolean value)
{
  g_key_file_set_value (text, group, key, value ? "yes" : "no");
}
