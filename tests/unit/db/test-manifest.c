/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Manifests: what goes out, that it goes out the same again, and what is found when
 * somebody had a hand in it.
 */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "db/manifest.h"
#include "fixture.h"

#define DEVICES 5

static GBytes *ca;
static Fixture f;

static void
set_up (void)
{
  g_autoptr (EVP_PKEY) key = make_key ();

  ca = make_certificate (key, "Issuing CA", 3650);
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  for (guint i = 0; i < DEVICES; i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    g_autoptr (Certificate) certificate = pass (f.ledger, "b1", chip, i);
    ck_assert_ptr_nonnull (certificate);
  }
}

static void
tear_down (void)
{
  fixture_close (&f);
  g_clear_pointer (&ca, g_bytes_unref);
}

static int
scratch (void)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("keycradle-test-XXXXXX", &path, NULL);

  ck_assert_int_ge (fd, 0);
  g_unlink (path);
  return fd;
}

static char *
content (int fd)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];
  ssize_t got;
  off_t at = 0;

  while ((got = pread (fd, buffer, sizeof buffer, at)) > 0) {
    g_string_append_len (text, buffer, got);
    at += got;
  }
  return g_string_free (text, FALSE);
}

static char *
export_text (const char *format, ManifestSummary **summary)
{
  g_autoptr (GError) error = NULL;
  int fd = scratch ();
  ManifestSummary *made = manifest_export (f.ledger, format, "b1", ca, fd, "anna", &error);

  assert_ok (made != NULL, error);
  char *text = content (fd);
  close (fd);
  if (summary != NULL)
    *summary = made;
  else
    manifest_summary_free (made);
  return text;
}

static ManifestVerdict *
verify_bytes (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  int fd = scratch ();

  ck_assert_int_eq (write (fd, text, length), (ssize_t)length);
  lseek (fd, 0, SEEK_SET);
  ManifestVerdict *verdict = manifest_verify (f.ledger, fd, &error);
  assert_ok (verdict != NULL, error);
  close (fd);
  return verdict;
}

static ManifestVerdict *
verify_text (const char *text)
{
  return verify_bytes (text, strlen (text));
}

static gboolean
has_problem (const ManifestVerdict *verdict, const char *part)
{
  for (guint i = 0; i < verdict->problems->len; i++)
    if (strstr (g_ptr_array_index (verdict->problems, i), part) != NULL)
      return TRUE;
  return FALSE;
}

static void
assert_problem (const char *text, const char *part)
{
  g_autoptr (ManifestVerdict) verdict = verify_text (text);

  ck_assert (!verdict->genuine);
  for (guint i = 0; i < verdict->problems->len && !has_problem (verdict, part); i++)
    g_printerr ("  found: %s\n", (char *)g_ptr_array_index (verdict->problems, i));
  ck_assert_msg (has_problem (verdict, part), "no problem says: %s", part);
}

static char *
replaced (const char *text, const char *from, const char *to)
{
  const char *at = strstr (text, from);

  ck_assert_ptr_nonnull (at);
  GString *result = g_string_new_len (text, at - text);
  g_string_append (result, to);
  g_string_append (result, at + strlen (from));
  return g_string_free (result, FALSE);
}

static char *
pem_of (const char *device)
{
  g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, device, NULL);

  return pem_encode ("CERTIFICATE", g_bytes_get_data (certificate->der, NULL),
                     g_bytes_get_size (certificate->der));
}

static JsonObject *
parsed (const char *line, JsonParser *parser)
{
  g_autoptr (GError) error = NULL;

  assert_ok (json_parser_load_from_data (parser, line, -1, &error), error);
  return json_node_get_object (json_parser_get_root (parser));
}

START_TEST (an_aws_manifest_has_one_json_line_a_device_in_order)
{
  g_autoptr (ManifestSummary) summary = NULL;
  g_autofree char *text = export_text ("aws", &summary);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *ca_pem =
      pem_encode ("CERTIFICATE", g_bytes_get_data (ca, NULL), g_bytes_get_size (ca));
  g_autofree char *digest = sha256_hex ((const guint8 *)text, strlen (text));

  ck_assert_uint_eq (g_strv_length (lines), DEVICES + 1);
  ck_assert_uint_eq (summary->rows, DEVICES);
  ck_assert_uint_eq (summary->bytes, strlen (text));
  ck_assert_uint_eq (summary->omissions->len, 0);
  ck_assert_str_eq (summary->sha256, digest);
  for (guint i = 0; i < DEVICES; i++) {
    g_autoptr (JsonParser) parser = json_parser_new ();
    JsonObject *object = parsed (lines[i], parser);
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    g_autofree char *pem = pem_of (chip);
    ck_assert_uint_eq (json_object_get_size (object), 4);
    ck_assert_str_eq (json_object_get_string_member (object, "ThingName"), chip);
    ck_assert_str_eq (json_object_get_string_member (object, "SerialNumber"), chip);
    ck_assert_str_eq (json_object_get_string_member (object, "CertificatePem"), pem);
    ck_assert_str_eq (json_object_get_string_member (object, "CACertificatePem"), ca_pem);
  }
}
END_TEST

