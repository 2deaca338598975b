/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the log says of batches, CAs and types of entries.
 */
#include "ca/log/log-settle.h"
#include "ca/log/log-tag.h"
#include "ca/log/log-view.h"

/* ---- batches ---- */

typedef struct {
  const char *batch;
  guint64 place; /* of the entry that comes next */
  LogBatch found;
} Recount;

/* A LogEach. */
static gboolean
recount_entry (const LogEntry *entry, const guint8 *frame, gpointer data)
{
  Recount *recount = data;
  LogBatch *found = &recount->found;

  if (span_is_text (entry->batch, recount->batch)) {
    if (entry->type == LOG_ENTRY_TICKET) {
      found->has_ticket = TRUE;
      found->ticket = recount->place;
      found->since_ticket = 0;
    }
    else if (entry->type == LOG_ENTRY_CERTIFICATE) {
      found->since_ticket++;
    }
  }
  recount->place++;
  return TRUE;
}

/* Until all has been read again, the index may be somebody's work: how much of a ticket is used is
 * then counted in the entries behind it. Once a batch; later ones are counted as they come. With
 * the mutex held. */
static void
recount (IssuanceLog *log, const char *batch, const LogBatch *account)
{
  Recount recount = { .batch = batch, .place = account->ticket };
  const LogBatch *found = &recount.found;
  g_autofree char *why = NULL;
  guint64 at;

  if (log->verified >= log->to_verify || g_hash_table_contains (log->recounted, batch))
    return;
  if (log_view_offset (log, account->ticket, &at)
      && log_walk (log->fd, &at, log->end, recount_entry, &recount) && found->has_ticket
      && found->ticket == account->ticket && found->since_ticket == account->since_ticket)
  {
    g_hash_table_add (log->recounted, g_strdup (batch));
    return;
  }
  why = g_strdup_printf ("the issuance log's index does not count batch %s as the log does", batch);
  log_settle_condemn (log, why);
}

gboolean
issuance_log_batch (IssuanceLog *log, const char *batch, LogBatch *account)
{
  gboolean found;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  found = log_view_account (log, LOG_ACCOUNT_BATCH, span_of_text (batch), account, sizeof *account);
  if (found && account->has_ticket)
    recount (log, batch, account);
  return found;
}

/* ---- entries and signatures ---- */

GArray *
issuance_log_places (IssuanceLog *log, LogEntryType type)
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (guint64));
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  log_view_places (log, type, places);
  return places;
}

static guint64
signatures_of (IssuanceLog *log, const guint8 tag[LOG_HASH])
{
  guint64 count;

  log_view_account (log, LOG_ACCOUNT_SIGNATURES, (Span){ tag, LOG_HASH }, &count, sizeof count);
  return count;
}

guint64
issuance_log_signatures (IssuanceLog *log, Span authority)
{
  guint8 tag[LOG_HASH], spki_sha256[LOG_HASH];
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = NULL;

  if (!log_tag_of_authority (authority, tag, spki_sha256))
    return 0;
  locker = g_mutex_locker_new (&log->mutex);
  return signatures_of (log, tag) + signatures_of (log, spki_sha256);
}

gboolean
issuance_log_find_crl (IssuanceLog *log, const guint8 spki_sha256[LOG_HASH], guint64 *place)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return log_view_account (log, LOG_ACCOUNT_CRL, (Span){ spki_sha256, LOG_HASH }, place,
                           sizeof *place);
}
