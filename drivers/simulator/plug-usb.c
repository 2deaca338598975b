/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernel's end of a socket pair goes to vhci_hcd; over ours it asks for transfers in the words
 * of USB/IP (Documentation/usb/usbip_protocol.rst of Linux): 48 bytes of header in big endian, then
 * the data. Whoever submits a transfer from the device listens to it, as whoever opens a pty does.
 */
#include "drivers/simulator/plug-usb.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/simulator/plug-usb-private.h"
#include "drivers/simulator/problem.h"

#define ATTACH "/sys/devices/platform/vhci_hcd.0/attach"
#define SPEED_FULL 2 /* enum usb_device_speed of Linux */
#define BUSY_MAX 500 /* times 10 ms: as long as the kernel takes to forget who was there */

#define HEADER_WORDS 12u
#define TRANSFER_MAX (1024u * 1024)

/* Words of a header. */
enum {
  COMMAND,
  SEQUENCE,
  DEVICE_ID,
  DIRECTION, /* 1: from the device */
  ENDPOINT,
  STATUS, /* of an answer; the flags of a request */
  LENGTH,
  SETUP = 10,
};

enum { SUBMIT = 1, UNLINK, SUBMITTED, UNLINKED };

#define URB_ZERO_PACKET 0x40u

/* A transfer from the device that nothing has ended yet. */
typedef struct {
  guint32 sequence;
  guint32 length;
} Listener;

static gboolean
read_all (UsbPlug *plug, void *data, gsize length)
{
  guint8 *at = data;

  while (length > 0) {
    ssize_t got = recv (plug->socket, at, length, 0);

    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return FALSE;
    at += got;
    length -= (gsize)got;
  }
  return TRUE;
}

static void
write_all (UsbPlug *plug, const void *data, gsize length)
{
  const guint8 *at = data;

  while (length > 0 && !plug->gone) {
    ssize_t put = send (plug->socket, at, length, MSG_NOSIGNAL);

    if (put < 0 && errno == EINTR)
      continue;
    plug->gone = put <= 0;
    at += put;
    length -= (gsize)MAX (put, 0);
  }
}

static void
answer (UsbPlug *plug, guint32 command, guint32 sequence, int status, gsize length,
        const guint8 *data)
{
  guint32 header[HEADER_WORDS] = { 0 };

  header[COMMAND] = g_htonl (command);
  header[SEQUENCE] = g_htonl (sequence);
  header[STATUS] = g_htonl ((guint32)status);
  header[LENGTH] = g_htonl ((guint32)length);
  write_all (plug, header, sizeof header);
  if (data != NULL)
    write_all (plug, data, length);
}

/* ---- the pty ---- */

static void
stop_listening (UsbPlug *plug)
{
  if (plug->port >= 0)
    close (plug->port);
  plug->port = -1;
  g_byte_array_set_size (plug->heard, 0);
}

