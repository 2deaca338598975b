/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A log that was changed where its index covers it, an index that somebody edited, a disk that is
 * full, and kill -9 in the middle. argv[1] is strace, or nothing. Called as `test-log-cut write
 * FOLDER COUNT`, it is the writer that is killed.
 */
#include "tests/unit/ca/log-rig.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define ENTRIES 300

static const char *self;
static const char *tracer;

/* ---- a log that was changed where the index covers it ---- */

/* Where entry `number` begins. */
static gsize
frame_at (GBytes *content, guint64 number)
{
  const guint8 *data = g_bytes_get_data (content, NULL);
  gsize at = LOG_HEADER;

  for (guint64 i = 0; i < number; i++)
    at += LOG_FRAME + log_read_u32 (data + at);
  return at;
}

static void
expect_dead (const char *words)
{
  g_autoptr (IssuanceLog) log = rig_open ();
  g_autoptr (GError) problem = NULL;
  g_autofree char *said = NULL;

  ck_assert (!issuance_log_wait_verified (log, &problem));
  ck_assert_msg (strstr (problem->message, words) != NULL, "%s", problem->message);
  said = issuance_log_problem (log);
  ck_assert_ptr_nonnull (strstr (said, words));
  g_clear_error (&problem);
  ck_assert (!rig_append (log, issuance_log_size (log), &problem));
  ck_assert_ptr_nonnull (strstr (problem->message, words));
}

START_TEST (test_a_damaged_entry_that_the_index_covers_ends_issuing_and_the_next_start)
{
  g_autoptr (GBytes) good = NULL;
  g_autoptr (GBytes) bad = NULL;
  g_autoptr (GError) problem = NULL;

  rig_make (ENTRIES);
  good = rig_get (rig_path);
  bad = bytes_flipped (good, frame_at (good, 77) + 100, 1);
  rig_put (rig_path, bad);
  expect_dead ("entry 77 ");
  ck_assert_ptr_null (rig_try_open (LOG_OPEN_WRITE, &problem));
  ck_assert_ptr_nonnull (strstr (problem->message, "entry 77 "));
  ck_assert_ptr_null (rig_try_open (LOG_OPEN_CHECK, NULL));
  rig_put (rig_path, good);
  rig_expect_opens (FALSE);
}
END_TEST

/* A whole entry of the same length in its place. */
static GBytes *
rewritten (GBytes *content, guint64 number, const char *device)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  const gsize at = frame_at (content, number);
  gsize length;
  guint8 *copy = g_memdup2 (g_bytes_get_data (content, &length), g_bytes_get_size (content));
  LogEntry entry;

  rig_entry (number, &entry);
  entry.device = span_of_text (device);
  entry_frame (&entry, frame);
  ck_assert_uint_eq (frame->len, LOG_FRAME + log_read_u32 (copy + at));
  memcpy (copy + at, frame->data, frame->len);
  return g_bytes_new_take (copy, length);
}

START_TEST (test_a_rewritten_entry_ends_issuing_and_is_named)
{
  g_autoptr (GBytes) good = NULL;
  g_autoptr (GBytes) bad = NULL;

  rig_make (ENTRIES);
  good = rig_get (rig_path);
  bad = rewritten (good, 100, "SN-9999999999");
  rig_put (rig_path, bad);
  expect_dead ("entry 10"); /* 100, or the node above it: 101 */
}
END_TEST

/* The account of a batch as the index has it; zeros where it has none. */
static LogBatch
read_account (const char *name)
{
  LogStore *store = log_store_open (rig_index, NULL);
  LogReader *reader = log_reader_new (store, NULL);
  g_autofree char *text = g_strconcat ("b", name, NULL);
  g_autoptr (GBytes) key = g_bytes_new (text, strlen (text));
  LogBatch batch = { 0 };

  log_reader_begin (reader);
  log_reader_account (reader, key, &batch, sizeof batch);
  log_reader_end (reader);
  log_reader_free (reader);
  log_store_close (store);
  return batch;
}

