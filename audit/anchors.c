/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See anchors.h. A file is read twice: for itself before the log is, and in step with it.
 */
#include "audit/anchors.h"

#include <string.h>

#include "audit/file-buffer.h"
#include "audit/notes.h"
#include "base/encode.h"
#include "ca/proof/report.h"
#include "ca/proof/statement.h"

#define PROOF "c2sp.org/tlog-proof"
#define HEAD 64u                /* bytes that tell what a file is */
#define MOST_KEPT (1024 * 1024) /* of a report, statement or proof */

typedef struct {
  char *path;
  AuditCheck check;
  const char *word;
  NoteReader *reader; /* NULL: `now` is all there is */
  gboolean over;
  Checkpoint now;
  guint64 number; /* of `now` in its file, from 1 */
  gboolean failed;
  gboolean is_record; /* a report or statement, with this hash */
  guint8 sha256[MERKLE_HASH];
} Source;

struct AuditAnchors {
  AuditResult *result;
  const GPtrArray *station;
  guint8 origin[MERKLE_HASH];
  GPtrArray *sources; /* of Source, in the order in which they are compared */
  guint64 next;
  guint64 good; /* the largest size that was right */
  guint64 kept_through;
};

static void
source_free (gpointer data)
{
  Source *source = data;

  g_clear_pointer (&source->reader, note_reader_close);
  g_free (source->path);
  g_free (source);
}

AuditAnchors *
audit_anchors_new (AuditResult *result, const GPtrArray *station, const guint8 origin[MERKLE_HASH])
{
  AuditAnchors *anchors = g_new0 (AuditAnchors, 1);

  anchors->result = result;
  anchors->station = station;
  anchors->sources = g_ptr_array_new_with_free_func (source_free);
  anchors->next = G_MAXUINT64;
  memcpy (anchors->origin, origin, MERKLE_HASH);
  return anchors;
}

void
audit_anchors_free (AuditAnchors *anchors)
{
  g_ptr_array_unref (anchors->sources);
  g_free (anchors);
}

static AuditPlace
place_of (const Source *source, guint64 number)
{
  return source->check == AUDIT_KEPT ? AUDIT_FILE (source->word, source->path)
                                     : AUDIT_AT (source->word, number);
}

static EVP_PKEY *
station_key (const AuditAnchors *anchors)
{
  return anchors->station == NULL ? NULL
                                  : X509_get0_pubkey (g_ptr_array_index (anchors->station, 0));
}

static gboolean
has_origin (const AuditAnchors *anchors, const Source *source, const Checkpoint *checkpoint,
            guint64 number)
{
  if (memcmp (checkpoint->origin, anchors->origin, MERKLE_HASH) == 0)
    return TRUE;
  audit_wrong (anchors->result, source->check, place_of (source, number),
               "it was signed over another log than this one");
  return FALSE;
}

/* ---- for itself ---- */

static void
find_next (AuditAnchors *anchors)
{
  anchors->next = G_MAXUINT64;
  for (guint i = 0; i < anchors->sources->len; i++) {
    const Source *source = g_ptr_array_index (anchors->sources, i);
    if (!source->over)
      anchors->next = MIN (anchors->next, source->now.size);
  }
}

/* The next one that stands in order; what is wrong with the others was said. */
static void
advance (const AuditAnchors *anchors, Source *source)
{
  guint64 before = source->now.size;
  NoteKind kind = NOTE_END;

  if (source->reader != NULL)
    do
      kind = note_reader_next (source->reader, NULL, &source->now, NULL, NULL);
    while (kind == NOTE_FAILED
           || (kind == NOTE_READ
               && (source->now.size < before
                   || memcmp (source->now.origin, anchors->origin, MERKLE_HASH) != 0)));
  source->over = kind != NOTE_READ;
  if (source->reader != NULL)
    source->number = note_reader_number (source->reader);
}

static void
judge_order (const AuditAnchors *anchors, const Source *source, guint64 number, guint64 before,
             guint64 size)
{
  if (size < before)
    audit_wrong (anchors->result, source->check, place_of (source, number),
                 "it was signed over %" G_GUINT64_FORMAT
                 " entries, and stands behind one over %" G_GUINT64_FORMAT,
                 size, before);
}

