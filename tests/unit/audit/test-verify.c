/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An honest log passes; each thing that is wrong with one is named by its place, and a near twin
 * that is right passes.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "ca/proof/merkle.h"
#include "tests/unit/audit/told-story.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

/* The frame that holds byte `at` of the file. */
static guint64
entry_at (GBytes *content, gsize at)
{
  const guint8 *data = g_bytes_get_data (content, NULL);
  gsize next = LOG_HEADER;
  guint64 index = 0;

  while (next + LOG_FRAME + log_read_u32 (data + next) <= at) {
    next += LOG_FRAME + log_read_u32 (data + next);
    index++;
  }
  return index;
}

static gsize
place_of (GBytes *content, guint64 index)
{
  const guint8 *data = g_bytes_get_data (content, NULL);
  gsize next = LOG_HEADER;

  for (guint64 i = 0; i < index; i++)
    next += LOG_FRAME + log_read_u32 (data + next);
  return next;
}

START_TEST (test_an_honest_log_is_good)
{
  g_autoptr (AuditResult) result = NULL;

  tell ();
  result = story_verify (story, kept);
  ck_assert_ptr_null (audit_first_wrong (result));
  ck_assert_uint_eq (result->entries, 9);
  ck_assert_uint_eq (result->checked[AUDIT_CERTIFICATES], 5);
  ck_assert_uint_eq (result->checked[AUDIT_TICKETS], 7);
  ck_assert_uint_eq (result->checked[AUDIT_REPORTS], 2);
  ck_assert_uint_eq (result->checked[AUDIT_CHECKPOINTS], 2);
  ck_assert_uint_eq (result->checked[AUDIT_KEPT], 1);
}
END_TEST

START_TEST (test_a_flipped_byte_names_its_entry)
{
  g_autoptr (GBytes) content = NULL;

  tell ();
  content = story_log (story);
  for (gsize at = LOG_HEADER; at < g_bytes_get_size (content); at += rounds_of (97, 389)) {
    g_autoptr (GBytes) bad = bytes_flipped (content, at, (guint8)(1 << at % 8));
    g_autofree char *place = g_strdup_printf ("log %" G_GUINT64_FORMAT, entry_at (content, at));

    story_put_log (story, g_bytes_get_data (bad, NULL), g_bytes_get_size (bad));
    expect_first (place);
  }
  story_put_log (story, g_bytes_get_data (content, NULL), g_bytes_get_size (content));
  expect_first ("");
}
END_TEST

START_TEST (test_a_kept_file_without_a_checkpoint_is_named)
{
  tell ();
  ck_assert (g_file_set_contents (kept, "", 0, NULL));
  expect_first ("kept kept.note");
}
END_TEST

START_TEST (test_no_log_is_named)
{
  tell ();
  story_put_log (story, "KCISSLOG", 8);
  expect_first ("header");
}
END_TEST

/* Behind what was kept a torn write is told; in front of it the log was cut. */
START_TEST (test_a_torn_end_is_told_and_a_cut_one_is_wrong)
{
  g_autoptr (GBytes) content = NULL;
  const guint8 *data;

  tell ();
  unlink (checkpoints);
  content = story_log (story);
  data = g_bytes_get_data (content, NULL);
  for (gsize length = place_of (content, 8) + 1; length < g_bytes_get_size (content);
       length += rounds_of (101, 401))
  {
    g_autoptr (AuditResult) result = NULL;

    story_put_log (story, data, length);
    result = story_verify (story, kept);
    ck_assert_ptr_null (audit_first_wrong (result));
    ck_assert_uint_eq (result->entries, 8);
    ck_assert_uint_eq (result->found[AUDIT_LOG][AUDIT_NOTE], 1);
  }
  story_put_log (story, data, place_of (content, 3));
  expect_first ("kept kept.note");
  story_put_log (story, data, place_of (content, 4));
  expect_first ("");
}
END_TEST

/* A forger who makes the frames anew: roots tell. */
START_TEST (test_a_missing_entry_shows_at_the_next_root)
{
  g_autoptr (GBytes) content = NULL;
  g_autoptr (GByteArray) forged = g_byte_array_new ();
  const guint8 *data;
  gsize from, to;

  tell ();
  content = story_log (story);
  data = g_bytes_get_data (content, NULL);
  from = place_of (content, 2);
  to = place_of (content, 3);
  g_byte_array_append (forged, data, (guint)from);
  g_byte_array_append (forged, data + to, (guint)(g_bytes_get_size (content) - to));
  story_put_log (story, forged->data, forged->len);
  /* What was entry 4 tells of 4 entries, and stands behind 3. */
  expect_first ("log 3");
}
END_TEST

/* The maker begins again with the same keys and serial numbers. */
START_TEST (test_a_key_of_two_devices_is_named)
{
  LogEntry entry;

  tell ();
  story_ticket (story, 3, "B-1", 9);
  entry_make (story->maker, 0, &entry);
  entry.batch = span_of_text ("B-1");
  entry.device = span_of_text ("another");
  entry.signed_at = 0;
  story_append (story, &entry);
  expect_first ("log 10");
}
END_TEST