START_TEST (the_template_takes_what_the_lines_give)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *plain = manifest_aws_template (NULL, NULL);
  g_autofree char *text = manifest_aws_template ("factory-device", NULL);
  g_autofree char *lines = export_text ("aws", NULL);
  g_autoptr (JsonParser) plain_parser = json_parser_new ();
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (JsonParser) line_parser = json_parser_new ();
  *strchr (lines, '\n') = '\0';
  JsonObject *root = parsed (text, parser);
  JsonObject *resources = json_object_get_object_member (root, "Resources");
  JsonObject *parameters = json_object_get_object_member (root, "Parameters");
  g_autoptr (GList) names = json_object_get_members (parsed (lines, line_parser));

  ck_assert_uint_lt (strlen (text), 10240);
  ck_assert_uint_eq (json_object_get_size (parameters), g_list_length (names));
  for (const GList *name = names; name != NULL; name = name->next)
    ck_assert (json_object_has_member (parameters, name->data));
  ck_assert (json_object_has_member (resources, "policy"));
  resources = json_object_get_object_member (parsed (plain, plain_parser), "Resources");
  ck_assert (!json_object_has_member (resources, "policy"));
  assert_error (manifest_aws_template ("two words", &error) == NULL, LEDGER_ERROR_INVALID, error);
}
END_TEST

START_TEST (every_format_gives_the_same_bytes_again)
{
  const ManifestFormat *const *formats = manifest_formats ();

  for (guint i = 0; formats[i] != NULL; i++) {
    g_autofree char *first = export_text (formats[i]->name, NULL);
    fixture_reopen (&f);
    g_autofree char *second = export_text (formats[i]->name, NULL);
    ck_assert_str_eq (first, second);
    g_autoptr (ManifestVerdict) verdict = verify_text (first);
    ck_assert (verdict->genuine);
    ck_assert_str_eq (verdict->format, formats[i]->name);
    ck_assert_str_eq (verdict->batch, "b1");
    ck_assert_str_eq (verdict->exported_by, "anna");
    ck_assert_uint_eq (verdict->rows, DEVICES);
    ck_assert_uint_eq (verdict->problems->len, 0);
  }
}
END_TEST

START_TEST (an_old_manifest_stays_genuine_when_the_batch_grows_and_shrinks)
{
  g_autofree char *old = export_text ("jsonl", NULL);
  g_autoptr (Certificate) later = pass (f.ledger, "b1", "chip-9", DEVICES);
  g_autoptr (Certificate) latest = pass (f.ledger, "b1", "chip-8", DEVICES + 1);
  ck_assert_ptr_nonnull (later);
  g_autoptr (Certificate) gone = ledger_certificate (f.ledger, "chip-1", NULL);
  ck_assert (ledger_void_certificate (f.ledger, gone->id, "lost", "sue", NULL));
  ck_assert_ptr_nonnull (latest);
  g_autofree char *now = export_text ("jsonl", NULL);
  g_autoptr (ManifestVerdict) verdict = verify_text (old);

  ck_assert (verdict->genuine);
  ck_assert_ptr_null (strstr (now, "chip-1\""));
  ck_assert_ptr_nonnull (strstr (now, "chip-9\""));
  /* A changed copy of the old one is held against the old one, not against the new. */
  g_autofree char *edited =
      replaced (old, "chip-4\",\"batch\":\"b1\"", "chip-4\",\"batch\":\"b2\"");
  assert_problem (edited, "line 5: batch was edited: it says b2");
  assert_problem (edited, "line 2: the certificate of device chip-1 is void (lost)");
  assert_problem (edited, "line 5: the first line that differs");
}
END_TEST

START_TEST (only_verified_certificates_go_out)
{
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = make_certificate (key, "chip-x", 10);
  gint64 attempt;
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-x", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (device);
  ck_assert (store (f.ledger, DEVICES, "b1", "chip-x", der, NULL));
  g_autofree char *text = export_text ("csv", NULL);
  ck_assert_ptr_null (strstr (text, "chip-x"));
}
END_TEST

