/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See spill.h. 64 files: a hundred million records are 38 MB each. What fits into the buffers makes
 * no file.
 */
#include "audit/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

#define PARTS 64
#define BUFFERED 256 /* records */

typedef struct {
  int fd; /* -1: all are in the buffer */
  guint buffered;
  gsize records; /* with those in the buffer */
  SpillRecord buffer[BUFFERED];
} Part;

struct Spill {
  Part parts[PARTS];
};

static gboolean
refuse (GError **error, const char *what)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (code),
               "a temporary file in %s can't be %s: %s (TMPDIR names another folder)",
               g_get_tmp_dir (), what, g_strerror (code));
  return FALSE;
}

/* Not every file system has unnamed files. */
static int
make_file (void)
{
  g_autofree char *name = NULL;
  int fd = open (g_get_tmp_dir (), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
    return fd;
  name = g_build_filename (g_get_tmp_dir (), "keycradle-audit-XXXXXX", NULL);
  fd = g_mkstemp_full (name, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    unlink (name);
  return fd;
}

int
spill_file (GError **error)
{
  int fd = make_file ();

  if (fd < 0)
    refuse (error, "made");
  return fd;
}

Spill *
spill_new (void)
{
  Spill *spill = g_new0 (Spill, 1);

  for (guint i = 0; i < PARTS; i++)
    spill->parts[i].fd = -1;
  return spill;
}

void
spill_free (Spill *spill)
{
  for (guint i = 0; i < PARTS; i++)
    if (spill->parts[i].fd >= 0)
      close (spill->parts[i].fd);
  g_free (spill);
}

static gboolean
flush (Part *part, GError **error)
{
  gsize length = part->buffered * sizeof (SpillRecord);

  if (part->fd < 0)
    part->fd = spill_file (error);
  if (part->fd < 0)
    return FALSE;
  part->buffered = 0;
  return fd_write_all (part->fd, part->buffer, length, error);
}

gboolean
spill_add (Spill *spill, SpillRecord record, GError **error)
{
  Part *part = &spill->parts[record.key % PARTS];

  part->buffer[part->buffered++] = record;
  part->records++;
  return part->buffered < BUFFERED || flush (part, error);
}

static int
compare (const void *left, const void *right)
{
  const SpillRecord *a = left, *b = right;

  if (a->key != b->key)
    return a->key < b->key ? -1 : 1;
  if (a->order != b->order)
    return a->order < b->order ? -1 : 1;
  return 0;
}

static gboolean
read_part (const Part *part, SpillRecord *records, GError **error)
{
  const gsize written = part->records - part->buffered;
  const gsize length = written * sizeof *records;

  memcpy (records + written, part->buffer, part->buffered * sizeof *records);
  for (gsize done = 0; done < length;) {
    ssize_t got = pread (part->fd, (guint8 *)records + done, length - done, (off_t)done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return refuse (error, "read");
    done += (gsize)got;
  }
  return TRUE;
}

static gboolean
tell_groups (const SpillRecord *records, gsize n, SpillGroup group, gpointer data, GError **error)
{
  for (gsize from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && records[to].key == records[from].key;)
      to++;
    if (!group (records + from, to - from, data, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
spill_groups (Spill *spill, SpillGroup group, gpointer data, GError **error)
{
  for (guint i = 0; i < PARTS; i++) {
    Part *part = &spill->parts[i];
    g_autofree SpillRecord *records = NULL;

    if (part->records == 0)
      continue;
    records = g_new (SpillRecord, part->records);
    if (!read_part (part, records, error))
      return FALSE;
    qsort (records, part->records, sizeof *records, compare);
    if (!tell_groups (records, part->records, group, data, error))
      return FALSE;
  }
  return TRUE;
}
