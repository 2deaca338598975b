/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See keyfile.h.
 */
#include "base/keyfile.h"

#include <string.h>

#include "base/text.h"

#define MAX_KEYFILE (1024 * 1024)

/* What one line of the text is. */
typedef enum { LINE_EMPTY, LINE_GROUP, LINE_KEY, LINE_OTHER } LineKind;

typedef struct {
  LineKind kind;
  char *name; /* of the group or key */
} Line;

static void
line_clear (Line *line)
{
  g_clear_pointer (&line->name, g_free);
}

static LineKind
line_read (const char *text, Line *line)
{
  gsize length = strlen (text);
  const char *equals = strchr (text, '=');

  line_clear (line);
  line->kind = LINE_OTHER;
  if (length == 0 || text[0] == '#') {
    line->kind = LINE_EMPTY;
  }
  else if (text[0] == '[' && text[length - 1] == ']') {
    line->kind = LINE_GROUP;
    line->name = g_strndup (text + 1, length - 2);
  }
  else if (equals != NULL && equals != text) {
    line->kind = LINE_KEY;
    line->name = g_strchomp (g_strndup (text, (gsize)(equals - text)));
  }
  return line->kind;
}

/* GKeyFile skips blanks in front of a line, and so do we. */
static char **
lines_of (const char *content)
{
  char **lines = g_strsplit (content, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    g_strstrip (lines[i]);
  return lines;
}

static gboolean
pattern_matches (const char *pattern, const char *group)
{
  gsize stem = strlen (pattern) - 1;

  if (pattern[stem] != '*')
    return g_str_equal (pattern, group);
  return strncmp (pattern, group, stem) == 0 && group[stem] != '\0';
}

static const KeyfileGroup *
group_find (const KeyfileGroup *groups, const char *name)
{
  for (; groups->pattern != NULL; groups++)
    if (pattern_matches (groups->pattern, name))
      return groups;
  return NULL;
}

static char *
group_patterns (const KeyfileGroup *groups)
{
  GString *text = g_string_new (NULL);

  for (; groups->pattern != NULL; groups++)
    g_string_append_printf (text, "%s[%s]", text->len > 0 ? ", " : "", groups->pattern);
  return g_string_free (text, FALSE);
}

static gboolean G_GNUC_PRINTF (4, 5)
    refuse_line (const char *path, guint number, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (number > 0)
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE, "%s:%u: %s", path, number,
                 message);
  else
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE, "%s: %s", path, message);
  return FALSE;
}

/* Where the scan of a file stands. */
typedef struct {
  const char *path;
  const KeyfileGroup *groups;
  const KeyfileGroup *group; /* the one whose keys are being read */
  char *group_name;
  GHashTable *seen; /* "group\nkey" */
} Scan;

static gboolean
scan_group (Scan *scan, const char *name, guint number, GError **error)
{
  g_free (scan->group_name);
  scan->group_name = g_strdup (name);
  scan->group = group_find (scan->groups, name);
  if (scan->group == NULL) {
    g_autofree char *known = group_patterns (scan->groups);
    return refuse_line (scan->path, number, error, "unknown group [%s]; known groups are %s", name,
                        known);
  }
  if (!g_hash_table_add (scan->seen, g_strdup (name)))
    return refuse_line (scan->path, number, error, "group [%s] stands here a second time", name);
  return TRUE;
}

static gboolean
refuse_unknown_key (const Scan *scan, const char *name, guint number, GError **error)
{
  g_autofree char *known = g_strjoinv (", ", (char **)scan->group->keys);
  const char *nearest = text_nearest (name, scan->group->keys);

  if (nearest == NULL)
    return refuse_line (scan->path, number, error, "unknown key '%s' in [%s]; known keys are %s",
                        name, scan->group_name, known);
  return refuse_line (scan->path, number, error,
                      "unknown key '%s' in [%s]; did you mean '%s'? Known keys are %s", name,
                      scan->group_name, nearest, known);
}

