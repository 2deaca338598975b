/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text from devices is hostile: it never reaches a terminal, a log or a
 * spreadsheet raw.
 */
#pragma once

#include <glib.h>

/* Marks a sentence for po/ that is kept in English here and translated where it is shown. */
#define N_(text) (text)

/* FALSE for what would steer a terminal, break a line, turn or hide text. */
gboolean character_is_showable (gunichar character);

/* `text` made safe to show: control bytes, DEL, invalid UTF-8 and bidirectional
 * controls become '?'; cut after `most` characters with a '~'. Free with g_free(). */
char *text_for_display (const char *text, gsize most);

/* The same for bytes that need not be text or end in NUL. Free with g_free(). */
char *bytes_for_display (const guint8 *data, gsize length, gsize most);

/* TRUE where `serial` may name a device: 1 to 64 characters of A-Z a-z 0-9 . : _ -,
 * the first one a letter or digit. Narrower than every cloud's own rule. */
gboolean serial_is_valid (const char *serial);

/* TRUE where `pattern` can be compiled as a pattern of whole serials (GRegex). */
gboolean serial_pattern_check (const char *pattern, GError **error);

/* TRUE where `pattern` fits `serial` from its first character to its last. A pattern that would try
 * for more than some milliseconds fits nothing. */
gboolean serial_fits_pattern (const char *serial, const char *pattern);

/* The word of NULL-ended `words` that somebody who wrote `text` may have meant, or NULL: at most
 * one in three letters is wrong, missing, too many or swapped; case counts for nothing. */
const char *text_nearest (const char *text, const char *const *words);

/* Appends `value` as a JSON string (RFC 8259, section 7) with its quotes, control characters and
 * DEL escaped; NULL is the empty one. */
void append_json_string (GString *text, const char *value);

/* TRUE where no more than `most` objects and arrays of a JSON text are open at once. To be asked
 * before json-glib reads what strangers wrote: its parser calls itself for each of them, until the
 * stack ends. FALSE, too, for what stands outside strings and is not of RFC 8259 (json-glib takes
 * comments, in which a quote would hide the rest); it tells nothing else of the grammar. */
gboolean json_is_shallow (const char *text, gsize length, guint most);
