/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Places: where on this PC's USB something is plugged in, told by hub and port, so that it is the
 * same whatever sits there and by whichever of its interfaces. udev's ID_PATH of a USB device is
 * such a place ("pci-0000:00:14.0-usb-0:2.3"); that of a tty ends in the interface behind it
 * (":1.0").
 *
 * Pure: no udev here.
 */
#pragma once

#include <glib.h>

/* The place in an ID_PATH; *interface receives the number of the interface that stands behind it,
 * -1 where there is none. What is not on USB is a place as it is. Free with g_free(). */
char *place_of_id_path (const char *id_path, int *interface);

/* TRUE where both name one port: the same place, and not two different interfaces of it. */
gboolean place_is_shared (const char *id_path, const char *other);
