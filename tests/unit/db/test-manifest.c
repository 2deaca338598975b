/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Manifests: what goes out, what stays, and that it goes out the same again.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "base/encode.h"
#include "db/manifest-private.h"
#include "manifest-fixture.h"

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

START_TEST (every_format_gives_the_same_bytes_again)
{
  const ManifestFormat *const *formats = manifest_formats ();

  keep_requests ();
  for (guint i = 0; formats[i] != NULL; i++) {
    const ManifestWriter *writer = manifest_writer (formats[i]->name);
    /* ECDSA is random; and some are for a target only: test-formats.c has these. */
    if (writer->signs || writer->needs_target)
      continue;
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
  g_autoptr (GBytes) der = new_certificate ("chip-x", 10);
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
  g_autoptr (GBytes) spaced = new_certificate ("two words", 10);
  g_autoptr (GBytes) expired = new_certificate ("late", 0);
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

START_TEST (two_devices_never_become_one_thing)
{
  g_autoptr (ManifestSummary) summary = NULL;
  g_autoptr (GBytes) same = new_certificate ("chip-2", 10);
  g_autoptr (Certificate) certificate = pass_with (f.ledger, "b1", "chip-u", DEVICES, same);
  g_autofree char *text = export_text ("aws", &summary);
  const ManifestOmission *name = g_ptr_array_index (summary->omissions, 0);

  ck_assert_ptr_nonnull (certificate);
  ck_assert_uint_eq (summary->omissions->len, 1);
  ck_assert_str_eq (name->device, "chip-u");
  ck_assert_ptr_nonnull (strstr (name->reason, "one thing"));
  ck_assert_uint_eq (summary->rows, DEVICES);
  ck_assert_ptr_null (strstr (text, "\"SerialNumber\":\"chip-u\""));
  /* Once the first one is void there is no clash any more. */
  g_autoptr (Certificate) first = ledger_certificate (f.ledger, "chip-2", NULL);
  ck_assert (ledger_void_certificate (f.ledger, first->id, "lost", "sue", NULL));
  g_autofree char *later = export_text ("aws", NULL);
  ck_assert_ptr_nonnull (strstr (later, "\"SerialNumber\":\"chip-u\""));
}
END_TEST

START_TEST (a_csv_field_is_never_a_formula)
{
  g_autoptr (Batch) batch = batch_new ();
  ck_assert_ptr_nonnull (batch);
  g_autoptr (GBytes) der = new_certificate ("chip-f", 10);
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

START_TEST (an_unknown_format_or_batch_is_refused)
{
  g_autoptr (GError) error = NULL;
  ManifestOrder order = { .format = "xml", .batch = "b1", .ca_certificate = ca, .fd = 1 };

  assert_error (manifest_export (f.ledger, &order, &error) == NULL, LEDGER_ERROR_NOT_FOUND, error);
  order.format = "aws";
  order.batch = "b7";
  assert_error (manifest_export (f.ledger, &order, &error) == NULL, LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("manifest");
  TCase *out = tcase_create ("out");

  tcase_set_timeout (out, 60);
  tcase_add_checked_fixture (out, set_up, tear_down);
  tcase_add_test (out, an_aws_manifest_has_one_json_line_a_device_in_order);
  tcase_add_test (out, every_format_gives_the_same_bytes_again);
  tcase_add_test (out, an_old_manifest_stays_genuine_when_the_batch_grows_and_shrinks);
  tcase_add_test (out, only_verified_certificates_go_out);
  tcase_add_test (out, what_aws_would_refuse_is_left_out_and_said);
  tcase_add_test (out, two_devices_never_become_one_thing);
  tcase_add_test (out, a_csv_field_is_never_a_formula);
  tcase_add_test (out, an_unknown_format_or_batch_is_refused);
  suite_add_tcase (suite, out);
  return run_suite (suite);
}
