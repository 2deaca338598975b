/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the log says of batches, CAs and types of entries.
 */
#include "ca/log/log-tag.h"
#include "ca/log/log-view.h"

gboolean
issuance_log_batch (IssuanceLog *log, const char *batch, LogBatch *account)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return log_view_account (log, LOG_ACCOUNT_BATCH, span_of_text (batch), account, sizeof *account);
}

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
