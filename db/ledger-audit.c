/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The audit trail: only ever added to. Triggers refuse anything else.
 */
#include "db/ledger-private.h"

void
audit_event_free (AuditEvent *event)
{
  if (event == NULL)
    return;
  g_free (event->actor);
  g_free (event->kind);
  g_free (event->subject);
  g_free (event->detail);
  g_free (event);
}

gboolean
audit_add (Database *database, const char *actor, const char *kind, const char *subject,
           const char *detail, gint64 *id, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO audit_events (at, actor, kind, subject, detail) VALUES (?, ?, ?, ?, ?)", error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, g_get_real_time ());
  statement_bind_text (insert, actor == NULL ? "station" : actor);
  statement_bind_text (insert, kind);
  statement_bind_text (insert, subject == NULL ? "" : subject);
  statement_bind_text (insert, detail == NULL ? "" : detail);
  if (!statement_run (insert, error))
    return FALSE;
  database->audited = TRUE;
  if (id != NULL)
    *id = database_last_id (database);
  return TRUE;
}

static gboolean
record_event (Database *database, gpointer data, GError **error)
{
  const AuditEvent *event = data;

  return audit_add (database, event->actor, event->kind, event->subject, event->detail, NULL,
                    error);
}

gboolean
ledger_record_event (Ledger *ledger, const char *actor, const char *kind, const char *subject,
                     const char *detail, GError **error)
{
  AuditEvent event = { .actor = (char *)actor,
                       .kind = (char *)kind,
                       .subject = (char *)subject,
                       .detail = (char *)detail };

  return ledger_write (ledger, record_event, &event, error);
}

static gpointer
load_event (Statement *statement)
{
  AuditEvent *event = g_new0 (AuditEvent, 1);

  event->id = statement_int64 (statement);
  event->at = statement_int64 (statement);
  event->actor = statement_dup_text (statement);
  event->kind = statement_dup_text (statement);
  event->subject = statement_dup_text (statement);
  event->detail = statement_dup_text (statement);
  return event;
}

#define EVENT_QUERY "SELECT id, at, actor, kind, subject, detail FROM audit_events"

GPtrArray *
ledger_events (Ledger *ledger, guint most, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->list.database, EVENT_QUERY " ORDER BY id DESC LIMIT ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, limit_of (most));
  return load_rows (select, load_event, (GDestroyNotify)audit_event_free, error);
}

GPtrArray *
ledger_events_after (Ledger *ledger, gint64 after, guint most, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select = statement_prepare (
      ledger->list.database, EVENT_QUERY " WHERE id > ? ORDER BY id LIMIT ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, after);
  statement_bind_int64 (select, limit_of (most));
  return load_rows (select, load_event, (GDestroyNotify)audit_event_free, error);
}

void
ledger_watch_events (Ledger *ledger, void (*added) (gpointer data), gpointer data)
{
  writer_watch (ledger->writer, added, data);
}