static gboolean
scan_key (Scan *scan, const char *name, guint number, GError **error)
{
  if (scan->group == NULL)
    return refuse_line (scan->path, number, error, "key '%s' stands before any [group]", name);
  if (scan->group->keys != NULL && !g_strv_contains (scan->group->keys, name))
    return refuse_unknown_key (scan, name, number, error);
  if (!g_hash_table_add (scan->seen, g_strdup_printf ("%s\n%s", scan->group_name, name)))
    return refuse_line (scan->path, number, error, "key '%s' stands in [%s] a second time", name,
                        scan->group_name);
  return TRUE;
}

static gboolean
scan_line (Scan *scan, const char *text, guint number, GError **error)
{
  Line line = { 0 };
  gboolean ok = TRUE;

  switch (line_read (text, &line)) {
  case LINE_EMPTY:
    break;
  case LINE_GROUP:
    ok = scan_group (scan, line.name, number, error);
    break;
  case LINE_KEY:
    ok = scan_key (scan, line.name, number, error);
    break;
  case LINE_OTHER:
    ok = refuse_line (scan->path, number, error,
                      "this line is neither [group] nor Key=value nor # comment");
    break;
  }
  line_clear (&line);
  return ok;
}

static gboolean
scan_text (const char *path, const char *content, const KeyfileGroup *groups, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) lines = lines_of (content);
  Scan scan = { .path = path, .groups = groups, .seen = seen };
  gboolean ok = TRUE;

  for (guint i = 0; ok && lines[i] != NULL; i++)
    ok = scan_line (&scan, lines[i], i + 1, error);
  g_free (scan.group_name);
  return ok;
}

static gboolean
check_text (const char *path, const char *content, gsize length, GError **error)
{
  if (length > MAX_KEYFILE)
    return refuse_line (path, 0, error, "larger than %d bytes", MAX_KEYFILE);
  if (!g_utf8_validate_len (content, length, NULL))
    return refuse_line (path, 0, error, "not UTF-8 text");
  return TRUE;
}

/* Reads what is in `keyfile->content`. */
static gboolean
read_content (Keyfile *keyfile, const KeyfileGroup *groups, GError **error)
{
  if (!check_text (keyfile->path, keyfile->content, keyfile->length, error)
      || !scan_text (keyfile->path, keyfile->content, groups, error))
    return FALSE;
  if (g_key_file_load_from_data (keyfile->values, keyfile->content, keyfile->length,
                                 G_KEY_FILE_NONE, error))
    return TRUE;
  g_prefix_error (error, "%s: ", keyfile->path);
  return FALSE;
}

static Keyfile *
keyfile_new (const char *path)
{
  Keyfile *keyfile = g_new0 (Keyfile, 1);

  keyfile->path = g_strdup (path);
  keyfile->values = g_key_file_new ();
  return keyfile;
}

Keyfile *
keyfile_load_strict (const char *path, const KeyfileGroup *groups, GError **error)
{
  g_autoptr (Keyfile) keyfile = keyfile_new (path);

  if (!g_file_get_contents (path, &keyfile->content, &keyfile->length, error)
      || !read_content (keyfile, groups, error))
    return NULL;
  return g_steal_pointer (&keyfile);
}

Keyfile *
keyfile_read_strict (const char *name, const char *text, const KeyfileGroup *groups, GError **error)
{
  g_autoptr (Keyfile) keyfile = keyfile_new (name);

  keyfile->content = g_strdup (text);
  keyfile->length = strlen (text);
  if (!read_content (keyfile, groups, error))
    return NULL;
  return g_steal_pointer (&keyfile);
}

void
keyfile_free (Keyfile *keyfile)
{
  if (keyfile == NULL)
    return;
  g_free (keyfile->path);
  g_free (keyfile->content);
  g_key_file_unref (keyfile->values);
  g_free (keyfile);
}

guint
keyfile_line (const Keyfile *keyfile, const char *group, const char *key)
{
  g_auto (GStrv) lines = lines_of (keyfile->content);
  gboolean inside = FALSE;
  guint found = 0;

  for (guint i = 0; found == 0 && lines[i] != NULL; i++) {
    Line line = { 0 };

    line_read (lines[i], &line);
    if (line.kind == LINE_GROUP) {
      inside = g_str_equal (line.name, group);
      found = inside && key == NULL ? i + 1 : 0;
    }
    else if (inside && line.kind == LINE_KEY && key != NULL) {
      found = g_str_equal (line.name, key) ? i + 1 : 0;
    }
    line_clear (&line);
  }
  return found;
}

