/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text of a transcript, and the two ways of keeping secrets out of it: what
 * follows a named prefix on a line, and private keys. Both look at the stream
 * byte by byte, so that it does not matter how a chunk was cut.
 */
#include "drivers/transcript.h"

#include <string.h>

#include "base/private-key.h"

#define NOTES_MAX 4096 /* of the text, kept free for notes: they are ours and few */
#define TAIL_MAX 64    /* the longest prefix that can be recognised */
#define SECRET_MAX 128 /* of a secret, as much as is looked for */

static const char blanked_text[] = "[blanked]";

/* A byte that came, and where it stands in the text. */
typedef struct {
  guint8 byte;
  guint8 width; /* 0: it was not shown */
  gsize place;
} HeardByte;

struct Transcript {
  GString *text;
  gint64 started;
  guint64 left_out;    /* bytes that did not fit */
  GPtrArray *prefixes; /* literals */
  GPtrArray *secrets;  /* of GByteArray */
  GArray *heard;       /* of HeardByte: the last ones, as many as the longest secret has */
  guint longest_secret;
  char tail[TAIL_MAX]; /* the last bytes of the line that is coming in */
  gsize tail_length;
  gboolean blanking; /* behind a prefix, up to the line's end */
  gboolean leaked;   /* a private key began, for good */
  PrivateKeySearch search;
  gsize question; /* where the text stood when the last question was sent */
};

static void
wipe_and_free (gpointer data)
{
  GByteArray *secret = data;

  explicit_bzero (secret->data, secret->len);
  g_byte_array_unref (secret);
}

Transcript *
transcript_new (void)
{
  Transcript *transcript = g_new0 (Transcript, 1);

  transcript->text = g_string_new (NULL);
  transcript->started = g_get_monotonic_time ();
  transcript->prefixes = g_ptr_array_new ();
  transcript->secrets = g_ptr_array_new_with_free_func (wipe_and_free);
  transcript->heard = g_array_new (FALSE, FALSE, sizeof (HeardByte));
  return transcript;
}

void
transcript_free (Transcript *transcript)
{
  if (transcript == NULL)
    return;
  g_string_free (transcript->text, TRUE);
  g_ptr_array_unref (transcript->prefixes);
  g_ptr_array_unref (transcript->secrets);
  g_array_unref (transcript->heard);
  g_free (transcript);
}

static void
escape_byte (GString *into, guint8 byte)
{
  static const char special[] = "\b\f\n\r\t\v\\\"";
  static const char letters[] = "bfnrtv\\\"";
  const char *found = byte == 0 ? NULL : strchr (special, byte);

  if (found != NULL)
    g_string_append_printf (into, "\\%c", letters[found - special]);
  else if (byte < 0x20 || byte >= 0x7f)
    g_string_append_printf (into, "\\%03o", byte);
  else
    g_string_append_c (into, (char)byte);
}

void
transcript_escape (GString *into, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    escape_byte (into, data[i]);
}

/* The byte that the escape behind a backslash stands for; moves *at behind it. -1 where it is
 * none. */
static int
unescape_one (const char **at)
{
  static const char letters[] = "bfnrtv\\\"";
  static const char special[] = "\b\f\n\r\t\v\\\"";
  const char *text = *at;
  const char *found = *text == '\0' ? NULL : strchr (letters, *text);

  if (found != NULL) {
    *at = text + 1;
    return (guint8)special[found - letters];
  }
  if (text[0] < '0' || text[0] > '3' || text[1] < '0' || text[1] > '7' || text[2] < '0'
      || text[2] > '7')
    return -1;
  *at = text + 3;
  return (text[0] - '0') * 64 + (text[1] - '0') * 8 + (text[2] - '0');
}

GByteArray *
transcript_unescape (const char *text)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  while (*text != '\0') {
    int byte = (guint8)*text++;
    guint8 value;

    if (byte == '\\')
      byte = unescape_one (&text);
    if (byte < 0)
      return NULL;
    value = (guint8)byte;
    g_byte_array_append (bytes, &value, 1);
  }
  return g_steal_pointer (&bytes);
}

/* TRUE where there is room for `length` bytes, however they are escaped. */
static gboolean
has_room (Transcript *transcript, gsize length)
{
  if (transcript->left_out == 0
      && transcript->text->len + length * 4 + 32 <= TRANSCRIPT_MAX - NOTES_MAX)
    return TRUE;
  transcript->left_out += length;
  return FALSE;
}

static void
begin_line (Transcript *transcript, char direction)
{
  gint64 elapsed = g_get_monotonic_time () - transcript->started;

  g_string_append_printf (transcript->text, "%c %" G_GINT64_FORMAT ".%06" G_GINT64_FORMAT " ",
                          direction, elapsed / G_USEC_PER_SEC, elapsed % G_USEC_PER_SEC);
}

void
transcript_sent (Transcript *transcript, const guint8 *data, gsize length)
{
  if (!has_room (transcript, length))
    return;
  begin_line (transcript, '>');
  transcript_escape (transcript->text, data, length);
  g_string_append_c (transcript->text, '\n');
  transcript->question = transcript->text->len;
}

static gboolean
tail_ends_with (Transcript *transcript, const char *what)
{
  gsize length = strlen (what);

  return length <= transcript->tail_length
         && memcmp (transcript->tail + transcript->tail_length - length, what, length) == 0;
}

static void
tail_push (Transcript *transcript, guint8 byte)
{
  if (byte == '\n' || byte == '\r') {
    transcript->tail_length = 0;
    return;
  }
  if (transcript->tail_length == TAIL_MAX)
    memmove (transcript->tail, transcript->tail + 1, --transcript->tail_length);
  transcript->tail[transcript->tail_length++] = (char)byte;
}

