/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of audit/ for themselves: lines of the ledger's evidence, rows of manifests, records in
 * temporary files, roots of shorter logs.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/json-line.h"
#include "audit/manifest-match.h"
#include "audit/manifest-rows.h"
#include "audit/roots.h"
#include "audit/spill.h"
#include "tests/unit/audit/evidence-story.h"

static const JsonMember members[] = { { "one",
                                        { JSON_KEY ("number", JSON_NUMBER, FALSE),
                                          JSON_KEY ("text", JSON_TEXT, FALSE),
                                          JSON_KEY ("flag", JSON_FLAG, TRUE) } },
                                      { NULL, { JSON_KEY (NULL, JSON_NUMBER, FALSE) } } };

static const char *
read_line (JsonLine *line, const char *text)
{
  return json_line_read (line, members, text, strlen (text));
}

START_TEST (test_a_line_is_read_as_it_is)
{
  JsonLine line;

  json_line_init (&line);
  ck_assert_ptr_null (read_line (&line, "{\"one\":{\"number\":-12,\"text\":\"a\"}}"));
  ck_assert_int_eq (line.values[0].number, -12);
  ck_assert (span_is_text (line.values[1].text, "a"));
  ck_assert (!line.values[2].present);
  ck_assert_ptr_null (read_line (
      &line,
      " { \"one\" : {\"flag\":true, \"text\":\"\\u00e9\\n\\\"\\ud83d\\ude00 x\",\"number\":0} } "));
  ck_assert (span_is_text (line.values[1].text, "\xc3\xa9\n\"\xf0\x9f\x98\x80 x"));
  ck_assert_int_eq (line.values[2].number, TRUE);
  ck_assert_ptr_null (
      read_line (&line, "{\"one\":{\"number\":9223372036854775807,\"text\":\"\"}}"));
  ck_assert_int_eq (line.values[0].number, G_MAXINT64);
  json_line_clear (&line);
}
END_TEST

static const char *const wrong_lines[] = {
  "",
  "{}",
  "[]",
  "{\"one\":{\"number\":1,\"text\":\"a\"}",
  "{\"one\":{\"number\":1,\"text\":\"a\"}}}",
  "{\"one\":{\"number\":1,\"text\":\"a\"},\"two\":{}}",
  "{\"two\":{\"number\":1,\"text\":\"a\"}}",
  "{\"one\":{\"number\":1}}",
  "{\"one\":{\"number\":1,\"text\":\"a\",\"more\":1}}",
  "{\"one\":{\"number\":1,\"number\":1,\"text\":\"a\"}}",
  "{\"one\":{\"number\":\"1\",\"text\":\"a\"}}",
  "{\"one\":{\"number\":1.5,\"text\":\"a\"}}",
  "{\"one\":{\"number\":01,\"text\":\"a\"}}",
  "{\"one\":{\"number\":9223372036854775808,\"text\":\"a\"}}",
  "{\"one\":{\"number\":1,\"text\":1}}",
  "{\"one\":{\"number\":1,\"text\":\"\\x\"}}",
  "{\"one\":{\"number\":1,\"text\":\"\\ud800\"}}",
  "{\"one\":{\"number\":1,\"text\":\"\\udc00\"}}",
  "{\"one\":{\"number\":1,\"text\":\"a\nb\"}}",
  "{\"one\":{\"number\":1,\"text\":\"\xff\"}}",
  "{\"one\":{\"number\":1,\"text\":\"a\",\"flag\":1}}",
};

START_TEST (test_a_line_that_is_none_is_refused)
{
  JsonLine line;

  json_line_init (&line);
  ck_assert_msg (read_line (&line, wrong_lines[_i]) != NULL, "%s", wrong_lines[_i]);
  json_line_clear (&line);
}
END_TEST

typedef struct {
  guint groups;
  guint pairs;
  gboolean in_order;
} Found;

static gboolean
count_group (const SpillRecord *records, gsize n, gpointer data, GError **error)
{
  Found *found = data;

  found->groups++;
  found->pairs += n == 2;
  for (gsize i = 1; i < n; i++)
    found->in_order = found->in_order && records[i - 1].order < records[i].order
                      && records[i].key == records[0].key;
  return TRUE;
}

/* More than the buffers hold, each third key twice, the later one first. */
/* ---- rows of manifests, as nobody writes them ---- */

