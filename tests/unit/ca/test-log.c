/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The issuance log: what a crash may leave, what damage is, and what an independent reader
 * makes of it. argv[1] is Python, argv[2] read-log.py.
 */
#include "base/encode.h"
#include "ca/log/log-index.h"
#include "ca/log/log.h"
#include "ca/proof/merkle.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *python;
static const char *reader;
static char *folder;
static char *path;
static const guint8 origin[LOG_HASH] = "0123456789abcdef0123456789abcde";

static void
setup (void)
{
  folder = folder_make ();
  path = g_build_filename (folder, "issuance.log", NULL);
}

static void
teardown (void)
{
  g_free (path);
  folder_remove (folder);
}

static IssuanceLog *
open_log (void)
{
  GError *problem = NULL;
  IssuanceLog *log = issuance_log_open (path, origin, LOG_OPEN_WRITE, &problem);

  ck_assert_msg (log != NULL, "%s", problem != NULL ? problem->message : "");
  return log;
}

static void
append (IssuanceLog *log, guint number)
{
  g_autofree char *device = g_strdup_printf ("SN-%u", number);
  g_autofree char *certificate = g_strnfill (100 + number, 'c');
  LogEntry entry = { .type = LOG_ENTRY_CERTIFICATE,
                     .signed_at = 1000 + number,
                     .batch = span_of_text ("b1"),
                     .profile = span_of_text ("sensor"),
                     .product = span_of_text ("thermometer"),
                     .device = span_of_text (device),
                     .chip = span_of_text (number % 2 ? "c0ffee" : NULL),
                     .certificate = span_of_text (certificate) };
  guint64 index;
  GError *problem = NULL;

  memset (entry.spki_sha256, (int)number + 1, LOG_HASH);
  ck_assert_msg (issuance_log_append (log, &entry, &index, &problem), "%s",
                 problem != NULL ? problem->message : "");
  ck_assert_uint_eq (index, number);
}

/* Three entries; the file's bytes. */
static GBytes *
make_log (void)
{
  IssuanceLog *log = open_log ();
  char *content;
  gsize length;

  for (guint i = 0; i < 3; i++)
    append (log, i);
  issuance_log_close (log);
  ck_assert (g_file_get_contents (path, &content, &length, NULL));
  return g_bytes_new_take (content, length);
}

static void
put_back (GBytes *content)
{
  gsize length;
  const char *data = g_bytes_get_data (content, &length);

  ck_assert (g_file_set_contents (path, data, (gssize)length, NULL));
}

/* Where entry 2 begins: behind the header and two frames. */
static gsize
last_frame (GBytes *content)
{
  const guint8 *data = g_bytes_get_data (content, NULL);
  gsize at = LOG_HEADER;

  at += LOG_FRAME + log_read_u32 (data + at);
  return at + LOG_FRAME + log_read_u32 (data + at);
}

