/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a simulated Linux device says before there is a shell. All: FALSE once pulled.
 */
#pragma once

#include "drivers/linux/simulator-system.h"

/* One message of the kernel, wherever the console stands. */
gboolean linux_kernel_speaks (Device *device);

/* Boot loader, kernel and init; a key at the wrong moment stops the boot loader. */
gboolean linux_boots (Device *device);

/* Asks until somebody has logged in as root. */
gboolean linux_logs_in (Device *device);
