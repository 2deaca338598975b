/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What one more entry changes in what the log says.
 */
#include "ca/log/log-key.h"
#include "ca/log/log-tag.h"
#include "ca/log/log-view.h"

#include <string.h>

static Span
span_of_hash (const guint8 hash[LOG_HASH])
{
  return (Span){ hash, LOG_HASH };
}

/* Reports and manifests are not found by a key: all have the station's. */
static void
note_key (IssuanceLog *log, const LogEntry *entry, guint64 place)
{
  guint8 key[LOG_HASH];

  if (entry->type > LOG_ENTRY_VERIFICATION)
    return;
  log_entry_key (entry, key);
  log_index_add (log->tail->keys, key, place);
  /* A CA is also looked for by what the log's header would say of it. */
  if (entry->type == LOG_ENTRY_AUTHORITY && memcmp (key, entry->spki_sha256, LOG_HASH) != 0)
    log_index_add (log->tail->keys, entry->spki_sha256, place);
}

static void
count_certificate (LogBatch *batch, guint64 place)
{
  if (batch->certificates == 0)
    batch->first = place;
  batch->last = place;
  batch->certificates++;
  if (batch->has_ticket)
    batch->since_ticket++;
}

static void
note_batch (IssuanceLog *log, const LogEntry *entry, guint64 place)
{
  LogBatch batch;

  if (entry->type != LOG_ENTRY_CERTIFICATE && entry->type != LOG_ENTRY_TICKET)
    return;
  log_view_account (log, LOG_ACCOUNT_BATCH, entry->batch, &batch, sizeof batch);
  if (entry->type == LOG_ENTRY_CERTIFICATE) {
    count_certificate (&batch, place);
  }
  else {
    batch.has_ticket = TRUE;
    batch.ticket = place;
    batch.since_ticket = 0;
  }
  log_set_account (log, LOG_ACCOUNT_BATCH, entry->batch, &batch, sizeof batch);
}

static void
note_signature (IssuanceLog *log, const LogEntry *entry)
{
  guint8 tag[LOG_HASH];
  guint64 count;

  if (entry->type == LOG_ENTRY_CRL)
    memcpy (tag, entry->spki_sha256, LOG_HASH);
  else if ((entry->type != LOG_ENTRY_CERTIFICATE && entry->type != LOG_ENTRY_VERIFICATION)
           || !log_tag_of_issued (entry->certificate, tag))
    return;
  log_view_account (log, LOG_ACCOUNT_SIGNATURES, span_of_hash (tag), &count, sizeof count);
  count++;
  log_set_account (log, LOG_ACCOUNT_SIGNATURES, span_of_hash (tag), &count, sizeof count);
}

/* CRLs come day by day with the same key, and only the newest of each CA is ever looked for. */
static void
note_crl (IssuanceLog *log, const LogEntry *entry, guint64 place)
{
  if (entry->type == LOG_ENTRY_CRL)
    log_set_account (log, LOG_ACCOUNT_CRL, span_of_hash (entry->spki_sha256), &place, sizeof place);
}

static void
note_time (IssuanceLog *log, const LogEntry *entry)
{
  if (entry->type == LOG_ENTRY_CLOCK)
    log->newest = entry->signed_at;
  else if (entry->type != LOG_ENTRY_REFUSAL)
    log->newest = MAX (log->newest, entry->signed_at);
}

static void
note_node (guint level, guint64 index, const guint8 hash[LOG_HASH], gpointer data)
{
  LogTail *tail = data;

  g_array_append_vals (tail->nodes[level], hash, 1);
}

void
log_note_entry (IssuanceLog *log, const LogEntry *entry, const guint8 *frame)
{
  const guint64 place = log->edge.size;
  const guint64 length = log_read_u32 (frame);

  note_key (log, entry, place);
  note_batch (log, entry, place);
  note_signature (log, entry);
  note_crl (log, entry, place);
  note_time (log, entry);
  if (entry->type != LOG_ENTRY_CERTIFICATE)
    g_array_append_val (log->tail->places[entry->type], place);
  g_array_append_val (log->tail->offsets, log->end);
  memcpy (log->last_leaf, frame + 4 + length, LOG_HASH);
  merkle_append (&log->edge, frame + 4 + length, note_node, log->tail);
  log->end += LOG_FRAME + length;
}