START_TEST (test_entries_come_back_after_reopening)
{
  G_GNUC_UNUSED g_autoptr (GBytes) content = make_log ();
  g_autoptr (IssuanceLog) log = open_log ();
  g_autoptr (GBytes) bytes = issuance_log_read (log, 1, NULL);
  g_autoptr (GArray) places = NULL;
  guint8 key[LOG_HASH];
  LogEntry entry;

  ck_assert_uint_eq (issuance_log_size (log), 3);
  ck_assert_int_eq (issuance_log_newest (log), 1002);
  ck_assert (
      log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
  ck_assert (span_is_text (entry.device, "SN-1"));
  ck_assert (span_is_text (entry.chip, "c0ffee"));
  memset (key, 2, sizeof key);
  places = issuance_log_find (log, key);
  ck_assert_uint_eq (places->len, 1);
  ck_assert_uint_eq (g_array_index (places, guint64, 0), 1);
  ck_assert (issuance_log_read (log, 3, NULL) == NULL);
}
END_TEST

START_TEST (test_a_tail_torn_at_any_byte_is_cut_off_and_the_log_goes_on)
{
  g_autoptr (GBytes) content = make_log ();
  gsize whole = g_bytes_get_size (content);
  gsize last = last_frame (content);

  for (gsize length = last + 1; length < whole; length += rounds_of (1, 5)) {
    g_autoptr (GBytes) torn = bytes_resized (content, (gssize)length - (gssize)whole);
    IssuanceLog *log;

    put_back (torn);
    log = open_log ();
    ck_assert_uint_eq (issuance_log_size (log), 2);
    append (log, 2);
    issuance_log_close (log);
    log = open_log ();
    ck_assert_uint_eq (issuance_log_size (log), 3);
    issuance_log_close (log);
  }
}
END_TEST

/* Blocks that the disk never wrote read as zeros. */
START_TEST (test_an_unwritten_tail_of_zeros_is_cut_off)
{
  g_autoptr (GBytes) content = make_log ();
  gsize whole = g_bytes_get_size (content);
  gsize last = last_frame (content);

  for (gsize from = last; from <= whole - LOG_HASH; from++) {
    g_autoptr (GBytes) cut = bytes_resized (content, (gssize)from - (gssize)whole);
    g_autoptr (GBytes) torn = bytes_resized (cut, (gssize)(whole - from));
    IssuanceLog *log;

    put_back (torn);
    log = open_log ();
    ck_assert_uint_eq (issuance_log_size (log), 2);
    issuance_log_close (log);
  }
}
END_TEST

static void
expect_other_origin (void)
{
  g_autoptr (IssuanceLog) log = issuance_log_open (path, origin, LOG_OPEN_WRITE, NULL);

  ck_assert_mem_ne (issuance_log_origin (log), origin, LOG_HASH);
}

START_TEST (test_a_flipped_bit_anywhere_refuses_and_names_the_entry)
{
  g_autoptr (GBytes) content = make_log ();
  gsize last = last_frame (content);

  for (gsize place = 0; place < g_bytes_get_size (content); place += rounds_of (1, 5)) {
    g_autoptr (GBytes) bad = bytes_flipped (content, place, (guint8)(1 << place % 8));
    g_autoptr (GError) problem = NULL;

    put_back (bad);
    if (place >= LOG_HEADER - LOG_HASH && place < LOG_HEADER) {
      expect_other_origin (); /* a log of other CAs, which the signer refuses */
      continue;
    }
    ck_assert_msg (issuance_log_open (path, origin, LOG_OPEN_WRITE, &problem) == NULL, "byte %zu",
                   place);
    ck_assert_int_eq (problem->code, CA_ERROR_LOG);
    if (place >= last)
      ck_assert_ptr_nonnull (strstr (problem->message, "entry 2 "));
  }
}
END_TEST

START_TEST (test_a_missing_or_doubled_stretch_in_the_middle_refuses)
{
  g_autoptr (GBytes) content = make_log ();
  const guint8 *data = g_bytes_get_data (content, NULL);
  gsize whole = g_bytes_get_size (content);

  for (gsize place = LOG_HEADER; place < last_frame (content); place += rounds_of (1, 5)) {
    g_autoptr (GByteArray) bad = g_byte_array_new ();

    g_byte_array_append (bad, data, (guint)place);
    g_byte_array_append (bad, data + place + 1, (guint)(whole - place - 1));
    ck_assert (g_file_set_contents (path, (char *)bad->data, bad->len, NULL));
    ck_assert_msg (issuance_log_open (path, origin, LOG_OPEN_WRITE, NULL) == NULL, "byte %zu",
                   place);
  }
}
END_TEST

START_TEST (test_a_log_keeps_the_name_that_it_was_made_with)
{
  G_GNUC_UNUSED g_autoptr (GBytes) content = make_log ();
  const guint8 other[LOG_HASH] = { 0 };
  g_autoptr (IssuanceLog) log = issuance_log_open (path, other, LOG_OPEN_WRITE, NULL);

  ck_assert_ptr_nonnull (log);
  ck_assert_mem_eq (issuance_log_origin (log), origin, LOG_HASH);
}
END_TEST

static void
append_of_type (IssuanceLog *log, LogEntryType type)
{
  LogEntry entry = { .type = type,
                     .signed_at = 5000,
                     .device = span_of_text ("4711"),
                     .certificate =
                         span_of_text (log_entry_type_is_bare (type) ? NULL : "certificate") };
  guint64 index;

  memset (entry.spki_sha256, 0xca, LOG_HASH);
  ck_assert (issuance_log_append (log, &entry, &index, NULL));
}

static LogEntryType
type_of (IssuanceLog *log, guint64 index)
{
  g_autoptr (GBytes) bytes = issuance_log_read (log, index, NULL);
  LogEntry entry = { 0 };

  ck_assert (
      log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
  ck_assert (span_is_text (entry.device, "4711"));
  return entry.type;
}

START_TEST (test_every_type_of_entry_is_read_again)
{
  const guint8 key[LOG_HASH] = { [0 ... LOG_HASH - 1] = 0xca };
  IssuanceLog *log = open_log ();
  g_autoptr (GArray) places = NULL;

  for (int type = LOG_ENTRY_CERTIFICATE; type <= LOG_ENTRY_LAST; type++)
    append_of_type (log, (LogEntryType)type);
  issuance_log_close (log);
  log = open_log ();
  ck_assert_uint_eq (issuance_log_size (log), LOG_ENTRY_LAST);
  for (int type = LOG_ENTRY_CERTIFICATE; type <= LOG_ENTRY_LAST; type++)
    ck_assert_int_eq (type_of (log, (guint64)type - 1), type);
  places = issuance_log_find (log, key);
  ck_assert_uint_eq (places->len, 3); /* lists and records are not found by whose key signed them */
  issuance_log_close (log);
}
END_TEST

START_TEST (test_an_entry_of_an_unknown_type_is_none)
{
  LogEntry entry = { .type = LOG_ENTRY_CRL }, again;
  g_autoptr (GByteArray) bytes = log_entry_encode (&entry);

  ck_assert (log_entry_decode (bytes->data, bytes->len, &again, NULL));
  bytes->data[1] = LOG_ENTRY_LAST + 1;
  ck_assert (!log_entry_decode (bytes->data, bytes->len, &again, NULL));
  bytes->data[1] = 0;
  ck_assert (!log_entry_decode (bytes->data, bytes->len, &again, NULL));
}
END_TEST

START_TEST (test_two_can_not_write_but_one_may_check)
{
  g_autoptr (IssuanceLog) log = open_log ();
  g_autoptr (IssuanceLog) checker = NULL;

  append (log, 0);
  ck_assert (issuance_log_open (path, origin, LOG_OPEN_WRITE, NULL) == NULL);
  checker = issuance_log_open (path, origin, LOG_OPEN_CHECK, NULL);
  ck_assert (checker != NULL && issuance_log_size (checker) == 1);
}
END_TEST

/* A disk that is full, played by a limit on the file's size. */
START_TEST (test_after_a_failed_write_nothing_more_is_taken_until_a_restart)
{
  g_autoptr (GBytes) content = make_log ();
  g_autoptr (IssuanceLog) log = open_log ();
  LogEntry entry = { .type = LOG_ENTRY_CERTIFICATE,
                     .signed_at = 2000,
                     .certificate = span_of_text ("certificate") };
  struct rlimit limit = { g_bytes_get_size (content) + 50, RLIM_INFINITY };
  g_autoptr (GError) problem = NULL;
  guint64 index;

  signal (SIGXFSZ, SIG_IGN);
  setrlimit (RLIMIT_FSIZE, &limit);
  ck_assert (!issuance_log_append (log, &entry, &index, &problem));
  ck_assert_int_eq (problem->code, CA_ERROR_LOG);
  limit.rlim_cur = RLIM_INFINITY;
  setrlimit (RLIMIT_FSIZE, &limit);
  ck_assert (!issuance_log_append (log, &entry, &index, NULL));
  ck_assert_uint_eq (issuance_log_size (log), 3);
  g_clear_pointer (&log, issuance_log_close);
  log = open_log ();
  ck_assert_uint_eq (issuance_log_size (log), 3);
  append (log, 3);
}
END_TEST

static gpointer
append_many (gpointer data)
{
  LogEntry entry = { .type = LOG_ENTRY_CERTIFICATE,
                     .signed_at = 5,
                     .certificate = span_of_text ("c") };
  guint64 index, before = 0;

  for (guint i = 0; i < 50; i++) {
    ck_assert (issuance_log_append (data, &entry, &index, NULL));
    ck_assert (i == 0 || index > before);
    before = index;
  }
  return NULL;
}

START_TEST (test_threads_that_append_at_once_get_a_place_each)
{
  g_autoptr (IssuanceLog) log = open_log ();
  GThread *threads[8];

  for (guint i = 0; i < 8; i++)
    threads[i] = g_thread_new ("append", append_many, log);
  for (guint i = 0; i < 8; i++)
    g_thread_join (threads[i]);
  ck_assert_uint_eq (issuance_log_size (log), 400);
  g_clear_pointer (&log, issuance_log_close);
  log = open_log ();
  ck_assert_uint_eq (issuance_log_size (log), 400);
}
END_TEST

START_TEST (test_the_index_finds_each_of_many_keys)
{
  LogIndex *index = log_index_new ();
  const guint64 count = rounds_of (50000, 5000);
  guint8 key[8] = { 0 };

  for (guint64 i = 0; i < count; i++) {
    memcpy (key, &i, sizeof i);
    log_index_add (index, key, i);
  }
  for (guint64 i = 0; i < count; i++) {
    g_autoptr (GArray) places = NULL;

    memcpy (key, &i, sizeof i);
    places = log_index_find (index, key);
    ck_assert_uint_eq (places->len, 1);
    ck_assert_uint_eq (g_array_index (places, guint64, 0), i);
  }
  log_index_free (index);
}
END_TEST

/* One line an entry, as read-log.py prints them. */
static char *
our_view (IssuanceLog *log)
{
  GString *text = g_string_new (NULL);
  g_autofree char *origin_hex = hex_encode (origin, sizeof origin);

  g_string_append_printf (text, "origin %s\n", origin_hex);
  for (guint64 i = 0; i < issuance_log_size (log); i++) {
    g_autoptr (GBytes) bytes = issuance_log_read (log, i, NULL);
    const guint8 *data = g_bytes_get_data (bytes, NULL);
    guint8 hash[LOG_HASH];
    LogEntry entry;

    merkle_leaf_hash (data, g_bytes_get_size (bytes), hash);
    ck_assert (log_entry_decode (data, g_bytes_get_size (bytes), &entry, NULL));
    {
      g_autofree char *leaf = hex_encode (hash, sizeof hash);
      g_autofree char *spki = hex_encode (entry.spki_sha256, LOG_HASH);
      g_autofree char *certificate = sha256_hex (entry.certificate.data, entry.certificate.length);

      g_string_append_printf (
          text, "%u %u %" G_GINT64_FORMAT " %.*s %.*s %.*s %.*s %.*s %s %s %s\n", (guint)i,
          entry.type, entry.signed_at, (int)entry.batch.length, entry.batch.data,
          (int)entry.profile.length, entry.profile.data, (int)entry.product.length,
          entry.product.data, (int)entry.device.length, entry.device.data, (int)entry.chip.length,
          (const char *)(entry.chip.length > 0 ? entry.chip.data : (const guint8 *)""), spki,
          certificate, leaf);
    }
  }
  return g_string_free (text, FALSE);
}

START_TEST (test_an_independent_reader_sees_the_same)
{
  G_GNUC_UNUSED g_autoptr (GBytes) content = make_log ();
  g_autoptr (IssuanceLog) log = open_log ();
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;

  for (int type = LOG_ENTRY_AUTHORITY; type <= LOG_ENTRY_LAST; type++)
    append_of_type (log, (LogEntryType)type);
  ours = our_view (log);
  ck_assert_int_eq (run (NULL, &theirs, python, reader, path, NULL), 0);
  ck_assert_str_eq (ours, theirs);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca log");
  TCase *log = tcase_create ("log");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 3);
  python = argv[1];
  reader = argv[2];
  tcase_set_timeout (log, 120);
  tcase_add_checked_fixture (log, setup, teardown);
  tcase_add_test (log, test_entries_come_back_after_reopening);
  tcase_add_test (log, test_a_tail_torn_at_any_byte_is_cut_off_and_the_log_goes_on);
  tcase_add_test (log, test_an_unwritten_tail_of_zeros_is_cut_off);
  tcase_add_test (log, test_a_flipped_bit_anywhere_refuses_and_names_the_entry);
  tcase_add_test (log, test_a_missing_or_doubled_stretch_in_the_middle_refuses);
  tcase_add_test (log, test_a_log_keeps_the_name_that_it_was_made_with);
  tcase_add_test (log, test_every_type_of_entry_is_read_again);
  tcase_add_test (log, test_an_entry_of_an_unknown_type_is_none);
  tcase_add_test (log, test_two_can_not_write_but_one_may_check);
  tcase_add_test (log, test_after_a_failed_write_nothing_more_is_taken_until_a_restart);
  tcase_add_test (log, test_threads_that_append_at_once_get_a_place_each);
  tcase_add_test (log, test_the_index_finds_each_of_many_keys);
  tcase_add_test (log, test_an_independent_reader_sees_the_same);
  suite_add_tcase (suite, log);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
