/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Says when somebody opens or closes a file: a pty's master does not notice an
 * open, and a close only until the next open. One inotify queue and one thread
 * serve the whole process.
 */
#pragma once

#include <glib.h>

/* Called from the watching thread. */
typedef void (*WatchFunc) (gpointer owner, gboolean opened);

/* A handle for watch_remove(), or -1 with error. */
int watch_add (const char *path, WatchFunc func, gpointer owner, GError **error);

/* After this returns `owner` is not called any more. */
void watch_remove (int watch);
