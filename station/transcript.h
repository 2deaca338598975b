/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the dialogue of each attempt is kept: FOLDER/YYYYMMDD/ID.txt. When each step was entered is
 * noted in it ("# step WORD MICROSECONDS"), at once: until the attempt ends, the file holds nothing
 * else.
 */
#pragma once

#include <glib.h>

/* "20260131/17.txt" for an attempt that began at `at` (microseconds since 1970; UTC). Free with
 * g_free(). */
char *transcript_name (gint64 attempt_id, gint64 at);

/* Adds one line to `name` below `folder` while the attempt goes on: all that a crash leaves of it.
 * Nothing depends on it, so a failure is only returned. */
gboolean transcript_add (const char *folder, const char *name, const char *line);

/* Writes `text` as `name` below `folder`, making the day's folder. G_FILE_ERROR. */
gboolean transcript_save (const char *folder, const char *name, const char *text, GError **error);

/* The value of the note of a step: "sign 1767225600000000". Free with g_free(). */
char *transcript_step (const char *step, gint64 at);

/* The steps that are noted in `text`, in their order: aa{sv} of step and at. Floating. */
GVariant *transcript_steps (const char *text);

/* The text of `name` below `folder`, valid UTF-8; NULL with G_FILE_ERROR. Free with g_free(). */
char *transcript_load (const char *folder, const char *name, GError **error);
