/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Log and ledger as after so many certificates: the first is a real one, the others are its copies
 * with numbers for keys.
 */
#include "tests/bench/bench-issue.h"

#include "ca/judge/csr.h"
#include "db/ledger.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  Signer *signer;
  GBytes *certificate; /* a real one */
  gsize key;           /* where in it the key's numbers stand */
  gint left;
} Filling;

/* The first certificate, made in the ordinary way. */
static void
make_first (Filling *filling, GBytes *request)
{
  g_autofree char *profile_sha256 = first_digest (filling->signer);
  SignOrder order = { "fill", "bench", "sensor", profile_sha256, "FILL-0", NULL, { NULL, 0 } };
  g_autoptr (GBytes) bytes = NULL;
  GError *error = NULL;
  LogEntry entry;
  guint64 index;
  gsize length;
  const guint8 *data;
  Csr csr;

  order.csr.data = g_bytes_get_data (request, &order.csr.length);
  bytes = signer_sign (filling->signer, &order, &index, &error);
  must (bytes != NULL, error);
  data = g_bytes_get_data (bytes, &length);
  must (log_entry_decode (data, length, &entry, NULL), NULL);
  must (csr_parse (order.csr.data, order.csr.length, &csr, NULL), NULL);
  filling->certificate = g_bytes_new (entry.certificate.data, entry.certificate.length);
  data =
      memmem (entry.certificate.data, entry.certificate.length, csr.point.data, csr.point.length);
  filling->key = (gsize)(data - entry.certificate.data) + 1;
}

/* As any other entry, but for keys that are only numbers and signatures that do not fit them: what
 * is measured later is how much an order costs on top of them. */
static void
append_entry (Filling *filling, int place)
{
  g_autofree char *serial = g_strdup_printf ("FILL-%d", place);
  gsize length;
  const guint8 *certificate = g_bytes_get_data (filling->certificate, &length);
  g_autofree guint8 *copy = g_memdup2 (certificate, length);
  LogEntry entry = { .type = LOG_ENTRY_CERTIFICATE,
                     .signed_at = g_get_real_time (),
                     .batch = span_of_text ("fill"),
                     .profile = span_of_text ("sensor"),
                     .device = span_of_text (serial),
                     .certificate = { copy, length } };
  GError *error = NULL;
  guint64 index;

  memcpy (copy + filling->key, &place, sizeof place);
  memcpy (entry.spki_sha256, &place, sizeof place);
  must (issuance_log_append (signer_log (filling->signer), &entry, &index, &error), error);
}

static gpointer
fill_thread (gpointer data)
{
  Filling *filling = data;
  int place;

  while ((place = g_atomic_int_add (&filling->left, -1)) > 0)
    append_entry (filling, place);
  return NULL;
}

static const char fill_sql[] =
    "PRAGMA synchronous = OFF; BEGIN;"
    "INSERT INTO batches (name, product, profile, state, target, serial_first, serial_last,"
    " serial_width, serial_next, created_at, created_by)"
    " VALUES ('fill', 'bench', 'sensor', 'paused', 0, 0, 0, 0, 0, 0, 'bench');"
    "CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c"
    " WHERE i < %d) SELECT i FROM c;"
    "INSERT INTO devices (serial, chip_id, batch, driver, state, created_at) SELECT 'FILL-' || i,"
    " 'FILL-' || i, (SELECT id FROM batches WHERE name = 'fill'), 'bench', 'certified', 0 FROM n;"
    "INSERT INTO keys SELECT CAST (printf ('%%032d', i) AS BLOB),"
    " (SELECT id FROM devices WHERE serial = 'FILL-' || i) FROM n;"
    "INSERT INTO seen_keys (number_sha256, type, number, device, seen_at) SELECT randomblob (32),"
    " 'p-256', randomblob (64), (SELECT id FROM devices WHERE serial = 'FILL-' || i), 0 FROM n;"
    "UPDATE meta SET value = (SELECT max (id) FROM seen_keys) WHERE name LIKE 'keys%%';"
    "INSERT INTO certificates (device, batch, profile, state, log_index, issued_at, serial_number,"
    " sha256, sha1, spki_sha256, subject, common_name, not_before, not_after, der)"
    " SELECT (SELECT id FROM devices WHERE serial = 'FILL-' || i),"
    " (SELECT id FROM batches WHERE name = 'fill'), 'sensor', 'issued', i - 1, 0,"
    " randomblob (20), randomblob (32), randomblob (20), CAST (printf ('%%032d', i) AS BLOB),"
    " 'CN=FILL', 'FILL', 0, 9, randomblob (600) FROM n;"
    "UPDATE meta SET value = %d WHERE name = 'next_log_index';"
    "COMMIT; PRAGMA wal_checkpoint (TRUNCATE);";

static void
fill_ledger (const char *path, int count)
{
  g_autofree char *sql = g_strdup_printf (fill_sql, count, count);
  GError *error = NULL;
  Ledger *ledger = ledger_open (path, &error);
  sqlite3 *database;
  char *problem = NULL;

  must (ledger != NULL, error);
  ledger_close (ledger);
  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  if (sqlite3_exec (database, sql, NULL, NULL, &problem) != SQLITE_OK)
    g_error ("%s", problem);
  sqlite3_close (database);
}

int
run_fill (char **words)
{
  g_autoptr (Signer) signer = open_signer (words[0]);
  g_autoptr (GPtrArray) requests = read_requests (words + 3);
  const int count = atoi (words[2]);
  Filling filling = { .signer = signer, .left = count };
  GThread *threads[128];

  make_first (&filling, g_ptr_array_index (requests, 0));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("fill", fill_thread, &filling);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_bytes_unref (filling.certificate);
  fill_ledger (words[1], count + 1);
  return 0;
}
