/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Manifests in parts: that they fit together whatever happens between two of them, and that each is
 * verified on its own.
 */
#include <string.h>

#include "manifest-fixture.h"

static ManifestOrder
order_of (guint64 most, gint64 after)
{
  return (ManifestOrder){ .format = "jsonl", .most_rows = most, .split = TRUE, .after = after };
}

START_TEST (parts_are_the_whole_one_behind_the_other)
{
  g_autofree char *whole = export_text ("jsonl", NULL);
  g_autoptr (GString) joined = g_string_new (NULL);
  gint64 after = 0;

  for (guint part = 1; part <= 3; part++) {
    g_autoptr (ManifestSummary) summary = NULL;
    g_autofree char *text = export_part (order_of (2, after), &summary);

    ck_assert_uint_eq (summary->part, part);
    ck_assert_uint_eq (summary->parts, 3);
    ck_assert_uint_eq (summary->rows, part < 3 ? 2 : 1);
    g_string_append (joined, text);
    g_autoptr (ManifestVerdict) verdict = verify_text (text);
    ck_assert (verdict->genuine);
    ck_assert_uint_eq (verdict->part, part);
    ck_assert_uint_eq (verdict->parts, 3);
    after = summary->id;
  }
  ck_assert_str_eq (joined->str, whole);
}
END_TEST

/* Between the first part and the second a unit of the second becomes void, and one more passes. */
START_TEST (parts_are_as_of_one_moment)
{
  g_autofree char *whole = export_text ("jsonl", NULL);
  g_autoptr (ManifestSummary) first = NULL;
  g_autoptr (ManifestSummary) second = NULL;
  g_autofree char *head = export_part (order_of (3, 0), &first);
  g_autoptr (Certificate) gone = ledger_certificate (f.ledger, "chip-4", NULL);

  ck_assert (ledger_void_certificate (f.ledger, gone->id, "lost", "sue", NULL));
  g_autoptr (Certificate) later = pass (f.ledger, "b1", "chip-9", DEVICES);
  ck_assert_ptr_nonnull (later);
  g_autofree char *tail = export_part (order_of (3, first->id), &second);
  g_autofree char *joined = g_strconcat (head, tail, NULL);
  ck_assert_str_eq (joined, whole);
  ck_assert_uint_eq (second->parts, 2);
  /* A changed copy is held against its part, as it was then. */
  g_autofree char *edited =
      replaced (tail, "chip-3\",\"batch\":\"b1\"", "chip-3\",\"batch\":\"b2\"");
  assert_problem (edited, "line 1: batch was edited: it says b2");
  assert_problem (edited, "line 1: the first line that differs");
  /* What is new begins behind the moment, not behind the second part. */
  g_autofree char *rest = export_new ("jsonl", NULL);
  ck_assert_ptr_nonnull (strstr (rest, "chip-9"));
  ck_assert_ptr_null (strstr (rest, "chip-3"));
}
END_TEST

START_TEST (what_is_split_otherwise_is_refused)
{
  g_autoptr (ManifestSummary) first = NULL;
  g_autoptr (ManifestSummary) last = NULL;
  g_autofree char *head = export_part (order_of (3, 0), &first);
  ManifestOrder order = order_of (0, 0);

  ck_assert_ptr_nonnull (head);
  order.split = FALSE;
  order.most_rows = DEVICES - 1;
  refuse_export (order, LEDGER_ERROR_INVALID, "in parts");
  order.most_rows = DEVICES; /* just fits */
  g_autofree char *whole = export_part (order, NULL);
  ck_assert_ptr_nonnull (whole);

  refuse_export (order_of (1, first->id), LEDGER_ERROR_INVALID, "larger files");
  refuse_export (order_of (3, 99), LEDGER_ERROR_NOT_FOUND, "export 99");
  order = order_of (3, first->id);
  order.format = "csv";
  refuse_export (order, LEDGER_ERROR_INVALID, "another batch, format or target");
  g_autofree char *tail = export_part (order_of (3, first->id), &last);
  ck_assert_ptr_nonnull (tail);
  refuse_export (order_of (3, last->id), LEDGER_ERROR_INVALID, "no part behind it");
}
END_TEST

