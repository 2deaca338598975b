/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * inotify, for the life of the process.
 */
#include "drivers/simulator/watch.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "drivers/simulator/problem.h"

typedef struct {
  WatchFunc func;
  gpointer owner;
} Watcher;

static GMutex mutex;
static GHashTable *watchers; /* of watch descriptor → Watcher */
static int queue = -1;

static void
watch_dispatch (const struct inotify_event *event)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  Watcher *watcher = g_hash_table_lookup (watchers, GINT_TO_POINTER (event->wd));

  if (watcher == NULL)
    return;
  if ((event->mask & IN_OPEN) != 0)
    watcher->func (watcher->owner, TRUE);
  if ((event->mask & IN_CLOSE) != 0)
    watcher->func (watcher->owner, FALSE);
}

static gpointer
watch_thread (gpointer data)
{
  char events[4096] __attribute__ ((aligned (__alignof__(struct inotify_event))));

  while (TRUE) {
    ssize_t length = read (queue, events, sizeof events);

    if (length < 0 && errno != EINTR)
      return NULL;
    for (ssize_t at = 0; at < length;) {
      const struct inotify_event *event = (const void *)(events + at);

      watch_dispatch (event);
      at += (ssize_t)(sizeof *event + event->len);
    }
  }
}

/* Called with the mutex held. */
static gboolean
watch_start (GError **error)
{
  if (queue >= 0)
    return TRUE;
  queue = inotify_init1 (IN_CLOEXEC);
  if (queue < 0)
    return fail_errno (error, "inotify");
  watchers = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_thread_unref (g_thread_new ("watch", watch_thread, NULL));
  return TRUE;
}

int
watch_add (const char *path, WatchFunc func, gpointer owner, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  Watcher *watcher;
  int watch;

  if (!watch_start (error))
    return -1;
  watch = inotify_add_watch (queue, path, IN_OPEN | IN_CLOSE);
  if (watch < 0) {
    fail_errno (error, path);
    return -1;
  }
  watcher = g_new (Watcher, 1);
  *watcher = (Watcher){ .func = func, .owner = owner };
  g_hash_table_insert (watchers, GINT_TO_POINTER (watch), watcher);
  return watch;
}

void
watch_remove (int watch)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  inotify_rm_watch (queue, watch);
  g_hash_table_remove (watchers, GINT_TO_POINTER (watch));
}
