/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each cloud's format holds, read by parsers that are not ours (argv[1] is Python, argv[2]
 * check_formats.py); what is left out for each cloud's rules, beside what is nearly the same and
 * goes out; and edited copies.
 */
#include <json-glib/json-glib.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/encode.h"
#include "base/files.h"
#include "base/jws.h"
#include "manifest-fixture.h"

static const char *const *arguments;

/* What the other parser tells of the file, NULL where it refuses; `more` may be NULL. */
static char *
read_by_others (const char *format, const char *text, const char *more, const char *last)
{
  g_autofree char *path = g_build_filename (f.folder, "exported", NULL);
  const char *command[] = { arguments[1], arguments[2], format, path, more, last, NULL };
  char *out = NULL;
  int status;

  ck_assert (g_file_set_contents (path, text, -1, NULL));
  ck_assert (g_spawn_sync (NULL, (char **)command, NULL, 0, NULL, NULL, &out, NULL, &status, NULL));
  if (g_spawn_check_wait_status (status, NULL))
    return out;
  g_free (out);
  return NULL;
}

static char *
export_for (const char *format, const char *target)
{
  g_autoptr (GError) error = NULL;
  char *text = export_as ((ManifestOrder){ .format = format, .target = target, .split = TRUE },
                          NULL, &error);

  assert_ok (text != NULL, error);
  return text;
}

static char *
sha256_of_device (const char *device)
{
  g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, device, NULL);

  return sha256_hex (g_bytes_get_data (certificate->der, NULL),
                     g_bytes_get_size (certificate->der));
}

static char *
expected_devices (const char *digest)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < DEVICES; i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    g_autofree char *sha256 = sha256_of_device (chip);

    g_string_append_printf (text, "%s %s\n", chip, digest != NULL ? digest : sha256);
  }
  return g_string_free (text, FALSE);
}

/* ---- read by others ---- */

static const struct {
  const char *format, *target, *more;
} formats_and_targets[] = {
  { "aws", NULL, NULL },           { "aws", "ca", NULL },
  { "aws-no-ca", NULL, NULL },     { "azure-hub", NULL, NULL },
  { "azure-hub", "hub", NULL },    { "azure-hub", "hub-ca", "ca" },
  { "thingsboard", NULL, NULL },   { "clearblade", NULL, NULL },
  { "azure-dps", NULL, NULL },     { "nrfcloud", NULL, NULL },
  { "nrfcloud", "nrf", NULL },     { "aws-csr", NULL, "request" },
  { "aws-calls", "ca", "with" },   { "aws-calls", "alone", "alone" },
  { "aws-csr", "csr", "request" },
};

static void
add_targets (void)
{
  add_target ("ca", "aws", "registered-ca", "line-7");
  add_target ("sni", "aws", "sni-only", "");
  add_target ("alone", "aws", "without-ca", "");
  add_target ("csr", "aws", "csr", "");
  add_target ("hub", "azure-hub", "without-ca", "");
  add_target ("hub-ca", "azure-hub", "registered-ca", "");
  add_target ("nrf", "nrfcloud", "without-ca", "blue|APP|factory-2|MODEM");
}

static void
expect_read (guint which)
{
  const gboolean request = g_strcmp0 (formats_and_targets[which].more, "request") == 0;
  g_autoptr (GBytes) dummy = hex_decode ("3003020100");
  g_autofree char *digest = sha256_hex (g_bytes_get_data (dummy, NULL), g_bytes_get_size (dummy));
  g_autofree char *expected = expected_devices (request ? digest : NULL);
  g_autofree char *text = NULL;
  g_autofree char *read = NULL;

  text = export_for (formats_and_targets[which].format, formats_and_targets[which].target);
  read = read_by_others (formats_and_targets[which].format, text,
                         request ? NULL : formats_and_targets[which].more, NULL);
  ck_assert_ptr_nonnull (read);
  ck_assert_str_eq (read, expected);
}

START_TEST (others_read_each_format)
{
  add_targets ();
  keep_requests ();
  for (guint i = 0; i < G_N_ELEMENTS (formats_and_targets); i++)
    expect_read (i);
}
END_TEST

START_TEST (others_read_the_keys_alone)
{
  g_autofree char *text = export_for ("spki", NULL);
  g_autofree char *read = read_by_others ("spki", text, NULL, NULL);
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < DEVICES; i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, chip, NULL);
    g_string_append_printf (expected, "%s %s\n", chip, certificate->spki_sha256);
  }
  ck_assert_ptr_nonnull (read);
  ck_assert_str_eq (read, expected->str);
}
END_TEST

