/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the fleet's keys tell of each other. A finding concerns whoever has the key in a live
 * certificate; when that is void it concerns nobody any more, and stays on record.
 */
#include "db/ledger-private.h"

#define MOST_NAMED 10

/* ---- recording ---- */

typedef struct {
  guint64 checked;
  const KeyPair *pairs;
  guint count;
} KeyCheck;

/* Who has a key. */
typedef struct {
  gint64 device_id;
  char *serial;
} Owner;

static void
owner_clear (Owner *owner)
{
  g_free (owner->serial);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Owner, owner_clear)

static gboolean
read_owner (Database *database, guint64 key, Owner *owner, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select =
      statement_prepare (database,
                         "SELECT devices.id, serial FROM seen_keys"
                         " JOIN devices ON devices.id = seen_keys.device WHERE seen_keys.id = ?",
                         error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, (gint64)key);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "there is no key %" G_GUINT64_FORMAT ": the check's files are not this ledger's",
                 key);
    return FALSE;
  }
  owner->device_id = statement_int64 (select);
  owner->serial = statement_dup_text (select);
  return TRUE;
}

static gboolean
insert_finding (Database *database, const KeyPair *pair, gint64 device_id, gint64 partner_id,
                GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO key_findings (kind, key, device, partner, partner_device, found_at)"
      " VALUES (?, ?, ?, ?, ?, ?)",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_text (insert, pair->kind);
  statement_bind_int64 (insert, (gint64)pair->key);
  statement_bind_int64 (insert, device_id);
  statement_bind_int64 (insert, (gint64)pair->partner);
  statement_bind_int64 (insert, partner_id);
  statement_bind_int64 (insert, g_get_real_time ());
  return statement_run (insert, error);
}

static gboolean
audit_finding (Database *database, const char *kind, const char *device, const char *partner,
               GError **error)
{
  g_autofree char *detail = g_strdup_printf ("%s, with %s", kind, partner);

  return audit_add (database, NULL, "key-finding", device, detail, NULL, error);
}

static gboolean
record_pair (Database *database, const KeyPair *pair, GError **error)
{
  g_auto (Owner) later = { 0 };
  g_auto (Owner) earlier = { 0 };

  if (!read_owner (database, pair->key, &later, error)
      || !read_owner (database, pair->partner, &earlier, error)
      || !insert_finding (database, pair, later.device_id, earlier.device_id, error)
      || !audit_finding (database, pair->kind, later.serial, earlier.serial, error))
    return FALSE;
  return later.device_id == earlier.device_id
         || audit_finding (database, pair->kind, earlier.serial, later.serial, error);
}

static gboolean
move_mark (Database *database, guint64 checked, GError **error)
{
  g_autoptr (Statement) update =
      statement_prepare (database, "UPDATE meta SET value = ? WHERE name = 'keys_checked'", error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, (gint64)checked);
  return statement_run (update, error);
}

static gboolean
record_key_check (Database *database, gpointer data, GError **error)
{
  const KeyCheck *check = data;

  for (guint i = 0; i < check->count; i++)
    if (!record_pair (database, &check->pairs[i], error))
      return FALSE;
  return move_mark (database, check->checked, error);
}

gboolean
ledger_record_key_check (Ledger *ledger, guint64 checked, const KeyPair *pairs, guint count,
                         GError **error)
{
  KeyCheck check = { .checked = checked, .pairs = pairs, .count = count };

  return ledger_write (ledger, record_key_check, &check, error);
}

/* ---- reading ---- */

void
key_finding_free (KeyFinding *finding)
{
  if (finding == NULL)
    return;
  g_free (finding->kind);
  g_free (finding->device);
  g_free (finding->batch);
  g_free (finding->partner);
  g_free (finding->partner_batch);
  g_free (finding);
}

#define IS_LIVE(device_, key_)                                                                     \
  " EXISTS (SELECT 1 FROM certificates JOIN seen_keys ON seen_keys.id = key_findings." key_        \
  "  WHERE certificates.device = key_findings." device_ " AND certificates.state <> 'void'"        \
  "  AND key_sha256 (certificates.der) = seen_keys.number_sha256)"

