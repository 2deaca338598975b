/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bench-export FOLDER FORMAT OUTPUT [MOST-ROWS]: exports batch "b1" of FOLDER/station.db, whose CA
 * is FOLDER/ca.pem, and prints "ROWS WALL CPU PEAK-KIB SHA256": seconds without opening the ledger,
 * CPU of all threads, and the most memory that this process ever had.
 *
 * bench-export FOLDER peer: FOLDER/peer.db with a table `rows` of the same units, every value as
 * the text that manifests have, PEM included: what sqlite3 is given to print, so that it need not
 * encode.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/encode.h"
#include "db/ledger-key.h"
#include "db/manifest-private.h"

#define BATCH "b1"

static void
fail (const char *doing, const GError *error)
{
  fprintf (stderr, "bench-export: %s: %s\n", doing, error == NULL ? "failed" : error->message);
  exit (EXIT_FAILURE);
}

static double
cpu_seconds (long *peak)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  *peak = usage.ru_maxrss;
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static GBytes *
read_authority (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "ca.pem", NULL);
  g_autofree char *pem = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_get_contents (path, &pem, NULL, &error))
    fail ("the CA's certificate", error);
  return pem_decode (pem, "CERTIFICATE", NULL);
}

/* Of made keys nobody asks whether they share primes. */
static KeyState
all_keys (Ledger *ledger)
{
  g_autoptr (GError) error = NULL;
  KeyState keys;

  if (!ledger_key_state (ledger, &keys, &error))
    fail ("the keys", error);
  keys.newest = keys.checked;
  return keys;
}

/* Makes no call, as a row of Microchip's manifest would: what the signer costs is another bench. */
static char *
sign_nothing (gpointer data, const char *payload, const char *unique_id, GError **error)
{
  return g_strdup_printf ("{\"payload\":\"%s\",\"signature\":\"\"}", unique_id);
}

static void
run_export (const char *folder, const char *format, const char *output, guint64 most_rows)
{
  g_autofree char *path = g_build_filename (folder, "station.db", NULL);
  g_autoptr (GBytes) authority = read_authority (folder);
  g_autoptr (GError) error = NULL;
  Ledger *ledger = ledger_open (path, &error);
  long peak;

  if (ledger == NULL)
    fail (path, error);
  const KeyState keys = all_keys (ledger);
  const ManifestOrder order = {
    .format = format,
    .batch = BATCH,
    .keys = &keys,
    .ca_certificate = authority,
    .fd = open (output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
    .actor = "bench",
    .most_rows = most_rows,
    .split = TRUE,
    .sign = sign_nothing,
  };
  const double cpu = cpu_seconds (&peak);
  const gint64 began = g_get_monotonic_time ();
  g_autoptr (ManifestSummary) summary = manifest_export (ledger, &order, &error);
  if (summary == NULL)
    fail (format, error);
  const double wall = (double)(g_get_monotonic_time () - began) / G_USEC_PER_SEC;
  const double used = cpu_seconds (&peak) - cpu;
  printf ("%" G_GUINT64_FORMAT " %.4f %.4f %ld %s\n", summary->rows, wall, used, peak,
          summary->sha256);
  close (order.fd);
  ledger_close (ledger);
}

/* ---- what sqlite3 prints ---- */

static void
sql_pem (sqlite3_context *context, int n, sqlite3_value **values)
{
  const guint8 *der = sqlite3_value_blob (values[0]);

  sqlite3_result_text (
      context, pem_encode ("CERTIFICATE", der, (gsize)sqlite3_value_bytes (values[0])), -1, g_free);
}

static void
make_peer (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "station.db", NULL);
  g_autofree char *attach =
      g_strdup_printf ("ATTACH '%s/peer.db' AS peer; PRAGMA peer.synchronous = OFF", folder);
  static const char make[] =
      "CREATE TABLE peer.rows AS SELECT devices.serial AS device, batches.name AS batch,"
      " certificates.profile, subject, common_name, lower (hex (serial_number)) AS serial_number,"
      " lower (hex (sha256)) AS sha256, lower (hex (sha1)) AS sha1,"
      " lower (hex (spki_sha256)) AS spki_sha256,"
      " strftime ('%Y-%m-%dT%H:%M:%SZ', not_before, 'unixepoch') AS not_before,"
      " strftime ('%Y-%m-%dT%H:%M:%SZ', not_after, 'unixepoch') AS not_after,"
      " strftime ('%Y-%m-%dT%H:%M:%SZ', issued_at / 1000000, 'unixepoch') AS issued_at,"
      " strftime ('%Y-%m-%dT%H:%M:%SZ', verified_at / 1000000, 'unixepoch') AS verified_at,"
      " log_index, chip_id, model, pem (der) AS pem FROM certificates"
      " JOIN devices ON devices.id = certificates.device"
      " JOIN batches ON batches.id = certificates.batch"
      " WHERE batches.name = '" BATCH "' AND certificates.state = 'verified'"
      " ORDER BY verified_event";
  sqlite3 *database = NULL;

  if (sqlite3_open (path, &database) != SQLITE_OK
      || sqlite3_create_function (database, "pem", 1, SQLITE_UTF8, NULL, sql_pem, NULL, NULL)
             != SQLITE_OK
      || sqlite3_exec (database, attach, NULL, NULL, NULL) != SQLITE_OK
      || sqlite3_exec (database, make, NULL, NULL, NULL) != SQLITE_OK)
  {
    fprintf (stderr, "bench-export: %s\n", sqlite3_errmsg (database));
    exit (EXIT_FAILURE);
  }
  sqlite3_close (database);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[2], "peer"))
    make_peer (argv[1]);
  else if (argc == 4 || argc == 5)
    run_export (argv[1], argv[2], argv[3], argc == 5 ? g_ascii_strtoull (argv[4], NULL, 10) : 0);
  else
    fprintf (stderr, "usage: bench-export FOLDER FORMAT OUTPUT [MOST-ROWS] | FOLDER peer\n");
  return argc >= 3 && argc <= 5 ? EXIT_SUCCESS : 2;
}
