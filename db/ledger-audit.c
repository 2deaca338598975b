/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The audit trail: only ever added to, each event chained to the one before it (event-chain.h).
 * Triggers refuse anything else. All events are added here, in the writer's transaction.
 */
#include <string.h>

#include "db/event-chain.h"
#include "db/ledger-evidence.h"
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

static gboolean
read_hash (Statement *statement, guint8 hash[EVENT_HASH], Database *database, GError **error)
{
  gsize length;
  const guint8 *data = statement_blob (statement, &length);

  if (data != NULL && length == EVENT_HASH) {
    memcpy (hash, data, EVENT_HASH);
    return TRUE;
  }
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_CORRUPT,
               "%s: an audit event has no hash: put back a backup; the signer's log fills in what "
               "it lacks",
               database->path);
  return FALSE;
}

static gboolean
read_beginning (Database *database, guint8 hash[EVENT_HASH], GError **error)
{
  guint8 identity[LEDGER_IDENTITY];

  if (!identity_read (database, identity, error))
    return FALSE;
  event_chain_begin (identity, hash);
  return TRUE;
}

gboolean
audit_read_head (Database *database, gint64 through, LedgerHead *head, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT id, hash FROM audit_events WHERE id <= ? ORDER BY id DESC LIMIT 1", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, through);
  if (!statement_step (select, &row, error))
    return FALSE;
  head->event = row ? statement_int64 (select) : 0;
  return row ? read_hash (select, head->hash, database, error)
             : read_beginning (database, head->hash, error);
}

static gboolean
insert_event (Database *database, const AuditEvent *event, const guint8 hash[EVENT_HASH],
              GError **error)
{
  g_autoptr (Statement) insert =
      statement_prepare (database,
                         "INSERT INTO audit_events (id, at, actor, kind, subject, detail, hash)"
                         " VALUES (?, ?, ?, ?, ?, ?, ?)",
                         error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, event->id);
  statement_bind_int64 (insert, event->at);
  statement_bind_text (insert, event->actor);
  statement_bind_text (insert, event->kind);
  statement_bind_text (insert, event->subject);
  statement_bind_text (insert, event->detail);
  statement_bind_blob (insert, hash, EVENT_HASH);
  return statement_run (insert, error);
}

gboolean
audit_add (Database *database, const char *actor, const char *kind, const char *subject,
           const char *detail, gint64 *id, GError **error)
{
  LedgerHead head;

  if (!audit_read_head (database, G_MAXINT64, &head, error))
    return FALSE;
  const AuditEvent event = { .id = head.event + 1,
                             .at = g_get_real_time (),
                             .actor = (char *)(actor == NULL ? "station" : actor),
                             .kind = (char *)kind,
                             .subject = (char *)(subject == NULL ? "" : subject),
                             .detail = (char *)(detail == NULL ? "" : detail) };
  event_chain_hash (head.hash, &event, head.hash);
  if (!insert_event (database, &event, head.hash, error))
    return FALSE;
  database->audited = TRUE;
  if (id != NULL)
    *id = event.id;
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

gboolean
ledger_note_event (Ledger *ledger, const char *actor, const char *kind, const char *subject,
                   const char *detail, GError **error)
{
  AuditEvent event = { .actor = (char *)actor,
                       .kind = (char *)kind,
                       .subject = (char *)subject,
                       .detail = (char *)detail };

  return ledger_write_soon (ledger, record_event, &event, error);
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