#define FINDINGS_QUERY                                                                             \
  "SELECT key_findings.id, found_at, kind, later.serial, later_batch.name," IS_LIVE (              \
      "device",                                                                                    \
      "key") ", earlier.serial, earlier_batch.name," IS_LIVE ("partner_device",                    \
                                                              "partner") " FROM key_findings "     \
                                                                         "JOIN devices AS later "  \
                                                                         "ON later.id = "          \
                                                                         "key_findings.device"     \
                                                                         " JOIN batches AS "       \
                                                                         "later_batch ON "         \
                                                                         "later_batch.id = "       \
                                                                         "later.batch"             \
                                                                         " JOIN devices AS "       \
                                                                         "earlier ON earlier.id "  \
                                                                         "= "                      \
                                                                         "key_findings.partner_"   \
                                                                         "device"                  \
                                                                         " JOIN batches AS "       \
                                                                         "earlier_batch ON "       \
                                                                         "earlier_batch.id = "     \
                                                                         "earlier.batch"           \
                                                                         " ORDER BY "              \
                                                                         "key_findings.id DESC "   \
                                                                         "LIMIT ?"

static gpointer
load_finding (Statement *statement)
{
  KeyFinding *finding = g_new0 (KeyFinding, 1);

  finding->id = statement_int64 (statement);
  finding->found_at = statement_int64 (statement);
  finding->kind = statement_dup_text (statement);
  finding->device = statement_dup_text (statement);
  finding->batch = statement_dup_text (statement);
  finding->live = statement_int64 (statement) != 0;
  finding->partner = statement_dup_text (statement);
  finding->partner_batch = statement_dup_text (statement);
  finding->partner_live = statement_int64 (statement) != 0;
  return finding;
}

GPtrArray *
ledger_key_findings (Ledger *ledger, guint most, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select = statement_prepare (ledger->list.database, FINDINGS_QUERY, error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, limit_of (most));
  return load_rows (select, load_finding, (GDestroyNotify)key_finding_free, error);
}

/* ---- sealing a manifest ---- */

#define MANIFEST_QUERY                                                                             \
  "SELECT weak_device.serial, weak.kind, other_device.serial" WEAK_CERTIFICATES (                  \
      "(certificates.void_event IS NULL OR certificates.void_event > ?3)") " JOIN devices AS "     \
                                                                           "weak_device ON "       \
                                                                           "weak_device.id = "     \
                                                                           "weak.device"           \
                                                                           " JOIN devices AS "     \
                                                                           "other_device ON "      \
                                                                           "other_device.id = "    \
                                                                           "weak.other"            \
                                                                           " WHERE "               \
                                                                           "certificates.batch = " \
                                                                           "?1 AND "               \
                                                                           "certificates."         \
                                                                           "verified_event IS "    \
                                                                           "NOT NULL"              \
                                                                           " AND "                 \
                                                                           "certificates."         \
                                                                           "verified_event > ?2 "  \
                                                                           "AND "                  \
                                                                           "certificates."         \
                                                                           "verified_event <= ?3"  \
                                                                           " ORDER BY "            \
                                                                           "certificates."         \
                                                                           "verified_event, "      \
                                                                           "weak.finding"

/* "unit A (rsa-shared-prime with unit B)" */
static gpointer
load_name (Statement *statement)
{
  const char *device = statement_text (statement);
  const char *kind = statement_text (statement);
  const char *other = statement_text (statement);

  return g_strdup_printf ("%s (%s with %s)", device, kind, other);
}

static gboolean
refuse_manifest (GPtrArray *names, GError **error)
{
  const guint named = MIN (names->len, MOST_NAMED);
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < named; i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "",
                            (const char *)g_ptr_array_index (names, i));
  if (names->len > named)
    g_string_append_printf (list, " and %u more", names->len - named);
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_KEY_FINDING,
               "no manifest is sealed while units with weak keys are in it: void them (keycradle "
               "device void), then export again: %s",
               list->str);
  return FALSE;
}

static gboolean
check_mark (Database *database, guint64 newest, GError **error)
{
  gint64 checked;

  if (!database_read_number (database, "SELECT value FROM meta WHERE name = 'keys_checked'",
                             &checked, error))
    return FALSE;
  if ((guint64)checked >= newest)
    return TRUE;
  g_set_error (
      error, LEDGER_ERROR, LEDGER_ERROR_KEY_FINDING,
      "no manifest is sealed before all keys were held against each other: %" G_GUINT64_FORMAT
      " of %" G_GUINT64_FORMAT " were",
      (guint64)checked, newest);
  return FALSE;
}

gboolean
findings_check_manifest (Database *database, gint64 batch_id, gint64 since, gint64 through,
                         guint64 newest, GError **error)
{
  if (!check_mark (database, newest, error))
    return FALSE;
  g_autoptr (Statement) select = statement_prepare (database, MANIFEST_QUERY, error);
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  statement_bind_int64 (select, since);
  statement_bind_int64 (select, through);
  g_autoptr (GPtrArray) names = load_rows (select, load_name, g_free, error);
  if (names == NULL)
    return FALSE;
  return names->len == 0 || refuse_manifest (names, error);
}