START_TEST (test_a_field_that_a_type_does_not_name_is_wrong)
{
  LogEntry refusal = { .type = LOG_ENTRY_REFUSAL,
                       .batch = span_of_text ("B-1"),
                       .profile = span_of_text ("ticket-used-up"),
                       .device = span_of_text ("SN-1"),
                       .product = span_of_text ("no more") };

  tell ();
  story_append (story, &refusal);
  expect_first ("");
  refusal.spki_sha256[5] = 1;
  story_append (story, &refusal);
  expect_first ("log 10");
}
END_TEST

START_TEST (test_a_checkpoint_of_another_station_is_named)
{
  StorySigner station;

  tell ();
  station = story->station;
  story->station = story->owner;
  story_checkpoint (story, checkpoints);
  story->station = station;
  expect_first ("checkpoint 3");
}
END_TEST

/* The CA's own certificate stands beside: then issuers are judged, and signatures where asked. */
START_TEST (test_a_signature_that_is_not_the_cas_is_named)
{
  AuditPlan plan = { .folder = story->collection, .certificates = TRUE };
  g_autofree char *authorities = g_build_filename (story->collection, "authorities.pem", NULL);
  const Span der = entry_maker_authority (story->maker);
  g_autofree char *pem = pem_encode ("CERTIFICATE", der.data, der.length);
  g_autoptr (EntryMaker) noise = entry_maker_new (story->folder, FALSE);
  g_autoptr (AuditResult) good = NULL;
  g_autoptr (AuditResult) bad = NULL;
  LogEntry entry;

  tell ();
  ck_assert (g_file_set_contents (authorities, pem, -1, NULL));
  good = audit_verify (&plan, NULL);
  ck_assert_ptr_null (audit_first_wrong (good));
  ck_assert_uint_eq (good->checked[AUDIT_SIGNATURES], 5);
  ck_assert_uint_eq (good->found[AUDIT_SIGNATURES][AUDIT_UNCHECKED], 0);
  entry_make (noise, 1000, &entry);
  entry.batch = span_of_text ("B-3");
  entry.signed_at = 0;
  story_append (story, &entry);
  bad = audit_verify (&plan, NULL);
  ck_assert_uint_eq (bad->found[AUDIT_SIGNATURES][AUDIT_WRONG], 1);
  ck_assert_str_eq (audit_first_wrong (bad)->place, "log 9");
}
END_TEST

START_TEST (test_a_month_counts_what_was_issued_in_it)
{
  static const struct {
    const char *month;
    guint entries;
  } months[] = { { "2025-11", 5 }, { "2025-12", 0 } };
  gint64 from, to;

  tell ();
  for (guint i = 0; i < G_N_ELEMENTS (months); i++) {
    g_autoptr (AuditTally) tally = NULL;
    AuditPlan plan = { .folder = story->collection };
    g_autoptr (AuditResult) result = NULL;
    g_autofree char *text = NULL;
    g_autofree char *wanted = g_strdup_printf ("signatures: %u (", months[i].entries);

    ck_assert (audit_tally_month (months[i].month, &from, &to));
    plan.tally = tally = audit_tally_new (from, to);
    result = audit_verify (&plan, NULL);
    text = audit_tally_text (tally);
    ck_assert_msg (strstr (text, wanted) != NULL, "%s", text);
    /* Without a ledger there are entries without rows. */
    ck_assert_int_eq (audit_tally_is_even (tally), months[i].entries == 0);
  }
  ck_assert (!audit_tally_month ("2025-13", &from, &to));
  ck_assert (!audit_tally_month ("11-2025", &from, &to));
}
END_TEST

/* The rows of a manifest that the station signed: entries, each with a device of its own or another
 * one's name. */
static const struct {
  guint64 entries[3]; /* 0 ends them: entry 0 is the ticket */
  const char *device; /* of the last row */
  guint rows;         /* that the statement tells of */
  const char *wrong;
} manifests[] = {
  { { 1, 2, 3 }, NULL, 3, NULL },
  { { 1, 2, 3 }, NULL, 4, "number of rows" },
  { { 1, 2, 2 }, NULL, 3, "row 3: its unit stands in a row before" },
  { { 1, 2, 3 }, "SN-0000000001", 3, "row 3: its certificate is another device's" },
  { { 1, 2, 0 }, NULL, 2, NULL },
};