START_TEST (targets_show_in_nrf_clouds_columns)
{
  g_autofree char *text = NULL;
  g_autofree char *plain = NULL;

  add_targets ();
  text = export_for ("nrfcloud", "nrf");
  plain = export_for ("nrfcloud", NULL);
  ck_assert (g_str_has_prefix (text, "chip-0,,blue|factory-2,APP|MODEM,\"-----BEGIN"));
  ck_assert (g_str_has_prefix (plain, "chip-0,,,,\"-----BEGIN"));
}
END_TEST

START_TEST (enrolments_go_by_tens)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) calls = NULL;
  g_autofree char *read = NULL;
  g_autofree char *edited = NULL;

  for (guint i = DEVICES; i < 23; i++) {
    g_autofree char *chip = g_strdup_printf ("Chip-%u", i);
    g_autoptr (Certificate) certificate = pass (f.ledger, "b1", chip, i);
    ck_assert_ptr_nonnull (certificate);
  }
  text = export_for ("azure-dps", NULL);
  calls = g_strsplit (text, "\n", -1);
  ck_assert_uint_eq (g_strv_length (calls), 4);
  for (guint i = 0; i < 3; i++) {
    g_auto (GStrv) rows = g_strsplit (calls[i], "\"registrationId\":", -1);
    ck_assert_uint_eq (g_strv_length (rows) - 1, i < 2 ? 10 : 3);
  }
  ck_assert_ptr_nonnull (
      strstr (calls[2], "\"registrationId\":\"chip-22\",\"deviceId\":\"Chip-22\""));
  read = read_by_others ("azure-dps", text, NULL, NULL);
  ck_assert_ptr_nonnull (read);
  edited = replaced (text, "\"deviceId\":\"Chip-12\"", "\"deviceId\":\"Chip-13\"");
  assert_problem (edited, "Chip-13");
}
END_TEST

/* ---- what is left out ---- */

static const struct {
  const char *format, *target;
  const char *name; /* the common name */
  int days;
  const char *says; /* NULL: it goes out */
} rules[] = {
  { "aws", NULL, "a.b", 10, "thing name" },
  { "aws", NULL, "a:b_c-d", 10, NULL },
  { "aws", NULL, "chip-3", 10, "one thing" },
  { "aws", NULL, "late", 0, "expired" },
  { "aws", NULL, "later", 1, NULL },
  { "aws-calls", "ca", "a b", 10, "thing name" },
  { "aws-calls", "ca", "a-b", 10, NULL },
  { "aws-no-ca", NULL, "a b", 10, "thing name" },
  { "aws-no-ca", NULL, "a-b", 10, NULL },
  { "aws-csr", NULL, "a*b", 10, "thing name" },
  { "aws-csr", NULL, "a_b", 10, NULL },
  { "azure-hub", NULL, "a b", 10, "device id" },
  { "azure-hub", NULL, "a/b", 10, "device id" },
  { "azure-hub", NULL, "a#b.c$%'", 10, NULL },
  { "azure-hub", NULL, "chip-3", 10, "one device" },
  { "azure-hub", NULL, "late", 0, "expired" },
  { "azure-hub", "hub-ca", "", 10, "no common name" },
  { "azure-hub", NULL, "", 10, NULL },
  { "azure-dps", NULL, "a#b", 10, "registration id" },
  { "azure-dps", NULL, "a.b:c_d", 10, NULL },
  { "azure-dps", NULL, "ab.", 10, "ends in" },
  { "azure-dps", NULL, "ab-", 10, NULL },
  { "azure-dps", NULL, "", 10, "no common name" },
  { "azure-dps", NULL, "chip-3", 10, "one enrolment" },
  { "nrfcloud", NULL, "a.b", 10, "device id" },
  { "nrfcloud", NULL, "a:b", 10, NULL },
  { "nrfcloud", NULL, "chip-3", 10, "one device" },
  { "clearblade", NULL, "1ab", 10, "device id" },
  { "clearblade", NULL, "ab", 10, "device id" },
  { "clearblade", NULL, "a:b", 10, "device id" },
  { "clearblade", NULL, "a.b~%", 10, NULL },
  { "clearblade", NULL, "chip-3", 10, "one device" },
  { "clearblade", NULL, "late", 0, "expired" },
  { "thingsboard", NULL, "late", 0, "expired" },
  { "thingsboard", NULL, "a b", 10, NULL },
};

