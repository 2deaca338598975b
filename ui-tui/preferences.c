/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See preferences.h. Read as strictly as the station's own configuration: a slip of the pen never
 * becomes a silent default.
 */
#include "ui-tui/preferences.h"

#include <string.h>

#include "base/keyfile.h"
#include "ui-tui/language.h"

static const char *const screen_keys[] = { "Language",     "Ascii",       "Colour",
                                           "Palette",      "LockMinutes", "SupervisorSeconds",
                                           "ExportFolder", NULL };
static const char *const scanner_keys[] = { "Prefix", "Suffix", "GapMilliseconds", "BadgePrefix",
                                            NULL };
static const char *const alarm_keys[] = { "BellOnFail", "BellOnBatchDone", "Command", NULL };

static const KeyfileGroup groups[] = {
  { "screen", screen_keys }, { "scanner", scanner_keys }, { "alarm", alarm_keys }, { 0 }
};

void
preferences_free (Preferences *preferences)
{
  if (preferences == NULL)
    return;
  g_free (preferences->path);
  g_free (preferences->language);
  g_free (preferences->palette);
  g_free (preferences->export_folder);
  g_free (preferences->scan_prefix);
  g_free (preferences->scan_suffix);
  g_free (preferences->badge_prefix);
  g_strfreev (preferences->command);
  g_free (preferences);
}

/* What a file that says nothing means. */
static Preferences *
preferences_default (void)
{
  Preferences *preferences = g_new0 (Preferences, 1);

  preferences->colour = TRUE;
  preferences->palette = g_strdup ("standard");
  preferences->lock_minutes = 10;
  preferences->supervisor_seconds = 30;
  preferences->export_folder = g_strdup (g_get_home_dir ());
  preferences->scan_prefix = g_strdup ("");
  preferences->scan_suffix = g_strdup ("enter");
  preferences->scan_gap = 50;
  preferences->badge_prefix = g_strdup ("");
  preferences->bell_on_fail = TRUE;
  preferences->bell_on_done = TRUE;
  return preferences;
}

/* One of the words of `choices`; `word` stays as it is where the key is absent. */
static gboolean
read_word (const Keyfile *file, const char *group, const char *key, const char *const *choices,
           char **word, GError **error)
{
  g_autofree char *text = keyfile_text (file, group, key, NULL);
  guint choice;

  if (text == NULL)
    return TRUE;
  if (!keyfile_choice (file, group, key, choices, 0, &choice, error))
    return FALSE;
  g_free (*word);
  *word = g_steal_pointer (&text);
  return TRUE;
}

static void
read_text (const Keyfile *file, const char *group, const char *key, char **value)
{
  char *text = keyfile_text (file, group, key, *value);

  g_free (*value);
  *value = text;
}

/* What scanners send in front and behind: what a keyboard can type, and no blanks. */
static gboolean
check_characters (const Keyfile *file, const char *key, const char *text, GError **error)
{
  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at))
      return keyfile_refuse (file, "scanner", key, error,
                             "%s may have letters, digits and marks of ASCII only", key);
  return TRUE;
}

static gboolean
read_export_folder (const Keyfile *file, Preferences *preferences, GError **error)
{
  read_text (file, "screen", "ExportFolder", &preferences->export_folder);
  if (g_path_is_absolute (preferences->export_folder))
    return TRUE;
  return keyfile_refuse (file, "screen", "ExportFolder", error,
                         "ExportFolder=%s must be a full path, starting with /",
                         preferences->export_folder);
}

static gboolean
read_screen (const Keyfile *file, Preferences *preferences, GError **error)
{
  static const char *const palettes[] = { "standard", "blue-orange", "bright", NULL };
  const char *group = "screen";

  return read_word (file, group, "Language", language_codes (), &preferences->language, error)
         && read_word (file, group, "Palette", palettes, &preferences->palette, error)
         && keyfile_boolean (file, group, "Ascii", FALSE, &preferences->ascii, error)
         && keyfile_boolean (file, group, "Colour", TRUE, &preferences->colour, error)
         && keyfile_number (file, group, "LockMinutes", 0, 1440, preferences->lock_minutes,
                            &preferences->lock_minutes, error)
         && keyfile_number (file, group, "SupervisorSeconds", 5, 600,
                            preferences->supervisor_seconds, &preferences->supervisor_seconds,
                            error)
         && read_export_folder (file, preferences, error);
}

static gboolean
read_scanner (const Keyfile *file, Preferences *preferences, GError **error)
{
  const char *group = "scanner";

  read_text (file, group, "Prefix", &preferences->scan_prefix);
  read_text (file, group, "Suffix", &preferences->scan_suffix);
  read_text (file, group, "BadgePrefix", &preferences->badge_prefix);
  return check_characters (file, "Prefix", preferences->scan_prefix, error)
         && check_characters (file, "Suffix", preferences->scan_suffix, error)
         && check_characters (file, "BadgePrefix", preferences->badge_prefix, error)
         && keyfile_number (file, group, "GapMilliseconds", 5, 500, preferences->scan_gap,
                            &preferences->scan_gap, error);
}

/* A program that is not there is said now, not when the first unit fails. */
static gboolean
read_command (const Keyfile *file, Preferences *preferences, GError **error)
{
  g_autofree char *text = keyfile_text (file, "alarm", "Command", NULL);
  g_autofree char *program = NULL;

  if (text == NULL)
    return TRUE;
  if (!g_shell_parse_argv (text, NULL, &preferences->command, NULL))
    return keyfile_refuse (file, "alarm", "Command", error,
                           "Command=%s can't be split into words: a quote is left open", text);
  program = g_find_program_in_path (preferences->command[0]);
  if (program != NULL)
    return TRUE;
  return keyfile_refuse (file, "alarm", "Command", error,
                         "there is no program %s: write its full path, and make it executable",
                         preferences->command[0]);
}

static gboolean
read_alarm (const Keyfile *file, Preferences *preferences, GError **error)
{
  const char *group = "alarm";

  return keyfile_boolean (file, group, "BellOnFail", TRUE, &preferences->bell_on_fail, error)
         && keyfile_boolean (file, group, "BellOnBatchDone", TRUE, &preferences->bell_on_done,
                             error)
         && read_command (file, preferences, error);
}

Preferences *
preferences_load (const char *path, gboolean must_exist, GError **error)
{
  g_autoptr (Preferences) preferences = preferences_default ();
  g_autoptr (Keyfile) file = NULL;
  g_autoptr (GError) problem = NULL;

  if (path == NULL)
    return g_steal_pointer (&preferences);
  preferences->path = g_strdup (path);
  file = keyfile_load_strict (path, groups, &problem);
  if (file == NULL && !must_exist && g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return g_steal_pointer (&preferences);
  if (file == NULL) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return NULL;
  }
  if (!read_screen (file, preferences, error) || !read_scanner (file, preferences, error)
      || !read_alarm (file, preferences, error))
    return NULL;
  return g_steal_pointer (&preferences);
}
