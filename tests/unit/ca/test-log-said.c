/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the issuance log says of itself: batches, signatures, places, times, the tree, its bytes;
 * the same while it grows and when it is opened again.
 */
#include "ca/log/log.h"
#include "ca/proof/merkle.h"
#include "tests/unit/ca/make-entry.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char *folder;
static char *path;
static EntryMaker *maker;
static IssuanceLog *issuance_log;
static guint64 made;

static void
reopen (void)
{
  GError *problem = NULL;

  issuance_log_close (issuance_log);
  issuance_log = issuance_log_open (path, entry_maker_origin (maker), LOG_OPEN_WRITE, &problem);
  ck_assert_msg (issuance_log != NULL, "%s", problem != NULL ? problem->message : "");
}

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
  path = g_build_filename (folder, "state", "issuance.log", NULL);
  maker = entry_maker_new (folder, TRUE);
  made = 0;
  issuance_log = NULL;
  reopen ();
}

static void
teardown (void)
{
  issuance_log_close (issuance_log);
  entry_maker_free (maker);
  g_free (path);
  folder_remove (folder);
}

static guint64
append (LogEntryType type, const char *batch, gint64 time)
{
  LogEntry entry;
  guint64 index;

  entry_make (maker, made++, &entry);
  entry.type = type;
  entry.batch = span_of_text (batch);
  entry.signed_at = time;
  if (log_entry_type_is_bare (type))
    entry.certificate = (Span){ NULL, 0 };
  ck_assert (issuance_log_append (issuance_log, &entry, &index, NULL));
  return index;
}

static LogBatch
batch_of (const char *name, gboolean known)
{
  LogBatch batch;

  ck_assert_int_eq (issuance_log_batch (issuance_log, name, &batch), known);
  return batch;
}

static void
check_batches (void)
{
  const LogBatch a = batch_of ("A", TRUE);
  const LogBatch b = batch_of ("B", TRUE);
  const LogBatch none = batch_of ("C", FALSE);
  const LogBatch zeros = { 0 };

  ck_assert_uint_eq (a.certificates, 4);
  ck_assert_uint_eq (a.first, 0);
  ck_assert_uint_eq (a.last, 7);
  ck_assert (a.has_ticket);
  ck_assert_uint_eq (a.ticket, 5);
  ck_assert_uint_eq (a.since_ticket, 1);
  ck_assert_uint_eq (b.certificates, 1);
  ck_assert_uint_eq (b.first, 3);
  ck_assert (!b.has_ticket && b.since_ticket == 0);
  ck_assert_mem_eq (&none, &zeros, sizeof zeros);
}

START_TEST (test_a_batch_counts_its_certificates_and_those_behind_its_newest_ticket)
{
  append (LOG_ENTRY_CERTIFICATE, "A", 1);
  append (LOG_ENTRY_TICKET, "A", 1);
  append (LOG_ENTRY_CERTIFICATE, "A", 1);
  append (LOG_ENTRY_CERTIFICATE, "B", 1);
  append (LOG_ENTRY_CERTIFICATE, "A", 1);
  append (LOG_ENTRY_TICKET, "A", 1);
  append (LOG_ENTRY_REFUSAL, "A", 1); /* neither is one */
  append (LOG_ENTRY_CERTIFICATE, "A", 1);
  append (LOG_ENTRY_REPORT, "A", 1);
  check_batches ();
  reopen ();
  check_batches ();
}
END_TEST

static void
check_places (void)
{
  g_autoptr (GArray) reports = issuance_log_places (issuance_log, LOG_ENTRY_REPORT);
  g_autoptr (GArray) clocks = issuance_log_places (issuance_log, LOG_ENTRY_CLOCK);

  ck_assert_uint_eq (reports->len, 2);
  ck_assert_uint_eq (g_array_index (reports, guint64, 0), 1);
  ck_assert_uint_eq (g_array_index (reports, guint64, 1), 3);
  ck_assert_uint_eq (clocks->len, 0);
}

START_TEST (test_entries_of_a_type_are_found_in_order)
{
  append (LOG_ENTRY_CERTIFICATE, "A", 1);
  append (LOG_ENTRY_REPORT, "A", 1);
  append (LOG_ENTRY_MANIFEST, "A", 1);
  append (LOG_ENTRY_REPORT, "A", 1);
  check_places ();
  reopen ();
  check_places ();
}
END_TEST

static void
check_signatures (void)
{
  const Span authority = entry_maker_authority (maker);

  ck_assert_uint_eq (issuance_log_signatures (issuance_log, authority), 4);
  ck_assert_uint_eq (issuance_log_signatures (issuance_log, (Span){ authority.data, 5 }), 0);
}

static void
check_other_signatures (void)
{
  char *other_folder = folder_make ();
  g_autoptr (EntryMaker) other = NULL;

  folder_fill (other_folder, "p-256"); /* a CA of the same name */
  other = entry_maker_new (other_folder, TRUE);
  ck_assert_uint_eq (issuance_log_signatures (issuance_log, entry_maker_authority (other)), 0);
  folder_remove (other_folder);
}

/* Two for devices, one over a code, a list of this CA, and a list of another. */
START_TEST (test_what_carries_a_signature_of_a_ca_is_counted)
{
  LogEntry list = { .type = LOG_ENTRY_CRL };
  guint64 index;

  append (LOG_ENTRY_CERTIFICATE, "A", 1);
  append (LOG_ENTRY_CERTIFICATE, "B", 1);
  append (LOG_ENTRY_VERIFICATION, "", 1);
  append (LOG_ENTRY_AUTHORITY, "", 1);
  append (LOG_ENTRY_REPORT, "A", 1);
  append (LOG_ENTRY_CRL, "", 1); /* of a key of its own */
  memcpy (list.spki_sha256, entry_maker_origin (maker), LOG_HASH);
  ck_assert (issuance_log_append (issuance_log, &list, &index, NULL));
  check_signatures ();
  reopen ();
  check_signatures ();
  check_other_signatures ();
  ck_assert (issuance_log_find_crl (issuance_log, list.spki_sha256, &index));
  ck_assert_uint_eq (index, 6);
}
END_TEST