/* All notes of the file, before the log is looked at. */
static void
judge_notes (const AuditAnchors *anchors, const Source *source, NoteReader *reader)
{
  guint64 before = 0;

  for (;;) {
    g_autoptr (GError) problem = NULL;
    Checkpoint checkpoint;
    NoteKind kind = note_reader_next (reader, station_key (anchors), &checkpoint, NULL, &problem);
    guint64 number = note_reader_number (reader);

    if (kind == NOTE_END) {
      if (number == 0 && source->check == AUDIT_KEPT)
        audit_wrong (anchors->result, source->check, place_of (source, 1), "nothing is in it");
      return;
    }
    if (kind == NOTE_TORN)
      audit_note (anchors->result, source->check, place_of (source, number),
                  "the file ends within it: a write that was not finished");
    if (kind == NOTE_FAILED)
      audit_wrong (anchors->result, source->check, place_of (source, number), "%s",
                   problem->message);
    if (kind != NOTE_READ || !has_origin (anchors, source, &checkpoint, number))
      continue;
    judge_order (anchors, source, number, before, checkpoint.size);
    before = MAX (before, checkpoint.size);
  }
}

static Source *
add_source (AuditAnchors *anchors, const char *path, AuditCheck check, const char *word)
{
  Source *source = g_new0 (Source, 1);

  source->path = g_strdup (path);
  source->check = check;
  source->word = word;
  g_ptr_array_add (anchors->sources, source);
  return source;
}

static void
add_notes (const AuditAnchors *anchors, Source *source)
{
  gboolean ended = source->check == AUDIT_CHECKPOINTS;
  g_autoptr (GError) problem = NULL;
  g_autoptr (NoteReader) reader = note_reader_open (source->path, ended, &problem);

  source->over = TRUE;
  if (reader != NULL) {
    judge_notes (anchors, source, reader);
    source->reader = note_reader_open (source->path, ended, &problem);
  }
  if (source->reader == NULL) {
    audit_wrong (anchors->result, source->check, place_of (source, 1), "%s", problem->message);
    return;
  }
  advance (anchors, source);
}

void
audit_anchors_add_checkpoints (AuditAnchors *anchors, const char *path)
{
  add_notes (anchors, add_source (anchors, path, AUDIT_CHECKPOINTS, "checkpoint"));
  find_next (anchors);
}

/* ---- what is no file of checkpoints ---- */

static gboolean
checkpoint_of_record (const AuditAnchors *anchors, Span der, Checkpoint *checkpoint, GError **error)
{
  g_autofree char *text = anchors->station != NULL
                              ? statement_open (der, anchors->station, NULL, error)
                              : statement_peek (der, error);
  g_autoptr (Report) report = NULL;
  g_autoptr (ManifestStatement) statement = NULL;

  if (text == NULL)
    return FALSE;
  if (g_str_has_prefix (text, "[manifest]")) {
    statement = manifest_statement_parse (text, error);
    if (statement != NULL)
      *checkpoint = statement->log;
    return statement != NULL;
  }
  report = report_parse (text, error);
  if (report != NULL)
    *checkpoint = report->log;
  return report != NULL;
}

static gboolean
checkpoint_of_proof (const AuditAnchors *anchors, const char *text, Checkpoint *checkpoint,
                     GError **error)
{
  g_auto (InclusionProof) proof = { 0 };
  gsize length;

  return inclusion_proof_read (text, &proof, error)
         && checkpoint_read (proof.note, station_key (anchors), checkpoint, &length, error);
}

static gboolean
read_single (const AuditAnchors *anchors, Source *source, const char *content, gsize length,
             GError **error)
{
  Span der = { (const guint8 *)content, length };
  g_autoptr (GBytes) hash = sha256_of (der.data, der.length);

  source->is_record = content[0] == DER_SEQUENCE;
  memcpy (source->sha256, g_bytes_get_data (hash, NULL), MERKLE_HASH);
  return source->is_record ? checkpoint_of_record (anchors, der, &source->now, error)
                           : checkpoint_of_proof (anchors, content, &source->now, error);
}

/* Checkpoints may be many; anything else is one of its kind. */
static gboolean
is_notes (const char *path, gboolean *notes, GError **error)
{
  g_autoptr (FileBuffer) file = file_buffer_open (path, HEAD, error);
  const char *bytes;
  gsize length;

  if (file == NULL || !file_buffer_fill (file, HEAD, error))
    return FALSE;
  bytes = (const char *)file_buffer_bytes (file, &length);
  *notes = length < strlen (PROOF)
           || (bytes[0] != DER_SEQUENCE && memcmp (bytes, PROOF, strlen (PROOF)) != 0);
  return TRUE;
}

