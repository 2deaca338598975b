/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operations: what was done to registrations, and how far the clouds know. Listing, and what is to
 * be sent next.
 */
#include <string.h>

#include "base/encode.h"
#include "db/registry-private.h"

void
operation_free (Operation *operation)
{
  if (operation == NULL)
    return;
  g_free (operation->target);
  g_free (operation->operation);
  g_free (operation->device);
  g_free (operation->batch);
  g_free (operation->sha256);
  g_clear_pointer (&operation->der, g_bytes_unref);
  g_clear_pointer (&operation->authority, g_bytes_unref);
  g_free (operation->from_status);
  g_free (operation->to_status);
  g_free (operation->arguments);
  g_free (operation->actor);
  g_free (operation->state);
  g_free (operation->answer);
  g_free (operation);
}

/* ---- rows ---- */

#define OPERATION_COLUMNS                                                                          \
  "SELECT entry.id, targets.name, entry.operation, devices.serial, batches.name,"                  \
  " certificates.sha256, certificates.der, authorities.chain, entry.from_status,"                  \
  " entry.to_status, entry.arguments, entry.at, audit_events.actor, entry.state, entry.tries,"     \
  " entry.not_before, entry.answered_at, entry.answer"
#define OPERATION_TABLES                                                                           \
  " FROM registry_operations AS entry JOIN targets ON targets.id = entry.target"                   \
  " JOIN audit_events ON audit_events.id = entry.event"                                            \
  " LEFT JOIN certificates ON certificates.id = entry.certificate"                                 \
  " LEFT JOIN devices ON devices.id = certificates.device"                                         \
  " LEFT JOIN batches ON batches.id = certificates.batch"                                          \
  " LEFT JOIN authority_registrations ON authority_registrations.id = entry.authority"             \
  " LEFT JOIN authorities ON authorities.id = authority_registrations.authority"

static gpointer
load_operation (Statement *statement)
{
  Operation *operation = g_new0 (Operation, 1);
  gsize length;

  operation->id = statement_int64 (statement);
  operation->target = statement_dup_text (statement);
  operation->operation = statement_dup_text (statement);
  operation->device = statement_dup_text (statement);
  operation->batch = statement_dup_text (statement);
  operation->sha256 = statement_dup_hex (statement);
  operation->der = statement_dup_bytes (statement);
  const guint8 *chain = statement_blob (statement, &length);
  if (chain != NULL)
    operation->der = chain_first (chain, length);
  operation->from_status = statement_dup_text (statement);
  operation->to_status = statement_dup_text (statement);
  operation->arguments = statement_dup_text (statement);
  operation->at = statement_int64 (statement);
  operation->actor = statement_dup_text (statement);
  operation->state = statement_dup_text (statement);
  operation->tries = (guint)statement_int64 (statement);
  operation->not_before = statement_int64 (statement);
  operation->answered_at = statement_int64 (statement);
  operation->answer = statement_dup_text (statement);
  return operation;
}

static gboolean
split (GBytes *der, CertificateParts *parts)
{
  return certificate_split (g_bytes_get_data (der, NULL), g_bytes_get_size (der), parts);
}

/* The CA of `chains` that signed the certificate, or NULL. */
static GBytes *
signer_of (GPtrArray *chains, GBytes *der)
{
  CertificateParts leaf;
  CertificateParts authority;

  if (!split (der, &leaf))
    return NULL;
  for (guint i = 0; i < chains->len; i++) {
    GPtrArray *chain = g_ptr_array_index (chains, i);

    if (chain->len > 0 && split (g_ptr_array_index (chain, 0), &authority)
        && authority_signed (&authority, &leaf))
      return g_bytes_ref (g_ptr_array_index (chain, 0));
  }
  return NULL;
}

static gboolean
add_authorities (Database *database, GPtrArray *operations, GError **error)
{
  g_autoptr (GPtrArray) chains = authorities_load (database, error);

  if (chains == NULL)
    return FALSE;
  for (guint i = 0; i < operations->len; i++) {
    Operation *operation = g_ptr_array_index (operations, i);

    if (operation->device != NULL && operation->der != NULL)
      operation->authority = signer_of (chains, operation->der);
  }
  return TRUE;
}

/* ---- listing, newest first ---- */

typedef struct {
  gint64 target; /* 0: any */
  gint64 device;
  const char *state;
} Wanted;

/* Parameters: the index's id, the marker, the state. */
#define PAGE(where)                                                                                \
  OPERATION_COLUMNS OPERATION_TABLES " WHERE " where " AND entry.id < ?2 ORDER BY entry.id DESC"

/* A device has few operations: these are sorted. */
#define BY_DEVICE PAGE ("entry.certificate IN (SELECT id FROM certificates WHERE device = ?1)")
#define BY_WAITING PAGE ("entry.target = ?1 AND entry.state = 'waiting'")
#define BY_TROUBLE                                                                                 \
  PAGE ("entry.target = ?1 AND entry.state IN ('refused', 'alarm', 'parked') AND entry.state = "   \
        "?3")
#define BY_ROW PAGE ("?1 = ?1")

static gboolean
is_trouble (const char *state)
{
  return g_strcmp0 (state, "refused") == 0 || g_strcmp0 (state, "alarm") == 0
         || g_strcmp0 (state, "parked") == 0;
}

static const char *
page_of (const Wanted *wanted)
{
  if (wanted->device != 0)
    return BY_DEVICE;
  if (wanted->target != 0 && g_strcmp0 (wanted->state, "waiting") == 0)
    return BY_WAITING;
  return wanted->target != 0 && is_trouble (wanted->state) ? BY_TROUBLE : BY_ROW;
}

