/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See notes.h. A note has one empty line within, between text and signatures; the next one ends it.
 */
#include "audit/notes.h"

#include <string.h>

#include "audit/file-buffer.h"

#define BUFFER (64 * 1024)
#define LONGEST (16 * 1024)

struct NoteReader {
  FileBuffer *file;
  guint64 number;
  gboolean given_up;
  gboolean ended; /* each note has an empty line behind it */
  char text[LONGEST + 1];
};

NoteReader *
note_reader_open (const char *path, gboolean ended, GError **error)
{
  g_autoptr (NoteReader) reader = g_new0 (NoteReader, 1);

  reader->ended = ended;
  reader->file = file_buffer_open (path, BUFFER, error);
  return reader->file != NULL ? g_steal_pointer (&reader) : NULL;
}

void
note_reader_close (NoteReader *reader)
{
  g_clear_pointer (&reader->file, file_buffer_close);
  g_free (reader);
}

guint64
note_reader_number (const NoteReader *reader)
{
  return reader->number;
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
  gsize used = 0, held;

  memcpy (reader->text, file_buffer_bytes (reader->file, &held), length);
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
  const char *bytes;
  gsize left, length;

  if (reader->given_up)
    return NOTE_END;
  if (!file_buffer_fill (reader->file, LONGEST, error)) {
    reader->given_up = TRUE;
    return NOTE_FAILED;
  }
  bytes = (const char *)file_buffer_bytes (reader->file, &left);
  if (left == 0)
    return NOTE_END;
  reader->number++;
  length = length_of_note (bytes, MIN (left, LONGEST));
  if (text != NULL)
    *text = reader->text;
  if (length > 0) {
    gboolean good = read_note (reader, length - 1, station, checkpoint, error);
    file_buffer_skip (reader->file, length);
    return good ? NOTE_READ : NOTE_FAILED;
  }
  reader->given_up = TRUE;
  if (left < LONGEST)
    return read_last (reader, left, station, checkpoint, error);
  ca_refuse (error, CA_ERROR_PROOF, "a checkpoint has at most %d bytes", LONGEST);
  return NOTE_FAILED;
}