static gboolean
add_single (const AuditAnchors *anchors, Source *source, GError **error)
{
  gsize length;
  g_autofree char *content = file_read_small (source->path, MOST_KEPT, &length, error);

  if (content == NULL || !read_single (anchors, source, content, length, error))
    return FALSE;
  source->over = !has_origin (anchors, source, &source->now, 1);
  return TRUE;
}

void
audit_anchors_add_kept (AuditAnchors *anchors, const char *path)
{
  Source *source = add_source (anchors, path, AUDIT_KEPT, "kept");
  g_autoptr (GError) problem = NULL;
  gboolean notes = FALSE;

  source->over = TRUE;
  source->number = 1;
  if (!is_notes (path, &notes, &problem) || (!notes && !add_single (anchors, source, &problem)))
    audit_wrong (anchors->result, AUDIT_KEPT, place_of (source, 1), "%s", problem->message);
  else if (notes)
    add_notes (anchors, source);
  source->is_record = source->is_record && !source->over;
  find_next (anchors);
}

/* ---- in step with the log ---- */

guint64
audit_anchors_next (const AuditAnchors *anchors)
{
  return anchors->next;
}

/* One that does not fit says all; those behind it can't fit either. */
static void
say_other_root (const AuditAnchors *anchors, Source *source)
{
  if (source->failed)
    audit_wrong_again (anchors->result, source->check);
  else
    audit_wrong (anchors->result, source->check, place_of (source, source->number),
                 "the log's first %" G_GUINT64_FORMAT
                 " entries are not those over which it was signed: from entry %" G_GUINT64_FORMAT
                 " on something was changed, taken out or put in",
                 source->now.size, anchors->good);
  source->failed = TRUE;
}

static void
compare (AuditAnchors *anchors, Source *source, const guint8 root[MERKLE_HASH])
{
  anchors->result->checked[source->check]++;
  if (memcmp (root, source->now.root, MERKLE_HASH) != 0) {
    say_other_root (anchors, source);
    return;
  }
  if (source->check == AUDIT_KEPT)
    anchors->kept_through = MAX (anchors->kept_through, source->now.size);
}

void
audit_anchors_compare (AuditAnchors *anchors, AuditRoots *roots)
{
  const guint64 size = audit_roots_size (roots);
  guint8 root[MERKLE_HASH];
  guint64 failed = audit_count (anchors->result, AUDIT_WRONG);

  audit_roots_at (roots, size, root);
  for (guint i = 0; i < anchors->sources->len; i++) {
    Source *source = g_ptr_array_index (anchors->sources, i);
    while (!source->over && source->now.size == size) {
      compare (anchors, source, root);
      advance (anchors, source);
    }
  }
  if (audit_count (anchors->result, AUDIT_WRONG) == failed)
    anchors->good = size;
  find_next (anchors);
}

static void
say_cut_off (AuditAnchors *anchors, Source *source, guint64 entries)
{
  audit_wrong (anchors->result, source->check, place_of (source, source->number),
               "it was signed over %" G_GUINT64_FORMAT
               " entries, and the log has %" G_GUINT64_FORMAT
               ": the log was cut off or rolled back",
               source->now.size, entries);
  for (;;) {
    anchors->result->checked[source->check]++;
    advance (anchors, source);
    if (source->over)
      return;
    audit_wrong_again (anchors->result, source->check);
  }
}

void
audit_anchors_finish (AuditAnchors *anchors, guint64 entries, AuditHasRecord has_record,
                      gpointer data)
{
  for (guint i = 0; i < anchors->sources->len; i++) {
    Source *source = g_ptr_array_index (anchors->sources, i);
    if (!source->over)
      say_cut_off (anchors, source, entries);
    else if (source->is_record && !source->failed && !has_record (source->sha256, data))
      audit_wrong (anchors->result, source->check, place_of (source, source->number),
                   "the log does not hold it: the log was cut off or rolled back");
  }
  anchors->next = G_MAXUINT64;
}

guint64
audit_anchors_kept_through (const AuditAnchors *anchors)
{
  return anchors->kept_through;
}