static gboolean
is_wanted (const OperationFilter *filter, const Operation *operation)
{
  return (filter->target == NULL || strcmp (filter->target, operation->target) == 0)
         && (filter->state == NULL || strcmp (filter->state, operation->state) == 0);
}

/* TRUE where the page is full. */
static gboolean
take_row (Statement *select, const OperationFilter *filter, Page *page)
{
  g_autoptr (Operation) operation = load_operation (select);
  const gint64 id = operation->id;

  if (is_wanted (filter, operation)) {
    if (page->rows->len == page->most)
      return TRUE;
    g_ptr_array_add (page->rows, g_steal_pointer (&operation));
  }
  page->last = id;
  return ++page->looked_at == MOST_LOOKED_AT;
}

static gboolean
fill_page (Database *database, const OperationFilter *filter, const Wanted *wanted, Page *page,
           GError **error)
{
  const char *query = page_of (wanted);
  gboolean full = FALSE;
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (database, query, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, wanted->device != 0 ? wanted->device : wanted->target);
  statement_bind_int64 (select, page->behind);
  if (strcmp (query, BY_TROUBLE) == 0)
    statement_bind_text (select, wanted->state);
  while (!full) {
    if (!statement_step (select, &row, error))
      return FALSE;
    page->ended = !row;
    if (!row)
      return TRUE;
    full = take_row (select, filter, page);
  }
  return TRUE;
}

static const char *const states[] = { "waiting", "handed", "done",    "refused",
                                      "alarm",   "parked", "dropped", NULL };

/* `none`: the device is unknown. */
static gboolean
resolve (Database *database, const OperationFilter *filter, Wanted *wanted, gboolean *none,
         GError **error)
{
  g_autoptr (Target) target = NULL;
  gboolean found = TRUE;

  *wanted = (Wanted){ .state = filter->state };
  if (filter->state != NULL && !g_strv_contains (states, filter->state)) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "an operation is waiting, handed, done, refused, alarm, parked or dropped: say "
                 "one of these");
    return FALSE;
  }
  if (filter->target != NULL) {
    target = target_read (database, filter->target, error);
    if (target == NULL)
      return FALSE;
    wanted->target = target->id;
  }
  if (filter->device != NULL
      && !device_find (database, filter->device, &wanted->device, &found, error))
    return FALSE;
  *none = !found;
  return TRUE;
}

GPtrArray *
ledger_operations (Ledger *ledger, const OperationFilter *filter, guint most, const char *marker,
                   char **next, GError **error)
{
  Database *database = ledger->list.database;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)operation_free);
  Page page = { .kind = 'o', .rows = rows, .most = most, .behind = G_MAXINT64 };
  gboolean none;
  Wanted wanted;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);

  *next = NULL;
  if (!page_begin (&page, database, marker, error)
      || !resolve (database, filter, &wanted, &none, error))
    return NULL;
  if (none)
    return g_steal_pointer (&rows);
  if (!fill_page (database, filter, &wanted, &page, error)
      || !add_authorities (database, rows, error))
    return NULL;
  if (!page_end (&page, database, next, error))
    return NULL;
  return g_steal_pointer (&rows);
}

/* ---- what is to be sent ---- */

#define OPEN "state IN ('waiting', 'handed', 'refused', 'alarm', 'parked')"
/* Parameters: target, after, now, most. What is open of the same certificate or CA, and the
 * registration of the CA under which it is registered, goes first; but a revocation does not wait
 * for what the cloud refused. */
#define DUE                                                                                        \
  OPERATION_COLUMNS OPERATION_TABLES                                                               \
      " LEFT JOIN registrations ON registrations.id = entry.registration"                          \
      " WHERE entry.target = ?1 AND entry.state = 'waiting' AND entry.id > ?2"                     \
      " AND entry.not_before <= ?3"                                                                \
      " AND NOT EXISTS (SELECT 1 FROM registry_operations AS before"                               \
      "   WHERE before.certificate = entry.certificate AND before.target = entry.target"           \
      "   AND before.id < entry.id AND before." OPEN " AND before.certificate IS NOT NULL"         \
      "   AND (before.state <> 'refused' OR entry.operation <> 'revoke'))"                         \
      " AND NOT EXISTS (SELECT 1 FROM registry_operations AS before"                               \
      "   WHERE before.authority = coalesce (entry.authority, registrations.authority)"            \
      "   AND before.id < entry.id AND before." OPEN " AND before.authority IS NOT NULL"           \
      "   AND (entry.authority IS NOT NULL OR before.operation = 'register-ca'))"                  \
      " ORDER BY entry.id LIMIT ?4"

const char *
due_operations_query (void)
{
  return DUE;
}

GPtrArray *
ledger_due_operations (Ledger *ledger, const char *target, gint64 after, guint most, GError **error)
{
  Database *database = ledger->list.database;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Target) known = target_read (database, target, error);
  g_autoptr (Statement) select = NULL;

  if (known == NULL || (select = statement_prepare (database, DUE, error)) == NULL)
    return NULL;
  statement_bind_int64 (select, known->id);
  statement_bind_int64 (select, after);
  statement_bind_int64 (select, g_get_real_time ());
  statement_bind_int64 (select, limit_of (most));
  g_autoptr (GPtrArray) rows =
      load_rows (select, load_operation, (GDestroyNotify)operation_free, error);
  if (rows == NULL || !add_authorities (database, rows, error))
    return NULL;
  return g_steal_pointer (&rows);
}