START_TEST (what_aws_would_refuse_is_left_out_and_said)
{
  g_autoptr (ManifestSummary) summary = NULL;
  g_autoptr (EVP_PKEY) key1 = make_key ();
  g_autoptr (EVP_PKEY) key2 = make_key ();
  g_autoptr (GBytes) spaced = make_certificate (key1, "two words", 10);
  g_autoptr (GBytes) expired = make_certificate (key2, "late", 0);
  g_autoptr (Certificate) first = pass_with (f.ledger, "b1", "chip-s", DEVICES, spaced);
  ck_assert_ptr_nonnull (first);
  g_autoptr (Certificate) second = pass_with (f.ledger, "b1", "chip-t", DEVICES + 1, expired);
  ck_assert_ptr_nonnull (second);
  g_autofree char *text = export_text ("aws", &summary);
  const ManifestOmission *name = g_ptr_array_index (summary->omissions, 0);
  const ManifestOmission *date = g_ptr_array_index (summary->omissions, 1);

  ck_assert_uint_eq (summary->rows, DEVICES);
  ck_assert_uint_eq (summary->omissions->len, 2);
  ck_assert_str_eq (name->device, "chip-s");
  ck_assert_ptr_nonnull (strstr (name->reason, "two words"));
  ck_assert_str_eq (date->device, "chip-t");
  ck_assert_ptr_nonnull (strstr (date->reason, "expired"));
  ck_assert_ptr_null (strstr (text, "chip-s"));
  g_autofree char *csv = export_text ("csv", NULL);
  ck_assert_ptr_nonnull (strstr (csv, "chip-s"));
}
END_TEST

START_TEST (a_csv_field_is_never_a_formula)
{
  g_autoptr (Batch) batch = batch_new ();
  ck_assert_ptr_nonnull (batch);
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = make_certificate (key, "chip-f", 10);
  Issuance issuance = { .log_index = DEVICES,
                        .batch = "b1",
                        .profile = "=HYPERLINK(\"http://x\",1)",
                        .device = "chip-f",
                        .der = der };
  gint64 attempt;
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-f", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (device);
  ck_assert (ledger_store_certificate (f.ledger, &issuance, NULL));
  g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, "chip-f", NULL);
  ck_assert (ledger_certificate_verified (f.ledger, attempt, certificate->id, NULL, NULL));
  g_autofree char *text = export_text ("csv", NULL);

  ck_assert (g_str_has_prefix (text, "device,batch,profile,sha256,"));
  ck_assert_ptr_nonnull (strstr (text, "\r\nchip-f,b1,\"'=HYPERLINK(\"\"http://x\"\",1)\","));
  ck_assert (g_str_has_suffix (text, "-----END CERTIFICATE-----\n\"\r\n"));
  g_autofree char *edited = replaced (text, "chip-f,b1", "chip-f,b2");
  assert_problem (edited, "batch was edited: it says b2");
}
END_TEST

START_TEST (a_certificate_from_elsewhere_is_named)
{
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = make_certificate (key, "chip-1", 10);
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

  for (guint i = 0; formats[i] != NULL; i++) {
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
  g_autoptr (ManifestVerdict) verdict = manifest_verify (f.ledger, ends[0], &error);
  assert_ok (verdict != NULL, error);
  ck_assert (verdict->genuine);
  close (ends[0]);
}
END_TEST

START_TEST (an_unknown_format_or_batch_is_refused)
{
  g_autoptr (GError) error = NULL;
  assert_error (manifest_export (f.ledger, "xml", "b1", ca, 1, "x", &error) == NULL,
                LEDGER_ERROR_NOT_FOUND, error);
  assert_error (manifest_export (f.ledger, "aws", "b7", ca, 1, "x", &error) == NULL,
                LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("manifest");
  TCase *out = tcase_create ("out");
  TCase *back = tcase_create ("back");

  tcase_set_timeout (out, 60);
  tcase_set_timeout (back, 60);
  tcase_add_checked_fixture (out, set_up, tear_down);
  tcase_add_checked_fixture (back, set_up, tear_down);
  tcase_add_test (out, an_aws_manifest_has_one_json_line_a_device_in_order);
  tcase_add_test (out, the_template_takes_what_the_lines_give);
  tcase_add_test (out, every_format_gives_the_same_bytes_again);
  tcase_add_test (out, an_old_manifest_stays_genuine_when_the_batch_grows_and_shrinks);
  tcase_add_test (out, only_verified_certificates_go_out);
  tcase_add_test (out, what_aws_would_refuse_is_left_out_and_said);
  tcase_add_test (out, a_csv_field_is_never_a_formula);
  tcase_add_test (out, an_unknown_format_or_batch_is_refused);
  tcase_add_test (back, a_certificate_from_elsewhere_is_named);
  tcase_add_test (back, a_line_that_names_another_device_is_named);
  tcase_add_test (back, a_void_certificate_is_named);
  tcase_add_test (back, missing_repeated_and_reordered_lines_are_named);
  tcase_add_test (back, changed_spaces_and_line_ends_are_named);
  tcase_add_test (back, garbage_is_refused_in_bounded_memory);
  tcase_add_test (back, every_changed_byte_is_found);
  tcase_add_test (back, an_export_that_is_not_on_record_is_no_manifest);
  tcase_add_test (back, a_manifest_can_come_through_a_pipe);
  suite_add_tcase (suite, out);
  suite_add_tcase (suite, back);
  return run_suite (suite);
}
