/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Registrations, a page at a time, in the order of their rows. The most telling part of the filter
 * chooses an index that is in that order; the rest is looked at row by row. A page that would have
 * to pass over too many rows for it ends early, with a marker and fewer rows than asked for (as
 * AWS's pages may), so that no question holds up the next one.
 */
#include <string.h>

#include "base/encode.h"
#include "db/registry-private.h"

void
registration_free (Registration *registration)
{
  if (registration == NULL)
    return;
  g_free (registration->target);
  g_free (registration->device);
  g_free (registration->batch);
  g_free (registration->sha256);
  g_free (registration->authority);
  g_free (registration->certificate_mode);
  g_free (registration->previous_owner);
  g_free (registration->transferred_to);
  g_free (registration->transfer_message);
  g_free (registration->reject_reason);
  g_free (registration);
}

/* ---- rows ---- */

#define REGISTRATION_COLUMNS                                                                       \
  "SELECT entry.id, entry.target, entry.batch, entry.certificate, entry.status,"                   \
  " authorities.id, entry.registered_at, entry.changed_at, entry.previous_owner,"                  \
  " entry.transferred_to, entry.transfer_at, entry.transfer_message, entry.reject_reason,"         \
  " authorities.name, authority_registrations.certificate_mode FROM registrations AS entry"        \
  " LEFT JOIN authority_registrations ON authority_registrations.id = entry.authority"             \
  " LEFT JOIN authorities ON authorities.id = authority_registrations.authority"

/* What the filter names, by id; 0 where it does not. */
typedef struct {
  gint64 target;
  gint64 authority;
  gint64 entry; /* the only registration of that CA (there), 0 where there are several */
  gint64 batch;
  gint64 device;
  gint64 certificate;
  RegistrationStatus status;
} Wanted;

/* The row's own columns are held against the filter before the names are read. */
typedef struct {
  gint64 target;
  gint64 batch;
  gint64 certificate;
  gint64 authority;
  Registration *registration;
} Row;

static void
load_row_of (Statement *statement, Row *row)
{
  Registration *registration = g_new0 (Registration, 1);

  registration->id = statement_int64 (statement);
  row->target = statement_int64 (statement);
  row->batch = statement_int64 (statement);
  row->certificate = statement_int64 (statement);
  registration_status_from_word (statement_text (statement), &registration->status);
  row->authority = statement_int64 (statement);
  registration->registered_at = statement_int64 (statement);
  registration->changed_at = statement_int64 (statement);
  registration->previous_owner = statement_dup_text (statement);
  registration->transferred_to = statement_dup_text (statement);
  registration->transfer_at = statement_int64 (statement);
  registration->transfer_message = statement_dup_text (statement);
  registration->reject_reason = statement_dup_text (statement);
  registration->authority = statement_dup_text (statement);
  registration->certificate_mode = statement_dup_text (statement);
  row->registration = registration;
}

static gboolean
is_wanted (const Wanted *wanted, const Row *row)
{
  return (wanted->target == 0 || wanted->target == row->target)
         && (wanted->authority == 0 || wanted->authority == row->authority)
         && (wanted->batch == 0 || wanted->batch == row->batch)
         && (wanted->certificate == 0 || wanted->certificate == row->certificate)
         && (wanted->status == REGISTRATION_NONE || wanted->status == row->registration->status);
}

/* Without a CA there, AWS tells SNI_ONLY for RegisterCertificateWithoutCA. */
static gboolean
read_names (Database *database, const Row *row, GError **error)
{
  Registration *registration = row->registration;
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT targets.name, devices.serial, batches.name, sha256, not_after,"
      " (SELECT count (*) FROM registry_operations AS open WHERE open.certificate = ?1"
      "   AND open.target = ?2 AND open.state IN ('waiting', 'handed', 'refused', 'alarm', "
      "'parked')"
      "   AND open.certificate IS NOT NULL)"
      " FROM certificates JOIN devices ON devices.id = certificates.device"
      " JOIN batches ON batches.id = certificates.batch JOIN targets ON targets.id = ?2"
      " WHERE certificates.id = ?1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, row->certificate);
  statement_bind_int64 (select, row->target);
  if (!statement_step (select, &found, error))
    return FALSE;
  registration->target = statement_dup_text (select);
  registration->device = statement_dup_text (select);
  registration->batch = statement_dup_text (select);
  registration->sha256 = statement_dup_hex (select);
  registration->not_after = statement_int64 (select);
  registration->waiting = (guint)statement_int64 (select);
  if (registration->certificate_mode == NULL)
    registration->certificate_mode = g_strdup ("SNI_ONLY");
  return TRUE;
}

/* ---- the filter ---- */

static gboolean
find_id (Database *database, const char *sql, const char *name, gint64 *id, GError **error)
{
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (database, sql, error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  return load_id (select, id, &found, error);
}

static gboolean
find_digest (Database *database, const char *name, gint64 *id, GError **error)
{
  gboolean found;
  g_autoptr (GBytes) digest = hex_decode (name);
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT id FROM certificates WHERE sha256 = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, digest);
  return load_id (select, id, &found, error);
}

/* Of CAs that share a name the latest one. */
static gboolean
find_authority (Database *database, const char *name, gint64 *id, GError **error)
{
  gboolean found;
  g_autoptr (GBytes) digest = hex_decode (name);
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT id FROM authorities WHERE name = ? OR sha256 = ? ORDER BY id DESC LIMIT 1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  statement_bind_bytes (select, digest);
  return load_id (select, id, &found, error);
}

/* A CA that is registered once (in the target) has an index in the order of rows. */
static gboolean
find_entry (Database *database, Wanted *wanted, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select =
      statement_prepare (database,
                         "SELECT min (id), count (*) FROM authority_registrations"
                         " WHERE authority = ?1 AND (?2 = 0 OR target = ?2)",
                         error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, wanted->authority);
  statement_bind_int64 (select, wanted->target);
  if (!statement_step (select, &row, error))
    return FALSE;
  const gint64 id = statement_int64 (select);
  wanted->entry = statement_int64 (select) == 1 ? id : 0;
  return TRUE;
}

/* Targets and batches that are not there are an error, devices, CAs and certificates an empty
 * list (`none`). */
static gboolean
resolve (Database *database, const RegistrationFilter *filter, Wanted *wanted, gboolean *none,
         GError **error)
{
  g_autoptr (Target) target = NULL;

  *wanted = (Wanted){ .status = filter->status };
  if (filter->target != NULL) {
    target = target_read (database, filter->target, error);
    if (target == NULL)
      return FALSE;
    wanted->target = target->id;
  }
  if ((filter->batch != NULL
       && !batch_find_existing (database, filter->batch, &wanted->batch, error))
      || (filter->authority != NULL
          && !find_authority (database, filter->authority, &wanted->authority, error))
      || (filter->device != NULL
          && !find_id (database, "SELECT id FROM devices WHERE serial = ?", filter->device,
                       &wanted->device, error))
      || (filter->sha256 != NULL
          && !find_digest (database, filter->sha256, &wanted->certificate, error))
      || (wanted->authority != 0 && !find_entry (database, wanted, error)))
    return FALSE;
  *none = (filter->authority != NULL && wanted->authority == 0)
          || (filter->device != NULL && wanted->device == 0)
          || (filter->sha256 != NULL && wanted->certificate == 0);
  return TRUE;
}

/* ---- the query ---- */

/* Parameters: the index's id, the marker, the second of the index. */
#define PAGE(where)                                                                                \
  {                                                                                                \
    REGISTRATION_COLUMNS " WHERE entry.ended IS NULL AND " where                                   \
                         " AND entry.id < ?2 ORDER BY entry.id DESC",                              \
        REGISTRATION_COLUMNS " WHERE entry.ended IS NULL AND " where                               \
                             " AND entry.id > ?2 ORDER BY entry.id"                                \
  }

typedef enum {
  BY_CERTIFICATE,
  BY_DEVICE,
  BY_RARE_STATUS,
  BY_AUTHORITY,
  BY_BATCH,
  BY_TARGET,
  BY_ROW,
} Way;

/* A device has few certificates: these are sorted. */
static const char *const pages[][2] = {
  [BY_CERTIFICATE] = PAGE ("entry.certificate = ?1"),
  [BY_DEVICE] = PAGE ("entry.certificate IN (SELECT id FROM certificates WHERE device = ?1)"),
  [BY_RARE_STATUS] = PAGE ("entry.target = ?1 AND entry.status <> 'ACTIVE' AND entry.status = ?3"),
  [BY_AUTHORITY] = PAGE ("entry.authority = ?1"),
  [BY_BATCH] = PAGE ("entry.batch = ?1"),
  [BY_TARGET] = PAGE ("entry.target = ?1"),
  [BY_ROW] = PAGE ("?1 = 0"),
};

const char *
registration_page_query (guint way, gboolean ascending)
{
  return way < G_N_ELEMENTS (pages) ? pages[way][ascending ? 1 : 0] : NULL;
}

static Way
way_of (const Wanted *wanted, gint64 *id)
{
  const gboolean rare =
      wanted->status != REGISTRATION_NONE && wanted->status != REGISTRATION_ACTIVE;
  const struct {
    Way way;
    gint64 id;
  } ways[] = {
    { BY_CERTIFICATE, wanted->certificate },
    { BY_DEVICE, wanted->device },
    { BY_RARE_STATUS, rare ? wanted->target : 0 },
    { BY_BATCH, wanted->batch },
    { BY_AUTHORITY, wanted->entry },
    { BY_TARGET, wanted->target },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    *id = ways[i].id;
    if (*id != 0)
      return ways[i].way;
  }
  return BY_ROW;
}

/* One row more than asked for tells whether there is a next page. */
static gboolean
take_row (Database *database, Statement *select, const Wanted *wanted, Page *page, gboolean *full,
          GError **error)
{
  Row row;

  load_row_of (select, &row);
  g_autoptr (Registration) registration = row.registration;
  *full = FALSE;
  if (is_wanted (wanted, &row)) {
    *full = page->rows->len == page->most;
    if (*full)
      return TRUE;
    if (!read_names (database, &row, error))
      return FALSE;
    g_ptr_array_add (page->rows, g_steal_pointer (&registration));
  }
  page->last = row.registration->id;
  *full = ++page->looked_at == MOST_LOOKED_AT;
  return TRUE;
}

static gboolean
fill_page (Database *database, const Wanted *wanted, gboolean ascending, Page *page, GError **error)
{
  gint64 id;
  const Way way = way_of (wanted, &id);
  gboolean row;
  gboolean full = FALSE;
  g_autoptr (Statement) select = statement_prepare (database, pages[way][ascending ? 1 : 0], error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, id);
  statement_bind_int64 (select, page->behind);
  if (way == BY_RARE_STATUS)
    statement_bind_text (select, registration_status_word (wanted->status));
  while (!full) {
    if (!statement_step (select, &row, error))
      return FALSE;
    page->ended = !row;
    if (!row)
      return TRUE;
    if (!take_row (database, select, wanted, page, &full, error))
      return FALSE;
  }
  return TRUE;
}

GPtrArray *
ledger_registrations (Ledger *ledger, const RegistrationFilter *filter, guint most,
                      const char *marker, char **next, GError **error)
{
  Database *database = ledger->list.database;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)registration_free);
  Page page = {
    .kind = 'r', .rows = rows, .most = most, .behind = filter->ascending ? 0 : G_MAXINT64
  };
  gboolean none;
  Wanted wanted;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);

  *next = NULL;
  if (!page_begin (&page, database, marker, error)
      || !resolve (database, filter, &wanted, &none, error))
    return NULL;
  if (none)
    return g_steal_pointer (&rows);
  if (!fill_page (database, &wanted, filter->ascending, &page, error))
    return NULL;
  if (!page_end (&page, database, next, error))
    return NULL;
  return g_steal_pointer (&rows);
}
