/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Exports of only what is new: no device twice, none forgotten, and each file verified as a
 * whole one is. And what an export tells of its progress.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "db/manifest-private.h"
#include "manifest-fixture.h"

static void
pass_more (guint from, guint count)
{
  for (guint i = from; i < from + count; i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    g_autoptr (Certificate) certificate = pass (f.ledger, "b1", chip, i);
    ck_assert_ptr_nonnull (certificate);
  }
}

static void
take_back (const char *device)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Certificate) gone = ledger_certificate (f.ledger, device, NULL);

  assert_ok (ledger_void_certificate (f.ledger, gone->id, "lost", "sue", &error), error);
}

/* Exports, for what that leaves on record. */
static void
deliver_all (const char *format)
{
  g_autofree char *text = export_text (format, NULL);
  ck_assert_ptr_nonnull (text);
}

static void
deliver_new (const char *format)
{
  g_autofree char *text = export_new (format, NULL);
  ck_assert_ptr_nonnull (text);
}

/* The devices of a manifest in format jsonl, with spaces between. */
static char *
devices_in (const char *text)
{
  static const char field[] = "\"device\":\"";
  GString *devices = g_string_new (NULL);

  for (const char *at = strstr (text, field); at != NULL; at = strstr (at, field)) {
    at += strlen (field);
    g_string_append_printf (devices, "%s%.*s", devices->len > 0 ? " " : "", (int)strcspn (at, "\""),
                            at);
  }
  return g_string_free (devices, FALSE);
}

#define assert_devices(text, expected)                                                             \
  do {                                                                                             \
    g_autofree char *devices_ = devices_in (text);                                                 \
    ck_assert_str_eq (devices_, expected);                                                         \
  } while (0)

START_TEST (the_first_export_of_what_is_new_has_everything)
{
  g_autofree char *first = export_new ("jsonl", NULL);
  g_autofree char *whole = export_text ("jsonl", NULL);
  g_autoptr (GPtrArray) exports = ledger_exports (f.ledger, "b1", 0, NULL);
  ck_assert_str_eq (first, whole);
  ck_assert (!((ExportRecord *)g_ptr_array_index (exports, 1))->new_only);
}
END_TEST

START_TEST (an_export_of_what_is_new_goes_on_where_the_last_one_ended)
{
  g_autofree char *whole = export_text ("jsonl", NULL);
  pass_more (5, 2);
  g_autofree char *second = export_new ("jsonl", NULL);
  pass_more (7, 1);
  g_autofree char *third = export_new ("jsonl", NULL);
  g_autofree char *nothing = export_new ("jsonl", NULL);
  pass_more (8, 1);
  g_autofree char *again_whole = export_text ("jsonl", NULL);
  g_autofree char *nothing_more = export_new ("jsonl", NULL);

  assert_devices (whole, "chip-0 chip-1 chip-2 chip-3 chip-4");
  assert_devices (second, "chip-5 chip-6");
  assert_devices (third, "chip-7");
  ck_assert_str_eq (nothing, "");
  assert_devices (again_whole, "chip-0 chip-1 chip-2 chip-3 chip-4 chip-5 chip-6 chip-7 chip-8");
  ck_assert_str_eq (nothing_more, "");
}
END_TEST

static void
assert_units (const char *format, guint64 units, guint64 fresh)
{
  g_autoptr (GError) error = NULL;
  ExportCount count;

  assert_ok (ledger_count_export (f.ledger, "b1", format, &count, &error), error);
  ck_assert_uint_eq (count.units, units);
  ck_assert_uint_eq (count.new_units, fresh);
}

START_TEST (a_file_that_never_got_its_name_leaves_all_as_new_as_it_was)
{
  g_autofree char *lost = export_lost ("jsonl", FALSE, NULL);
  g_autoptr (ManifestSummary) late = NULL;
  g_autoptr (GError) error = NULL;

  assert_devices (lost, "chip-0 chip-1 chip-2 chip-3 chip-4");
  assert_units ("jsonl", DEVICES, DEVICES);
  deliver_new ("jsonl");
  pass_more (5, 2);
  g_autofree char *second = export_lost ("jsonl", TRUE, &late);
  assert_devices (second, "chip-5 chip-6");
  assert_units ("jsonl", 7, 2);
  g_autofree char *third = export_lost ("jsonl", TRUE, NULL);
  ck_assert_str_eq (third, second);
  assert_ok (ledger_confirm_export (f.ledger, late->id, "anna", &error), error);
  assert_ok (ledger_confirm_export (f.ledger, late->id, "anna", &error), error);
  assert_units ("jsonl", 7, 0);
  g_autofree char *fourth = export_new ("jsonl", NULL);
  ck_assert_str_eq (fourth, "");
  assert_error (!ledger_confirm_export (f.ledger, 99, "anna", &error), LEDGER_ERROR_NOT_FOUND,
                error);
}
END_TEST

