/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How wide text is on a terminal, and words for times and numbers. Pure.
 */
#pragma once

#include <glib.h>

/* Columns of a character: 0, 1 or 2. Ambiguous ones are 1. Not the C library's, which depends on
 * the locale. */
int glyph_width (gunichar glyph);

/* Columns of UTF-8 text; what canvas_text() does not draw counts nothing. */
int text_width (const char *text);

/* The characters of `text` as they are drawn: composed (NFC), what is not UTF-8 as U+FFFD; not yet
 * without those of no width. Free with g_free(). */
gunichar *text_glyphs (const char *text, glong *length);

/* The nearest thing in ASCII ("ü" is "ue", "│" is "|", unknown is "?"), at most three characters,
 * "" for what has no width. */
const char *glyph_to_ascii (gunichar glyph);

/* A whole text, with capitals beside capitals: "PRÜFEN" is "PRUEFEN". Free with g_free(). */
char *text_to_ascii (const char *text);

/* "12.4 s", "3 min 05 s", "2 h 10 min". Free with g_free(). */
char *duration_words (gint64 microseconds);
/* "14:32:08", local time. */
char *clock_words (gint64 microseconds_since_1970);
/* "2026-11-21 14:32:08", local time. */
char *date_words (gint64 microseconds_since_1970);
/* "15:20", with the day in front where it is another one. */
char *minute_words (gint64 at, gint64 now);
/* "14:32:08" for today, "2026-11-20 14:32" for other days. */
char *when_words (gint64 at, gint64 now);
/* "2026-11-21", of seconds since 1970. */
char *day_words (gint64 seconds);
/* "98.3%", or "-" where `whole` is 0. */
char *percent_words (guint64 part, guint64 whole);
/* "1.2 GB". */
char *bytes_words (guint64 bytes);
/* "0123456789abcdef 0123..." in groups of sixteen: a SHA-256 fits in a line of 80 columns, and is
 * still read out without getting lost. NULL for NULL. */
char *grouped_words (const char *hex);
/* "-" for NULL and "". */
const char *or_dash (const char *text);
