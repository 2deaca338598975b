/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Configuration files, read strictly: a group, key or line that nobody asked for is
 * an error that names file and line, and so is a key that stands twice. GKeyFile reads the
 * values; it knows no line numbers, so a scan of the text finds them. Errors are
 * G_KEY_FILE_ERROR (G_FILE_ERROR where the file can't be read).
 */
#pragma once

#include <glib.h>

/* A group that may stand in a file, and the keys that may stand in it. */
typedef struct {
  const char *pattern;     /* "station", or with a trailing star "slot *" */
  const char *const *keys; /* NULL-ended; NULL: any, for keyfile_settings() */
} KeyfileGroup;

typedef struct {
  char *path;
  char *content; /* the file as it is, with a NUL behind it */
  gsize length;
  GKeyFile *values;
} Keyfile;

/* Reads `path`; `groups` ends with a NULL pattern. At most 1 MiB. */
Keyfile *keyfile_load_strict (const char *path, const KeyfileGroup *groups, GError **error);
/* The same of a text in memory; `name` stands for it in errors. */
Keyfile *keyfile_read_strict (const char *name, const char *text, const KeyfileGroup *groups,
                              GError **error);
void keyfile_free (Keyfile *keyfile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Keyfile, keyfile_free)

/* The line (from 1) on which `key` of `group` stands; with a NULL key that of the group; 0 where
 * it does not stand in the file. */
guint keyfile_line (const Keyfile *keyfile, const char *group, const char *key);

/* Sets `error` to "PATH:LINE: MESSAGE" for a value that is no good, and returns FALSE. */
gboolean keyfile_refuse (const Keyfile *keyfile, const char *group, const char *key, GError **error,
                         const char *format, ...) G_GNUC_PRINTF (5, 6);

/* The value as written, without blanks around it, or `fallback` (may be NULL) where the key is
 * absent or empty. Free with g_free(). */
char *keyfile_text (const Keyfile *keyfile, const char *group, const char *key,
                    const char *fallback);

/* The same, but absence is an error: "PATH: [group] needs key". */
char *keyfile_needed_text (const Keyfile *keyfile, const char *group, const char *key,
                           GError **error);

/* The words of a list by ';' without surrounding blanks and empty ones; `fallback` is read in the
 * same way where the key is absent. Free with g_strfreev(). */
char **keyfile_words (const Keyfile *keyfile, const char *group, const char *key,
                      const char *fallback);

/* One key of a group whose keys this file's reader does not know. */
typedef struct {
  char *group; /* behind the prefix */
  char *key;
  char *value;
} KeyfileSetting;

/* All keys of all groups that begin with `prefix` ("driver "), in the file's order: a GPtrArray of
 * KeyfileSetting, which may be empty. */
GPtrArray *keyfile_settings (const Keyfile *keyfile, const char *prefix);

/* yes/no (also true/false, 1/0). */
gboolean keyfile_boolean (const Keyfile *keyfile, const char *group, const char *key,
                          gboolean fallback, gboolean *value, GError **error);

/* A decimal number from `least` to `most`. */
gboolean keyfile_number (const Keyfile *keyfile, const char *group, const char *key, guint least,
                         guint most, guint fallback, guint *value, GError **error);

/* One of the words of NULL-ended `choices`; `value` receives its place in them. */
gboolean keyfile_choice (const Keyfile *keyfile, const char *group, const char *key,
                         const char *const *choices, guint fallback, guint *value, GError **error);
