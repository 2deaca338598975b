/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checkpoints out of a file, one behind the other (docs/evidence.md, "Checkpoint"), in a buffer of
 * fixed size. Errors are G_FILE_ERROR and CA_ERROR_PROOF.
 */
#pragma once

#include "ca/proof/checkpoint.h"

typedef struct NoteReader NoteReader;

/* With `ended` what stands behind the last empty line is a torn write; else the last note needs
 * none behind it, as where one was cut out of a mail. */
NoteReader *note_reader_open (const char *path, gboolean ended, GError **error);
void note_reader_close (NoteReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NoteReader, note_reader_close)

typedef enum {
  NOTE_READ,
  NOTE_END,
  NOTE_TORN,   /* the file ends within a note */
  NOTE_FAILED, /* `error`; the next call goes on behind it where that can be done */
} NoteKind;

/* With a `station` key its signature must verify. `text` (may be NULL) receives the whole note,
 * valid until the next call. */
NoteKind note_reader_next (NoteReader *reader, EVP_PKEY *station, Checkpoint *checkpoint,
                           const char **text, GError **error);

/* How many were read, the one that failed included. */
guint64 note_reader_number (const NoteReader *reader);
