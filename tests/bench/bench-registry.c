/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bench-registry FOLDER [UNITS]: the registry at a million registrations. FOLDER is where
 * make-ledger wrote station.db (batch b1, UNITS of it, 1000000 unless told), or empty; it is
 * changed. All in one run, so that each ratio has both sides from the same minute:
 *
 *   registry-row          microseconds that registering one of the batch takes
 *   registry-row-again    the same when all are registered already: nothing is written
 *   registry-dry          the same for a dry run
 *   registry-pass-*       milliseconds that a PASS (with registering in two targets) waits while
 *                         the million is registered: median and worst; registry-pass-quiet-* when
 *                         nothing else writes
 *   registry-page-deep    time of a page behind row 900,000 over that of the first page; 1 is a
 * page that costs the same everywhere registry-due          milliseconds to find the next 100
 * operations of a million that wait registry-bytes        bytes of the ledger's file a
 * registration, with its operation and indexes; registry-bytes-share of what a unit takes in the
 * ledger without it registry-memory       MiB that the process grew by while it registered the
 * million
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "tests/unit/db/registry-fixture.h"

#define PAGE 250
#define ROUNDS 51

static Ledger *ledger;
static guint64 units;
static TestAuthority authority;

static void
must (gboolean ok, const GError *error)
{
  if (!ok)
    g_error ("%s", error != NULL ? error->message : "failed");
}

static void
tell (const char *name, double value, const char *unit)
{
  printf ("bench %s %.4g %s\n", name, value, unit);
  fflush (stdout);
}

static int
compare (gconstpointer one, gconstpointer other)
{
  const gint64 left = *(const gint64 *)one;
  const gint64 right = *(const gint64 *)other;

  return left < right ? -1 : left > right;
}

static gint64
median (GArray *times)
{
  g_array_sort (times, compare);
  return g_array_index (times, gint64, times->len / 2);
}

/* What a neighbour on the machine hurt least. */
static gint64
best (GArray *times)
{
  g_array_sort (times, compare);
  return g_array_index (times, gint64, 0);
}

static double
resident_mib (void)
{
  g_autofree char *text = NULL;
  long pages = 0;

  must (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL), NULL);
  sscanf (text, "%*s %ld", &pages);
  return (double)pages * (double)sysconf (_SC_PAGESIZE) / (1024 * 1024);
}

/* Of the whole ledger, wherever its pages are at the moment. */
static gint64
ledger_size (const char *path)
{
  g_autofree char *pages = raw_text (path, "PRAGMA page_count");
  g_autofree char *size = raw_text (path, "PRAGMA page_size");

  return g_ascii_strtoll (pages, NULL, 10) * g_ascii_strtoll (size, NULL, 10);
}

/* ---- registering the batch ---- */

static gboolean
count_line (const RegistryLine *line, gpointer data, GError **error)
{
  guint64 *refused = data;

  if (line->refusal != NULL && (*refused)++ == 0)
    fprintf (stderr, "%s: %s\n", line->device, line->refusal);
  return TRUE;
}

/* Microseconds a row. */
static double
register_all (gboolean dry_run, guint64 changes)
{
  g_autoptr (GError) error = NULL;
  const RegistryRequest request = { .operation = REGISTRY_REGISTER, .status = REGISTRATION_ACTIVE };
  const RegistrySelection selection = { .batch = "b1" };
  RegistrySummary summary;
  guint64 refused = 0;
  const gint64 begun = g_get_monotonic_time ();

  must (ledger_change_registry (ledger, "prod", &request, &selection, dry_run, "sue", count_line,
                                &refused, &summary, &error),
        error);
  g_assert_cmpuint (summary.changed, ==, changes);
  g_assert_cmpuint (summary.changed + summary.unchanged, ==, units);
  return (double)(g_get_monotonic_time () - begun) / (double)units;
}

/* ---- the line meanwhile ---- */

