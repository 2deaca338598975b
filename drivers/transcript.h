/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was said on a port, as text: one line a chunk, "> SECONDS ESCAPED" sent,
 * "< SECONDS ESCAPED" received, "# KEY VALUE" noted. It is kept for every attempt
 * and can be replayed. It is bounded, and secrets do not get in.
 */
#pragma once

#include <glib.h>

/* The most text that one transcript holds. */
#define TRANSCRIPT_MAX (256u * 1024)

typedef struct Transcript Transcript;

Transcript *transcript_new (void);
void transcript_free (Transcript *transcript);

void transcript_sent (Transcript *transcript, const guint8 *data, gsize length);

/* FALSE where a private key (base/private-key.h) begins in what came, or began in what came before:
 * all from the last question on is left out. */
gboolean transcript_received (Transcript *transcript, const guint8 *data, gsize length);

void transcript_note (Transcript *transcript, const char *key, const char *value);

/* See transport_redact_after(). */
void transcript_redact_after (Transcript *transcript, const char *prefix);

/* See transport_write_secret(): what is left of the line that comes is blanked, and `secret`
 * wherever it comes later, in however many pieces. */
void transcript_secret_sent (Transcript *transcript, const guint8 *secret, gsize length);

/* The place where the next line will stand, and the removal of all that was written since. */
gsize transcript_mark (Transcript *transcript);
void transcript_blank_since (Transcript *transcript, gsize mark);

/* The text so far, with a last line that says how much is missing. Free with g_free(). */
char *transcript_text (Transcript *transcript);

/* ESCAPED and back: printable ASCII as it is, the rest as \b \f \n \r \t \v \\ \" or \ooo, as
 * g_strescape() does. The second is NULL where the text is not of that form. */
void transcript_escape (GString *into, const guint8 *data, gsize length);
GByteArray *transcript_unescape (const char *text);