START_TEST (the_units_of_an_export_are_counted_before_it_is_made)
{
  assert_units ("jsonl", DEVICES, DEVICES);
  deliver_new ("jsonl");
  assert_units ("jsonl", DEVICES, 0);
  assert_units ("csv", DEVICES, DEVICES);
  pass_more (5, 3);
  take_back ("chip-6");
  take_back ("chip-1");
  assert_units ("jsonl", DEVICES + 1, 2);
  g_autofree char *second = export_new ("jsonl", NULL);
  assert_devices (second, "chip-5 chip-7");
  assert_units ("jsonl", DEVICES + 1, 0);
}
END_TEST

START_TEST (each_format_has_its_own_last_export)
{
  deliver_new ("jsonl");
  g_autoptr (ManifestSummary) summary = NULL;
  g_autofree char *csv = export_new ("csv", &summary);
  ck_assert_uint_eq (summary->rows, DEVICES);
  g_autoptr (ManifestSummary) empty = NULL;
  g_autofree char *header = export_new ("csv", &empty);
  ck_assert_uint_eq (empty->rows, 0);
  ck_assert (g_str_has_prefix (csv, header));
  ck_assert_uint_gt (strlen (header), 0);
}
END_TEST

START_TEST (a_voided_device_is_not_new)
{
  deliver_all ("jsonl");
  pass_more (5, 3);
  take_back ("chip-6");
  take_back ("chip-1");
  g_autofree char *second = export_new ("jsonl", NULL);
  assert_devices (second, "chip-5 chip-7");
  /* Certified anew it is new again, with its new certificate. */
  ck_assert (ledger_allow_retry (f.ledger, "chip-1", "sue", NULL));
  g_autoptr (Certificate) renewed = pass (f.ledger, "b1", "chip-1", 8);
  ck_assert_ptr_nonnull (renewed);
  g_autofree char *third = export_new ("jsonl", NULL);
  assert_devices (third, "chip-1");
  ck_assert_ptr_nonnull (strstr (third, renewed->sha256));
}
END_TEST

START_TEST (a_retry_that_delivers_the_same_certificate_is_not_new)
{
  gint64 attempt;
  deliver_all ("jsonl");
  ck_assert (ledger_allow_retry (f.ledger, "chip-2", "sue", NULL));
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-2", NULL, &attempt, NULL);
  g_autoptr (Certificate) live = ledger_live_certificate (f.ledger, device->id, NULL);
  ck_assert (ledger_certificate_verified (f.ledger, attempt, live->id, NULL, NULL));
  g_autofree char *second = export_new ("jsonl", NULL);
  ck_assert_str_eq (second, "");
}
END_TEST

START_TEST (together_they_hold_each_device_once)
{
  GString *all = g_string_new (NULL);
  guint next = DEVICES;

  for (guint round = 0; round < 6; round++) {
    g_autofree char *part = export_new ("jsonl", NULL);
    g_string_append (all, part);
    pass_more (next, round);
    next += round;
  }
  g_autofree char *last = export_new ("jsonl", NULL);
  g_string_append (all, last);
  g_autofree char *whole = export_text ("jsonl", NULL);
  ck_assert_str_eq (all->str, whole);
  g_string_free (all, TRUE);
}
END_TEST

START_TEST (an_export_that_failed_is_not_on_record)
{
  g_autoptr (GError) error = NULL;
  int fd = open ("/dev/full", O_WRONLY);
  const ManifestOrder order = { .format = "jsonl",
                                .batch = "b1",
                                .new_only = TRUE,
                                .ca_certificate = ca,
                                .fd = fd,
                                .actor = "anna" };
  deliver_all ("jsonl");
  pass_more (5, 2);
  check_keys (f.ledger);
  ck_assert_ptr_null (manifest_export (f.ledger, &order, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "No space left"));
  close (fd);
  g_autoptr (GPtrArray) exports = ledger_exports (f.ledger, "b1", 0, NULL);
  ck_assert_uint_eq (exports->len, 1);
  g_autofree char *again = export_new ("jsonl", NULL);
  assert_devices (again, "chip-5 chip-6");
}
END_TEST