static const struct {
  const char *format, *target;
} ruled[] = { { "aws", NULL },        { "aws-no-ca", NULL }, { "aws-csr", NULL },
              { "aws-calls", "ca" },  { "azure-hub", NULL }, { "azure-hub", "hub-ca" },
              { "azure-dps", NULL },  { "nrfcloud", NULL },  { "clearblade", NULL },
              { "thingsboard", NULL } };

static const char *
reason_for (const ManifestSummary *summary, const char *device)
{
  for (guint i = 0; i < summary->omissions->len; i++) {
    const ManifestOmission *omission = g_ptr_array_index (summary->omissions, i);

    if (g_str_equal (omission->device, device))
      return omission->reason;
  }
  return NULL;
}

static gboolean
is_for (guint rule, guint which)
{
  return g_str_equal (rules[rule].format, ruled[which].format)
         && g_strcmp0 (rules[rule].target, ruled[which].target) == 0;
}

/* A device with each name that a rule is about. */
static void
pass_names (guint which)
{
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++) {
    if (!is_for (i, which))
      continue;
    g_autoptr (GBytes) der = new_certificate (rules[i].name, rules[i].days);
    g_autofree char *device = g_strdup_printf ("x-%u", i);
    g_autoptr (Certificate) certificate = pass_with (f.ledger, "b1", device, DEVICES + i, der);
    ck_assert_ptr_nonnull (certificate);
  }
}

START_TEST (each_cloud_has_its_rules)
{
  g_autoptr (ManifestSummary) summary = NULL;
  g_autofree char *text = NULL;

  pass_names ((guint)_i);
  add_targets ();
  keep_requests ();
  text = export_as ((ManifestOrder){ .format = ruled[_i].format, .target = ruled[_i].target },
                    &summary, NULL);
  ck_assert_ptr_nonnull (text);
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++) {
    g_autofree char *device = g_strdup_printf ("x-%u", i);
    const char *reason = reason_for (summary, device);

    if (!is_for (i, (guint)_i))
      continue;
    ck_assert_msg ((reason != NULL) == (rules[i].says != NULL), "%s %s: %s", rules[i].format,
                   rules[i].name, reason);
    ck_assert_msg (reason == NULL || strstr (reason, rules[i].says) != NULL, "%s", reason);
  }
}
END_TEST

START_TEST (without_a_request_there_is_nothing_to_sign)
{
  g_autoptr (ManifestSummary) summary = NULL;
  g_autofree char *text = export_text ("aws-csr", &summary);

  ck_assert_str_eq (text, "");
  ck_assert_uint_eq (summary->omitted, DEVICES);
}
END_TEST

/* ---- templates ---- */

static JsonObject *
parsed (JsonParser *parser, const char *text)
{
  g_autoptr (GError) error = NULL;

  assert_ok (json_parser_load_from_data (parser, text, -1, &error), error);
  return json_node_get_object (json_parser_get_root (parser));
}

static const struct {
  const char *format, *target;
  gboolean named; /* policy, type and group */
  const char *property;
} templates[] = {
  { "aws", NULL, FALSE, "CACertificatePem" },
  { "aws", "ca", TRUE, "CACertificatePem" },
  { "aws-no-ca", "ca", TRUE, "CertificatePem" },
  { "aws-csr", NULL, FALSE, "CertificateSigningRequest" },
};

static JsonObject *
properties_of (JsonObject *resources, const char *name)
{
  return json_object_get_object_member (json_object_get_object_member (resources, name),
                                        "Properties");
}

static void
expect_template (guint which)
{
  g_autoptr (ManifestSummary) summary = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (JsonParser) line_parser = json_parser_new ();
  g_autofree char *text = NULL;

  text = export_as (
      (ManifestOrder){ .format = templates[which].format, .target = templates[which].target },
      &summary, NULL);
  ck_assert_str_eq (summary->template_suffix, ".template.json");
  ck_assert_uint_lt (strlen (summary->template), 10240);
  *strchr (text, '\n') = '\0';
  JsonObject *root = parsed (parser, summary->template);
  JsonObject *resources = json_object_get_object_member (root, "Resources");
  JsonObject *parameters = json_object_get_object_member (root, "Parameters");
  g_autoptr (GList) names = json_object_get_members (parsed (line_parser, text));
  ck_assert_uint_eq (json_object_get_size (parameters), g_list_length (names));
  for (const GList *name = names; name != NULL; name = name->next)
    ck_assert (json_object_has_member (parameters, name->data));
  ck_assert (
      json_object_has_member (properties_of (resources, "certificate"), templates[which].property));
  ck_assert_int_eq (json_object_has_member (resources, "policy"), templates[which].named);
  ck_assert_int_eq (json_object_has_member (properties_of (resources, "thing"), "ThingTypeName"),
                    templates[which].named);
  ck_assert_int_eq (json_object_has_member (properties_of (resources, "thing"), "ThingGroups"),
                    templates[which].named);
}