/* As LMDB has it. */
static void
write_account (const char *name, LogBatch batch)
{
  LogStore *store = log_store_open (rig_index, NULL);
  LogReader *reader = log_reader_new (store, NULL);
  g_autofree char *text = g_strconcat ("b", name, NULL);
  g_autoptr (GBytes) key = g_bytes_new (text, strlen (text));
  LogStoreState state;
  LogTail *tail;

  log_reader_begin (reader);
  ck_assert (log_reader_state (reader, &state));
  log_reader_end (reader);
  tail = log_tail_new (state.edge.size);
  g_hash_table_insert (tail->accounts, g_bytes_ref (key), g_bytes_new (&batch, sizeof batch));
  ck_assert (log_store_write (store, tail, &state, NULL));
  log_tail_free (tail);
  log_reader_free (reader);
  log_store_close (store);
}

/* Before all is read again, or after. */
static void
expect_not_believed (const char *name)
{
  g_autoptr (IssuanceLog) log = rig_open ();
  g_autofree char *words = g_strconcat ("does not count batch ", name, NULL);
  g_autofree char *said = NULL;
  LogBatch batch;

  issuance_log_batch (log, name, &batch);
  said = issuance_log_problem (log);
  ck_assert_ptr_nonnull (said);
  ck_assert_msg (strstr (said, words) != NULL, "%s", said);
  ck_assert (!rig_append (log, issuance_log_size (log), NULL));
}

START_TEST (test_an_edited_count_is_not_believed)
{
  LogBatch batch;

  rig_make (ENTRIES);
  batch = read_account ("B");
  batch.since_ticket--; /* less than was issued */
  write_account ("B", batch);
  expect_not_believed ("B");
  rig_expect_opens (TRUE);
  rig_expect_opens (FALSE);
}
END_TEST

/* 145 is batch B's, and stands behind what the index covers. */
START_TEST (test_a_ticket_is_not_believed_to_be_of_the_batch_that_the_index_names)
{
  g_autofree char *data = rig_part ("data.mdb");
  g_autoptr (GBytes) earlier = NULL;

  rig_make (2 * RIG_STEP);
  earlier = rig_get (data);
  rig_make (ENTRIES);
  rig_put (data, earlier);
  write_account ("C", (LogBatch){ .has_ticket = TRUE, .ticket = 145 });
  expect_not_believed ("C");
  rig_expect_opens (TRUE);
}
END_TEST

/* ---- cut ---- */

/* What the killed one wrote on its standard output. */
static guint64
last_said (const char *said)
{
  g_auto (GStrv) lines = g_strsplit (said, "\n", -1);
  guint count = g_strv_length (lines);

  return count > 1 ? g_ascii_strtoull (lines[count - 2], NULL, 10) : 0;
}

/* TRUE where the writer ended before it made that call so often. */
static gboolean
cut_at (GBytes *log, GBytes *index, const char *call, guint when)
{
  g_autofree char *rule = g_strdup_printf ("inject=%s:signal=SIGKILL:when=%u", call, when);
  g_autofree char *trace = g_strdup_printf ("trace=%s", call);
  g_autofree char *data = rig_part ("data.mdb");
  g_autofree char *said = NULL;
  const guint64 count = 2 * RIG_STEP + 5;
  int status;

  rig_put (rig_path, log);
  rig_put (data, index);
  {
    g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, count);

    status = run (rig_folder, &said, tracer, "-f", "-qq", "-o", "/dev/null", "-e", trace, "-e",
                  rule, self, "write", rig_folder, number, NULL);
  }
  {
    g_autoptr (IssuanceLog) after = rig_open ();

    ck_assert_uint_ge (issuance_log_size (after), last_said (said));
    rig_expect_truth (after);
    rig_expect_verified (after);
  }
  return status == 0;
}

