/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What all transports share: one bounded buffer of input, a budget for what one
 * device may send at all, and the transcript.
 */
#include "drivers/transport.h"

#include <string.h>

#include "drivers/driver.h"
#include "drivers/transcript.h"
#include "drivers/transport-usb.h"

#define READ_CHUNK 4096

struct Transport {
  Channel kind;
  const TransportMethods *methods;
  gpointer channel;
  char *name;
  GByteArray *input; /* came and was not asked for yet */
  Transcript *transcript;
  GHashTable *notes;
  guint64 received;
  gboolean leaked;
};

Transport *
transport_new (Channel kind, const TransportMethods *methods, gpointer channel, const char *name)
{
  Transport *transport = g_new0 (Transport, 1);

  transport->kind = kind;
  transport->methods = methods;
  transport->channel = channel;
  transport->name = g_strdup (name);
  transport->input = g_byte_array_new ();
  transport->transcript = transcript_new ();
  transport->notes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (kind != CHANNEL_SERIAL)
    transport_note (transport, "channel", channel_word (kind));
  return transport;
}

void
transport_free (Transport *transport)
{
  if (transport == NULL)
    return;
  transport->methods->close (transport->channel);
  g_free (transport->name);
  g_byte_array_unref (transport->input);
  transcript_free (transport->transcript);
  g_hash_table_unref (transport->notes);
  g_free (transport);
}

Channel
transport_channel (Transport *transport)
{
  return transport->kind;
}

const char *
transport_name (Transport *transport)
{
  return transport->name;
}

gboolean
transport_set_serial (Transport *transport, const SerialSettings *settings, GError **error)
{
  if (transport->methods->configure == NULL)
    return TRUE;
  return transport->methods->configure (transport->channel, settings, error);
}

gboolean
transport_write (Transport *transport, const void *data, gsize length, Deadline deadline,
                 GError **error)
{
  transcript_sent (transport->transcript, data, length);
  return transport->methods->write (transport->channel, data, length, deadline, error);
}

gboolean
transport_write_secret (Transport *transport, const void *data, gsize length, const char *what,
                        Deadline deadline, GError **error)
{
  transcript_note (transport->transcript, "secret", what);
  if (transport->kind == CHANNEL_SERIAL && transport->methods->write_secret == NULL)
    transcript_secret_sent (transport->transcript, data, length);
  return transport->methods->write_secret != NULL
             ? transport->methods->write_secret (transport->channel, what, error)
             : transport->methods->write (transport->channel, data, length, deadline, error);
}

gboolean
transport_write_text (Transport *transport, const char *text, Deadline deadline, GError **error)
{
  return transport_write (transport, text, strlen (text), deadline, error);
}

gboolean
usb_control (Transport *transport, const UsbRequest *request, guint8 *data, gsize *length,
             Deadline deadline, GError **error)
{
  if (transport->methods->control != NULL)
    return transport->methods->control (transport->channel, request, data, length, deadline, error);
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED, "%s takes no USB control requests",
               transport->name);
  return FALSE;
}

static gboolean
set_leaked (GError **error)
{
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_PRIVATE_KEY_LEAKED,
                       "the device sent a private key, which must never leave it");
  return FALSE;
}

static gboolean
check_before_read (Transport *transport, Deadline deadline, GError **error)
{
  if (transport->leaked)
    return set_leaked (error);
  if (transport->received >= TRANSPORT_SESSION_MAX) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_FLOOD,
                 "the device sent more than %u KiB in one session", TRANSPORT_SESSION_MAX / 1024);
    return FALSE;
  }
  if (!deadline_passed (deadline))
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER,
               "no complete answer in time (%u bytes of it came)", transport->input->len);
  return FALSE;
}

/* Waits for input and puts what is there behind the buffer. */
static gboolean
fill (Transport *transport, Deadline deadline, GError **error)
{
  guint8 chunk[READ_CHUNK];
  gsize got = 0;

  if (!check_before_read (transport, deadline, error))
    return FALSE;
  if (!transport->methods->read (transport->channel, chunk, sizeof chunk, &got, deadline, error))
    return FALSE;
  g_byte_array_append (transport->input, chunk, (guint)got);
  transport->received += got;
  transport->leaked = !transcript_received (transport->transcript, chunk, got);
  return transport->leaked ? set_leaked (error) : TRUE;
}

