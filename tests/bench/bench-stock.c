/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looking after the stock: bench-stock CERTIFICATES ROWS
 *
 * Verifies CERTIFICATES real ones of a ledger again (P-256), and has `openssl verify` verify the
 * same ones as files in one process; then fills the ledger to ROWS and runs Device Defender's
 * checks over it. Ratios are of CPU time, which a busy machine disturbs least.
 */
#include <openssl/sha.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/certificate.h"
#include "base/encode.h"
#include "station/stock-checks.h"
#include "station/stock-verify.h"
#include "tests/unit/checks/material.h"

typedef struct {
  char *folder;
  char *path;
  Material material;
  guint made;
} Bench;

static void
must (gboolean done, const char *what)
{
  if (!done)
    g_error ("%s", what);
}

/* ---- filling ---- */

typedef struct {
  sqlite3 *handle;
  sqlite3_stmt *device, *key, *certificate;
} Filler;

static void
run (sqlite3 *handle, const char *sql)
{
  char *message = NULL;

  if (sqlite3_exec (handle, sql, NULL, NULL, &message) != SQLITE_OK)
    g_error ("%s: %s", sql, message);
}

static sqlite3_stmt *
prepared (sqlite3 *handle, const char *sql)
{
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2 (handle, sql, -1, &statement, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (handle));
  return statement;
}

static void
filler_open (Filler *filler, const char *path)
{
  must (sqlite3_open (path, &filler->handle) == SQLITE_OK, path);
  run (filler->handle, "PRAGMA synchronous = OFF; BEGIN");
  filler->device =
      prepared (filler->handle, "INSERT INTO devices (serial, batch, driver, state, created_at)"
                                " VALUES (?, 1, 'bench', 'passed', 0)");
  filler->key = prepared (filler->handle, "INSERT INTO keys (spki_sha256, device) VALUES (?, ?)");
  filler->certificate = prepared (
      filler->handle,
      "INSERT INTO certificates (device, batch, profile, state, log_index, issued_at, verified_at,"
      " verified_event, serial_number, sha256, sha1, spki_sha256, subject, common_name, not_before,"
      " not_after, der) VALUES (?, 1, 'p', 'verified', ?, 0, 0, 1, ?, ?, ?, ?, 'CN=SN-0001',"
      " 'SN-0001', ?, ?, ?)");
}

static void
filler_close (Filler *filler)
{
  run (filler->handle, "COMMIT; PRAGMA wal_checkpoint (TRUNCATE); PRAGMA optimize");
  sqlite3_finalize (filler->device);
  sqlite3_finalize (filler->key);
  sqlite3_finalize (filler->certificate);
  sqlite3_close (filler->handle);
}

static void
step (sqlite3_stmt *statement, sqlite3 *handle)
{
  if (sqlite3_step (statement) != SQLITE_DONE)
    g_error ("%s", sqlite3_errmsg (handle));
  sqlite3_reset (statement);
}

static void
fill (Filler *filler, guint number, const guint8 *der, gsize length, gint64 from, gint64 to)
{
  g_autofree char *name = g_strdup_printf ("SN-%08u", number);
  guint8 sha256[32], sha1[20], spki[32];
  CertificateParts parts;

  must (certificate_split (der, length, &parts), "a certificate that can't be split");
  SHA256 (der, length, sha256);
  SHA1 (der, length, sha1);
  SHA256 (parts.spki.data, parts.spki.length, spki);
  sqlite3_bind_text (filler->device, 1, name, -1, SQLITE_STATIC);
  step (filler->device, filler->handle);
  const gint64 device = sqlite3_last_insert_rowid (filler->handle);
  sqlite3_bind_blob (filler->key, 1, spki, sizeof spki, SQLITE_STATIC);
  sqlite3_bind_int64 (filler->key, 2, device);
  step (filler->key, filler->handle);
  sqlite3_bind_int64 (filler->certificate, 1, device);
  sqlite3_bind_int64 (filler->certificate, 2, number);
  const gsize sign = parts.serial.data[0] == 0;
  sqlite3_bind_blob (filler->certificate, 3, parts.serial.data + sign,
                     (int)(parts.serial.length - sign), SQLITE_STATIC);
  sqlite3_bind_blob (filler->certificate, 4, sha256, sizeof sha256, SQLITE_STATIC);
  sqlite3_bind_blob (filler->certificate, 5, sha1, sizeof sha1, SQLITE_STATIC);
  sqlite3_bind_blob (filler->certificate, 6, spki, sizeof spki, SQLITE_STATIC);
  sqlite3_bind_int64 (filler->certificate, 7, from);
  sqlite3_bind_int64 (filler->certificate, 8, to);
  sqlite3_bind_blob (filler->certificate, 9, der, (int)length, SQLITE_STATIC);
  step (filler->certificate, filler->handle);
}

