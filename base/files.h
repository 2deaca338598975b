/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that survive a power cut: written beside, synced, renamed, and the
 * folder synced too. Errors are GIO's own (G_FILE_ERROR).
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Replaces `path` with `length` bytes so that after a power cut either the old
 * or the new content is there, whole. The file gets `mode`. */
gboolean file_replace_durably (const char *path, const void *data, gsize length, mode_t mode,
                               GError **error);

/* The same for a file that must not exist yet: G_FILE_ERROR_EXIST where it does, also where it came
 * while this one was written. */
gboolean file_create_durably (const char *path, const void *data, gsize length, mode_t mode,
                              GError **error);

/* Syncs the folder that holds `path`, which makes a create or rename durable. */
gboolean folder_sync (const char *path, GError **error);

/* Writes all `length` bytes to `fd`, across short writes and EINTR. */
gboolean fd_write_all (int fd, const void *data, gsize length, GError **error);

/* How long a reader may take nothing, in milliseconds: less than systemd waits for a service's end,
 * and more than anybody needs for an answer at a terminal. */
#define READER_PATIENCE 60000

/* The same into an open file that somebody else gave. Where its reader (of a pipe, a socket, a
 * terminal) takes nothing for `patience` milliseconds, that is G_FILE_ERROR_AGAIN: nobody can
 * hold a thread, and what it has open, by not reading. */
gboolean fd_write_for_reader (int fd, const void *data, gsize length, int patience, GError **error);

/* Waits until `fd` can be read; the same error where nothing comes. */
gboolean fd_wait_for_writer (int fd, int patience, GError **error);
