/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See plug-card.h. vpcd's messages have the same form as APDUs on a pty (16 bits of length, big
 * endian), but for those of one byte, which are about the card's power. A card that is reset hears
 * an empty APDU.
 */
#include "drivers/simulator/plug-card.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "drivers/card-frame.h"

#define RETRY_MS 50 /* the reader is not there yet, or not any more */

/* vpcd's words. */
#define POWER_OFF 0
#define POWER_ON 1
#define RESET 2
#define TELL_ATR 4

struct CardPlug {
  GSocketConnectable *reader;
  GBytes *atr;
  int kick; /* eventfd: end */
  GThread *thread;
  /* The rest belongs to the thread. */
  int port;
  gboolean gone;  /* the machine hung up, or is not to be served any more */
  guint owed;     /* answers that the card has not given yet */
  guint unwanted; /* of these, for a reader that went away */
  GByteArray *from_reader;
  GByteArray *from_card;
};

static gboolean
write_all (int fd, const guint8 *data, gsize length)
{
  while (length > 0) {
    gssize written = write (fd, data, length);
    struct pollfd room = { .fd = fd, .events = POLLOUT };

    if (written < 0 && errno != EAGAIN)
      return FALSE;
    if (written < 0 && (poll (&room, 1, -1) < 0 || (room.revents & POLLHUP) != 0))
      return FALSE;
    if (written > 0) {
      data += written;
      length -= (gsize)written;
    }
  }
  return TRUE;
}

static gboolean
write_frame (int fd, const guint8 *data, gsize length)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  card_frame_put (frame, data, length);
  return write_all (fd, frame->data, frame->len);
}

/* TRUE while both ends are there. */
static gboolean
obey_reader (CardPlug *plug, int reader, const guint8 *message, gsize length)
{
  if (length != 1) {
    plug->owed++;
    return write_frame (plug->port, message, length);
  }
  if (message[0] == TELL_ATR) {
    gsize atr_length;
    const guint8 *atr = g_bytes_get_data (plug->atr, &atr_length);

    return write_frame (reader, atr, atr_length);
  }
  if (message[0] == POWER_OFF || message[0] == RESET)
    return write_frame (plug->port, NULL, 0);
  return message[0] == POWER_ON;
}

static gboolean
pass_answer (CardPlug *plug, int reader, const guint8 *answer, gsize length)
{
  if (plug->owed > 0)
    plug->owed--;
  if (plug->unwanted == 0)
    return write_frame (reader, answer, length);
  plug->unwanted--;
  return TRUE;
}

/* Takes what has come at `fd`; FALSE at its end. */
static gboolean
take_some (int fd, GByteArray *into)
{
  guint8 bytes[4096];
  gssize length = read (fd, bytes, sizeof bytes);

  if (length > 0)
    g_byte_array_append (into, bytes, (guint)length);
  return length > 0 || (length < 0 && errno == EAGAIN);
}

static gboolean
serve_reader (CardPlug *plug, int reader)
{
  gboolean good = take_some (reader, plug->from_reader);
  GBytes *message;

  while (good && (message = card_frame_take (plug->from_reader)) != NULL) {
    good = obey_reader (plug, reader, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
    g_bytes_unref (message);
  }
  return good;
}

static gboolean
serve_card (CardPlug *plug, int reader)
{
  gboolean good = take_some (plug->port, plug->from_card);
  GBytes *answer;

  plug->gone = !good;
  while (good && (answer = card_frame_take (plug->from_card)) != NULL) {
    good = pass_answer (plug, reader, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
    g_bytes_unref (answer);
  }
  return good;
}

/* Until one end is gone, or the plug is pulled. */
static void
serve (CardPlug *plug, int reader)
{
  struct pollfd polled[] = { { .fd = plug->kick, .events = POLLIN },
                             { .fd = reader, .events = POLLIN },
                             { .fd = plug->port, .events = POLLIN } };
  gboolean good = TRUE;

  plug->unwanted = plug->owed;
  g_byte_array_set_size (plug->from_reader, 0);
  while (good && poll (polled, G_N_ELEMENTS (polled), -1) >= 0) {
    if (polled[0].revents != 0)
      return;
    if (polled[2].revents != 0)
      good = serve_card (plug, reader);
    if (good && polled[1].revents != 0)
      good = serve_reader (plug, reader);
  }
}

/* TRUE where the plug was pulled, or the machine has no power any more. */
static gboolean
is_pulled (CardPlug *plug, int timeout)
{
  struct pollfd polled[] = { { .fd = plug->kick, .events = POLLIN }, { .fd = plug->port } };

  poll (polled, G_N_ELEMENTS (polled), timeout);
  return plug->gone || polled[0].revents != 0 || (polled[1].revents & POLLHUP) != 0;
}

static gpointer
run (gpointer data)
{
  CardPlug *plug = data;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  int timeout = 0;

  while (!is_pulled (plug, timeout)) {
    g_autoptr (GSocketConnection) connection =
        g_socket_client_connect (client, plug->reader, NULL, NULL);

    timeout = RETRY_MS;
    if (connection != NULL)
      serve (plug, g_socket_get_fd (g_socket_connection_get_socket (connection)));
  }
  return NULL;
}

CardPlug *
card_plug_new (const char *address, GBytes *atr, const char *pty, GError **error)
{
  g_autoptr (GSocketConnectable) reader = g_network_address_parse (address, 35963, error);

  if (reader == NULL)
    return NULL;
  CardPlug *plug = g_new0 (CardPlug, 1);
  plug->reader = g_steal_pointer (&reader);
  plug->atr = g_bytes_ref (atr);
  plug->port = open (pty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  plug->kick = eventfd (0, EFD_CLOEXEC);
  plug->from_reader = g_byte_array_new ();
  plug->from_card = g_byte_array_new ();
  plug->thread = g_thread_new ("reader", run, plug);
  return plug;
}

void
card_plug_free (CardPlug *plug)
{
  eventfd_write (plug->kick, 1);
  g_thread_join (plug->thread);
  close (plug->kick);
  close (plug->port);
  g_object_unref (plug->reader);
  g_bytes_unref (plug->atr);
  g_byte_array_unref (plug->from_reader);
  g_byte_array_unref (plug->from_card);
  g_free (plug);
}