START_TEST (an_export_can_go_into_a_pipe)
{
  g_autoptr (GError) error = NULL;
  int ends[2];
  char text[65536];
  ck_assert_int_eq (pipe (ends), 0);
  const ManifestOrder order = {
    .format = "jsonl", .batch = "b1", .ca_certificate = ca, .fd = ends[1]
  };
  check_keys (f.ledger);
  g_autoptr (ManifestSummary) summary = manifest_export (f.ledger, &order, &error);
  assert_ok (summary != NULL, error);
  ck_assert_int_eq (read (ends[0], text, sizeof text), (ssize_t)summary->bytes);
  close (ends[0]);
  close (ends[1]);
}
END_TEST

/* ---- verification ---- */

START_TEST (a_file_of_what_is_new_stays_genuine_through_voids_and_growth)
{
  const ManifestFormat *const *formats = manifest_formats ();

  for (guint i = 0; formats[i] != NULL; i++) {
    const ManifestWriter *writer = manifest_writer (formats[i]->name);
    if (writer->signs || writer->needs_target) /* test-formats.c has these */
      continue;
    keep_requests ();
    deliver_all (formats[i]->name);
    guint from = DEVICES + 4 * i;
    g_autofree char *victim = g_strdup_printf ("chip-%u", from + 1);
    pass_more (from, 3);
    keep_requests ();
    g_autofree char *text = export_new (formats[i]->name, NULL);
    take_back (victim);
    pass_more (from + 3, 1);
    fixture_reopen (&f);
    g_autoptr (ManifestVerdict) verdict = verify_text (text);
    ck_assert (verdict->genuine);
    ck_assert_str_eq (verdict->format, formats[i]->name);
    ck_assert_str_eq (verdict->batch, "b1");
    ck_assert_uint_eq (verdict->rows, 3);
    ck_assert_uint_eq (verdict->problems->len, 0);
  }
}
END_TEST

START_TEST (a_changed_file_of_what_is_new_is_held_against_its_own_export)
{
  g_autofree char *whole = export_text ("jsonl", NULL);
  pass_more (5, 2);
  g_autofree char *second = export_new ("jsonl", NULL);
  pass_more (7, 2);
  g_autofree char *third = export_new ("jsonl", NULL);
  g_autofree char *later_whole = export_text ("jsonl", NULL);
  ck_assert_str_ne (later_whole, whole);
  /* Of the same batch, format, number of rows and size: only the range tells them apart. */
  g_autofree char *edited = replaced (second, "chip-6\",\"batch\":\"b1", "chip-6\",\"batch\":\"b2");
  g_autoptr (ManifestVerdict) verdict = verify_text (edited);
  ck_assert (!verdict->genuine);
  ck_assert (has_problem (verdict, "line 2: batch was edited: it says b2"));
  ck_assert (has_problem (verdict, "line 2: the first line that differs from the export; that one "
                                   "has device chip-6 here"));
  ck_assert_uint_eq (verdict->problems->len, 2);
  g_autofree char *edited_third =
      replaced (third, "chip-8\",\"batch\":\"b1", "chip-8\",\"batch\":\"b2");
  assert_problem (edited_third, "line 2: the first line that differs from the export; that one has "
                                "device chip-8 here");
}
END_TEST