START_TEST (test_rows_of_a_manifest_are_certificates_of_its_batch)
{
  g_autofree char *path = g_build_filename (story->folder, "manifest.csv", NULL);
  const char *const paths[] = { path, NULL };
  const AuditPlan plan = { .folder = story->collection, .manifests = paths };
  g_autoptr (GString) content = g_string_new (STORY_HEADER);
  g_autoptr (AuditResult) result = NULL;
  const AuditFinding *first;

  tell ();
  for (guint i = 0; i < 3 && manifests[_i].entries[i] != 0; i++) {
    g_autofree char *row =
        story_row (story, manifests[_i].entries[i], i == 2 ? manifests[_i].device : NULL);
    g_string_append (content, row);
  }
  story_manifest (story, "B-1", path, content->str, manifests[_i].rows);
  result = audit_verify (&plan, NULL);
  first = audit_first_wrong (result);
  if (manifests[_i].wrong == NULL) {
    ck_assert_ptr_null (first);
    return;
  }
  ck_assert_ptr_nonnull (first);
  ck_assert_str_eq (first->place, "manifest manifest.csv");
  ck_assert_msg (strstr (first->sentence, manifests[_i].wrong) != NULL, "%s", first->sentence);
}
END_TEST

/* Signed, and in no log. */
START_TEST (test_a_certificate_from_elsewhere_in_a_manifest_is_named)
{
  g_autofree char *path = g_build_filename (story->folder, "manifest.csv", NULL);
  const char *const paths[] = { path, NULL };
  const AuditPlan plan = { .folder = story->collection, .manifests = paths };
  g_autofree char *row = NULL;
  g_autofree char *content = NULL;
  g_autoptr (AuditResult) result = NULL;
  LogEntry entry;

  tell ();
  entry_make (story->maker, 5000, &entry);
  row = story_row_of (&entry, NULL);
  content = g_strconcat (STORY_HEADER, row, NULL);
  story_manifest (story, "B-1", path, content, 1);
  result = audit_verify (&plan, NULL);
  ck_assert_ptr_nonnull (audit_first_wrong (result));
  ck_assert_ptr_nonnull (strstr (audit_first_wrong (result)->sentence, "is not in the log"));
}
END_TEST

/* However many there are, and in whatever order they are found. */
START_TEST (test_of_very_many_wrong_rows_the_first_is_named)
{
  g_autofree char *path = g_build_filename (story->folder, "manifest.csv", NULL);
  const char *const paths[] = { path, NULL };
  const AuditPlan plan = { .folder = story->collection, .manifests = paths };
  g_autoptr (GString) content = g_string_new (STORY_HEADER);
  g_autoptr (AuditResult) result = NULL;
  const guint rows = 2500;

  tell ();
  for (guint i = 0; i < rows; i++) {
    g_autofree char *row = NULL;
    LogEntry entry;

    entry_make (story->maker, 5000 + i, &entry);
    row = story_row_of (&entry, NULL);
    g_string_append (content, row);
  }
  story_manifest (story, "B-1", path, content->str, rows);
  result = audit_verify (&plan, NULL);
  ck_assert_ptr_nonnull (audit_first_wrong (result));
  ck_assert_msg (g_str_has_prefix (audit_first_wrong (result)->sentence, "row 1: "), "%s",
                 audit_first_wrong (result)->sentence);
}
END_TEST

START_TEST (test_what_was_not_checked_is_said)
{
  const AuditPlan plan = { .folder = story->log_path };
  g_autoptr (AuditResult) result = NULL;

  tell ();
  result = audit_verify (&plan, NULL);
  ck_assert_ptr_nonnull (result);
  ck_assert_ptr_null (audit_first_wrong (result));
  ck_assert_uint_ge (result->found[AUDIT_TICKETS][AUDIT_UNCHECKED], 1);
  ck_assert_uint_ge (result->found[AUDIT_KEPT][AUDIT_UNCHECKED], 1);
  ck_assert_uint_ge (result->found[AUDIT_LEDGER][AUDIT_UNCHECKED], 1);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("verify");
  TCase *stories = tcase_create ("stories");
  SRunner *runner = srunner_create (suite);

  tcase_add_checked_fixture (stories, told_setup, told_teardown);
  tcase_set_timeout (stories, 60);
  tcase_add_test (stories, test_an_honest_log_is_good);
  tcase_add_test (stories, test_a_flipped_byte_names_its_entry);
  tcase_add_test (stories, test_a_kept_file_without_a_checkpoint_is_named);
  tcase_add_test (stories, test_no_log_is_named);
  tcase_add_test (stories, test_a_torn_end_is_told_and_a_cut_one_is_wrong);
  tcase_add_test (stories, test_a_missing_entry_shows_at_the_next_root);
  tcase_add_test (stories, test_a_key_of_two_devices_is_named);
  tcase_add_test (stories, test_a_field_that_a_type_does_not_name_is_wrong);
  tcase_add_test (stories, test_a_checkpoint_of_another_station_is_named);
  tcase_add_test (stories, test_a_signature_that_is_not_the_cas_is_named);
  tcase_add_test (stories, test_a_month_counts_what_was_issued_in_it);
  tcase_add_loop_test (stories, test_rows_of_a_manifest_are_certificates_of_its_batch, 0,
                       G_N_ELEMENTS (manifests));
  tcase_add_test (stories, test_a_certificate_from_elsewhere_in_a_manifest_is_named);
  tcase_add_test (stories, test_of_very_many_wrong_rows_the_first_is_named);
  tcase_add_test (stories, test_what_was_not_checked_is_said);
  suite_add_tcase (suite, stories);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