#define ENROLMENT                                                                                  \
  "{\"registrationId\":\"a\",\"deviceId\":\"a\",\"attestation\":{\"type\":\"x509\",\"x509\":"      \
  "{\"clientCertificates\":{\"primary\":{\"certificate\":\"\"}}}},\"provisioningStatus\":"         \
  "\"enabled\"}"
#define HUB                                                                                        \
  "{\"id\":\"a\",\"importMode\":\"create\",\"status\":\"enabled\",\"statusReason\":\"certificate " \
  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"authentication\":"         \
  "{\"type\":\"certificateAuthority\"}}\n"

static const struct {
  const char *format;
  const char *before;
  const char *again; /* stands `times` times */
  guint times;
  const char *behind;
  guint64 rows; /* that are told of */
  guint64 good;
} files[] = {
  { "azure-hub", "", "", 0, "", 0, 0 },
  { "azure-hub", "", HUB, 3, "", 3, 3 },
  { "azure-hub", "", HUB, 1, "{\"id\"", 2, 1 },
  { "azure-hub", "", "\n", 100000, "", 100000, 0 },
  { "azure-hub", HUB, "x", 2500000, "\n" HUB, 2, 1 },
  { "azure-hub", "", "{\"authentication\":", 50000, "\n" HUB, 2, 1 },
  { "azure-dps", "{\"mode\":\"create\",\"enrollments\":[", ENROLMENT ",", 10, ENROLMENT "]}\n", 11,
    0 },
  { "csv", "", "", 0, "", 1, 0 },
  { "csv", STORY_HEADER, "", 0, "", 0, 0 },
  { "csv", STORY_HEADER "\"", "\n", 2000000, "\"\r\n", 1, 0 },
  { "nrfcloud", "", "\"\"\"\"\n", 20000, "", 20000, 0 },
  { "nrfcloud", "\"", "\"\"", 400000, "\"\n", 1, 0 },
  { "aws-calls", "", "\t", 900000, "\n", 1, 0 },
  { "microchip", "[\n", "", 0, "\n]\n", 0, 0 },
  { "microchip", "[", "\n", 3, "]\n", 1, 0 },
  { "microchip", "[\n", "[,\n", 20000, "{}\n]\n", 20001, 0 },
  { "microchip", "[\n", "[", 1000000, "\n]\n", 1, 0 },
};

START_TEST (test_what_nobody_writes_is_told_in_bounded_memory)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "keycradle-rows-XXXXXX", NULL);
  g_autoptr (GString) content = g_string_new (files[_i].before);
  g_autoptr (ManifestRows) rows = NULL;
  const ManifestRow *row;
  guint64 told = 0, good = 0;

  close (g_mkstemp (path));
  for (guint i = 0; i < files[_i].times; i++)
    g_string_append (content, files[_i].again);
  g_string_append (content, files[_i].behind);
  ck_assert (g_file_set_contents (path, content->str, (gssize)content->len, NULL));
  rows = manifest_rows_open (path, files[_i].format, "B-1", NULL, NULL);
  unlink (path);
  while (manifest_rows_next (rows, &row, NULL)) {
    told++;
    ck_assert_uint_eq (row->number, told);
    good += row->problem == NULL;
  }
  ck_assert_uint_eq (told, files[_i].rows);
  ck_assert_uint_eq (good, files[_i].good);
}
END_TEST

/* A device whose key has a certificate from event 5 to 7, and another one from 9 on. */
static const struct {
  guint64 event; /* of the statement */
  gboolean good;
} moments[] = { { 4, FALSE }, { 5, TRUE }, { 6, TRUE }, { 7, FALSE }, { 8, FALSE }, { 9, TRUE } };

static void
count_fault (guint manifest, guint64 row, const char *why, gpointer data)
{
  (*(guint *)data)++;
}

static void
add_certificate (AuditIssued *issued, guint64 index, const char *certificate)
{
  const LogEntry entry = { .type = LOG_ENTRY_CERTIFICATE,
                           .batch = span_of_text ("B-1"),
                           .device = span_of_text ("D-1"),
                           .spki_sha256 = { 7 },
                           .certificate = span_of_text (certificate) };

  ck_assert (audit_issued_add (issued, index, &entry, NULL));
}