START_TEST (lines_missing_or_added_to_what_is_new_are_named)
{
  g_autofree char *whole = export_text ("jsonl", NULL);
  pass_more (5, 3);
  g_autofree char *text = export_new ("jsonl", NULL);
  pass_more (8, 2);
  g_autofree char *other = export_new ("jsonl", NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_auto (GStrv) whole_lines = g_strsplit (whole, "\n", -1);
  ck_assert_str_ne (other, text);
  /* With two lines left it has as many as the other one. */
  g_autofree char *without_last = g_strjoin ("\n", lines[0], lines[1], "", NULL);
  g_autofree char *with_old =
      g_strjoin ("\n", lines[0], lines[1], lines[2], whole_lines[0], "", NULL);

  assert_problem (without_last, "lines are missing at the end, from device chip-7 on");
  assert_problem (with_old, "line 4: this line and those after it are not part of the export");
}
END_TEST

START_TEST (two_days_files_put_together_are_no_manifest)
{
  pass_more (5, 1);
  g_autofree char *first = export_new ("jsonl", NULL);
  pass_more (6, 1);
  g_autofree char *second = export_new ("jsonl", NULL);
  g_autofree char *swapped = g_strconcat (second, first, NULL);
  g_autoptr (ManifestVerdict) verdict = verify_text (swapped);
  ck_assert (!verdict->genuine);
  ck_assert_uint_gt (verdict->problems->len, 0);
}
END_TEST

START_TEST (a_namesake_in_an_earlier_file_is_seen)
{
  g_autoptr (ManifestSummary) summary = NULL;
  g_autoptr (GBytes) same = new_certificate ("chip-2", 10);
  deliver_all ("aws");
  g_autoptr (Certificate) certificate = pass_with (f.ledger, "b1", "chip-u", DEVICES, same);
  ck_assert_ptr_nonnull (certificate);
  g_autofree char *text = export_new ("aws", &summary);
  ck_assert_str_eq (text, "");
  ck_assert_uint_eq (summary->omissions->len, 1);
}
END_TEST

/* ---- the record ---- */

START_TEST (exports_are_listed_newest_first)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ManifestSummary) summary = NULL;
  start_batch (f.ledger, "b2", 0, NULL);
  deliver_all ("jsonl");
  pass_more (5, 1);
  g_autofree char *text = export_new ("jsonl", &summary);
  g_autoptr (GPtrArray) all = ledger_exports (f.ledger, NULL, 0, NULL);
  g_autoptr (GPtrArray) last = ledger_exports (f.ledger, "b1", 1, NULL);
  g_autoptr (GPtrArray) none = ledger_exports (f.ledger, "b2", 0, NULL);
  const ExportRecord *newest = g_ptr_array_index (all, 0);
  const ExportRecord *oldest = g_ptr_array_index (all, 1);

  ck_assert_uint_eq (all->len, 2);
  ck_assert_uint_eq (last->len, 1);
  ck_assert_uint_eq (none->len, 0);
  ck_assert (newest->new_only);
  ck_assert (!oldest->new_only);
  ck_assert_str_eq (newest->sha256, summary->sha256);
  ck_assert_uint_eq (newest->rows, 1);
  ck_assert_uint_eq (newest->bytes, strlen (text));
  ck_assert_str_eq (newest->batch, "b1");
  ck_assert_str_eq (newest->format, "jsonl");
  ck_assert_str_eq (newest->actor, "anna");
  ck_assert_int_ge (newest->at, oldest->at);
  assert_error (ledger_exports (f.ledger, "b9", 0, &error) == NULL, LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

START_TEST (the_audit_event_says_new_only_and_a_follower_sees_it)
{
  deliver_all ("jsonl");
  g_autoptr (GPtrArray) seen = ledger_events (f.ledger, 2, NULL);
  const AuditEvent *confirmed = g_ptr_array_index (seen, 0);
  const AuditEvent *before = g_ptr_array_index (seen, 1);
  pass_more (5, 1);
  deliver_new ("jsonl");
  g_autoptr (GPtrArray) unseen = ledger_events_after (f.ledger, confirmed->id, 0, NULL);
  g_autoptr (GPtrArray) first = ledger_events_after (f.ledger, confirmed->id, 1, NULL);
  const AuditEvent *oldest = g_ptr_array_index (unseen, 0);
  const AuditEvent *newest = g_ptr_array_index (unseen, unseen->len - 2);
  const AuditEvent *last = g_ptr_array_index (unseen, unseen->len - 1);

  ck_assert_str_eq (before->kind, "export");
  ck_assert_ptr_null (strstr (before->detail, "new only"));
  ck_assert_str_eq (confirmed->kind, "export-confirmed");
  ck_assert_int_eq (oldest->id, confirmed->id + 1);
  ck_assert_str_eq (oldest->kind, "device-new");
  ck_assert_str_eq (newest->kind, "export");
  ck_assert (g_str_has_prefix (newest->detail, "jsonl, new only, 1 rows, 0 left out, SHA-256 "));
  ck_assert_uint_eq (first->len, 1);
  ck_assert_int_eq (((AuditEvent *)g_ptr_array_index (first, 0))->id, oldest->id);
  ck_assert_str_eq (last->kind, "export-confirmed");
  g_autoptr (GPtrArray) none = ledger_events_after (f.ledger, last->id, 0, NULL);
  ck_assert_uint_eq (none->len, 0);
}
END_TEST

/* ---- progress ---- */

/* Certificates as the ledger would have stored them; the DER is chip-0's own. */
static void
insert_many (void)
{
  ck_assert (raw_sql (
      f.path,
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
      " INSERT INTO devices (id, serial, batch, driver, state, created_at)"
      " SELECT 1000 + i, 'm-' || i, 1, 'smp', 'started', 0 FROM n;"
      "INSERT INTO keys SELECT randomblob (32), id FROM devices WHERE id > 1000;"
      "DROP TRIGGER audit_dense;"
      "INSERT INTO audit_events (id, at, actor, kind, subject, detail, hash)"
      " SELECT id, 0, 'x', 'certificate-verified', serial, '', zeroblob (32) FROM devices"
      " WHERE id > 1000;"
      "INSERT INTO certificates (device, batch, profile, state, log_index, issued_at, verified_at,"
      " verified_event, serial_number, sha256, sha1, spki_sha256, subject, not_before, not_after,"
      " der) SELECT devices.id, 1, profile, 'verified', devices.id, 0, 0, devices.id,"
      " randomblob (16), randomblob (32), sha1, keys.spki_sha256, subject, not_before, not_after,"
      " der FROM devices JOIN keys ON keys.device = devices.id JOIN certificates"
      " ON certificates.id = 1 WHERE devices.id > 1000;"));
}

static void
note_progress (guint64 rows, guint64 total, gpointer data)
{
  g_string_append_printf (data, "%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " ", rows, total);
}

START_TEST (an_export_tells_now_and_then_how_far_it_is)
{
  g_autoptr (GString) whole = g_string_new (NULL);
  g_autoptr (GString) small = g_string_new (NULL);
  g_autoptr (GString) empty = g_string_new (NULL);
  take_back ("chip-1");
  insert_many ();
  g_autofree char *text = export_told ("jsonl", FALSE, note_progress, whole);
  g_autofree char *lines = devices_in (text);
  ck_assert (g_str_has_prefix (lines, "chip-0 chip-2 chip-3 chip-4 m-1 "));
  ck_assert (g_str_has_suffix (lines, " m-2500"));
  ck_assert_str_eq (whole->str, "1000/2505 2000/2505 2505/2505 ");
  pass_more (5, 2);
  g_autofree char *more = export_told ("jsonl", TRUE, note_progress, small);
  ck_assert_str_eq (small->str, "2/2 ");
  assert_devices (more, "chip-5 chip-6");
  g_autofree char *nothing = export_told ("jsonl", TRUE, note_progress, empty);
  ck_assert_str_eq (empty->str, "0/0 ");
  ck_assert_str_eq (nothing, "");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("manifest-new");
  TCase *new = tcase_create ("new");

  tcase_set_timeout (new, 60);
  tcase_add_checked_fixture (new, set_up, tear_down);
  tcase_add_test (new, the_first_export_of_what_is_new_has_everything);
  tcase_add_test (new, an_export_of_what_is_new_goes_on_where_the_last_one_ended);
  tcase_add_test (new, a_file_that_never_got_its_name_leaves_all_as_new_as_it_was);
  tcase_add_test (new, the_units_of_an_export_are_counted_before_it_is_made);
  tcase_add_test (new, each_format_has_its_own_last_export);
  tcase_add_test (new, a_voided_device_is_not_new);
  tcase_add_test (new, a_retry_that_delivers_the_same_certificate_is_not_new);
  tcase_add_test (new, together_they_hold_each_device_once);
  tcase_add_test (new, an_export_that_failed_is_not_on_record);
  tcase_add_test (new, an_export_can_go_into_a_pipe);
  tcase_add_test (new, a_file_of_what_is_new_stays_genuine_through_voids_and_growth);
  tcase_add_test (new, a_changed_file_of_what_is_new_is_held_against_its_own_export);
  tcase_add_test (new, lines_missing_or_added_to_what_is_new_are_named);
  tcase_add_test (new, two_days_files_put_together_are_no_manifest);
  tcase_add_test (new, a_namesake_in_an_earlier_file_is_seen);
  tcase_add_test (new, exports_are_listed_newest_first);
  tcase_add_test (new, the_audit_event_says_new_only_and_a_follower_sees_it);
  tcase_add_test (new, an_export_tells_now_and_then_how_far_it_is);
  suite_add_tcase (suite, new);
  return run_suite (suite);
}