START_TEST (a_template_takes_what_its_lines_give)
{
  add_targets ();
  keep_requests ();
  for (guint i = 0; i < G_N_ELEMENTS (templates); i++)
    expect_template (i);
}
END_TEST

static const struct {
  const char *format, *target;
  gboolean taken;
} modes[] = {
  { "aws", "sni", TRUE },         { "aws", "alone", FALSE },     { "aws", "csr", FALSE },
  { "aws", "hub", FALSE },        { "aws-no-ca", "sni", TRUE },  { "aws-no-ca", "alone", FALSE },
  { "aws-csr", "ca", FALSE },     { "aws-csr", "csr", TRUE },    { "aws-calls", "csr", FALSE },
  { "aws-calls", "alone", TRUE }, { "aws-calls", "hub", FALSE }, { "aws-calls", NULL, FALSE },
};

START_TEST (a_target_of_another_mode_is_refused)
{
  add_targets ();
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *text = export_as (
        (ManifestOrder){ .format = modes[i].format, .target = modes[i].target }, NULL, &error);

    ck_assert_int_eq (text != NULL, modes[i].taken);
    ck_assert (modes[i].taken || g_error_matches (error, LEDGER_ERROR, LEDGER_ERROR_INVALID));
  }
}
END_TEST

/* ---- edited copies ---- */

static const struct {
  const char *format, *target, *from, *to, *says;
} edits[] = {
  { "aws-no-ca", NULL, "\"ThingName\":\"chip-2\"", "\"ThingName\":\"evil\"", "line 3: ThingName" },
  { "aws-csr", NULL, "\"ThingName\":\"chip-2\"", "\"ThingName\":\"evil\"", "line 3: ThingName" },
  { "aws-csr", NULL, "MAMCAQA=", "MAMCAQE=", "line 1: CSR was edited" },
  { "aws-calls", "ca", "\"thingName\":\"chip-2\"", "\"thingName\":\"evil\"",
    "line 3: create-thing was edited" },
  { "azure-hub", NULL, "\"id\":\"chip-2\"", "\"id\":\"evil\"", "line 3: the certificate belongs" },
  { "azure-hub", "hub-ca", "\"id\":\"chip-2\"", "\"id\":\"evil\"", "line 3: the certificate" },
  { "azure-hub", NULL, "selfSigned", "sas", "line 1: authentication.type was edited" },
  { "azure-dps", NULL, "\"registrationId\":\"chip-2\"", "\"registrationId\":\"evil\"",
    "registrationId was edited" },
  { "azure-dps", NULL, "\"mode\":\"create\"", "\"mode\":\"delete\"", "" },
  { "thingsboard", NULL, "chip-2,", "evil,", "the certificate belongs to device chip-2" },
  { "thingsboard", NULL, ",b1,", ",b2,", "line 2: LABEL was edited: it says b2" },
  { "clearblade", NULL, "ES256_X509_PEM", "RSA_X509_PEM",
    "line 1: credentials.0.publicKey.format was edited" },
  { "clearblade", NULL, "\"id\":\"chip-2\"", "\"id\":\"evil\"",
    "line 3: id was edited: it says evil" },
  { "spki", NULL, "\"device\":\"chip-2\"", "\"device\":\"evil\"",
    "line 3: the certificate belongs to device chip-2" },
  { "spki", NULL, "BEGIN PUBLIC KEY", "BEGIN  PUBLIC KEY", "line 1: public-key was edited" },
  { "nrfcloud", NULL, "chip-2,", "evil,", "the certificate belongs to device chip-2" },
};

START_TEST (edited_copies_are_found)
{
  add_targets ();
  keep_requests ();
  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    g_autofree char *text = export_for (edits[i].format, edits[i].target);
    g_autofree char *edited = replaced (text, edits[i].from, edits[i].to);

    assert_problem (edited, edits[i].says);
  }
}
END_TEST

