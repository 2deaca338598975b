/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A hidraw node (Linux, Documentation/hid/hidraw.rst), by the kernel's own calls. Each read() is
 * one report, each write() one report behind its id. The kernel holds back 64 reports for who is
 * slow. It gives a write five seconds before it says that the device takes nothing, whatever our
 * deadline is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/hidraw.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "drivers/hid-report.h"
#include "drivers/transport.h"

#define KERNEL_REPORTS 64u

typedef struct {
  int fd;
  char *path;
  HidReports reports;
  guint8 report[1 + HID_REPORT_MAX]; /* the last one that came */
  gsize next, end;                   /* what of it was not read yet */
} HidNode;

static gboolean
set_unplugged (const HidNode *node, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNPLUGGED, "%s hung up", node->path);
  return FALSE;
}

static gboolean
set_port_error (const char *path, const char *what, const char *why, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "%s: %s: %s", path, what, why);
  return FALSE;
}

static gboolean
is_try_again (int code)
{
  return code == EAGAIN || code == EINTR;
}

/* A report may be waiting behind a hang-up; it is read first. */
static gboolean
wait_for_report (HidNode *node, Deadline deadline, GError **error)
{
  struct pollfd watch = { .fd = node->fd, .events = POLLIN };
  int ready;

  do
    ready = poll (&watch, 1, deadline_milliseconds_left (deadline));
  while (ready < 0 && errno == EINTR);
  if (ready < 0)
    return set_port_error (node->path, "can't wait for it", g_strerror (errno), error);
  if (ready == 0) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "%s: no answer in time", node->path);
    return FALSE;
  }
  return (watch.revents & POLLIN) != 0 ? TRUE : set_unplugged (node, error);
}

static gboolean
take_report (HidNode *node, Deadline deadline, GError **error)
{
  ssize_t count;

  do {
    if (!wait_for_report (node, deadline, error))
      return FALSE;
    count = read (node->fd, node->report, sizeof node->report);
  } while (count < 0 && is_try_again (errno));
  if (count <= 0) /* EIO, ENODEV: it is gone */
    return set_unplugged (node, error);
  node->next = node->reports.id != 0 ? 1 : 0;
  node->end = (gsize)count;
  return TRUE;
}

static gboolean
hid_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
          GError **error)
{
  HidNode *node = channel;

  while (node->next >= node->end)
    if (!take_report (node, deadline, error))
      return FALSE;
  *got = MIN (length, node->end - node->next);
  memcpy (data, node->report + node->next, *got);
  node->next += *got;
  return TRUE;
}

static gboolean
write_report (HidNode *node, const guint8 *report, Deadline deadline, GError **error)
{
  ssize_t count;

  do {
    if (deadline_passed (deadline)) {
      g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "%s: the device takes no data",
                   node->path);
      return FALSE;
    }
    count = write (node->fd, report, 1 + node->reports.output);
  } while (count < 0 && is_try_again (errno));
  if (count >= 0)
    return TRUE;
  if (errno == EIO || errno == ENODEV || errno == EPIPE || errno == ESHUTDOWN)
    return set_unplugged (node, error);
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "%s: the device takes no data: %s",
               node->path, g_strerror (errno));
  return FALSE;
}

static gboolean
hid_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  HidNode *node = channel;
  guint8 report[1 + HID_REPORT_MAX];

  for (gsize i = 0; i < hid_reports_needed (&node->reports, length); i++) {
    hid_report_cut (&node->reports, data, length, i, report);
    if (!write_report (node, report, deadline, error))
      return FALSE;
  }
  return TRUE;
}

static void
hid_discard_input (gpointer channel)
{
  HidNode *node = channel;

  node->next = node->end = 0;
  for (guint i = 0; i < KERNEL_REPORTS; i++)
    if (read (node->fd, node->report, sizeof node->report) <= 0)
      return;
}

static void
hid_close (gpointer channel)
{
  HidNode *node = channel;

  if (node->fd >= 0)
    close (node->fd);
  g_free (node->path);
  g_free (node);
}

static const TransportMethods hid_methods = {
  .read = hid_read,
  .write = hid_write,
  .discard_input = hid_discard_input,
  .close = hid_close,
};

static gboolean
read_reports (HidNode *node, GError **error)
{
  struct hidraw_report_descriptor descriptor = { 0 };
  int size = 0;

  if (ioctl (node->fd, HIDIOCGRDESCSIZE, &size) < 0)
    return set_port_error (node->path, "not a hidraw node", g_strerror (errno), error);
  if (size <= 0 || size > HID_MAX_DESCRIPTOR_SIZE)
    return set_port_error (node->path, "not usable", "its report descriptor has no possible size",
                           error);
  descriptor.size = (guint32)size;
  if (ioctl (node->fd, HIDIOCGRDESC, &descriptor) < 0)
    return set_port_error (node->path, "its report descriptor can't be read", g_strerror (errno),
                           error);
  const char *problem = hid_reports_read (descriptor.value, (gsize)size, &node->reports);
  return problem == NULL || set_port_error (node->path, "no channel of bytes", problem, error);
}

static gboolean
prepare (HidNode *node, GError **error)
{
  if (node->fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO)) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNPLUGGED, "%s is gone already", node->path);
    return FALSE;
  }
  if (node->fd < 0)
    return set_port_error (node->path, "can't be opened", g_strerror (errno), error);
  if (flock (node->fd, LOCK_EX | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK)
      return set_port_error (node->path, "can't be locked", g_strerror (errno), error);
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "%s is in use by another program",
                 node->path);
    return FALSE;
  }
  if (!read_reports (node, error))
    return FALSE;
  hid_discard_input (node);
  return TRUE;
}

Transport *
transport_open_hid (const char *path, GError **error)
{
  HidNode *node = g_new0 (HidNode, 1);

  node->path = g_strdup (path);
  node->fd = open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (prepare (node, error))
    return transport_new (CHANNEL_HID, &hid_methods, node, path);
  hid_close (node);
  return NULL;
}
