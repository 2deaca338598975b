/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device out of a transcript: it says what was recorded when it is asked what
 * was recorded, and nothing else. No time passes.
 */
#include <string.h>

#include "drivers/driver.h"
#include "drivers/transcript.h"
#include "drivers/transport.h"

typedef struct {
  char direction; /* '>', '<', or '!' for a secret that was sent: bytes say which */
  guint line;
  GByteArray *bytes; /* what is left of it */
} Event;

typedef struct {
  GQueue events; /* of Event */
} Replay;

static void
event_free (gpointer data)
{
  Event *event = data;

  g_byte_array_unref (event->bytes);
  g_free (event);
}

/* Takes `length` bytes off the first event. */
static void
consume (Replay *replay, gsize length)
{
  Event *event = g_queue_peek_head (&replay->events);

  g_byte_array_remove_range (event->bytes, 0, (guint)length);
  if (event->bytes->len == 0)
    event_free (g_queue_pop_head (&replay->events));
}

static gboolean
replay_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
             GError **error)
{
  Replay *replay = channel;
  Event *event = g_queue_peek_head (&replay->events);

  if (event == NULL) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNPLUGGED, "the recording ends here");
    return FALSE;
  }
  if (event->direction != '<') {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER,
                 "recording, line %u: the device says nothing before this is sent", event->line);
    return FALSE;
  }
  *got = MIN (length, event->bytes->len);
  memcpy (data, event->bytes->data, *got);
  consume (replay, *got);
  return TRUE;
}

static gboolean
set_different (Event *event, const guint8 *data, gsize length, GError **error)
{
  g_autoptr (GString) sent = g_string_new (NULL);
  g_autoptr (GString) recorded = g_string_new (NULL);

  transcript_escape (sent, data, MIN (length, 200));
  if (event != NULL)
    transcript_escape (recorded, event->bytes->data, MIN (event->bytes->len, 200));
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL,
               "recording, line %u: the driver sent \"%s\" where \"%s\" was %s",
               event == NULL ? 0 : event->line, sent->str, recorded->str,
               event != NULL && event->direction == '<' ? "received" : "sent");
  return FALSE;
}

static gboolean
replay_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  Replay *replay = channel;

  while (length > 0) {
    Event *event = g_queue_peek_head (&replay->events);
    gsize part = event == NULL ? 0 : MIN (length, event->bytes->len);

    if (event == NULL || event->direction != '>' || memcmp (event->bytes->data, data, part) != 0)
      return set_different (event, data, length, error);
    consume (replay, part);
    data += part;
    length -= part;
  }
  return TRUE;
}

static gboolean
replay_write_secret (gpointer channel, const char *what, GError **error)
{
  Replay *replay = channel;
  Event *event = g_queue_peek_head (&replay->events);

  if (event == NULL || event->direction != '!' || event->bytes->len != strlen (what)
      || memcmp (event->bytes->data, what, strlen (what)) != 0)
    return set_different (event, (const guint8 *)what, strlen (what), error);
  consume (replay, event->bytes->len);
  return TRUE;
}

/* What was discarded in the recorded run was never recorded. */
static void
replay_discard_input (gpointer channel)
{
}

static void
replay_close (gpointer channel)
{
  Replay *replay = channel;

  g_queue_clear_full (&replay->events, event_free);
  g_free (replay);
}

static const TransportMethods replay_methods = {
  .read = replay_read,
  .write = replay_write,
  .write_secret = replay_write_secret,
  .discard_input = replay_discard_input,
  .close = replay_close,
};

static gboolean
add_event (Replay *replay, char direction, const char *escaped, guint number)
{
  GByteArray *bytes = escaped == NULL ? NULL : transcript_unescape (escaped);
  Event *event;

  if (bytes == NULL)
    return FALSE;
  if (bytes->len == 0) {
    g_byte_array_unref (bytes);
    return TRUE;
  }
  event = g_new0 (Event, 1);
  event->direction = direction;
  event->line = number;
  event->bytes = bytes;
  g_queue_push_tail (&replay->events, event);
  return TRUE;
}

/* "> SECONDS ESCAPED" or "< SECONDS ESCAPED". */
static gboolean
parse_event (Replay *replay, const char *line, guint number)
{
  const char *blank = strchr (line + 2, ' ');

  return add_event (replay, line[0], blank == NULL ? NULL : blank + 1, number);
}

/* "# KEY VALUE". */
static gboolean
parse_note (Transport *transport, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line + 2, " ", 2);
  g_autoptr (GByteArray) value = NULL;

  if (words[0] == NULL || words[1] == NULL)
    return TRUE; /* a comment */
  value = transcript_unescape (words[1]);
  if (value == NULL)
    return FALSE;
  g_byte_array_append (value, (const guint8 *)"", 1);
  transport_note (transport, words[0], (const char *)value->data);
  return TRUE;
}

static gboolean
parse_line (Transport *transport, Replay *replay, const char *line, guint number)
{
  if (line[0] == '\0')
    return TRUE;
  if (g_str_has_prefix (line, "# secret "))
    return add_event (replay, '!', line + strlen ("# secret "), number);
  if (g_str_has_prefix (line, "# "))
    return parse_note (transport, line);
  if (g_str_has_prefix (line, "> ") || g_str_has_prefix (line, "< "))
    return parse_event (replay, line, number);
  return FALSE;
}

/* The transcript says how its device was reached; a serial port goes without saying. */
static Channel
recorded_channel (const char *text)
{
  static const Channel kinds[] = { CHANNEL_USB, CHANNEL_HID, CHANNEL_CARD };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *note = g_strdup_printf ("# channel %s\n", channel_word (kinds[i]));

    if (strstr (text, note) != NULL)
      return kinds[i];
  }
  return CHANNEL_SERIAL;
}

Transport *
transport_open_replay (const char *transcript_path, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (Transport) transport = NULL;
  Replay *replay;

  if (!g_file_get_contents (transcript_path, &text, NULL, error))
    return NULL;
  replay = g_new0 (Replay, 1);
  g_queue_init (&replay->events);
  transport = transport_new (recorded_channel (text), &replay_methods, replay, transcript_path);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (parse_line (transport, replay, lines[i], i + 1))
      continue;
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "%s, line %u: not a transcript's line",
                 transcript_path, i + 1);
    return NULL;
  }
  return g_steal_pointer (&transport);
}
