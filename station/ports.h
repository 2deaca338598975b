/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ports that the configuration names by path: ttys, ptys, links such as those of
 * /dev/serial/by-id. udev does not know all of them, so their folders are watched
 * (inotify): a port comes when its path leads to a character device, goes when it does not, and
 * comes anew when link or node is replaced, however quickly.
 */
#pragma once

#include <glib.h>

typedef struct Ports Ports;

/* Called on the main loop. `present` FALSE: the device left. */
typedef void (*PortChanged) (guint number, gboolean present, gpointer data);

/* NULL with a G_FILE_ERROR where the kernel gives no inotify. */
Ports *ports_new (PortChanged changed, gpointer data, GError **error);
void ports_free (Ports *ports);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ports, ports_free)

/* Watches `path` for slot `number`; call ports_check() when all are added. */
void ports_add (Ports *ports, guint number, const char *path);
void ports_remove (Ports *ports, guint number);

/* Looks at all ports now and reports what changed since the last look. */
void ports_check (Ports *ports);