typedef struct {
  const char *prefix;
  gint stop;
  guint64 first_index;
  GArray *times; /* microseconds of each PASS */
} Line;

static gpointer
run_line (gpointer data)
{
  Line *line = data;

  for (guint i = 0; !g_atomic_int_get (&line->stop); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *chip = g_strdup_printf ("%s-%u", line->prefix, i);
    g_autoptr (EVP_PKEY) key = make_key ();
    g_autoptr (GBytes) der = test_authority_sign (&authority, key, chip, 365);
    gint64 attempt;
    g_autoptr (Device) device = arrive (ledger, "line", chip, NULL, &attempt, &error);

    must (device != NULL, error);
    must (store (ledger, line->first_index + i, "line", device->serial, der, &error), error);
    g_autoptr (Certificate) certificate = ledger_live_certificate (ledger, device->id, &error);
    must (certificate != NULL, error);
    const gint64 begun = g_get_monotonic_time ();
    must (ledger_certificate_verified (ledger, attempt, certificate->id, "1.txt", &error), error);
    const gint64 took = g_get_monotonic_time () - begun;
    g_array_append_val (line->times, took);
    g_usleep (20 * 1000);
  }
  return NULL;
}

static void
tell_line (const char *name, Line *line)
{
  g_autofree char *typical = g_strconcat (name, "-median", NULL);
  g_autofree char *worst = g_strconcat (name, "-worst", NULL);

  tell (typical, (double)median (line->times) / 1000, "ms");
  tell (worst, (double)g_array_index (line->times, gint64, line->times->len - 1) / 1000, "ms");
}

static void
measure_quiet_line (guint64 first_index)
{
  Line line = { .prefix = "quiet",
                .first_index = first_index,
                .times = g_array_new (FALSE, FALSE, sizeof (gint64)) };
  GThread *thread = g_thread_new ("line", run_line, &line);

  g_usleep (4 * G_USEC_PER_SEC);
  g_atomic_int_set (&line.stop, 1);
  g_thread_join (thread);
  tell_line ("registry-pass-quiet", &line);
}

static void
measure_registering (const char *path, guint64 first_index)
{
  Line line = { .prefix = "busy",
                .first_index = first_index,
                .times = g_array_new (FALSE, FALSE, sizeof (gint64)) };
  const gint64 before = ledger_size (path);
  const double memory = resident_mib ();
  GThread *thread = g_thread_new ("line", run_line, &line);

  tell ("registry-row", register_all (FALSE, units), "us");
  g_atomic_int_set (&line.stop, 1);
  g_thread_join (thread);
  tell_line ("registry-pass", &line);
  tell ("registry-memory", resident_mib () - memory, "MiB");
  const double bytes = (double)(ledger_size (path) - before) / (double)units;
  tell ("registry-bytes", bytes, "B");
  tell ("registry-bytes-share", bytes / ((double)before / (double)units), "ratio");
}

/* ---- pages ---- */

/* Microseconds that the page behind `marker` takes; its own marker. */
static gint64
time_page (const char *marker, char **next)
{
  g_autoptr (GError) error = NULL;
  const RegistrationFilter filter = { .target = "prod", .ascending = TRUE };
  const gint64 begun = g_get_monotonic_time ();
  g_autoptr (GPtrArray) page = ledger_registrations (ledger, &filter, PAGE, marker, next, &error);

  must (page != NULL && page->len == PAGE, error);
  return g_get_monotonic_time () - begun;
}

static char *
walk_to (guint64 row)
{
  g_autofree char *marker = NULL;

  for (guint64 at = 0; at < row; at += PAGE) {
    char *next = NULL;

    time_page (marker, &next);
    g_free (marker);
    marker = next;
  }
  return g_steal_pointer (&marker);
}