/* The first `length` bytes of the buffer, NUL-ended beyond them. */
static GByteArray *
take (Transport *transport, gsize length)
{
  GByteArray *taken = g_byte_array_sized_new ((guint)length + 1);

  g_byte_array_append (taken, transport->input->data, (guint)length);
  g_byte_array_remove_range (transport->input, 0, (guint)length);
  g_byte_array_append (taken, (const guint8 *)"", 1);
  g_byte_array_set_size (taken, (guint)length);
  return taken;
}

static GByteArray *
set_flood (gsize most, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_FLOOD,
               "the device sent more than %" G_GSIZE_FORMAT " bytes without an end", most);
  return NULL;
}

GByteArray *
transport_read_until (Transport *transport, guint8 terminator, gsize most, Deadline deadline,
                      GError **error)
{
  gsize searched = 0;

  most = MIN (most, TRANSPORT_ANSWER_MAX);
  for (;;) {
    GByteArray *input = transport->input;
    gsize window = MIN (input->len, most);
    const guint8 *found =
        window > searched ? memchr (input->data + searched, terminator, window - searched) : NULL;

    if (found != NULL)
      return take (transport, (gsize)(found - input->data) + 1);
    if (window == most)
      return set_flood (most, error);
    searched = window;
    if (!fill (transport, deadline, error))
      return NULL;
  }
}

GByteArray *
transport_read_exactly (Transport *transport, gsize length, Deadline deadline, GError **error)
{
  if (length > TRANSPORT_ANSWER_MAX)
    return set_flood (TRANSPORT_ANSWER_MAX, error);
  while (transport->input->len < length)
    if (!fill (transport, deadline, error))
      return NULL;
  return take (transport, length);
}

char *
transport_read_line (Transport *transport, gsize most, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) line = transport_read_until (transport, '\n', most, deadline, error);
  gsize length;

  if (line == NULL)
    return NULL;
  length = line->len - 1;
  if (length > 0 && line->data[length - 1] == '\r')
    length--;
  line->data[length] = '\0';
  for (gsize i = 0; i < length; i++)
    if (line->data[i] == '\0')
      line->data[i] = '?';
  return (char *)g_byte_array_free (g_steal_pointer (&line), FALSE);
}

gboolean
transport_read_some (Transport *transport, GByteArray *into, Deadline deadline, GError **error)
{
  if (transport->input->len == 0 && !fill (transport, deadline, error))
    return FALSE;
  g_byte_array_append (into, transport->input->data, transport->input->len);
  g_byte_array_set_size (transport->input, 0);
  return TRUE;
}

void
transport_unread (Transport *transport, const guint8 *data, gsize length)
{
  g_return_if_fail (transport->input->len + length <= TRANSPORT_ANSWER_MAX + READ_CHUNK);
  g_byte_array_prepend (transport->input, data, (guint)length);
}

void
transport_discard_input (Transport *transport)
{
  g_byte_array_set_size (transport->input, 0);
  transport->methods->discard_input (transport->channel);
}

gboolean
transport_has_heard (Transport *transport)
{
  return transport->received > 0;
}

guint64
transport_bytes_received (Transport *transport)
{
  return transport->received;
}

void
transport_note (Transport *transport, const char *key, const char *value)
{
  transcript_note (transport->transcript, key, value);
  g_hash_table_replace (transport->notes, g_strdup (key), g_strdup (value));
}

const char *
transport_replay_note (Transport *transport, const char *key)
{
  return g_hash_table_lookup (transport->notes, key);
}

void
transport_redact_after (Transport *transport, const char *prefix)
{
  transcript_redact_after (transport->transcript, prefix);
}

gsize
transport_transcript_mark (Transport *transport)
{
  return transcript_mark (transport->transcript);
}

void
transport_blank_since (Transport *transport, gsize mark)
{
  transcript_blank_since (transport->transcript, mark);
}

char *
transport_transcript (Transport *transport)
{
  return transcript_text (transport->transcript);
}
