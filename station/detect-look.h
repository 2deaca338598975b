/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What udev and sysfs say of one physical device at this moment, with all its interfaces. Nothing
 * is remembered here, so that it does not matter in which order its parts were announced.
 */
#pragma once

#include <gudev/gudev.h>

#include "station/detect-judge.h"

/* The sysfs path of the physical device that `device` is, or is a part of: a USB device, or else a
 * tty of its own. NULL for what could never be in a slot. Free with g_free(). */
char *look_device_path (GUdevDevice *device);

/* The device at that path, NULL where it is gone. */
SeenDevice *look_at_device (GUdevClient *udev, const char *path);

/* The tty whose node `path` leads to, as its device's path, and the number of its USB interface
 * (-1: none); NULL where it is none that udev knows, such as a pty. Free with g_free(). */
char *look_up_node (GUdevClient *udev, const char *path, int *interface);
