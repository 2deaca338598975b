/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See notes.h. A note has one empty line within, between text and signatures; the next one ends it.
 */
#include "audit/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BUFFER (64 * 1024)
#define LONGEST (16 * 1024)

struct NoteReader {
  int fd;
  char *path;
  guint64 number;
  gsize next;
  gsize end;
  gboolean at_end;
  gboolean given_up;
  gboolean ended; /* each note has an empty line behind it */
  char text[LONGEST + 1];
  char buffer[BUFFER];
};

static gboolean
refuse (const NoteReader *reader, GError **error)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (code), "%s can't be read: %s",
               reader->path, g_strerror (code));
  return FALSE;
}

NoteReader *
note_reader_open (const char *path, gboolean ended, GError **error)
{
  g_autoptr (NoteReader) reader = g_new0 (NoteReader, 1);

  reader->ended = ended;
  reader->path = g_filename_display_name (path);
  reader->fd = open (path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (reader->fd >= 0)
    return g_steal_pointer (&reader);
  refuse (reader, error);
  return NULL;
}

void
note_reader_close (NoteReader *reader)
{
  if (reader->fd >= 0)
    close (reader->fd);
  g_free (reader->path);
  g_free (reader);
}

guint64
note_reader_number (const NoteReader *reader)
{
  return reader->number;
}

static gboolean
fill (NoteReader *reader, GError **error)
{
  if (reader->end - reader->next >= LONGEST || reader->at_end)
    return TRUE;
  memmove (reader->buffer, reader->buffer + reader->next, reader->end - reader->next);
  reader->end -= reader->next;
  reader->next = 0;
  while (reader->end < BUFFER && !reader->at_end) {
    ssize_t got = read (reader->fd, reader->buffer + reader->end, BUFFER - reader->end);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return refuse (reader, error);
    reader->at_end = got == 0;
    reader->end += (gsize)got;
  }
  return TRUE;
}

/* Behind the second empty line; 0 where there is none. */
static gsize
length_of_note (const char *text, gsize length)
{
  const char *first = memmem (text, length, "\n\n", 2);
  const char *second;

  if (first == NULL)
    return 0;
  first += 2;
  second = memmem (first, length - (gsize)(first - text), "\n\n", 2);
  return second == NULL ? 0 : (gsize)(second - text) + 2;
}

static gboolean
read_note (NoteReader *reader, gsize length, EVP_PKEY *station, Checkpoint *checkpoint,
           GError **error)
{
  gsize used = 0;

  memcpy (reader->text, reader->buffer + reader->next, length);
  reader->text[length] = '\0';
  if (strlen (reader->text) != length)
    return ca_refuse (error, CA_ERROR_PROOF, "a checkpoint is text, without bytes of zero");
  return checkpoint_read (reader->text, station, checkpoint, &used, error);
}

/* No empty line ends it. */
static NoteKind
read_last (NoteReader *reader, gsize length, EVP_PKEY *station, Checkpoint *checkpoint,
           GError **error)
{
  if (reader->ended)
    return NOTE_TORN;
  return read_note (reader, length, station, checkpoint, error) ? NOTE_READ : NOTE_FAILED;
}

NoteKind
note_reader_next (NoteReader *reader, EVP_PKEY *station, Checkpoint *checkpoint, const char **text,
                  GError **error)
{
  gsize left, length;

  if (reader->given_up)
    return NOTE_END;
  if (!fill (reader, error)) {
    reader->given_up = TRUE;
    return NOTE_FAILED;
  }
  left = reader->end - reader->next;
  if (left == 0)
    return NOTE_END;
  reader->number++;
  length = length_of_note (reader->buffer + reader->next, MIN (left, LONGEST));
  if (text != NULL)
    *text = reader->text;
  if (length > 0) {
    gboolean good = read_note (reader, length - 1, station, checkpoint, error);
    reader->next += length;
    return good ? NOTE_READ : NOTE_FAILED;
  }
  reader->given_up = TRUE;
  if (left < LONGEST)
    return read_last (reader, left, station, checkpoint, error);
  ca_refuse (error, CA_ERROR_PROOF, "a checkpoint has at most %d bytes", LONGEST);
  return NOTE_FAILED;
}