/* The log ends two entries before the index is written, so that this is most of what is cut. */
START_TEST (test_kill_9_at_any_call_leaves_a_log_and_an_index_that_is_true)
{
  static const char *const calls[] = { "pwrite64", "pwritev", "writev", "fdatasync", "unlink" };
  g_autofree char *data = rig_part ("data.mdb");
  g_autoptr (GBytes) log = NULL;
  g_autoptr (GBytes) index = NULL;

  rig_make (2 * RIG_STEP - 2);
  log = rig_get (rig_path);
  index = rig_get (data);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    guint when = 1;

    while (!cut_at (log, index, calls[i], when))
      when++;
    ck_assert_uint_lt (when, 200);
  }
}
END_TEST

/* Short ones, so that the log stays smaller than its index. */
static void
append_clocks (IssuanceLog *log, guint count)
{
  for (guint i = 0; i < count; i++) {
    LogEntry entry = { .type = LOG_ENTRY_CLOCK, .signed_at = 5000 + i };
    guint64 index;

    ck_assert (issuance_log_append (log, &entry, &index, NULL));
  }
}

/* A disk that is full for the index, played by a limit on a file's size. */
START_TEST (test_an_index_that_can_not_be_written_stops_nothing)
{
  struct rlimit limit = { 0, RLIM_INFINITY };
  g_autofree char *data = NULL;
  IssuanceLog *log;

  rig_make (RIG_STEP);
  data = rig_part ("data.mdb");
  {
    g_autoptr (GBytes) index = rig_get (data);

    limit.rlim_cur = g_bytes_get_size (index) + 8192;
  }
  signal (SIGXFSZ, SIG_IGN);
  log = rig_open ();
  setrlimit (RLIMIT_FSIZE, &limit);
  append_clocks (log, RIG_STEP + 5);
  for (guint i = 0; i < 1000 && !log->index_stopped && log->older != NULL; i++)
    g_usleep (5000);
  ck_assert (log->index_stopped);
  rig_expect_truth (log);
  issuance_log_close (log);
  limit.rlim_cur = RLIM_INFINITY;
  setrlimit (RLIMIT_FSIZE, &limit);
  {
    g_autoptr (IssuanceLog) again = rig_open ();

    ck_assert_uint_eq (again->to_verify, RIG_STEP);
    rig_expect_truth (again);
    rig_expect_verified (again);
  }
  rig_expect_opens (FALSE);
}
END_TEST

/* Says how many entries are on the disk. */
static int
write_until_killed (const char *folder, guint64 count)
{
  IssuanceLog *log;

  rig_use (folder);
  log = rig_open ();
  for (guint64 i = issuance_log_size (log); i < count; i++) {
    if (!rig_append (log, i, NULL))
      return EXIT_FAILURE;
    printf ("%" G_GUINT64_FORMAT "\n", i + 1);
    fflush (stdout);
  }
  rig_wait_carried (log);
  issuance_log_close (log);
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca log cut");
  TCase *tests = tcase_create ("ca log cut");
  SRunner *runner;
  int failed;

  if (argc == 4)
    return write_until_killed (argv[2], g_ascii_strtoull (argv[3], NULL, 10));
  self = argv[0];
  tracer = argc > 1 ? argv[1] : NULL;
  tcase_set_timeout (tests, 120);
  tcase_add_checked_fixture (tests, rig_setup, rig_teardown);
  tcase_add_test (tests,
                  test_a_damaged_entry_that_the_index_covers_ends_issuing_and_the_next_start);
  tcase_add_test (tests, test_a_rewritten_entry_ends_issuing_and_is_named);
  tcase_add_test (tests, test_an_edited_count_is_not_believed);
  tcase_add_test (tests, test_a_ticket_is_not_believed_to_be_of_the_batch_that_the_index_names);
  if (tracer != NULL)
    tcase_add_test (tests, test_kill_9_at_any_call_leaves_a_log_and_an_index_that_is_true);
  tcase_add_test (tests, test_an_index_that_can_not_be_written_stops_nothing);
  suite_add_tcase (suite, tests);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
