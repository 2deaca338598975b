/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the dialogue of each attempt is kept: FOLDER/YYYYMMDD/ID.txt.
 */
#pragma once

#include <glib.h>

/* "20260131/17.txt" for an attempt that begins now (UTC). Free with g_free(). */
char *transcript_name (gint64 attempt_id);

/* Writes `text` as `name` below `folder`, making the day's folder. G_FILE_ERROR. */
gboolean transcript_save (const char *folder, const char *name, const char *text, GError **error);

/* The text of `name` below `folder`, valid UTF-8; NULL with G_FILE_ERROR. Free with g_free(). */
char *transcript_load (const char *folder, const char *name, GError **error);
