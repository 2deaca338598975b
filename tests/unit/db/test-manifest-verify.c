/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Manifests that somebody had a hand in: each kind of change is found and named.
 */
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "db/manifest-private.h"
#include "manifest-fixture.h"

START_TEST (a_certificate_from_elsewhere_is_named)
{
  g_autoptr (GBytes) der = new_certificate ("chip-1", 10);
  g_autofree char *digest = sha256_hex (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  g_autofree char *alien =
      pem_encode ("CERTIFICATE", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  g_autofree char *own = pem_of ("chip-1");
  g_autofree char *text = export_text ("csv", NULL);
  g_autofree char *swapped = replaced (text, own, alien);
  g_autofree char *expected = g_strdup_printf (": certificate %s is not in the ledger", digest);
  assert_problem (swapped, expected);
}
END_TEST

START_TEST (a_line_that_names_another_device_is_named)
{
  g_autofree char *text = export_text ("aws", NULL);
  g_autofree char *edited =
      replaced (text, "\"SerialNumber\":\"chip-2\"", "\"SerialNumber\":\"chip-3\"");
  g_autofree char *thing = replaced (text, "\"ThingName\":\"chip-2\"", "\"ThingName\":\"evil\"");
  assert_problem (edited, "line 3: the certificate belongs to device chip-2, the line says chip-3");
  assert_problem (thing, "line 3: ThingName was edited: it says evil");
}
END_TEST

START_TEST (a_void_certificate_is_named)
{
  g_autofree char *text = export_text ("jsonl", NULL);
  g_autoptr (Certificate) gone = ledger_certificate (f.ledger, "chip-4", NULL);
  ck_assert (ledger_void_certificate (f.ledger, gone->id, "lost", "sue", NULL));
  g_autofree char *edited = replaced (text, "\"device\":\"chip-0\"", "\"device\":\"chip-X\"");
  assert_problem (edited, "line 5: the certificate of device chip-4 is void (lost)");
  assert_problem (edited, "line 1: the certificate belongs to device chip-0");
}
END_TEST

START_TEST (missing_repeated_and_reordered_lines_are_named)
{
  g_autofree char *text = export_text ("aws", NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *without_second =
      g_strjoin ("\n", lines[0], lines[2], lines[3], lines[4], "", NULL);
  g_autofree char *without_last =
      g_strjoin ("\n", lines[0], lines[1], lines[2], lines[3], "", NULL);
  g_autofree char *twice = g_strconcat (text, lines[4], "\n", NULL);
  g_autofree char *turned =
      g_strjoin ("\n", lines[0], lines[1], lines[3], lines[2], lines[4], "", NULL);

  assert_problem (without_second, "line 2: the first line that differs from the export; that one "
                                  "has device chip-1 here");
  assert_problem (without_last, "lines are missing at the end, from device chip-4 on");
  assert_problem (twice, "line 6: this line and those after it are not part of the export");
  assert_problem (turned, "line 3: the first line that differs");
}
END_TEST

START_TEST (changed_spaces_and_line_ends_are_named)
{
  g_autofree char *json = export_text ("aws", NULL);
  g_autofree char *csv = export_text ("csv", NULL);
  g_autofree char *spaced = replaced (json, "{\"ThingName\":", "{ \"ThingName\":");
  g_auto (GStrv) parts = g_strsplit (csv, "\r\n", -1);
  g_autofree char *unix_ends = g_strjoinv ("\n", parts);

  assert_problem (spaced, "line 1: its fields are as exported, but its bytes are not");
  assert_problem (unix_ends, "line 1: the header is not as exported");
}
END_TEST

START_TEST (garbage_is_refused_in_bounded_memory)
{
  g_autofree char *text = export_text ("aws", NULL);
  g_autofree char *wide = g_strnfill (600 * 1024, '[');
  g_autofree char *with_wide = g_strconcat (text, wide, "\n{\"a\":", wide, "\n", NULL);
  g_autofree char *nested = g_strdup_printf ("%s{\"a\":%.*s", text, 200 * 1024, wide);

  assert_problem ("", "no format");
  assert_problem ("hello\n", "no format");
  assert_problem (wide, "no format");
  assert_problem (with_wide, "line 6: longer than any line");
  assert_problem (nested, "line 6: not a line of format aws");
}
END_TEST

START_TEST (every_changed_byte_is_found)
{
  const ManifestFormat *const *formats = manifest_formats ();
  static const char replacements[] = { '\0', '"', '\n', '\\', '{', 'A', '\xff' };

  keep_requests ();
  for (guint i = 0; formats[i] != NULL; i++) {
    const ManifestWriter *writer = manifest_writer (formats[i]->name);
    /* These are in test-formats.c. */
    if (writer->signs || writer->needs_target)
      continue;
    g_autofree char *text = export_text (formats[i]->name, NULL);
    gsize length = strlen (text);
    for (gsize at = 0; at < length; at += 1 + length / 150) {
      char kept = text[at];
      text[at] = replacements[at % sizeof replacements];
      if (text[at] == kept)
        text[at] = 'B';
      g_autoptr (ManifestVerdict) verdict = verify_bytes (text, length);
      ck_assert (!verdict->genuine);
      ck_assert_msg (verdict->problems->len > 0, "%s: byte %" G_GSIZE_FORMAT, formats[i]->name, at);
      text[at] = kept;
    }
  }
}
END_TEST

START_TEST (an_export_that_is_not_on_record_is_no_manifest)
{
  g_autofree char *text = export_text ("aws", NULL);
  g_auto (Fixture) other = { 0 };
  Fixture own = f;
  fixture_open (&other);
  f = other;
  g_autoptr (ManifestVerdict) verdict = verify_text (text);
  f = own;
  ck_assert (!verdict->genuine);
  ck_assert (has_problem (verdict, "no export in format aws"));
  ck_assert (has_problem (verdict, "line 1: certificate"));
}
END_TEST

START_TEST (a_manifest_can_come_through_a_pipe)
{
  g_autofree char *text = export_text ("jsonl", NULL);
  g_autoptr (GError) error = NULL;
  int ends[2];
  ck_assert_int_eq (pipe (ends), 0);
  ck_assert_int_eq (write (ends[1], text, strlen (text)), (ssize_t)strlen (text));
  close (ends[1]);
  g_autoptr (ManifestVerdict) verdict = manifest_verify (f.ledger, ends[0], NULL, &error);
  assert_ok (verdict != NULL, error);
  ck_assert (verdict->genuine);
  close (ends[0]);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("manifest-verify");
  TCase *back = tcase_create ("back");

  tcase_set_timeout (back, 60);
  tcase_add_checked_fixture (back, set_up, tear_down);
  tcase_add_test (back, a_certificate_from_elsewhere_is_named);
  tcase_add_test (back, a_line_that_names_another_device_is_named);
  tcase_add_test (back, a_void_certificate_is_named);
  tcase_add_test (back, missing_repeated_and_reordered_lines_are_named);
  tcase_add_test (back, changed_spaces_and_line_ends_are_named);
  tcase_add_test (back, garbage_is_refused_in_bounded_memory);
  tcase_add_test (back, every_changed_byte_is_found);
  tcase_add_test (back, an_export_that_is_not_on_record_is_no_manifest);
  tcase_add_test (back, a_manifest_can_come_through_a_pipe);
  suite_add_tcase (suite, back);
  return run_suite (suite);
}