/* ---- Microchip ---- */

static EVP_PKEY *station_key;
static GBytes *station;

/* A certificate with a subjectKeyIdentifier, as the signer's. */
static void
make_station (const char *path)
{
  g_autoptr (GBytes) plain = NULL;
  X509 *certificate;
  X509_EXTENSION *id;
  guint8 *der = NULL;

  station_key = make_key ();
  plain = make_certificate (station_key, "station", 10);
  const guint8 *end = g_bytes_get_data (plain, NULL);
  certificate = d2i_X509 (NULL, &end, (long)g_bytes_get_size (plain));
  id = X509V3_EXT_conf_nid (NULL, NULL, NID_subject_key_identifier,
                            "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13");
  ck_assert_int_eq (X509_add_ext (certificate, id, -1), 1);
  ck_assert_int_gt (X509_sign (certificate, station_key, EVP_sha256 ()), 0);
  const int length = i2d_X509 (certificate, &der);
  station = g_bytes_new (der, (gsize)length);
  g_autofree char *pem = pem_encode ("CERTIFICATE", der, (gsize)length);
  ck_assert (g_file_set_contents (path, pem, -1, NULL));
  OPENSSL_free (der);
  X509_EXTENSION_free (id);
  X509_free (certificate);
}

/* What the signer does, with a key in this process. */
static char *
sign_here (gpointer data, const char *payload, const char *unique_id, GError **error)
{
  g_autofree char *header = jws_es256_header (station);
  g_autofree char *encoded = base64url_encode ((const guint8 *)payload, strlen (payload));
  g_autofree char *input = g_strconcat (header, ".", encoded, NULL);
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 der[80];
  gsize length = sizeof der;

  ck_assert_int_eq (EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, station_key), 1);
  ck_assert_int_eq (EVP_DigestSign (context, der, &length, (const guint8 *)input, strlen (input)),
                    1);
  EVP_MD_CTX_free (context);
  g_autofree char *signature = jws_es256_signature (der, length);
  return jws_flattened (payload, header, unique_id, signature);
}

static char *
export_microchip (ManifestSummary **summary)
{
  g_autoptr (GError) error = NULL;
  char *text =
      export_as ((ManifestOrder){ .format = "microchip", .sign = sign_here }, summary, &error);

  assert_ok (text != NULL, error);
  return text;
}

static void
pass_element (const char *id, guint64 log_index)
{
  g_autoptr (Certificate) certificate = pass (f.ledger, "b1", id, log_index);

  ck_assert_ptr_nonnull (certificate);
}

static gboolean
verdict_says (const char *text, GBytes *certificate, const char *says)
{
  g_autoptr (ManifestVerdict) verdict = verify_signed (text, certificate);

  ck_assert (!verdict->genuine);
  return has_problem (verdict, says);
}

START_TEST (a_manifest_of_secure_elements_is_read_by_others)
{
  g_autofree char *path = g_build_filename (f.folder, "station.pem", NULL);
  g_autoptr (ManifestSummary) summary = NULL;
  g_autofree char *text = NULL;
  g_autofree char *again = NULL;
  g_autofree char *read = NULL;
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  g_autofree char *expected = NULL;

  make_station (path);
  pass_element ("0123AA", DEVICES);
  pass_element ("0123ab", DEVICES + 1);
  text = export_microchip (&summary);
  ck_assert_uint_eq (summary->rows, 2);
  ck_assert_uint_eq (summary->omitted, DEVICES);
  const ManifestOmission *omission = g_ptr_array_index (summary->omissions, 0);
  ck_assert_ptr_nonnull (strstr (omission->reason, "number in hex"));
  one = sha256_of_device ("0123AA");
  two = sha256_of_device ("0123ab");
  expected = g_strdup_printf ("0123aa %s\n0123ab %s\n", one, two);
  read = read_by_others ("microchip", text, path, NULL);
  ck_assert_ptr_nonnull (read);
  ck_assert_str_eq (read, expected);
  /* The signatures differ, and both files are genuine. */
  again = export_microchip (NULL);
  ck_assert_str_ne (text, again);
  g_autoptr (ManifestVerdict) verdict = verify_signed (text, station);
  ck_assert (verdict->genuine);
}
END_TEST

