/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file of evidence, read through a buffer of fixed size. What somebody sends is a regular file or
 * is not read: a pipe would never end, a device never stop. Errors are G_FILE_ERROR.
 */
#pragma once

#include <glib.h>

typedef struct FileBuffer FileBuffer;

/* `size` bytes are held at most. */
FileBuffer *file_buffer_open (const char *path, gsize size, GError **error);
void file_buffer_close (FileBuffer *buffer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FileBuffer, file_buffer_close)

/* What the file is called in messages; lent. */
const char *file_buffer_name (const FileBuffer *buffer);

/* Sees to it that `wanted` bytes (up to the buffer's size) are held, or all that are left. */
gboolean file_buffer_fill (FileBuffer *buffer, gsize wanted, GError **error);

/* The bytes that are held; they stay until the next fill. */
const guint8 *file_buffer_bytes (const FileBuffer *buffer, gsize *length);
/* Goes over the first `length` of them. */
void file_buffer_skip (FileBuffer *buffer, gsize length);

/* Where in the file the bytes begin that are held. */
guint64 file_buffer_offset (const FileBuffer *buffer);
void file_buffer_seek (FileBuffer *buffer, guint64 offset);

/* How long the file is now. */
guint64 file_buffer_length (const FileBuffer *buffer);

/* TRUE where the file has only zeros from `offset` on. What is held stays as it is. */
gboolean file_buffer_only_zeros_from (const FileBuffer *buffer, guint64 offset);

/* A whole file of at most `most` bytes, with a zero behind it. Free with g_free(). */
char *file_read_small (const char *path, gsize most, gsize *length, GError **error);
