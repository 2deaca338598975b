/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ports.h. For each port two folders are watched: the one in which its path stands (or the
 * nearest above that exists) and the one in which the node stands to which a link leads: a pty
 * vanishes while the link to it stays. An event only says "look again": what stands there is told
 * from what stood there before by inodes and times, so that a replacement is seen once, however its
 * events are cut into pieces.
 */
#include "station/ports.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FOLDER_EVENTS                                                                              \
  (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)

/* What stood at a path: enough to tell it from what stands there next. */
typedef struct {
  dev_t link_device;
  ino_t link_inode;
  struct timespec link_changed;
  dev_t node_device;
  ino_t node_inode;
  struct timespec node_changed;
  dev_t number; /* of the character device */
} PortIdentity;

typedef struct {
  guint number;
  char *path;
  gboolean present;
  PortIdentity identity;
} Port;

struct Ports {
  int inotify;
  guint source;
  GHashTable *folders; /* path → watch descriptor */
  GPtrArray *list;     /* of Port */
  PortChanged changed;
  gpointer data;
};

static void
port_free (Port *port)
{
  g_free (port->path);
  g_free (port);
}

/* The majors of Unix98 pty slaves. The nodes of other ttys get a new inode each time, while udev
 * changes their times with their permissions, and makes their links anew when it is told to look
 * again (`udevadm trigger`, each upgrade of its package). */
static gboolean
is_pty (dev_t number)
{
  return major (number) >= 136 && major (number) <= 143;
}

/* FALSE where the path leads to nothing that could be a serial port, or udev has not given it to us
 * yet: the kernel makes a node first, its permissions follow. */
static gboolean
port_look (const Port *port, PortIdentity *identity)
{
  struct stat link, node;

  if (lstat (port->path, &link) != 0 || stat (port->path, &node) != 0 || !S_ISCHR (node.st_mode)
      || access (port->path, R_OK | W_OK) != 0)
    return FALSE;
  memset (identity, 0, sizeof *identity);
  identity->node_device = node.st_dev;
  identity->node_inode = node.st_ino;
  identity->number = node.st_rdev;
  if (!is_pty (node.st_rdev))
    return TRUE;
  identity->node_changed = node.st_ctim; /* a pty of the same number gets the same inode */
  identity->link_device = link.st_dev;
  identity->link_inode = link.st_ino;
  if (S_ISLNK (link.st_mode))
    identity->link_changed = link.st_ctim;
  return TRUE;
}

static void
port_leave (Ports *ports, Port *port)
{
  if (!port->present)
    return;
  port->present = FALSE;
  ports->changed (port->number, FALSE, ports->data);
}

static void
port_check (Ports *ports, Port *port)
{
  PortIdentity identity;

  if (!port_look (port, &identity)) {
    port_leave (ports, port);
    return;
  }
  if (port->present && memcmp (&identity, &port->identity, sizeof identity) == 0)
    return;
  port_leave (ports, port);
  port->identity = identity;
  port->present = TRUE;
  ports->changed (port->number, TRUE, ports->data);
}

static void
watch_folder (Ports *ports, const char *folder)
{
  int watch;

  if (g_hash_table_contains (ports->folders, folder))
    return;
  watch = inotify_add_watch (ports->inotify, folder, FOLDER_EVENTS | IN_ONLYDIR);
  if (watch >= 0)
    g_hash_table_insert (ports->folders, g_strdup (folder), GINT_TO_POINTER (watch));
}

/* The folder of `path`, or the nearest above it that exists. */
static void
watch_nearest (Ports *ports, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  while (!g_file_test (folder, G_FILE_TEST_IS_DIR) && strlen (folder) > 1) {
    char *above = g_path_get_dirname (folder);

    g_free (folder);
    folder = above;
  }
  watch_folder (ports, folder);
}

static void
port_watch (Ports *ports, Port *port)
{
  char target[PATH_MAX];

  watch_nearest (ports, port->path);
  if (realpath (port->path, target) != NULL)
    watch_nearest (ports, target);
}

/* Watches first, then looks: what comes in between is reported by the watch. */
void
ports_check (Ports *ports)
{
  for (guint i = 0; i < ports->list->len; i++) {
    Port *port = g_ptr_array_index (ports->list, i);

    port_watch (ports, port);
    port_check (ports, port);
  }
}

static const char *
folder_of_watch (Ports *ports, int watch)
{
  GHashTableIter iter;
  gpointer folder, value;

  g_hash_table_iter_init (&iter, ports->folders);
  while (g_hash_table_iter_next (&iter, &folder, &value))
    if (GPOINTER_TO_INT (value) == watch)
      return folder;
  return NULL;
}

/* A folder that vanished is watched anew when it comes back. */
static void
handle_event (Ports *ports, const struct inotify_event *event)
{
  const char *folder = folder_of_watch (ports, event->wd);

  if (folder == NULL || !(event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)))
    return;
  inotify_rm_watch (ports->inotify, event->wd);
  g_hash_table_remove (ports->folders, folder);
}

static gboolean
handle_readable (int fd, GIOCondition condition, gpointer data)
{
  Ports *ports = data;
  char buffer[16384] __attribute__ ((aligned (__alignof__(struct inotify_event))));
  ssize_t length = read (fd, buffer, sizeof buffer);
  ssize_t offset = 0;

  while (offset < length) {
    const struct inotify_event *event = (const struct inotify_event *)(buffer + offset);

    handle_event (ports, event);
    offset += (ssize_t)(sizeof *event + event->len);
  }
  ports_check (ports);
  return G_SOURCE_CONTINUE;
}

Ports *
ports_new (PortChanged changed, gpointer data, GError **error)
{
  int inotify = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  Ports *ports;

  if (inotify < 0) {
    g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno),
                 "the ports' folders can't be watched: %s", g_strerror (errno));
    return NULL;
  }
  ports = g_new0 (Ports, 1);
  ports->inotify = inotify;
  ports->source = g_unix_fd_add (inotify, G_IO_IN, handle_readable, ports);
  ports->folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  ports->list = g_ptr_array_new_with_free_func ((GDestroyNotify)port_free);
  ports->changed = changed;
  ports->data = data;
  return ports;
}

void
ports_free (Ports *ports)
{
  if (ports == NULL)
    return;
  g_source_remove (ports->source);
  close (ports->inotify);
  g_hash_table_unref (ports->folders);
  g_ptr_array_unref (ports->list);
  g_free (ports);
}

void
ports_add (Ports *ports, guint number, const char *path)
{
  Port *port = g_new0 (Port, 1);

  port->number = number;
  port->path = g_canonicalize_filename (path, "/");
  g_ptr_array_add (ports->list, port);
}

void
ports_remove (Ports *ports, guint number)
{
  for (guint i = 0; i < ports->list->len; i++) {
    Port *port = g_ptr_array_index (ports->list, i);

    if (port->number == number) {
      g_ptr_array_remove_index (ports->list, i);
      return;
    }
  }
}
