/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See file-buffer.h.
 */
#include "audit/file-buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct FileBuffer {
  int fd;
  char *name;
  guint64 offset; /* in the file, of the byte at `next` */
  guint8 *bytes;
  gsize size;
  gsize next;
  gsize end;
  gboolean at_end;
};

static gboolean
refuse (const FileBuffer *buffer, GError **error)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (code), "%s can't be read: %s",
               buffer->name, g_strerror (code));
  return FALSE;
}

static gboolean
check_kind (const FileBuffer *buffer, GError **error)
{
  struct stat status;

  if (fstat (buffer->fd, &status) != 0)
    return refuse (buffer, error);
  if (S_ISREG (status.st_mode))
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is no regular file", buffer->name);
  return FALSE;
}

FileBuffer *
file_buffer_open (const char *path, gsize size, GError **error)
{
  g_autoptr (FileBuffer) buffer = g_new0 (FileBuffer, 1);

  buffer->name = g_filename_display_name (path);
  buffer->bytes = g_malloc (size);
  buffer->size = size;
  buffer->fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (buffer->fd < 0) {
    refuse (buffer, error);
    return NULL;
  }
  if (!check_kind (buffer, error))
    return NULL;
  posix_fadvise (buffer->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return g_steal_pointer (&buffer);
}

void
file_buffer_close (FileBuffer *buffer)
{
  if (buffer->fd >= 0)
    close (buffer->fd);
  g_free (buffer->name);
  g_free (buffer->bytes);
  g_free (buffer);
}

const char *
file_buffer_name (const FileBuffer *buffer)
{
  return buffer->name;
}

static gsize
held (const FileBuffer *buffer)
{
  return buffer->end - buffer->next;
}

gboolean
file_buffer_fill (FileBuffer *buffer, gsize wanted, GError **error)
{
  if (held (buffer) >= wanted || buffer->at_end)
    return TRUE;
  memmove (buffer->bytes, buffer->bytes + buffer->next, held (buffer));
  buffer->end -= buffer->next;
  buffer->next = 0;
  while (buffer->end < wanted) {
    ssize_t got = pread (buffer->fd, buffer->bytes + buffer->end, buffer->size - buffer->end,
                         (off_t)(buffer->offset + buffer->end));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return refuse (buffer, error);
    buffer->at_end = got == 0;
    if (buffer->at_end)
      return TRUE;
    buffer->end += (gsize)got;
  }
  return TRUE;
}

const guint8 *
file_buffer_bytes (const FileBuffer *buffer, gsize *length)
{
  *length = held (buffer);
  return buffer->bytes + buffer->next;
}

void
file_buffer_skip (FileBuffer *buffer, gsize length)
{
  buffer->next += length;
  buffer->offset += length;
}

guint64
file_buffer_offset (const FileBuffer *buffer)
{
  return buffer->offset;
}

void
file_buffer_seek (FileBuffer *buffer, guint64 offset)
{
  buffer->offset = offset;
  buffer->next = buffer->end = 0;
  buffer->at_end = FALSE;
}

guint64
file_buffer_length (const FileBuffer *buffer)
{
  struct stat status;

  return fstat (buffer->fd, &status) == 0 ? (guint64)status.st_size : 0;
}

gboolean
file_buffer_only_zeros_from (const FileBuffer *buffer, guint64 offset)
{
  guint8 bytes[16 * 1024];

  for (;;) {
    ssize_t got = pread (buffer->fd, bytes, sizeof bytes, (off_t)offset);
    if (got <= 0)
      return got == 0;
    for (ssize_t i = 0; i < got; i++)
      if (bytes[i] != 0)
        return FALSE;
    offset += (guint64)got;
  }
}

char *
file_read_small (const char *path, gsize most, gsize *length, GError **error)
{
  g_autoptr (FileBuffer) buffer = file_buffer_open (path, most + 1, error);
  const guint8 *bytes;
  char *content;

  if (buffer == NULL || !file_buffer_fill (buffer, most + 1, error))
    return NULL;
  bytes = file_buffer_bytes (buffer, length);
  if (*length > most) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                 "%s is larger than %" G_GSIZE_FORMAT " bytes", buffer->name, most);
    return NULL;
  }
  content = g_malloc (*length + 1);
  memcpy (content, bytes, *length);
  content[*length] = '\0';
  return content;
}
