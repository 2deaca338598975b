/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * screen.conf: how this screen behaves. All of it has a default; a missing file is fine, a wrong
 * one is an error that names file and line.
 */
#pragma once

#include <glib.h>

typedef struct {
  char *path;
  char *language;     /* [screen] Language: "en", "de", "zh_CN"; NULL: the locale's */
  gboolean ascii;     /* Ascii=yes: even where the terminal could do more */
  gboolean colour;    /* Colour=yes; NO_COLOR in the environment wins */
  char *palette;      /* Palette: "standard", "blue-orange" for colour-blind eyes, "bright" */
  guint lock_minutes; /* LockMinutes: without a key or scan; 0: never; only where operators exist */
  guint supervisor_seconds; /* SupervisorSeconds: how long an authorization lasts; 30 */
  char *export_folder;      /* ExportFolder: what Export proposes; the home folder */
  char *scan_prefix;        /* [scanner] Prefix: what the scanner sends first, or "" */
  char *scan_suffix;        /* Suffix: "enter" (the default), "tab", or characters */
  guint scan_gap;           /* GapMilliseconds: within a code; 50 */
  char *badge_prefix;       /* BadgePrefix: codes that begin so are badges, or "" */
  gboolean bell_on_fail;    /* [alarm] BellOnFail=yes */
  gboolean bell_on_done;    /* BellOnBatchDone=yes */
  char **command;           /* Command: run with "fail SLOT REASON" or "batch-done NAME"; or NULL */
} Preferences;

/* `path` NULL: the defaults. G_KEY_FILE_ERROR or G_FILE_ERROR; a file that is not there is none
 * unless `must_exist`. */
Preferences *preferences_load (const char *path, gboolean must_exist, GError **error);
void preferences_free (Preferences *preferences);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Preferences, preferences_free)
