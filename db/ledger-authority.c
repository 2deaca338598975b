/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CAs that ever issued here, with what stands above them.
 */
#include "base/encode.h"
#include "db/ledger-private.h"

typedef struct {
  const char *name;
  GPtrArray *chain;
} Keeping;

static GBytes *
end_to_end (GPtrArray *chain)
{
  GByteArray *all = g_byte_array_new ();

  for (guint i = 0; i < chain->len; i++) {
    gsize length;
    const guint8 *data = g_bytes_get_data (g_ptr_array_index (chain, i), &length);

    g_byte_array_append (all, data, (guint)length);
  }
  return g_byte_array_free_to_bytes (all);
}

static gboolean
keep_chain (Database *database, gpointer data, GError **error)
{
  const Keeping *keeping = data;
  gsize length;
  const guint8 *first = g_bytes_get_data (g_ptr_array_index (keeping->chain, 0), &length);
  g_autoptr (GBytes) digest = sha256_of (first, length);
  g_autoptr (GBytes) chain = end_to_end (keeping->chain);
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO authorities (name, sha256, chain) VALUES (?, ?, ?)"
      " ON CONFLICT (sha256) DO UPDATE SET name = excluded.name, chain = excluded.chain",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_text (insert, keeping->name);
  statement_bind_bytes (insert, digest);
  statement_bind_bytes (insert, chain);
  return statement_run (insert, error);
}

gboolean
ledger_keep_chain (Ledger *ledger, const char *name, GPtrArray *chain, GError **error)
{
  Keeping keeping = { name, chain };

  return ledger_write (ledger, keep_chain, &keeping, error);
}

/* Of the DER value that stands at `data`; 0 where it is none. Certificates have lengths of two or
 * three bytes. */
static gsize
der_length (const guint8 *data, gsize left)
{
  gsize length;

  if (left < 4 || data[0] != 0x30 || (data[1] != 0x81 && data[1] != 0x82))
    return 0;
  length = data[1] == 0x81 ? 3u + data[2] : 4u + ((gsize)data[2] << 8 | data[3]);
  return length <= left ? length : 0;
}

GBytes *
chain_first (const guint8 *chain, gsize length)
{
  const gsize first = der_length (chain, length);

  return first > 0 ? g_bytes_new (chain, first) : NULL;
}

GPtrArray *
statement_chain (Statement *select)
{
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  gsize left;
  const guint8 *at = statement_blob (select, &left);

  for (gsize length; (length = der_length (at, left)) > 0; at += length, left -= length)
    g_ptr_array_add (chain, g_bytes_new (at, length));
  return chain;
}

static gpointer
load_chain (Statement *select)
{
  return statement_chain (select);
}

GPtrArray *
authorities_load (Database *database, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT chain FROM authorities ORDER BY id", error);

  return select == NULL ? NULL
                        : load_rows (select, load_chain, (GDestroyNotify)g_ptr_array_unref, error);
}

GPtrArray *
ledger_chains (Ledger *ledger, GError **error)
{
  g_autoptr (Database) database = database_open_reader (ledger->path, error);

  return database != NULL ? authorities_load (database, error) : NULL;
}

/* ---- as certificates name them ---- */

static void
bind_issuer (Statement *statement, CertificatePart name, CertificatePart key_id)
{
  statement_bind_blob (statement, name.data, name.length);
  statement_bind_blob (statement, key_id.data != NULL ? key_id.data : (const guint8 *)"",
                       key_id.length);
}

gboolean
issuer_take (Database *database, CertificatePart name, CertificatePart key_id, gint64 *id,
             GError **error)
{
  gboolean found;
  g_autoptr (Statement) insert = NULL;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT id FROM issuers WHERE name = ? AND key_id = ?", error);

  if (select == NULL)
    return FALSE;
  bind_issuer (select, name, key_id);
  if (!load_id (select, id, &found, error))
    return FALSE;
  if (found)
    return TRUE;
  insert = statement_prepare (database, "INSERT INTO issuers (name, key_id) VALUES (?, ?)", error);
  if (insert == NULL)
    return FALSE;
  bind_issuer (insert, name, key_id);
  if (!statement_run (insert, error))
    return FALSE;
  *id = database_last_id (database);
  return TRUE;
}
