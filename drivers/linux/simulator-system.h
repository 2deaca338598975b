/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The system of a simulated Linux device: a folder that is its root, a TPM, and a real shell on a
 * pty of its own.
 */
#pragma once

#include "drivers/simulator/device.h"

typedef struct {
  char *root;         /* what it keeps across power */
  gboolean temporary; /* the folder goes when the device goes */
  pid_t tpm;          /* swtpm, or 0 */
  pid_t shell;        /* or 0 */
  int tty;            /* the shell's console, our end; -1 where none runs */
} LinuxSystem;

/* FALSE with a sentence where this computer gives nobody a system of his own. */
gboolean linux_system_can_run (GError **error);

/* Makes the root folder. NULL with a sentence where something is missing. */
LinuxSystem *linux_system_new (Device *device, GError **error);
void linux_system_free (LinuxSystem *system);

/* Power: the TPM starts, what faults there are is known. */
gboolean linux_system_start (LinuxSystem *system, Device *device);

/* Power is gone. */
void linux_system_stop (LinuxSystem *system);

/* A shell for root, who has logged in. */
gboolean linux_system_log_in (LinuxSystem *system, Device *device);

/* The shell has ended. */
void linux_system_logged_out (LinuxSystem *system);

/* Takes over into the device's items what the shell changed in its files. */
void linux_system_keep_items (LinuxSystem *system, Device *device);