gboolean
keyfile_refuse (const Keyfile *keyfile, const char *group, const char *key, GError **error,
                const char *format, ...)
{
  guint number = keyfile_line (keyfile, group, key);
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return refuse_line (keyfile->path, number, error, "%s", message);
}

char *
keyfile_text (const Keyfile *keyfile, const char *group, const char *key, const char *fallback)
{
  g_autofree char *text = g_key_file_get_value (keyfile->values, group, key, NULL);

  if (text == NULL || *g_strchomp (text) == '\0')
    return g_strdup (fallback);
  return g_steal_pointer (&text);
}

char *
keyfile_needed_text (const Keyfile *keyfile, const char *group, const char *key, GError **error)
{
  char *text = keyfile_text (keyfile, group, key, NULL);

  if (text == NULL)
    keyfile_refuse (keyfile, group, key, error, "[%s] needs %s=", group, key);
  return text;
}

char **
keyfile_words (const Keyfile *keyfile, const char *group, const char *key, const char *fallback)
{
  g_autofree char *text = g_key_file_get_value (keyfile->values, group, key, NULL);
  const char *whole = text != NULL ? text : fallback != NULL ? fallback : "";
  g_auto (GStrv) pieces = g_strsplit (whole, ";", -1);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  for (guint i = 0; pieces[i] != NULL; i++)
    if (*g_strstrip (pieces[i]) != '\0')
      g_strv_builder_add (words, pieces[i]);
  return g_strv_builder_end (words);
}

static void
setting_free (gpointer data)
{
  KeyfileSetting *setting = data;

  g_free (setting->group);
  g_free (setting->key);
  g_free (setting->value);
  g_free (setting);
}

static void
take_group (const Keyfile *keyfile, const char *group, const char *name, GPtrArray *settings)
{
  g_auto (GStrv) keys = g_key_file_get_keys (keyfile->values, group, NULL, NULL);

  for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
    KeyfileSetting *setting = g_new0 (KeyfileSetting, 1);

    setting->group = g_strdup (name);
    setting->key = g_strdup (keys[i]);
    setting->value = keyfile_text (keyfile, group, keys[i], "");
    g_ptr_array_add (settings, setting);
  }
}

GPtrArray *
keyfile_settings (const Keyfile *keyfile, const char *prefix)
{
  GPtrArray *settings = g_ptr_array_new_with_free_func (setting_free);
  g_auto (GStrv) groups = g_key_file_get_groups (keyfile->values, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    if (g_str_has_prefix (groups[i], prefix))
      take_group (keyfile, groups[i], groups[i] + strlen (prefix), settings);
  return settings;
}

gboolean
keyfile_boolean (const Keyfile *keyfile, const char *group, const char *key, gboolean fallback,
                 gboolean *value, GError **error)
{
  static const char *const words[] = { "no", "false", "0", "yes", "true", "1", NULL };
  guint word;

  if (!keyfile_choice (keyfile, group, key, words, fallback ? 3 : 0, &word, error))
    return FALSE;
  *value = word >= 3;
  return TRUE;
}

gboolean
keyfile_number (const Keyfile *keyfile, const char *group, const char *key, guint least, guint most,
                guint fallback, guint *value, GError **error)
{
  g_autofree char *text = keyfile_text (keyfile, group, key, NULL);
  guint64 number;

  *value = fallback;
  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, least, most, &number, NULL))
    return keyfile_refuse (keyfile, group, key, error, "%s must be a number from %u to %u", key,
                           least, most);
  *value = (guint)number;
  return TRUE;
}

gboolean
keyfile_choice (const Keyfile *keyfile, const char *group, const char *key,
                const char *const *choices, guint fallback, guint *value, GError **error)
{
  g_autofree char *text = keyfile_text (keyfile, group, key, NULL);
  g_autofree char *known = NULL;

  *value = fallback;
  if (text == NULL)
    return TRUE;
  for (guint i = 0; choices[i] != NULL; i++) {
    *value = i;
    if (g_str_equal (choices[i], text))
      return TRUE;
  }
  known = g_strjoinv (", ", (char **)choices);
  return keyfile_refuse (keyfile, group, key, error, "%s is '%s', but must be one of %s", key, text,
                         known);
}