static void
start_listening (UsbPlug *plug)
{
  if (plug->port >= 0)
    return;
  plug->port = open (plug->pty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  plug->gone |= plug->port < 0;
}

static void
write_heard (UsbPlug *plug)
{
  ssize_t put = plug->heard->len == 0 || plug->port < 0
                    ? 0
                    : write (plug->port, plug->heard->data, plug->heard->len);

  if (put > 0)
    g_byte_array_remove_range (plug->heard, 0, (guint)put);
  else if (put < 0 && errno != EAGAIN && errno != EINTR)
    plug->gone = TRUE;
}

/* What the machine says goes to whoever listened first: one reading is one transfer. */
static void
say (UsbPlug *plug)
{
  Listener *listener = g_queue_peek_head (&plug->listening);
  guint8 data[4096];
  gsize most = MIN (sizeof data, listener->length);
  ssize_t got;

  if (plug->settings.faults.shorten > 0)
    most = MIN (most, plug->settings.faults.shorten);
  got = read (plug->port, data, most);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (got <= 0) {
    plug->gone = TRUE; /* the machine was pulled out */
    return;
  }
  answer (plug, SUBMITTED, listener->sequence, 0, (gsize)got, data);
  g_free (g_queue_pop_head (&plug->listening));
}

/* ---- requests ---- */

static void
submit_control (UsbPlug *plug, guint32 sequence, const guint32 *header)
{
  guint8 setup[8];
  gsize room;

  memcpy (setup, header + SETUP, sizeof setup);
  room = (gsize)(setup[6] | setup[7] << 8);
  if (!usb_plug_control (plug, setup))
    answer (plug, SUBMITTED, sequence, -EPIPE, 0, NULL);
  else if ((setup[0] & 0x80) == 0)
    answer (plug, SUBMITTED, sequence, 0, room, NULL);
  else
    answer (plug, SUBMITTED, sequence, 0, MIN (room, plug->answer->len), plug->answer->data);
}

/* Packet by packet, as a controller hands them to the firmware. */
static void
hear (UsbPlug *plug, const guint8 *data, gsize length, gboolean zero_packet)
{
  const gsize packet = SMP_USB_FULL_SPEED_PACKET;

  for (gsize at = 0; at < length; at += packet) {
    gsize whole = smp_usb_receive (&plug->receiver, data + at, MIN (packet, length - at));

    g_byte_array_append (plug->heard, plug->request, (guint)whole);
  }
  if (length == 0 || (zero_packet && length % packet == 0)) {
    gsize whole = smp_usb_receive (&plug->receiver, data, 0);

    g_byte_array_append (plug->heard, plug->request, (guint)whole);
  }
}

static void
submit_out (UsbPlug *plug, guint32 sequence, const guint8 *data, gsize length, gboolean zero_packet)
{
  plug->transfers++;
  if (plug->settings.faults.yank == plug->transfers) {
    plug->gone = TRUE; /* the kernel never hears of this transfer's end */
    return;
  }
  plug->halted |= plug->settings.faults.stall == plug->transfers;
  if (plug->halted) {
    answer (plug, SUBMITTED, sequence, -EPIPE, 0, NULL);
    return;
  }
  start_listening (plug);
  hear (plug, data, length, zero_packet);
  answer (plug, SUBMITTED, sequence, 0, length, NULL);
}

static void
submit_in (UsbPlug *plug, guint32 sequence, guint32 length)
{
  Listener *listener = g_new (Listener, 1);

  *listener = (Listener){ sequence, length };
  g_queue_push_tail (&plug->listening, listener);
  start_listening (plug);
}

/* Who takes back what he listened with, closes. */
static void
unlink_transfer (UsbPlug *plug, guint32 sequence, guint32 victim)
{
  int status = 0;

  for (GList *each = plug->listening.head; each != NULL; each = each->next) {
    Listener *listener = each->data;

    if (listener->sequence != victim)
      continue;
    g_queue_delete_link (&plug->listening, each);
    g_free (listener);
    status = -ECONNRESET;
    break;
  }
  answer (plug, UNLINKED, sequence, status, 0, NULL);
  if (status != 0 && g_queue_is_empty (&plug->listening))
    stop_listening (plug);
}

static void
submit (UsbPlug *plug, const guint32 *header)
{
  guint32 sequence = g_ntohl (header[SEQUENCE]), length = g_ntohl (header[LENGTH]);
  gboolean from_device = g_ntohl (header[DIRECTION]) == 1;
  gboolean zero_packet = (g_ntohl (header[STATUS]) & URB_ZERO_PACKET) != 0;
  g_autofree guint8 *data = NULL;

  if (length > TRANSFER_MAX) {
    plug->gone = TRUE;
    return;
  }
  data = g_malloc (length + 1);
  if (!from_device && length > 0 && !read_all (plug, data, length))
    plug->gone = TRUE;
  else if (g_ntohl (header[ENDPOINT]) == 0)
    submit_control (plug, sequence, header);
  else if (from_device)
    submit_in (plug, sequence, length);
  else
    submit_out (plug, sequence, data, length, zero_packet);
}

static void
obey (UsbPlug *plug)
{
  guint32 header[HEADER_WORDS];

  if (!read_all (plug, header, sizeof header))
    plug->gone = TRUE;
  else if (g_ntohl (header[COMMAND]) == UNLINK)
    unlink_transfer (plug, g_ntohl (header[SEQUENCE]), g_ntohl (header[STATUS]));
  else
    submit (plug, header);
}

static void
wait_and_serve (UsbPlug *plug)
{
  gboolean listened_to = !g_queue_is_empty (&plug->listening);
  struct pollfd watch[] = {
    { .fd = plug->socket, .events = POLLIN },
    { .fd = plug->port,
      .events = (short)((listened_to ? POLLIN : 0) | (plug->heard->len > 0 ? POLLOUT : 0)) },
  };

  if (poll (watch, G_N_ELEMENTS (watch), -1) < 0)
    return;
  if (watch[0].revents != 0)
    obey (plug);
  else if ((watch[1].revents & POLLIN) != 0)
    say (plug);
  else if ((watch[1].revents & (POLLHUP | POLLERR)) != 0)
    plug->gone = TRUE;
  write_heard (plug);
}

static gpointer
serve (gpointer data)
{
  UsbPlug *plug = data;

  while (!plug->gone)
    wait_and_serve (plug);
  stop_listening (plug);
  shutdown (plug->socket, SHUT_RDWR); /* the kernel takes the device away */
  return NULL;
}

/* ---- attaching ---- */

/* Who was at the port before may still be on the way out. */
static gboolean
write_attach (const char *line, GError **error)
{
  int file = open (ATTACH, O_WRONLY | O_CLOEXEC);
  ssize_t put = -1;

  if (file < 0)
    return fail_errno (error, ATTACH " (load the module vhci_hcd, and be root)");
  for (guint tries = 0; tries < BUSY_MAX && put < 0; tries++) {
    put = write (file, line, strlen (line));
    if (put < 0 && errno != EBUSY)
      break;
    if (put < 0)
      g_usleep (10000);
  }
  if (put < 0)
    fail_errno (error, ATTACH);
  close (file);
  return put > 0;
}

static gboolean
attach (UsbPlug *plug, guint port, GError **error)
{
  g_autofree char *line = NULL;
  gboolean attached;
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return fail_errno (error, "can't make a socket pair");
  plug->socket = pair[0];
  line = g_strdup_printf ("%u %d %u %d", port - 1, pair[1], 0x10000 + port, SPEED_FULL);
  attached = write_attach (line, error);
  close (pair[1]);
  return attached;
}

static UsbPlug *
plug_new (const UsbSettings *settings, const char *serial, const char *pty, guint time)
{
  UsbPlug *plug = g_new0 (UsbPlug, 1);

  plug->settings = *settings;
  if (time > 1)
    plug->settings.faults.stall = plug->settings.faults.yank = 0;
  plug->serial = g_strdup (serial);
  plug->pty = g_strdup (pty);
  plug->socket = plug->port = -1;
  plug->heard = g_byte_array_new ();
  plug->answer = g_byte_array_new ();
  plug->descriptors.strings[1] = "Keycradle";
  plug->descriptors.strings[2] = "Simulated device";
  plug->descriptors.strings[3] = plug->serial;
  plug->descriptors.strings[4] = "Provisioning";
  smp_usb_receiver_init (&plug->receiver, plug->request, sizeof plug->request,
                         SMP_USB_FULL_SPEED_PACKET);
  return plug;
}

UsbPlug *
usb_plug_new (const UsbSettings *settings, const char *serial, const char *pty, guint port,
              guint time, GError **error)
{
  UsbPlug *plug = plug_new (settings, serial, pty, time);

  if (attach (plug, MAX (port, 1), error)) {
    plug->thread = g_thread_new ("usb-plug", serve, plug);
    return plug;
  }
  usb_plug_free (plug);
  return NULL;
}

void
usb_plug_free (UsbPlug *plug)
{
  if (plug->socket >= 0)
    shutdown (plug->socket, SHUT_RDWR);
  if (plug->thread != NULL)
    g_thread_join (plug->thread);
  if (plug->socket >= 0)
    close (plug->socket);
  g_queue_clear_full (&plug->listening, g_free);
  g_byte_array_unref (plug->heard);
  g_byte_array_unref (plug->answer);
  g_free (plug->serial);
  g_free (plug->pty);
  g_free (plug);
}