START_TEST (test_a_key_is_good_by_one_of_its_certificates)
{
  g_autoptr (AuditDigest) digest = audit_digest_new ();
  g_autoptr (AuditIssued) issued = audit_issued_new (digest, TRUE, NULL);
  g_autoptr (Spill) states = spill_new ();
  g_autoptr (ManifestMatch) match = manifest_match_new (digest, states);
  ManifestStatement statement = { .batch = (char *)"B-1", .event = moments[_i].event };
  ManifestRow row = { .number = 1, .by_key = TRUE, .hash = { 7 } };
  Issued one;
  guint faults = 0;

  add_certificate (issued, 3, "one");
  add_certificate (issued, 4, "another");
  ck_assert (audit_issued_rewind (issued, NULL) && audit_issued_next (issued, &one));
  ck_assert (manifest_match_add_state (states, &one, 5, 7, NULL));
  ck_assert (audit_issued_next (issued, &one));
  ck_assert (manifest_match_add_state (states, &one, 9, G_MAXUINT64, NULL));
  ck_assert_ptr_null (manifest_row_say (&row, SAYS_DEVICE, span_of_text ("D-1")));
  ck_assert (manifest_match_add (match, 0, &statement, &row, NULL));
  ck_assert (manifest_match_judge (match, issued, count_fault, &faults, NULL));
  ck_assert_uint_eq (faults, moments[_i].good ? 0 : 1);
  manifest_row_clear (&row);
}
END_TEST

START_TEST (test_records_of_one_key_come_together)
{
  const guint keys = 60000;
  g_autoptr (Spill) spill = spill_new ();
  Found found = { .in_order = TRUE };

  for (guint i = 0; i < keys; i++) {
    const guint64 key = i * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
    ck_assert (spill_add (spill, (SpillRecord){ .key = key, .order = 7 + i }, NULL));
    if (i % 3 == 0)
      ck_assert (spill_add (spill, (SpillRecord){ .key = key, .order = 6 }, NULL));
  }
  ck_assert (spill_groups (spill, count_group, &found, NULL));
  ck_assert_uint_eq (found.groups, keys);
  ck_assert_uint_eq (found.pairs, keys / 3);
  ck_assert (found.in_order);
}
END_TEST

/* The signer's own tree says the same, also behind the first milestone. */
START_TEST (test_roots_of_shorter_logs_are_those_of_the_log)
{
  Story *story = story_new ();
  const guint count = 20;
  g_autoptr (LogStream) stream = NULL;
  g_autoptr (AuditRoots) roots = NULL;
  guint8 leaf[MERKLE_HASH], root[MERKLE_HASH], known[MERKLE_HASH];
  LogFrame frame;

  for (guint i = 0; i < count; i++)
    story_certify (story, "B-1");
  stream = log_stream_open (story->log_path, NULL);
  roots = audit_roots_new (story->log_path);
  while (log_stream_next (stream, &frame, NULL) == LOG_FRAME_WHOLE) {
    merkle_leaf_hash (frame.entry.data, frame.entry.length, leaf);
    ck_assert_mem_eq (leaf, frame.leaf, MERKLE_HASH);
    audit_roots_append (roots, frame.offset, leaf);
  }
  for (guint size = 0; size <= count; size++) {
    ck_assert (audit_roots_at (roots, size, root));
    ck_assert (issuance_log_root (story->log, size, known, NULL));
    ck_assert_mem_eq (root, known, MERKLE_HASH);
  }
  ck_assert (!audit_roots_at (roots, count + 1, root));
  ck_assert (audit_roots_entry (roots, 7, &frame));
  ck_assert_uint_eq (frame.index, 7);
  ck_assert (!audit_roots_entry (roots, count, &frame));
  story_free (story);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("parts");
  TCase *parts = tcase_create ("parts");
  SRunner *runner = srunner_create (suite);

  tcase_add_test (parts, test_a_line_is_read_as_it_is);
  tcase_add_loop_test (parts, test_a_line_that_is_none_is_refused, 0, G_N_ELEMENTS (wrong_lines));
  tcase_add_loop_test (parts, test_what_nobody_writes_is_told_in_bounded_memory, 0,
                       G_N_ELEMENTS (files));
  tcase_add_loop_test (parts, test_a_key_is_good_by_one_of_its_certificates, 0,
                       G_N_ELEMENTS (moments));
  tcase_add_test (parts, test_records_of_one_key_come_together);
  tcase_add_test (parts, test_roots_of_shorter_logs_are_those_of_the_log);
  suite_add_tcase (suite, parts);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
