/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stored certificates, each held against its own row: stored_each() of ledger-stock.h.
 */
#include <string.h>

#include "db/certificate-fields.h"
#include "db/ledger-stock-private.h"

gboolean
stored_bounds (StockReader *reader, gint64 *first, gint64 *last, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      reader->database,
      reader->batch == 0 ? "SELECT (SELECT min (id) FROM certificates),"
                           " (SELECT max (id) FROM certificates) WHERE ?1 = 0"
                         : "SELECT (SELECT min (id) FROM certificates WHERE batch = ?1),"
                           " (SELECT max (id) FROM certificates WHERE batch = ?1)",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, reader->batch);
  if (!statement_step (select, &row, error))
    return FALSE;
  *first = statement_int64 (select);
  *last = statement_int64 (select);
  return TRUE;
}

static void
compare (GString *differences, gboolean equal, const char *word)
{
  if (!equal)
    g_string_append_printf (differences, "%s%s", differences->len > 0 ? ", " : "", word);
}

static gboolean
column_equals (Statement *select, GBytes *bytes)
{
  gsize length;
  const void *data = statement_blob (select, &length);

  return length == g_bytes_get_size (bytes)
         && memcmp (data, g_bytes_get_data (bytes, NULL), length) == 0;
}

/* The columns behind the certificate's bytes, in their order. */
static void
compare_fields (Statement *select, GBytes *der, GString *differences)
{
  g_autoptr (CertificateFields) fields = certificate_fields_read (der, NULL);

  if (fields == NULL) {
    compare (differences, FALSE, "bytes");
    return;
  }
  compare (differences, column_equals (select, fields->sha256), "SHA-256");
  compare (differences, column_equals (select, fields->sha1), "SHA-1");
  compare (differences, column_equals (select, fields->spki_sha256), "key");
  compare (differences, column_equals (select, fields->serial_number), "serial number");
  compare (differences, g_strcmp0 (statement_text (select), fields->subject) == 0, "subject");
  compare (differences, g_strcmp0 (statement_text (select), fields->common_name) == 0,
           "common name");
  compare (differences, statement_int64 (select) == fields->not_before, "beginning");
  compare (differences, statement_int64 (select) == fields->not_after, "end");
}

static gboolean
read_stored (Statement *select, StoredSink sink, gpointer data, GError **error)
{
  g_autoptr (GString) differences = g_string_new (NULL);
  StoredCertificate stored;

  stored.id = statement_int64 (select);
  stored.log_index = (guint64)statement_int64 (select);
  stored.device = statement_text (select);
  stored.batch = statement_text (select);
  stored.state = statement_text (select);
  stored.der = statement_blob (select, &stored.length);
  g_autoptr (GBytes) der = g_bytes_new_static (stored.der, stored.length);
  compare_fields (select, der, differences);
  stored.differences = differences->str;
  return sink (&stored, data, error);
}

/* A row whose device or batch is gone is one that somebody has made: it is read all the same. */
#define STORED                                                                                     \
  "SELECT certificates.id, log_index, coalesce (devices.serial, '?'), coalesce (batches.name, "    \
  "'?'),"                                                                                          \
  " certificates.state, der, sha256, sha1, spki_sha256, serial_number, subject, common_name,"      \
  " not_before, not_after FROM certificates"                                                       \
  " LEFT JOIN devices ON devices.id = certificates.device"                                         \
  " LEFT JOIN batches ON batches.id = certificates.batch"                                          \
  " WHERE certificates.id >= ?1 AND certificates.id < ?2"

gboolean
stored_each (StockReader *reader, gint64 from, gint64 below, StoredSink sink, gpointer data,
             GError **error)
{
  gboolean found = TRUE;
  g_autoptr (Statement) select =
      statement_prepare (reader->database,
                         reader->batch == 0 ? STORED " AND ?3 = 0 ORDER BY certificates.id"
                                            : STORED " AND certificates.batch = ?3"
                                                     " ORDER BY certificates.id",
                         error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, from);
  statement_bind_int64 (select, below);
  statement_bind_int64 (select, reader->batch);
  while (statement_step (select, &found, error)) {
    if (!found)
      return TRUE;
    if (!read_stored (select, sink, data, error))
      return FALSE;
  }
  return FALSE;
}
