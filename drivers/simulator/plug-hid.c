/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See plug-hid.h; Linux, Documentation/hid/uhid.rst.
 */
#include "drivers/simulator/plug-hid.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/uhid.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define REPORT 64u

/* A page of the vendor's own, 64 bytes each way, no ids. */
static const guint8 descriptor[] = { 0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x15, 0x00,
                                     0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x09, 0x01,
                                     0x81, 0x02, 0x09, 0x01, 0x91, 0x02, 0xc0 };

typedef struct {
  int port;
  int device;
} Plug;

static int
fail (const char *what)
{
  g_printerr ("keycradle-sim: %s: %s\n", what, g_strerror (errno));
  return EXIT_FAILURE;
}

static int
open_port (const char *path)
{
  int port = open (path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios settings;

  if (port >= 0 && tcgetattr (port, &settings) == 0) {
    cfmakeraw (&settings);
    tcsetattr (port, TCSANOW, &settings);
  }
  return port;
}

static gboolean
send_event (int device, const struct uhid_event *event)
{
  return write (device, event, sizeof *event) == (ssize_t)sizeof *event;
}

static gboolean
create (int device, guint vendor, guint product)
{
  struct uhid_event event = { .type = UHID_CREATE2 };

  g_strlcpy ((char *)event.u.create2.name, "Keycradle simulated kit", sizeof event.u.create2.name);
  memcpy (event.u.create2.rd_data, descriptor, sizeof descriptor);
  event.u.create2.rd_size = sizeof descriptor;
  event.u.create2.bus = 0x03; /* USB */
  event.u.create2.vendor = vendor;
  event.u.create2.product = product;
  return send_event (device, &event);
}

static gboolean
write_all (int fd, const guint8 *data, gsize length)
{
  while (length > 0) {
    ssize_t count = write (fd, data, length);

    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return FALSE;
    data += count;
    length -= (gsize)count;
  }
  return TRUE;
}

/* From hidraw: the report's id, which is 0, stands in front. */
static gboolean
take_event (const Plug *plug)
{
  struct uhid_event event = { 0 };
  ssize_t count = read (plug->device, &event, sizeof event);

  if (count <= 0)
    return count < 0 && (errno == EINTR || errno == EAGAIN);
  if (event.type != UHID_OUTPUT || event.u.output.size < 1
      || event.u.output.size > sizeof event.u.output.data)
    return TRUE;
  const gsize skip = event.u.output.size > REPORT ? 1 : 0;
  return write_all (plug->port, event.u.output.data + skip, event.u.output.size - skip);
}

/* What has come, as one report; FALSE where the simulated device was pulled out. */
static gboolean
give_report (const Plug *plug)
{
  struct uhid_event event = { .type = UHID_INPUT2 };
  ssize_t count = read (plug->port, event.u.input2.data, REPORT);

  if (count < 0 && errno == EINTR)
    return TRUE;
  if (count <= 0)
    return FALSE;
  event.u.input2.size = REPORT;
  return send_event (plug->device, &event);
}

static void
bridge (const Plug *plug)
{
  struct pollfd watched[] = { { .fd = plug->port, .events = POLLIN },
                              { .fd = plug->device, .events = POLLIN } };

  while (poll (watched, G_N_ELEMENTS (watched), -1) >= 0 || errno == EINTR) {
    if ((watched[1].revents & POLLIN) != 0 && !take_event (plug))
      return;
    if (watched[0].revents != 0 && !give_report (plug))
      return;
  }
}

int
plug_hid_run (const char *port, const char *ids)
{
  g_auto (GStrv) words = g_strsplit (ids, ":", 2);
  guint64 vendor, product;
  Plug plug;

  if (g_strv_length (words) != 2
      || !g_ascii_string_to_unsigned (words[0], 16, 1, G_MAXUINT16, &vendor, NULL)
      || !g_ascii_string_to_unsigned (words[1], 16, 0, G_MAXUINT16, &product, NULL))
  {
    g_printerr ("keycradle-sim: %s: expected VENDOR:PRODUCT in hex, such as 03eb:2312\n", ids);
    return EXIT_FAILURE;
  }
  plug.port = open_port (port);
  if (plug.port < 0)
    return fail (port);
  plug.device = open ("/dev/uhid", O_RDWR | O_CLOEXEC);
  if (plug.device < 0 || !create (plug.device, (guint)vendor, (guint)product))
    return fail ("/dev/uhid");
  g_print ("plugged\n");
  bridge (&plug);
  close (plug.device); /* the kernel takes the device away */
  close (plug.port);
  return EXIT_SUCCESS;
}
