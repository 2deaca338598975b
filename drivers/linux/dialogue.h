/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A shell on the device: logging in, one command and its answer, a file, logging out.
 */
#pragma once

#include "drivers/driver.h"
#include "drivers/linux/proto.h"

/* Where temporary files lie on the device, in RAM on most: a folder of the session's own. */
#define LINUX_FOLDER "/tmp/keycradle-station"

typedef struct {
  Transport *transport;   /* borrowed */
  const Session *session; /* borrowed: for the options */
  char *nonce;            /* in all marks of this session */
  guint commands;         /* typed so far */
  gboolean waiting;       /* a command was typed whose end has not come */
  gboolean entered;       /* the shell is ours: it has to be left */
  gboolean unplugged;
  char *console_level; /* what the kernel said on the console before; NULL: unknown */
} LinuxShell;

/* Tells whether a Linux is at the other end: by what it says on its own (a boot, a prompt), else by
 * an empty line that it is sent, and where that looks like a shell's prompt by a word that a
 * shell puts together. What was heard last is left for linux_enter(). As Driver.probe. */
gboolean linux_probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error);

/* From wherever the device stands (in the middle of its boot, asking who logs in, in a shell that a
 * station left) to a shell of ours as root, with echo, history and kernel messages off. */
gboolean linux_enter (LinuxShell *shell, Deadline deadline, GError **error);

/* Runs one line of commands, of at most LINUX_LINE_MAX characters. Its output, and its status where
 * `status` is not NULL. Free with g_free(). */
char *linux_run (LinuxShell *shell, const char *command, int *status, Deadline deadline,
                 GError **error);

#define LINUX_LINE_MAX 960u

/* The same for a command that must succeed: else `refusal`, with `what` was tried and what the
 * device says about it. */
char *linux_ask (LinuxShell *shell, const char *command, DriverError refusal, const char *what,
                 Deadline deadline, GError **error);

/* Writes `content` to the file at `path`: beside it first, with the permissions `mode`, checked by
 * its digest, synced and renamed. DRIVER_ERROR_REFUSED, as linux_ask(). */
gboolean linux_write_file (LinuxShell *shell, const char *path, const char *mode, GBytes *content,
                           Deadline deadline, GError **error);

/* The bytes of a file; NULL with `refusal` where it can't be read. */
GBytes *linux_read_file (LinuxShell *shell, const char *path, DriverError refusal,
                         Deadline deadline, GError **error);

/* Takes away what is temporary, lets the kernel speak again, and logs out. */
void linux_leave (LinuxShell *shell);