static gboolean
tail_ends_with_a_prefix (Transcript *transcript)
{
  for (guint i = 0; i < transcript->prefixes->len; i++)
    if (tail_ends_with (transcript, g_ptr_array_index (transcript->prefixes, i)))
      return TRUE;
  return FALSE;
}

/* Follows the stream by one byte; TRUE where the byte may be shown. */
static gboolean
follow (Transcript *transcript, guint8 byte, gboolean *begins)
{
  *begins = FALSE;
  if (transcript->leaked)
    return FALSE;
  if (transcript->blanking && byte != '\n' && byte != '\r')
    return FALSE;
  transcript->blanking = FALSE;
  tail_push (transcript, byte);
  transcript->blanking = tail_ends_with_a_prefix (transcript);
  *begins = transcript->blanking;
  return TRUE;
}

/* Puts stars in the place of the last `length` bytes that came. */
static void
blank_heard (Transcript *transcript, guint length)
{
  for (guint i = transcript->heard->len - length; i < transcript->heard->len; i++) {
    const HeardByte *heard = &g_array_index (transcript->heard, HeardByte, i);

    memset (transcript->text->str + heard->place, '*', heard->width);
  }
}

static gboolean
heard_ends_with (Transcript *transcript, const GByteArray *secret)
{
  const guint before = transcript->heard->len - MIN (secret->len, transcript->heard->len);

  for (guint i = 0; i < secret->len; i++)
    if (before + i >= transcript->heard->len
        || g_array_index (transcript->heard, HeardByte, before + i).byte != secret->data[i])
      return FALSE;
  return TRUE;
}

/* Remembers a byte that stands at `place`, and takes out the secret that it completes. */
static void
search_secrets (Transcript *transcript, guint8 byte, gsize place)
{
  const HeardByte last = { byte, (guint8)(transcript->text->len - place), place };

  if (transcript->secrets->len == 0)
    return;
  if (transcript->heard->len == transcript->longest_secret)
    g_array_remove_index (transcript->heard, 0);
  g_array_append_val (transcript->heard, last);
  for (guint i = 0; i < transcript->secrets->len; i++) {
    const GByteArray *secret = g_ptr_array_index (transcript->secrets, i);

    if (heard_ends_with (transcript, secret))
      blank_heard (transcript, secret->len);
  }
}

void
transcript_secret_sent (Transcript *transcript, const guint8 *secret, gsize length)
{
  while (length > 0 && (secret[length - 1] == '\r' || secret[length - 1] == '\n'))
    length--;
  length = MIN (length, SECRET_MAX);
  if (length == 0)
    return;
  GByteArray *copy = g_byte_array_sized_new ((guint)length);
  g_byte_array_append (copy, secret, (guint)length);
  g_ptr_array_add (transcript->secrets, copy);
  transcript->longest_secret = MAX (transcript->longest_secret, copy->len);
  transcript->blanking = TRUE;
}

/* What may hold a part of it goes, from the question on. */
static gboolean
blank_key (Transcript *transcript)
{
  transcript->leaked = TRUE;
  transcript_blank_since (transcript, transcript->question);
  return FALSE;
}

static gboolean
search_key (Transcript *transcript, const guint8 *data, gsize length)
{
  gboolean found = FALSE;

  for (gsize i = 0; i < length; i++)
    found |= private_key_search (&transcript->search, data[i]);
  return found;
}

gboolean
transcript_received (Transcript *transcript, const guint8 *data, gsize length)
{
  gboolean shown = has_room (transcript, length + sizeof blanked_text);

  if (!transcript->leaked && search_key (transcript, data, length))
    return blank_key (transcript);
  if (shown)
    begin_line (transcript, '<');
  for (gsize i = 0; i < length; i++) {
    const gsize place = transcript->text->len;
    gboolean begins;
    const gboolean showable = follow (transcript, data[i], &begins) && shown;

    if (showable)
      escape_byte (transcript->text, data[i]);
    search_secrets (transcript, data[i], place);
    if (showable && begins)
      g_string_append (transcript->text, blanked_text);
  }
  if (shown)
    g_string_append_c (transcript->text, '\n');
  return !transcript->leaked;
}

void
transcript_note (Transcript *transcript, const char *key, const char *value)
{
  if (transcript->text->len + strlen (key) + strlen (value) * 4 + 32 > TRANSCRIPT_MAX)
    return;
  g_string_append_printf (transcript->text, "# %s ", key);
  transcript_escape (transcript->text, (const guint8 *)value, strlen (value));
  g_string_append_c (transcript->text, '\n');
}

void
transcript_redact_after (Transcript *transcript, const char *prefix)
{
  g_return_if_fail (strlen (prefix) > 0 && strlen (prefix) <= TAIL_MAX);
  g_ptr_array_add (transcript->prefixes, (gpointer)prefix);
}

gsize
transcript_mark (Transcript *transcript)
{
  return transcript->text->len;
}

void
transcript_blank_since (Transcript *transcript, gsize mark)
{
  g_return_if_fail (mark <= transcript->text->len);
  g_string_truncate (transcript->text, mark);
  transcript->question = MIN (transcript->question, mark);
  g_array_set_size (transcript->heard, 0); /* it stands nowhere now */
  transcript_note (transcript, "blanked", "what came here was secret");
}

char *
transcript_text (Transcript *transcript)
{
  if (transcript->left_out == 0)
    return g_strdup (transcript->text->str);
  return g_strdup_printf ("%s# left-out %" G_GUINT64_FORMAT " bytes\n", transcript->text->str,
                          transcript->left_out);
}
