/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See account.h. Each entry leaves in a ring what it changed, as it was before.
 */
#include "audit/account.h"

#include <string.h>

typedef struct {
  const AuditBatch *batch;
  BatchAccount batch_before;
  LogAccount log_before;
  const AuditAuthority *authority;
  guint64 signatures_before;
  guint64 lost_before;
} Change;

struct AuditAccount {
  GHashTable *by_name; /* char * of the batch, AuditBatch */
  GPtrArray *batches;
  GPtrArray *tickets;
  AuditBatch *last_batch;
  LogAccount now;
  guint64 size;
  Change *changes; /* of the entries before `size`, by index modulo ACCOUNT_LOOKS_BACK */
};

static void
batch_free (gpointer data)
{
  AuditBatch *batch = data;

  g_free (batch->name);
  g_free (batch);
}

static void
ticket_free_of_account (gpointer data)
{
  AuditTicket *ticket = data;

  g_free (ticket->batch);
  g_free (ticket->profile);
  g_free (ticket->profile_sha256);
  g_free (ticket);
}

AuditAccount *
audit_account_new (void)
{
  AuditAccount *account = g_new0 (AuditAccount, 1);

  account->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  account->batches = g_ptr_array_new_with_free_func (batch_free);
  account->tickets = g_ptr_array_new_with_free_func (ticket_free_of_account);
  account->changes = g_new0 (Change, ACCOUNT_LOOKS_BACK);
  return account;
}

void
audit_account_free (AuditAccount *account)
{
  g_hash_table_unref (account->by_name);
  g_ptr_array_unref (account->batches);
  g_ptr_array_unref (account->tickets);
  g_free (account->changes);
  g_free (account);
}

static AuditBatch *
batch_new (AuditAccount *account, const char *name)
{
  AuditBatch *batch = g_new0 (AuditBatch, 1);

  batch->name = g_strdup (name);
  g_ptr_array_add (account->batches, batch);
  g_hash_table_insert (account->by_name, batch->name, batch);
  return batch;
}

AuditBatch *
audit_account_batch (AuditAccount *account, Span name)
{
  char text[256]; /* a name in the log has at most 255 bytes */
  AuditBatch *batch;

  if (account->last_batch != NULL && span_is_text (name, account->last_batch->name))
    return account->last_batch;
  memcpy (text, name.data, MIN (name.length, sizeof text - 1));
  text[MIN (name.length, sizeof text - 1)] = '\0';
  batch = g_hash_table_lookup (account->by_name, text);
  account->last_batch = batch != NULL ? batch : batch_new (account, text);
  return account->last_batch;
}

const GPtrArray *
audit_account_batches (const AuditAccount *account)
{
  return account->batches;
}

const GPtrArray *
audit_account_tickets (const AuditAccount *account)
{
  return account->tickets;
}

static void
count_certificate (AuditAccount *account, AuditBatch *batch, guint64 index)
{
  account->now.certificates++;
  if (batch->now.certificates++ == 0)
    batch->now.first = index;
  batch->now.last = index;
  batch->now.since_ticket++;
}

static gboolean
is_of_batch (LogEntryType type)
{
  return type == LOG_ENTRY_CERTIFICATE || type == LOG_ENTRY_TICKET;
}

void
audit_account_add (AuditAccount *account, guint64 index, const LogEntry *entry,
                   AuditAuthority *authority, guint64 lost)
{
  Change *change = &account->changes[index % ACCOUNT_LOOKS_BACK];
  AuditBatch *batch =
      is_of_batch (entry->type) ? audit_account_batch (account, entry->batch) : NULL;

  *change = (Change){ .batch = batch, .log_before = account->now, .authority = authority };
  if (batch != NULL)
    change->batch_before = batch->now;
  if (authority != NULL) {
    change->signatures_before = authority->signatures;
    change->lost_before = authority->lost;
    authority->signatures += entry->type != LOG_ENTRY_LOST;
    authority->lost += lost;
  }
  if (entry->type == LOG_ENTRY_CERTIFICATE)
    count_certificate (account, batch, index);
  account->now.refusals += entry->type == LOG_ENTRY_REFUSAL;
  account->now.clock_resets += entry->type == LOG_ENTRY_CLOCK;
  account->now.lost += lost;
  account->size = index + 1;
}

void
audit_account_ticket (AuditAccount *account, AuditTicket *ticket)
{
  AuditBatch *batch = audit_account_batch (account, span_of_text (ticket->batch));

  g_ptr_array_add (account->tickets, ticket);
  batch->now.ticket = ticket;
  batch->now.since_ticket = 0;
}

static void
check_reach (const AuditAccount *account, guint64 size)
{
  g_assert (size <= account->size && account->size - size <= ACCOUNT_LOOKS_BACK);
}

static const Change *
change_of (const AuditAccount *account, guint64 index)
{
  return &account->changes[index % ACCOUNT_LOOKS_BACK];
}

void
audit_account_at (const AuditAccount *account, guint64 size, const AuditBatch *batch,
                  LogAccount *log, BatchAccount *of_batch)
{
  check_reach (account, size);
  *log = size == account->size ? account->now : change_of (account, size)->log_before;
  *of_batch = batch != NULL ? batch->now : (BatchAccount){ 0 };
  for (guint64 index = size; batch != NULL && index < account->size; index++)
    if (change_of (account, index)->batch == batch) {
      *of_batch = change_of (account, index)->batch_before;
      break;
    }
}

void
audit_account_signatures_at (const AuditAccount *account, guint64 size,
                             const AuditAuthority *authority, guint64 *signatures, guint64 *lost)
{
  check_reach (account, size);
  *signatures = authority->signatures;
  *lost = authority->lost;
  for (guint64 index = size; index < account->size; index++)
    if (change_of (account, index)->authority == authority) {
      *signatures = change_of (account, index)->signatures_before;
      *lost = change_of (account, index)->lost_before;
      break;
    }
}
