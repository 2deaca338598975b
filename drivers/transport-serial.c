/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A serial port, or a pty in its place. The kernel's own termios2 is used, not
 * libserialport or the C library's termios: it takes any baud rate, and ptys and
 * by-id links too. <termios.h> must not be included here, it defines the same names.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "drivers/transport.h"

typedef struct {
  int fd;
  char *path;
} SerialPort;

static gboolean
set_unplugged (SerialPort *port, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNPLUGGED, "%s hung up", port->path);
  return FALSE;
}

static gboolean
set_port_error (const char *path, const char *what, int code, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "%s: %s: %s", path, what, g_strerror (code));
  return FALSE;
}

/* Waits for `events`. An error condition alone is a hang-up; with input there is still
 * something to read. */
static gboolean
wait_for (SerialPort *port, short events, Deadline deadline, GError **error)
{
  struct pollfd watch = { .fd = port->fd, .events = events };
  int ready;

  do
    ready = poll (&watch, 1, deadline_milliseconds_left (deadline));
  while (ready < 0 && errno == EINTR);
  if (ready < 0)
    return set_port_error (port->path, "can't wait for it", errno, error);
  if (ready == 0) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER,
                 events == POLLIN ? "%s: no answer in time" : "%s: the device takes no data",
                 port->path);
    return FALSE;
  }
  return (watch.revents & events) != 0 ? TRUE : set_unplugged (port, error);
}

static gboolean
is_try_again (int code)
{
  return code == EAGAIN || code == EINTR;
}

static gboolean
serial_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
             GError **error)
{
  SerialPort *port = channel;
  ssize_t count;

  do {
    if (!wait_for (port, POLLIN, deadline, error))
      return FALSE;
    count = read (port->fd, data, length);
  } while (count < 0 && is_try_again (errno));
  if (count <= 0) /* EIO and end of file: a hang-up, seen from either kind of port */
    return set_unplugged (port, error);
  *got = (gsize)count;
  return TRUE;
}

static gboolean
serial_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  SerialPort *port = channel;

  while (length > 0) {
    ssize_t count = write (port->fd, data, length);

    if (count < 0 && !is_try_again (errno))
      return set_unplugged (port, error);
    if (count < 0 && !wait_for (port, POLLOUT, deadline, error))
      return FALSE;
    if (count < 0)
      continue;
    data += count;
    length -= (gsize)count;
  }
  return TRUE;
}

static void
serial_discard_input (gpointer channel)
{
  SerialPort *port = channel;

  ioctl (port->fd, TCFLSH, TCIFLUSH);
}

static void
serial_close (gpointer channel)
{
  SerialPort *port = channel;

  if (port->fd >= 0) {
    ioctl (port->fd, TCFLSH, TCIOFLUSH); /* or close() waits for a device that takes nothing */
    ioctl (port->fd, TIOCNXCL);
    close (port->fd);
  }
  g_free (port->path);
  g_free (port);
}

/* A rate that the hardware can't divide comes back as another one. */
static gboolean
check_baud (SerialPort *port, guint wanted, GError **error)
{
  struct termios2 now;

  if (ioctl (port->fd, TCGETS2, &now) < 0)
    return set_port_error (port->path, "can't read its settings", errno, error);
  if (now.c_ospeed >= wanted - wanted / 32 && now.c_ospeed <= wanted + wanted / 32)
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "%s can't run at %u baud (it offers %u)",
               port->path, wanted, now.c_ospeed);
  return FALSE;
}

/* Raw 8N1. HUPCL stays off: dropping DTR on close resets many boards. */
static gboolean
serial_configure (gpointer channel, const SerialSettings *settings, GError **error)
{
  SerialPort *port = channel;
  struct termios2 raw;

  if (ioctl (port->fd, TCGETS2, &raw) < 0)
    return set_port_error (port->path, "not a serial port", errno, error);
  raw.c_iflag = 0;
  raw.c_oflag = 0;
  raw.c_lflag = 0;
  raw.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT);
  if (settings->rtscts)
    raw.c_cflag |= CRTSCTS;
  raw.c_ispeed = raw.c_ospeed = settings->baud;
  raw.c_cc[VMIN] = 1; /* so that read() gives 0 for a hang-up only */
  raw.c_cc[VTIME] = 0;
  if (ioctl (port->fd, TCSETS2, &raw) < 0)
    return set_port_error (port->path, "can't be configured", errno, error);
  return check_baud (port, settings->baud, error);
}

static const TransportMethods serial_methods = {
  .read = serial_read,
  .write = serial_write,
  .discard_input = serial_discard_input,
  .configure = serial_configure,
  .close = serial_close,
};

/* root passes TIOCEXCL, flock() holds root back too; other programs know only the first. */
static gboolean
take_exclusively (SerialPort *port, GError **error)
{
  if (flock (port->fd, LOCK_EX | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK)
      return set_port_error (port->path, "can't be locked", errno, error);
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "%s is in use by another program",
                 port->path);
    return FALSE;
  }
  if (ioctl (port->fd, TIOCEXCL) < 0)
    return set_port_error (port->path, "not a serial port", errno, error);
  return TRUE;
}

static gboolean
prepare (SerialPort *port, const SerialSettings *settings, GError **error)
{
  if (port->fd < 0)
    return set_port_error (port->path, "can't be opened", errno, error);
  if (!take_exclusively (port, error) || !serial_configure (port, settings, error))
    return FALSE;
  ioctl (port->fd, TCFLSH, TCIOFLUSH);
  return TRUE;
}

Transport *
transport_open_serial (const char *path, const SerialSettings *settings, GError **error)
{
  char real[PATH_MAX];
  SerialPort *port;

  if (settings->baud == 0) {
    set_port_error (path, "no baud rate", EINVAL, error);
    return NULL;
  }
  if (realpath (path, real) == NULL) {
    set_port_error (path, "can't be opened", errno, error);
    return NULL;
  }
  port = g_new0 (SerialPort, 1);
  port->path = g_strdup (real);
  port->fd = open (real, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (prepare (port, settings, error))
    return transport_new (CHANNEL_SERIAL, &serial_methods, port, real);
  serial_close (port);
  return NULL;
}
