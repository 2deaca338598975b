/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What devices were given to trust. Ten million devices have a handful of endpoints and sets of
 * roots among them: each set is a row, and a device has that row's number.
 */
#include <string.h>

#include "base/encode.h"
#include "db/certificate-fields.h"
#include "db/ledger-private.h"

/* ---- roots ---- */

/* What can't be read was installed all the same, and counts as ended: somebody should look. */
static gboolean
insert_root (Database *database, GBytes *der, GBytes *sha256, gint64 *ends, GError **error)
{
  g_autofree char *subject = NULL;
  g_autoptr (Statement) insert = statement_prepare (
      database, "INSERT INTO server_roots (sha256, subject, not_after) VALUES (?, ?, ?)", error);

  if (insert == NULL)
    return FALSE;
  if (!certificate_read_end (der, ends, &subject))
    *ends = 0;
  statement_bind_bytes (insert, sha256);
  statement_bind_text (insert, subject != NULL ? subject : "");
  statement_bind_int64 (insert, *ends);
  return statement_run (insert, error);
}

static gboolean
root_take (Database *database, GBytes *der, GBytes *sha256, gint64 *id, gint64 *ends,
           GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT id, not_after FROM server_roots WHERE sha256 = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, sha256);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (row) {
    *id = statement_int64 (select);
    *ends = statement_int64 (select);
    return TRUE;
  }
  if (!insert_root (database, der, sha256, ends, error))
    return FALSE;
  *id = database_last_id (database);
  return TRUE;
}

/* ---- sets ---- */

/* A set on its way into the ledger. */
typedef struct {
  const InstalledTrust *trust;
  GPtrArray *digests; /* of GBytes, the roots' */
  GBytes *sha256;
  gint64 id;
} Taking;

static void
taking_clear (Taking *taking)
{
  g_clear_pointer (&taking->digests, g_ptr_array_unref);
  g_clear_pointer (&taking->sha256, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Taking, taking_clear)

static void
digest_set (Taking *taking)
{
  const GPtrArray *roots = taking->trust->roots;
  const char *endpoint = taking->trust->endpoint;
  g_autoptr (GByteArray) whole = g_byte_array_new ();

  taking->digests = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  if (endpoint != NULL)
    g_byte_array_append (whole, (const guint8 *)endpoint, (guint)strlen (endpoint));
  g_byte_array_append (whole, (const guint8 *)"", 1);
  for (guint i = 0; roots != NULL && i < roots->len; i++) {
    GBytes *der = g_ptr_array_index (roots, i);
    GBytes *digest = sha256_of (g_bytes_get_data (der, NULL), g_bytes_get_size (der));

    g_byte_array_append (whole, g_bytes_get_data (digest, NULL), (guint)g_bytes_get_size (digest));
    g_ptr_array_add (taking->digests, digest);
  }
  taking->sha256 = sha256_of (whole->data, whole->len);
}

static gboolean
find_set (Database *database, Taking *taking, gboolean *found, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT id FROM trusts WHERE sha256 = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, taking->sha256);
  return load_id (select, &taking->id, found, error);
}

/* All roots first: the set ends with the first of them. */
static gboolean
take_roots (Database *database, const Taking *taking, GArray *ids, gint64 *ends, GError **error)
{
  for (guint i = 0; i < taking->digests->len; i++) {
    gint64 id;
    gint64 end;

    if (!root_take (database, g_ptr_array_index (taking->trust->roots, i),
                    g_ptr_array_index (taking->digests, i), &id, &end, error))
      return FALSE;
    *ends = MIN (*ends, end);
    g_array_append_val (ids, id);
  }
  return TRUE;
}

static gboolean
insert_set (Database *database, Taking *taking, gint64 ends, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database, "INSERT INTO trusts (sha256, endpoint, ends) VALUES (?, ?, ?)", error);

  if (insert == NULL)
    return FALSE;
  statement_bind_bytes (insert, taking->sha256);
  statement_bind_text (insert, taking->trust->endpoint);
  if (taking->digests->len == 0)
    statement_bind_null (insert);
  else
    statement_bind_int64 (insert, ends);
  if (!statement_run (insert, error))
    return FALSE;
  taking->id = database_last_id (database);
  return TRUE;
}

static gboolean
place_root (Database *database, gint64 trust, guint place, gint64 root, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database, "INSERT INTO trust_roots (trust, place, root) VALUES (?, ?, ?)", error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, trust);
  statement_bind_int64 (insert, place);
  statement_bind_int64 (insert, root);
  return statement_run (insert, error);
}

static gboolean
make_set (Database *database, Taking *taking, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 ends = G_MAXINT64;

  if (!take_roots (database, taking, ids, &ends, error)
      || !insert_set (database, taking, ends, error))
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    if (!place_root (database, taking->id, i, g_array_index (ids, gint64, i), error))
      return FALSE;
  return TRUE;
}

gboolean
trust_take (Database *database, const InstalledTrust *trust, gint64 *id, GError **error)
{
  g_auto (Taking) taking = { .trust = trust };
  gboolean found;

  *id = 0;
  if (trust == NULL)
    return TRUE;
  digest_set (&taking);
  if (!find_set (database, &taking, &found, error)
      || (!found && !make_set (database, &taking, error)))
    return FALSE;
  *id = taking.id;
  return TRUE;
}

/* ---- what a device has ---- */

void
trusted_root_free (TrustedRoot *root)
{
  if (root == NULL)
    return;
  g_free (root->sha256);
  g_free (root->subject);
  g_free (root);
}

void
device_trust_free (DeviceTrust *trust)
{
  if (trust == NULL)
    return;
  g_free (trust->endpoint);
  g_clear_pointer (&trust->roots, g_ptr_array_unref);
  g_free (trust);
}

static gpointer
load_root (Statement *statement)
{
  TrustedRoot *root = g_new0 (TrustedRoot, 1);

  root->sha256 = statement_dup_hex (statement);
  root->subject = statement_dup_text (statement);
  root->not_after = statement_int64 (statement);
  return root;
}

static gboolean
read_set (Database *database, gint64 id, DeviceTrust *trust, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (database,
                         "SELECT sha256, subject, not_after FROM trust_roots JOIN server_roots"
                         " ON server_roots.id = root WHERE trust = ? ORDER BY place",
                         error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, id);
  trust->roots = load_rows (select, load_root, (GDestroyNotify)trusted_root_free, error);
  return trust->roots != NULL;
}

DeviceTrust *
ledger_device_trust (Ledger *ledger, const char *serial, GError **error)
{
  gboolean row;
  g_autoptr (DeviceTrust) trust = g_new0 (DeviceTrust, 1);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database,
                         "SELECT trusts.id, endpoint FROM devices LEFT JOIN trusts"
                         " ON trusts.id = devices.trust WHERE serial = ?",
                         error);

  if (select == NULL)
    return NULL;
  statement_bind_text (select, serial);
  if (!statement_step (select, &row, error))
    return NULL;
  if (!row) {
    ledger_not_found ("device", serial, error);
    return NULL;
  }
  const gint64 id = statement_int64 (select);
  trust->known = id != 0;
  trust->endpoint = statement_dup_text (select);
  return read_set (ledger->line.database, id, trust, error) ? g_steal_pointer (&trust) : NULL;
}