START_TEST (test_the_newest_time_is_that_since_the_clock_was_set_back)
{
  append (LOG_ENTRY_CERTIFICATE, "A", 900);
  append (LOG_ENTRY_REFUSAL, "A", 5000);
  ck_assert_int_eq (issuance_log_newest (issuance_log), 900);
  append (LOG_ENTRY_CLOCK, "", 100);
  ck_assert_int_eq (issuance_log_newest (issuance_log), 100);
  append (LOG_ENTRY_TICKET, "A", 150);
  append (LOG_ENTRY_REFUSAL, "A", 10);
  ck_assert_int_eq (issuance_log_newest (issuance_log), 150);
  reopen ();
  ck_assert_int_eq (issuance_log_newest (issuance_log), 150);
}
END_TEST

/* ---- the tree and the bytes ---- */

static void
leaf_of (guint64 index, guint8 hash[LOG_HASH])
{
  g_autoptr (GBytes) bytes = issuance_log_read (issuance_log, index, NULL);

  ck_assert_ptr_nonnull (bytes);
  merkle_leaf_hash (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), hash);
}

/* Every entry's path, and from every size, against the right edge alone. */
static void
check_tree (guint64 size)
{
  MerkleEdge edge = { 0 };
  guint8 root[LOG_HASH];

  ck_assert (issuance_log_root (issuance_log, size, root, NULL));
  for (guint64 i = 0; i <= size; i++) {
    g_autoptr (GByteArray) proof = issuance_log_consistency (issuance_log, i, size, NULL);
    g_autoptr (GByteArray) way = NULL;
    guint8 leaf[LOG_HASH], earlier[LOG_HASH], said[LOG_HASH];

    merkle_root (&edge, earlier);
    ck_assert (issuance_log_root (issuance_log, i, said, NULL));
    ck_assert_mem_eq (said, earlier, LOG_HASH);
    ck_assert (merkle_verify_consistency (i, earlier, size, root, proof->data, proof->len));
    if (i == size)
      break;
    leaf_of (i, leaf);
    way = issuance_log_inclusion (issuance_log, i, size, NULL);
    ck_assert (merkle_verify_inclusion (leaf, i, size, way->data, way->len, root));
    merkle_append (&edge, leaf, NULL, NULL);
  }
}

START_TEST (test_every_entry_has_its_path_and_every_size_its_root)
{
  for (guint i = 0; i < 70; i++)
    append (LOG_ENTRY_CERTIFICATE, "A", 1);
  check_tree (70);
  check_tree (64);
  reopen ();
  check_tree (70);
  check_tree (33);
}
END_TEST

static void
expect_refusal (GByteArray *path_or_null, GError **problem)
{
  ck_assert_ptr_null (path_or_null);
  ck_assert_int_eq ((*problem)->code, CA_ERROR_LOG);
  g_clear_error (problem);
}

START_TEST (test_what_is_not_in_the_log_has_no_proof)
{
  GError *problem = NULL;
  guint8 root[LOG_HASH];

  append (LOG_ENTRY_CERTIFICATE, "A", 1);
  append (LOG_ENTRY_CERTIFICATE, "A", 1);
  expect_refusal (issuance_log_inclusion (issuance_log, 2, 2, &problem), &problem);
  expect_refusal (issuance_log_inclusion (issuance_log, 0, 3, &problem), &problem);
  expect_refusal (issuance_log_consistency (issuance_log, 2, 1, &problem), &problem);
  expect_refusal (issuance_log_consistency (issuance_log, 1, 3, &problem), &problem);
  ck_assert (!issuance_log_root (issuance_log, 3, root, NULL));
}
END_TEST

START_TEST (test_the_bytes_are_those_of_the_file)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autofree char *content = NULL;
  gsize length;
  guint64 end = 0;

  for (guint i = 0; i < 5; i++)
    append (LOG_ENTRY_CERTIFICATE, "A", 1);
  do {
    g_autoptr (GBytes) part = issuance_log_bytes (issuance_log, all->len, 1000, &end, NULL);

    g_byte_array_append (all, g_bytes_get_data (part, NULL), (guint)g_bytes_get_size (part));
  } while (all->len < end);
  ck_assert (g_file_get_contents (path, &content, &length, NULL));
  ck_assert_uint_eq (all->len, length);
  ck_assert_mem_eq (all->data, content, length);
  {
    g_autoptr (GBytes) nothing = issuance_log_bytes (issuance_log, end + 7, 1000, NULL, NULL);

    ck_assert_uint_eq (g_bytes_get_size (nothing), 0);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca log said");
  TCase *tests = tcase_create ("log said");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_a_batch_counts_its_certificates_and_those_behind_its_newest_ticket);
  tcase_add_test (tests, test_entries_of_a_type_are_found_in_order);
  tcase_add_test (tests, test_what_carries_a_signature_of_a_ca_is_counted);
  tcase_add_test (tests, test_the_newest_time_is_that_since_the_clock_was_set_back);
  tcase_add_test (tests, test_every_entry_has_its_path_and_every_size_its_root);
  tcase_add_test (tests, test_what_is_not_in_the_log_has_no_proof);
  tcase_add_test (tests, test_the_bytes_are_those_of_the_file);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