/* In turn, so that both have the same minute. */
static void
measure_pages (void)
{
  g_autofree char *deep = walk_to (units / 10 * 9);
  g_autoptr (GArray) first = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) far = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < ROUNDS; i++) {
    g_autofree char *next = NULL;
    g_autofree char *other = NULL;
    const gint64 at_first = time_page (NULL, &next);
    const gint64 at_far = time_page (deep, &other);

    g_array_append_val (first, at_first);
    g_array_append_val (far, at_far);
  }
  tell ("registry-page-first", (double)best (first) / 1000, "ms");
  tell ("registry-page-far", (double)best (far) / 1000, "ms");
  tell ("registry-page-deep", (double)best (far) / (double)best (first), "ratio");
}

static void
measure_due (void)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < ROUNDS; i++) {
    g_autoptr (GError) error = NULL;
    const gint64 begun = g_get_monotonic_time ();
    g_autoptr (GPtrArray) due = ledger_due_operations (ledger, "prod", 0, 100, &error);
    const gint64 took = g_get_monotonic_time () - begun;

    must (due != NULL && due->len == 100, error);
    g_array_append_val (times, took);
  }
  tell ("registry-due", (double)best (times) / 1000, "ms");
}

/* ---- preparation ---- */

static void
read_authority (const char *folder)
{
  g_autofree char *key_path = g_build_filename (folder, "ca.key", NULL);
  g_autofree char *pem_path = g_build_filename (folder, "ca.pem", NULL);
  g_autofree char *secret_path = g_build_filename (folder, "ca.passphrase", NULL);
  g_autofree char *secret = NULL;
  g_autofree char *pem = NULL;
  FILE *key = fopen (key_path, "r");

  must (key != NULL && g_file_get_contents (pem_path, &pem, NULL, NULL), NULL);
  if (g_file_get_contents (secret_path, &secret, NULL, NULL))
    g_strchomp (secret);
  authority.key = PEM_read_PrivateKey (key, NULL, NULL, secret);
  authority.der = pem_decode (pem, "CERTIFICATE", NULL);
  authority.name = g_strdup ("ca");
  must (authority.key != NULL && authority.der != NULL, NULL);
  fclose (key);
}

static void
answer_authority (void)
{
  g_autoptr (GError) error = NULL;
  const OperationAnswer done = { .id = 1, .state = "done" };

  must (ledger_answer_operations (ledger, &done, 1, "courier", &error), error);
}

static const char *folder;

START_TEST (a_million)
{
  g_autoptr (GError) error = NULL;
  const char *const names[] = { "prod", "test", NULL };
  g_autofree char *path = g_build_filename (folder, "station.db", NULL);

  read_authority (folder);
  ledger = ledger_open (path, &error);
  must (ledger != NULL, error);
  start_batch (ledger, "line", 0, NULL);
  add_aws (ledger, "prod", TARGET_SNI_ONLY, OWN);
  add_aws (ledger, "test", TARGET_WITHOUT_CA, OTHER);
  register_ca (ledger, "prod", &authority);
  answer_authority ();
  must (ledger_set_batch_targets (ledger, "line", names, REGISTRATION_ACTIVE, "sue", &error),
        error);
  tell ("registry-dry", register_all (TRUE, units), "us");
  measure_quiet_line (2 * units);
  measure_registering (path, 3 * units);
  tell ("registry-row-again", register_all (FALSE, 0), "us");
  measure_pages ();
  measure_due ();
  ledger_close (ledger);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("bench-registry");
  TCase *benches = tcase_create ("bench-registry");

  if (argc < 2 || argc > 3) {
    fprintf (stderr, "usage: bench-registry FOLDER [UNITS]\n");
    return 2;
  }
  folder = argv[1];
  units = argc > 2 ? g_ascii_strtoull (argv[2], NULL, 10) : 1000000;
  tcase_set_timeout (benches, 0);
  tcase_add_test (benches, a_million);
  suite_add_tcase (suite, benches);
  return run_suite (suite);
}
