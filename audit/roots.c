/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See roots.h.
 */
#include "audit/roots.h"

#include <string.h>

#define STEP 8192u /* entries; a power of two, so that an edge there has few hashes */

typedef struct {
  guint64 offset; /* of the frame of the first entry behind it */
  guint hashes;   /* where its hashes begin */
} Milestone;

struct AuditRoots {
  char *path;
  MerkleEdge edge;
  GArray *milestones; /* of Milestone, one for each STEP entries */
  GByteArray *hashes;
  LogStream *stream; /* for reading again */
};

AuditRoots *
audit_roots_new (const char *path)
{
  AuditRoots *roots = g_new0 (AuditRoots, 1);

  roots->path = g_strdup (path);
  roots->milestones = g_array_new (FALSE, FALSE, sizeof (Milestone));
  roots->hashes = g_byte_array_new ();
  return roots;
}

void
audit_roots_free (AuditRoots *roots)
{
  g_free (roots->path);
  g_array_unref (roots->milestones);
  g_byte_array_unref (roots->hashes);
  g_clear_pointer (&roots->stream, log_stream_close);
  g_free (roots);
}

guint64
audit_roots_size (const AuditRoots *roots)
{
  return roots->edge.size;
}

static gboolean
has_level (guint64 size, guint level)
{
  return (size >> level & 1) != 0;
}

static void
set_milestone (AuditRoots *roots, guint64 offset)
{
  Milestone milestone = { offset, roots->hashes->len };

  for (guint level = 0; level < 64; level++)
    if (has_level (roots->edge.size, level))
      g_byte_array_append (roots->hashes, roots->edge.edge[level], MERKLE_HASH);
  g_array_append_val (roots->milestones, milestone);
}

void
audit_roots_append (AuditRoots *roots, guint64 offset, const guint8 leaf[MERKLE_HASH])
{
  if (roots->edge.size % STEP == 0)
    set_milestone (roots, offset);
  merkle_append (&roots->edge, leaf, NULL, NULL);
}

static void
edge_of_milestone (const AuditRoots *roots, guint number, MerkleEdge *edge)
{
  const Milestone *milestone = &g_array_index (roots->milestones, Milestone, number);
  const guint8 *hash = roots->hashes->data + milestone->hashes;

  memset (edge, 0, sizeof *edge);
  edge->size = (guint64)number * STEP;
  for (guint level = 0; level < 64; level++)
    if (has_level (edge->size, level)) {
      memcpy (edge->edge[level], hash, MERKLE_HASH);
      hash += MERKLE_HASH;
    }
}

static gboolean
seek_milestone (AuditRoots *roots, guint number)
{
  if (roots->stream == NULL)
    roots->stream = log_stream_open (roots->path, NULL);
  if (roots->stream == NULL)
    return FALSE;
  log_stream_seek (roots->stream, g_array_index (roots->milestones, Milestone, number).offset,
                   (guint64)number * STEP);
  return TRUE;
}

gboolean
audit_roots_at (AuditRoots *roots, guint64 size, guint8 root[MERKLE_HASH])
{
  MerkleEdge edge = { 0 };
  LogFrame frame;
  guint8 leaf[MERKLE_HASH];

  if (size > roots->edge.size)
    return FALSE;
  if (size == roots->edge.size) {
    merkle_root (&roots->edge, root);
    return TRUE;
  }
  if (size > 0) {
    guint number = (guint)(size / STEP);
    edge_of_milestone (roots, number, &edge);
    if (!seek_milestone (roots, number))
      return FALSE;
  }
  while (edge.size < size) {
    if (log_stream_next (roots->stream, &frame, NULL) != LOG_FRAME_WHOLE)
      return FALSE;
    merkle_leaf_hash (frame.entry.data, frame.entry.length, leaf);
    merkle_append (&edge, leaf, NULL, NULL);
  }
  merkle_root (&edge, root);
  return TRUE;
}

gboolean
audit_roots_entry (AuditRoots *roots, guint64 index, LogFrame *frame)
{
  if (index >= roots->edge.size || !seek_milestone (roots, (guint)(index / STEP)))
    return FALSE;
  do
    if (log_stream_next (roots->stream, frame, NULL) != LOG_FRAME_WHOLE)
      return FALSE;
  while (frame->index < index);
  return TRUE;
}