/* A line that is left out takes no room in a file: the same limit that split them holds the rest.
 */
START_TEST (only_what_is_written_counts)
{
  g_autoptr (ManifestSummary) summary = NULL;
  g_autoptr (ManifestSummary) check = NULL;
  g_autoptr (GBytes) spaced = new_certificate ("two words", 10);
  g_autoptr (Certificate) bad = pass_with (f.ledger, "b1", "chip-s", DEVICES, spaced);
  ManifestOrder order = { .format = "aws", .most_rows = DEVICES };

  ck_assert_ptr_nonnull (bad);
  g_autofree char *text = export_part (order, &summary);
  ck_assert_ptr_nonnull (text);
  ck_assert_uint_eq (summary->parts, 1);
  ck_assert_uint_eq (summary->rows, DEVICES);
  g_autofree char *refusals = check_order (order, &check);
  ck_assert_ptr_eq (strstr (refusals, "{\"line\":6,\"device\":\"chip-s\",\"reason\":\"its common"),
                    refusals);
  ck_assert_uint_eq (check->omitted, 1);
  ck_assert_uint_eq (check->rows, DEVICES);
  order.most_rows = DEVICES - 1;
  refuse_export (order, LEDGER_ERROR_INVALID, "in parts");
}
END_TEST

/* A check puts nothing on record. */
START_TEST (a_check_leaves_no_trace)
{
  g_autoptr (ManifestSummary) check = NULL;
  g_autofree char *refusals =
      check_order ((ManifestOrder){ .format = "csv", .most_rows = 2 }, &check);
  g_autoptr (GPtrArray) exports = ledger_exports (f.ledger, NULL, 10, NULL);

  ck_assert_str_eq (refusals, "");
  ck_assert_uint_eq (check->rows, DEVICES);
  ck_assert_uint_eq (check->parts, 3);
  ck_assert_uint_eq (exports->len, 0);
}
END_TEST

/* With the certificate, once, and never another. */
START_TEST (a_request_is_kept_with_its_certificate)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ManifestSummary) summary = NULL;
  g_autoptr (GBytes) der = new_certificate ("chip-r", 10);
  g_autoptr (GBytes) request = g_bytes_new_static ("\x30\x03\x02\x01\x07", 5);
  g_autoptr (GBytes) other = g_bytes_new_static ("\x30\x03\x02\x01\x08", 5);
  gint64 attempt;
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-r", NULL, &attempt, NULL);
  Issuance issuance = {
    .log_index = DEVICES, .batch = "b1", .profile = "p", .device = "chip-r", .der = der
  };

  ck_assert_ptr_nonnull (device);
  assert_ok (ledger_store_certificate (f.ledger, &issuance, &error), error); /* from the log */
  issuance.request = request;
  assert_ok (ledger_store_certificate (f.ledger, &issuance, &error), error);
  issuance.request = other;
  assert_ok (ledger_store_certificate (f.ledger, &issuance, &error), error);
  g_autoptr (Certificate) stored = ledger_certificate (f.ledger, "chip-r", NULL);
  assert_ok (ledger_certificate_verified (f.ledger, attempt, stored->id, NULL, &error), error);
  g_autofree char *text = export_part ((ManifestOrder){ .format = "aws-csr" }, &summary);
  ck_assert_uint_eq (summary->rows, 1);
  ck_assert_uint_eq (summary->omitted, DEVICES);
  ck_assert_ptr_nonnull (strstr (text, "MAMCAQc="));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("manifest-parts");
  TCase *parts = tcase_create ("parts");

  tcase_set_timeout (parts, 60);
  tcase_add_checked_fixture (parts, set_up, tear_down);
  tcase_add_test (parts, parts_are_the_whole_one_behind_the_other);
  tcase_add_test (parts, parts_are_as_of_one_moment);
  tcase_add_test (parts, what_is_split_otherwise_is_refused);
  tcase_add_test (parts, only_what_is_written_counts);
  tcase_add_test (parts, a_check_leaves_no_trace);
  tcase_add_test (parts, a_request_is_kept_with_its_certificate);
  suite_add_tcase (suite, parts);
  return run_suite (suite);
}