/* Of base64url, the first digit behind `mark` that is not the last of its group. */
static char *
with_other_digit (const char *text, const char *mark, gsize behind)
{
  char *edited = g_strdup (text);
  char *at = strstr (edited, mark);

  ck_assert_ptr_nonnull (at);
  at += strlen (mark) + behind;
  *at = *at == 'A' ? 'B' : 'A';
  return edited;
}

START_TEST (an_edited_manifest_of_secure_elements_is_found)
{
  g_autofree char *path = g_build_filename (f.folder, "station.pem", NULL);
  g_autofree char *text = NULL;
  g_autofree char *signature = NULL;
  g_autofree char *payload = NULL;
  g_autofree char *spaced = NULL;
  g_autofree char *other_id = NULL;

  make_station (path);
  pass_element ("0123aa", DEVICES);
  pass_element ("0123ab", DEVICES + 1);
  text = export_microchip (NULL);
  signature = with_other_digit (text, "\"signature\":\"", 5);
  payload = with_other_digit (text, "\"payload\":\"", 21);
  spaced = replaced (text, "\"signature\":", "\"signature\": ");
  other_id = replaced (text, "{\"uniqueId\":\"0123aa\"}", "{\"uniqueId\":\"0123ac\"}");
  ck_assert_ptr_null (read_by_others ("microchip", signature, path, NULL));
  ck_assert (verdict_says (signature, station, "its signature is not the station's"));
  ck_assert (verdict_says (payload, station, ""));
  ck_assert (verdict_says (spaced, station, "its bytes are not"));
  ck_assert (verdict_says (other_id, station, "uniqueId"));
  ck_assert (verdict_says (spaced, NULL, "was not verified"));
}
END_TEST

START_TEST (only_keys_on_p256_are_secure_elements)
{
  g_autofree char *path = g_build_filename (f.folder, "station.pem", NULL);
  EVP_PKEY *key = EVP_EC_gen ("P-384");
  g_autoptr (GBytes) der = make_certificate (key, "0123aa", 10);
  g_autoptr (Certificate) certificate = pass_with (f.ledger, "b1", "0123aa", DEVICES, der);
  g_autoptr (ManifestSummary) summary = NULL;
  g_autofree char *text = NULL;

  ck_assert_ptr_nonnull (certificate);
  make_station (path);
  pass_element ("0123ab", DEVICES + 1);
  text = export_microchip (&summary);
  ck_assert_uint_eq (summary->rows, 1);
  const ManifestOmission *omission = g_ptr_array_index (summary->omissions, DEVICES);
  ck_assert_str_eq (omission->device, "0123aa");
  ck_assert_ptr_nonnull (strstr (omission->reason, "P-256"));
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (who_does_not_sign_exports_nothing)
{
  g_autoptr (GError) error = NULL;

  pass_element ("0123ab", DEVICES);
  ck_assert_ptr_null (export_as ((ManifestOrder){ .format = "microchip" }, NULL, &error));
  ck_assert (g_error_matches (error, LEDGER_ERROR, LEDGER_ERROR_INVALID));
}
END_TEST

static void
tear_down_all (void)
{
  g_clear_pointer (&station_key, EVP_PKEY_free);
  g_clear_pointer (&station, g_bytes_unref);
  tear_down ();
}

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("formats");
  TCase *out = tcase_create ("out");

  if (argc != 3)
    return 2;
  arguments = (const char *const *)argv;
  tcase_set_timeout (out, 60);
  tcase_add_checked_fixture (out, set_up, tear_down_all);
  tcase_add_test (out, others_read_each_format);
  tcase_add_test (out, others_read_the_keys_alone);
  tcase_add_test (out, targets_show_in_nrf_clouds_columns);
  tcase_add_test (out, enrolments_go_by_tens);
  tcase_add_loop_test (out, each_cloud_has_its_rules, 0, G_N_ELEMENTS (ruled));
  tcase_add_test (out, without_a_request_there_is_nothing_to_sign);
  tcase_add_test (out, a_template_takes_what_its_lines_give);
  tcase_add_test (out, a_target_of_another_mode_is_refused);
  tcase_add_test (out, edited_copies_are_found);
  tcase_add_test (out, a_manifest_of_secure_elements_is_read_by_others);
  tcase_add_test (out, an_edited_manifest_of_secure_elements_is_found);
  tcase_add_test (out, only_keys_on_p256_are_secure_elements);
  tcase_add_test (out, who_does_not_sign_exports_nothing);
  suite_add_tcase (suite, out);
  return run_suite (suite);
}