static void
write_pem (const Bench *bench, const char *name, const guint8 *der, gsize length)
{
  g_autofree char *path = g_build_filename (bench->folder, name, NULL);
  g_autofree char *pem = pem_encode ("CERTIFICATE", der, length);

  must (g_file_set_contents (path, pem, -1, NULL), path);
}

static void
fill_real (Bench *bench, guint count)
{
  Filler filler;

  filler_open (&filler, bench->path);
  for (; bench->made < count; bench->made++) {
    g_autoptr (GBytes) leaf =
        material_leaf (&bench->material, &(Wanted){ .more = "extendedKeyUsage=clientAuth" });
    g_autofree char *name = g_strdup_printf ("%u", bench->made);
    gsize length;
    const guint8 *der = g_bytes_get_data (leaf, &length);
    ParsedCertificate parsed;
    Damage damage;

    must (certificate_form_read ((Span){ der, length }, &parsed, &damage, NULL), "a bad leaf");
    fill (&filler, bench->made, der, length, parsed.not_before, parsed.not_after);
    write_pem (bench, name, der, length);
  }
  filler_close (&filler);
}

/* Serial number and key of a real one are other ones: nobody's signature, but each is its own. */
static void
fill_more (Bench *bench, guint count)
{
  g_autoptr (GBytes) leaf = material_leaf (&bench->material, &(Wanted){ .days = 3000 });
  gsize length;
  g_autofree guint8 *der =
      g_memdup2 (g_bytes_get_data (leaf, NULL), (length = g_bytes_get_size (leaf)));
  g_autoptr (GRand) random = g_rand_new_with_seed (bench->made);
  CertificateParts parts;
  CertificateKey key;
  Filler filler;

  must (certificate_split (der, length, &parts) && certificate_part_key (parts.spki, &key), "leaf");
  filler_open (&filler, bench->path);
  for (; bench->made < count; bench->made++) {
    for (gsize i = 1; i < parts.serial.length; i++)
      der[(gsize)(parts.serial.data - der) + i] = (guint8)(g_rand_int (random) | 1);
    for (gsize i = 0; i < key.number.length; i++)
      der[(gsize)(key.number.data - der) + i] = (guint8)(g_rand_int (random) | 1);
    fill (&filler, bench->made, der, length, 1700000000, 2000000000);
  }
  filler_close (&filler);
}

/* ---- measuring ---- */

static double
seconds_of (const struct rusage *usage)
{
  return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec)
         + (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static double
own_cpu (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return seconds_of (&usage);
}

/* The most memory since the last call, in KiB. */
static guint64
peak_memory (void)
{
  g_autofree char *text = NULL;
  const char *at;

  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL)
      || (at = strstr (text, "VmHWM:")) == NULL)
    return 0;
  FILE *refs = fopen ("/proc/self/clear_refs", "w");
  if (refs != NULL) {
    fputs ("5", refs);
    fclose (refs);
  }
  return g_ascii_strtoull (at + strlen ("VmHWM:"), NULL, 10);
}

static Ledger *
open_ledger (const Bench *bench)
{
  g_autoptr (GError) error = NULL;
  Ledger *ledger = ledger_open (bench->path, &error);

  if (ledger == NULL)
    g_error ("%s", error->message);
  return ledger;
}

static double
verify_here (const Bench *bench, guint threads)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  static const gint stopping = 0;
  StockOutput output = { STDERR_FILENO, text, &stopping };
  Ledger *ledger = open_ledger (bench);
  const gint64 begun = g_get_monotonic_time ();
  const double cpu = own_cpu ();
  VerifySummary summary;

  must (stock_verify_run (ledger, NULL, threads, &output, &summary, problems, &error)
            && summary.damaged == 0 && summary.checked == bench->made,
        "not all were good");
  const double spent = own_cpu () - cpu;
  printf ("bench verify-%u-threads %.0f certificates/s\n", threads,
          (double)bench->made * 1e6 / (double)(g_get_monotonic_time () - begun));
  printf ("bench verify-%u-threads-cpu %.1f us\n", threads, spent * 1e6 / bench->made);
  ledger_close (ledger);
  return spent;
}

