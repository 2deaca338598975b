/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is void, in the order in which it became so: what revocation lists are told.
 */
#include "db/ledger-private.h"

void
void_certificate_free (VoidCertificate *certificate)
{
  if (certificate == NULL)
    return;
  g_free (certificate->reason);
  g_free (certificate);
}

static gpointer
load_void_certificate (Statement *statement)
{
  VoidCertificate *certificate = g_new0 (VoidCertificate, 1);

  certificate->event = statement_int64 (statement);
  certificate->voided_at = statement_int64 (statement);
  certificate->log_index = (guint64)statement_int64 (statement);
  certificate->reason = statement_dup_text (statement);
  return certificate;
}

GPtrArray *
ledger_void_certificates (Ledger *ledger, gint64 after, guint most, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select = statement_prepare (
      ledger->list.database,
      "SELECT void_event, at, log_index, void_reason FROM certificates"
      " JOIN audit_events ON audit_events.id = void_event"
      " WHERE void_event IS NOT NULL AND void_event > ? ORDER BY void_event LIMIT ?",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, after);
  statement_bind_int64 (select, limit_of (most));
  return load_rows (select, load_void_certificate, (GDestroyNotify)void_certificate_free, error);
}

gboolean
ledger_newest_void (Ledger *ledger, gint64 *event, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);

  return database_read_number (ledger->list.database,
                               "SELECT coalesce (max (void_event), 0) FROM certificates"
                               " WHERE void_event IS NOT NULL",
                               event, error);
}