/* All files in one process; what it prints goes nowhere. */
static double
verify_openssl (const Bench *bench)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  struct rusage usage;
  int status;

  g_ptr_array_add (words, g_strdup ("openssl"));
  g_ptr_array_add (words, g_strdup ("verify"));
  g_ptr_array_add (words, g_strdup ("-CAfile"));
  g_ptr_array_add (words, g_strdup ("ca.pem"));
  for (guint i = 0; i < bench->made; i++)
    g_ptr_array_add (words, g_strdup_printf ("%u", i));
  g_ptr_array_add (words, NULL);
  const gint64 begun = g_get_monotonic_time ();
  const pid_t child = fork ();
  if (child == 0) {
    must (chdir (bench->folder) == 0 && freopen ("/dev/null", "w", stdout) != NULL, "no folder");
    execvp ("openssl", (char **)words->pdata);
    _exit (127);
  }
  must (wait4 (child, &status, 0, &usage) == child && status == 0, "openssl verify failed");
  printf ("bench openssl-verify %.0f certificates/s\n",
          (double)bench->made * 1e6 / (double)(g_get_monotonic_time () - begun));
  printf ("bench openssl-verify-cpu %.1f us\n", seconds_of (&usage) * 1e6 / bench->made);
  return seconds_of (&usage);
}

static void
run_checks (const Bench *bench, guint checks, const char *name)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  static const gint stopping = 0;
  FILE *nowhere = fopen ("/dev/null", "w");
  StockOutput output = { fileno (nowhere), text, &stopping };
  const ChecksOrder order = { .checks = checks,
                              .expiring_days = CHECK_EXPIRING_DAYS,
                              .age_days = CHECK_AGE_DAYS,
                              .now = 1800000000 };
  Ledger *ledger = open_ledger (bench);
  CheckResult results[N_CHECKS];

  peak_memory ();
  const gint64 begun = g_get_monotonic_time ();
  const double cpu = own_cpu ();
  if (!stock_checks_run (ledger, &order, &output, results, &error))
    g_error ("%s", error->message);
  printf ("bench checks-%s-of-%u %.2f s\n", name, bench->made,
          (double)(g_get_monotonic_time () - begun) / 1e6);
  printf ("bench checks-%s-of-%u-cpu %.2f s\n", name, bench->made, own_cpu () - cpu);
  printf ("bench checks-%s-of-%u-memory %" G_GUINT64_FORMAT " KiB\n", name, bench->made,
          peak_memory ());
  check_results_clear (results);
  ledger_close (ledger);
  fclose (nowhere);
}

static void
all_checks (const Bench *bench)
{
  run_checks (bench, 1u << CHECK_DEVICE_EXPIRING, "expiring");
  run_checks (bench, 1u << CHECK_DEVICE_KEY, "keys");
  run_checks (bench, 0, "all");
}

/* ---- the whole ---- */

static void
prepare (Bench *bench)
{
  g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = NULL;
  g_autofree char *root = NULL;

  bench->folder = g_dir_make_tmp ("keycradle-stock-XXXXXX", NULL);
  bench->path = g_build_filename (bench->folder, "station.db", NULL);
  material_make (&bench->material);
  g_ptr_array_add (chain, der_of (bench->material.authority));
  g_ptr_array_add (chain, der_of (bench->material.root));
  Ledger *ledger = open_ledger (bench);
  const Batch batch = { .name = (char *)"B1", .product = (char *)"p", .profile = (char *)"p" };
  if (!ledger_keep_chain (ledger, "ca", chain, &error)
      || !ledger_create_batch (ledger, &batch, "bench", &error))
    g_error ("%s", error->message);
  ledger_close (ledger);
  GBytes *first = g_ptr_array_index (chain, 0), *second = g_ptr_array_index (chain, 1);
  pem = pem_encode ("CERTIFICATE", g_bytes_get_data (first, NULL), g_bytes_get_size (first));
  root = pem_encode ("CERTIFICATE", g_bytes_get_data (second, NULL), g_bytes_get_size (second));
  g_autofree char *both = g_strconcat (pem, root, NULL);
  g_autofree char *path = g_build_filename (bench->folder, "ca.pem", NULL);
  must (g_file_set_contents (path, both, -1, NULL), path);
}

static void
clean_up (Bench *bench)
{
  g_autoptr (GDir) folder = g_dir_open (bench->folder, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
    g_autofree char *path = g_build_filename (bench->folder, name, NULL);
    unlink (path);
  }
  rmdir (bench->folder);
  g_free (bench->folder);
  g_free (bench->path);
  material_clear (&bench->material);
}

int
main (int argc, char **argv)
{
  const guint real = argc > 1 ? (guint)strtoul (argv[1], NULL, 10) : 20000;
  const guint rows = argc > 2 ? (guint)strtoul (argv[2], NULL, 10) : 1000000;
  Bench bench = { 0 };

  prepare (&bench);
  fill_real (&bench, real);
  const double openssl = verify_openssl (&bench);
  const double one = verify_here (&bench, 1);
  verify_here (&bench, 2);
  printf ("bench verify-openssl-by-ours-cpu %.2f times\n", openssl / one);
  fflush (stdout);
  if (rows / 10 > real) {
    fill_more (&bench, rows / 10);
    all_checks (&bench);
  }
  fill_more (&bench, rows);
  all_checks (&bench);
  clean_up (&bench);
  return 0;
}
