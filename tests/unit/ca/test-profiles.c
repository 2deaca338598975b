/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each kind of profile with each algorithm of a CA: what is issued must satisfy OpenSSL, which has
 * no part in writing it, and say what the profile says. Also how random serials are, and which keys
 * a profile lets in.
 */
#include "ca/issue/issue.h"
#include "ca/openssl.h"
#include "tests/unit/ca/make-ca.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <math.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static char *folder;

static void
setup (void)
{
  folder = folder_make ();
}

static void
teardown (void)
{
  folder_remove (folder);
}

static const char *parameter_folder;

static EVP_PKEY *
new_ca_key (const char *word)
{
  return make_ca_key (word, parameter_folder);
}

static Authority *
new_ca (const char *key_word, const char *signature, const char *vendor, const char *product)
{
  g_autoptr (EVP_PKEY) key = new_ca_key (key_word);

  return open_ca (folder, key, signature, vendor, product);
}

static Profile *
load_profile (const char *text)
{
  g_autofree char *path = g_build_filename (folder, "test.profile", NULL);
  GError *problem = NULL;
  Profile *profile;

  folder_write (folder, "test.profile", text, 0644);
  profile = profile_load (path, &problem);
  ck_assert_msg (profile != NULL, "%s", problem != NULL ? problem->message : "");
  return profile;
}

static GBytes *
issue_for (const Authority *authority, const Profile *profile, GBytes *request, GError **error)
{
  static const SubjectValues values = { "SN-0001", "c0ffee", "B-1", "sensor" };
  g_autoptr (IssueTemplate) plan = issue_template_new (authority, profile, error);
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  Csr csr;

  ck_assert (csr_parse (data, length, &csr, NULL));
  return plan != NULL ? issue_certificate (plan, &csr, &values, (gint64)time (NULL), error) : NULL;
}

static X509 *
decode (GBytes *der)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (der, &length);
  X509 *certificate = d2i_X509 (NULL, &at, (long)length);

  ck_assert (certificate != NULL && at == (const guint8 *)g_bytes_get_data (der, NULL) + length);
  return certificate;
}

/* `openssl verify -x509_strict`, as others would run it. */
static void
expect_openssl_takes (GBytes *der)
{
  g_autoptr (X509) certificate = decode (der);
  g_autofree char *said = NULL;

  save_certificate (folder, "device.pem", certificate);
  ck_assert_msg (run (folder, &said, "openssl", "verify", "-x509_strict", "-CAfile", "root.pem",
                      "-untrusted", "ca.pem", "device.pem", NULL)
                     == 0,
                 "%s", said);
}

static char *
text_of (GBytes *der)
{
  g_autoptr (X509) certificate = decode (der);
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  char *data;
  long length;

  X509_print_ex (out, certificate, XN_FLAG_RFC2253, 0);
  length = BIO_get_mem_data (out, &data);
  return g_strndup (data, (gsize)length);
}

/* ---- kinds and algorithms ---- */

static const struct {
  const char *text;
  const char *device_key;
  const char *shows[12]; /* in what OpenSSL prints of it */
  const char *lacks;
} profiles[] = {
  { "[certificate]\nKind=aws-iot\nValidity=until-ca\nSubject=C=DE,ST=Bayern,O=Example Inc,"
    "OU=${batch},dnQualifier=${product},CN=${serial},serialNumber=${chip}\n",
    "P-256",
    { "Subject: serialNumber=c0ffee,CN=SN-0001,dnQualifier=sensor,OU=B-1,O=Example Inc,ST=Bayern,"
      "C=DE",
      "TLS Web Client Authentication", "Subject Key Identifier" },
    "Subject Alternative" },
  { "[certificate]\nKind=azure-dps\nValidity=30d\nSubject=CN=${serial:lower}\n",
    "rsa-2048",
    { "Subject: CN=sn-0001", "TLS Web Client Authentication" },
    "Subject Alternative" },
  { "[certificate]\nKind=idevid\nSubject=serialNumber=${serial}\nHardwareType=2.23.133.1.2\n"
    "SubjectAltName=hardware-module:${chip}\nMasaUrl=masa.example.com\n"
    "CertificatePolicies=2.23.133.11.1.1;2.23.133.11.1.2\n",
    "P-384",
    { "Subject: serialNumber=SN-0001", "Not After : Dec 31 23:59:59 9999 GMT", "othername",
      "1.3.6.1.5.5.7.1.32", "Policy: 2.23.133.11.1.2", "Authority Key Identifier",
      "Digital Signature" },
    "Subject Key Identifier" },
  { "[certificate]\nKind=matter-dac\nSubject=CN=DAC ${serial}\nVid=FFF1\nPid=8000\n"
    "Validity=until-ca\n",
    "P-256",
    { "1.3.6.1.4.1.37244.2.1=#0C0446464631", "1.3.6.1.4.1.37244.2.2", "CA:FALSE",
      "Subject Key Identifier" },
    "Extended Key Usage" },
  { "[certificate]\nSubject=CN=${serial},O=Example\nValidity=3000d\nKeyUsage="
    "digitalSignature;keyAgreement\nExtendedKeyUsage=serverAuth;clientAuth\nSubjectAltName="
    "dns:${serial:lower}.example.com;uri:urn:example:${serial};ip:192.0.2.1;ip:2001:db8::1;"
    "email:${batch}@example.com;hardware-module:${serial}\nHardwareType=1.3.6.1.4.1.32473.1\n"
    "CertificatePolicies=1.3.6.1.4.1.32473.2\nCrlDistributionPoint=http://pki.example.com/${batch}"
    ".crl;http://b.example.com/c.crl\nCaIssuers=http://pki.example.com/ca.cer\n",
    "P-521",
    { "Digital Signature, Key Agreement",
      "DNS:sn-0001.example.com, URI:urn:example:SN-0001, "
      "IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, "
      "email:B-1@example.com, othername",
      "URI:http://pki.example.com/B-1.crl", "URI:http://b.example.com/c.crl",
      "CA Issuers - URI:http://pki.example.com/ca.cer", "Policy: 1.3.6.1.4.1.32473.2",
      "TLS Web Server Authentication, TLS Web Client Authentication" },
    "1.3.6.1.5.5.7.1.32" },
  { "[certificate]\nValidity=30d\nSubjectAltName=uri:urn:example:${serial}\nExtendedKeyUsage=\n"
    "SubjectKeyIdentifier=no\n",
    "P-256",
    { "Subject: \n", "Subject Alternative Name: critical" },
    "Subject Key Identifier" },
};

#define MATTER 3

/* One of a key as the profile wants it; made once, before Check forks. */
static GBytes *requests[G_N_ELEMENTS (profiles)];

static const struct {
  const char *word;
  const char *ca_key;
  const char *name; /* as OpenSSL prints it */
} algorithms[] = {
  { "ecdsa-sha256", "P-256", "ecdsa-with-SHA256" },
  { "ecdsa-sha384", "P-384", "ecdsa-with-SHA384" },
  { "ecdsa-sha512", "P-521", "ecdsa-with-SHA512" },
  { "rsa-sha256", "rsa-2048", "sha256WithRSAEncryption" },
  { "rsa-sha384", "rsa-2048", "sha384WithRSAEncryption" },
  { "rsa-sha512", "rsa-2048", "sha512WithRSAEncryption" },
  { "rsa-pss-sha256", "rsa-2048", "rsassaPss" },
  { "rsa-pss-sha384", "rsa-3072", "rsassaPss" },
  { "rsa-pss-sha512", "rsa-2048", "rsassaPss" },
  { "dsa-sha256", "dsa-2048-256", "dsa_with_SHA256" },
  { "dsa-sha256", "dsa-3072-256", "dsa_with_SHA256" },
};

static void
check_certificate (GBytes *der, guint profile, guint algorithm)
{
  g_autofree char *text = text_of (der);

  ck_assert_msg (strstr (text, algorithms[algorithm].name) != NULL, "%s", text);
  for (guint i = 0; profiles[profile].shows[i] != NULL; i++)
    ck_assert_msg (strstr (text, profiles[profile].shows[i]) != NULL, "wanted %s in %s",
                   profiles[profile].shows[i], text);
  ck_assert_msg (strstr (text, profiles[profile].lacks) == NULL, "%s", text);
  expect_openssl_takes (der);
}

START_TEST (test_openssl_takes_every_kind_from_every_algorithm)
{
  Authority *authority =
      new_ca (algorithms[_i].ca_key, algorithms[_i].word, "FFF1", _i == 0 ? "8000" : NULL);

  for (guint i = 0; i < G_N_ELEMENTS (profiles); i++) {
    g_autoptr (Profile) profile = load_profile (profiles[i].text);
    g_autoptr (GBytes) der = NULL;
    g_autoptr (GError) problem = NULL;

    der = issue_for (authority, profile, requests[i], &problem);
    if (i == MATTER && _i > 0) { /* P-256 and ecdsa-sha256 alone */
      ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_CERTIFICATE));
      continue;
    }
    ck_assert_msg (der != NULL, "%s", problem != NULL ? problem->message : "");
    check_certificate (der, i, (guint)_i);
    ck_assert (i != MATTER || g_bytes_get_size (der) <= 600);
  }
  authority_free (authority);
}
END_TEST

/* The profiles of data/examples are among those that are installed. */
static char **example_files;

START_TEST (test_the_examples_issue)
{
  Authority *authority = new_ca ("P-256", NULL, "FFF1", NULL);
  guint count = 0;

  for (char **file = example_files; *file != NULL; file++, count++) {
    GError *problem = NULL;
    g_autoptr (Profile) profile = profile_load (*file, &problem);
    g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
    g_autoptr (GBytes) der = NULL;

    ck_assert_msg (profile != NULL, "%s", problem != NULL ? problem->message : "");
    der = issue_for (authority, profile, request, &problem);
    ck_assert_msg (der != NULL, "%s: %s", *file, problem != NULL ? problem->message : "");
    expect_openssl_takes (der);
  }
  ck_assert_uint_eq (count, 5);
  authority_free (authority);
}
END_TEST

/* ---- what is refused when a profile meets its CA or a device ---- */

START_TEST (test_a_dac_needs_a_pai_of_its_vendor_and_product)
{
  static const struct {
    const char *vendor;
    const char *product;
    const char *words; /* NULL: it fits */
  } cases[] = { { "FFF1", NULL, NULL },
                { "FFF1", "8000", NULL },
                { "FFF2", NULL, "the CA is vendor FFF2's" },
                { "FFF1", "8001", "the CA is for product 8001" },
                { NULL, NULL, "no vendor id" } };
  Authority *authority = new_ca ("P-256", NULL, cases[_i].vendor, cases[_i].product);
  g_autoptr (Profile) profile = load_profile (profiles[MATTER].text);
  g_autoptr (GError) problem = NULL;
  g_autoptr (IssueTemplate) plan = issue_template_new (authority, profile, &problem);

  ck_assert ((plan != NULL) == (cases[_i].words == NULL));
  ck_assert (plan != NULL || strstr (problem->message, cases[_i].words) != NULL);
  authority_free (authority);
}
END_TEST

#define MATTER_PROFILE "[certificate]\nKind=matter-dac\nVid=FFF1\nPid=8000\nValidity=until-ca\n"

/* Without a keystore: if the lint did not stand before the signature, this would crash. */
START_TEST (test_what_the_lint_refuses_is_not_signed)
{
  g_autofree char *long_name = g_strnfill (64, 'a');
  g_autofree char *too_long = g_strdup_printf (MATTER_PROFILE "Subject=CN=%s,O=%s,OU=%s\n",
                                               long_name, long_name, long_name);
  g_autofree char *short_enough = g_strdup_printf (MATTER_PROFILE "Subject=CN=%s\n", long_name);
  Authority *authority = new_ca ("P-256", NULL, "FFF1", NULL);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (Profile) wrong = load_profile (too_long);
  g_autoptr (Profile) right = load_profile (short_enough);
  Keystore *keystore = g_steal_pointer (&authority->keystore);
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) der = NULL;

  ck_assert (issue_for (authority, wrong, request, &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_LINT));
  ck_assert (g_str_has_prefix (problem->message, "matter-size: "));
  authority->keystore = keystore;
  der = issue_for (authority, right, request, NULL);
  ck_assert (der != NULL && g_bytes_get_size (der) <= 600);
  authority_free (authority);
}
END_TEST

START_TEST (test_a_profile_with_keys_lets_in_no_others)
{
  static const struct {
    const char *keys;
    const char *device_key;
    gboolean allowed;
  } cases[] = { { "Key=p-256\n", "P-256", TRUE },
                { "Key=p-256\n", "P-384", FALSE },
                { "Key=p-384;rsa-3072\n", "rsa-3072", TRUE },
                { "Key=p-384;rsa-3072\n", "rsa-2048", FALSE },
                { "Key=rsa-2048\n", "P-256", FALSE },
                { "", "P-521", TRUE },
                { "", "rsa-2048", TRUE } };
  g_autofree char *text =
      g_strdup_printf ("[certificate]\nSubject=CN=a\nValidity=1d\n[device]\n%s", cases[_i].keys);
  Authority *authority = new_ca ("P-256", NULL, NULL, NULL);
  g_autoptr (Profile) profile = load_profile (text);
  g_autoptr (GBytes) request = make_good_request (cases[_i].device_key, "SHA256");
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) der = issue_for (authority, profile, request, &problem);

  ck_assert ((der != NULL) == cases[_i].allowed);
  ck_assert (der != NULL || g_error_matches (problem, CA_ERROR, CA_ERROR_PROFILE_KEY));
  authority_free (authority);
}
END_TEST

/* ---- Form=compressed ---- */

#define COMPRESSED "[certificate]\nSubject=CN=${serial}\nForm=compressed\nValidity=10y\n"

static GBytes *
issue_compressed_at (gint64 now, gint64 authority_begins, GBytes *request, GError **error)
{
  static const SubjectValues values = { "SN-0001", "c0ffee", "B-1", "sensor" };
  Authority *authority = new_ca ("P-256", NULL, NULL, NULL);
  g_autoptr (Profile) profile = load_profile (COMPRESSED);
  g_autoptr (IssueTemplate) plan = issue_template_new (authority, profile, NULL);
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  GBytes *der;
  Csr csr;

  ck_assert (csr_parse (data, length, &csr, NULL));
  authority->not_before = authority_begins;
  authority->not_after = G_GINT64_CONSTANT (4102444800); /* 2100 */
  der = issue_certificate (plan, &csr, &values, now, error);
  authority_free (authority);
  return der;
}

START_TEST (test_a_compressed_certificate_lasts_whole_years_from_an_hour)
{
  static const struct {
    gint64 now;
    const char *begins; /* as OpenSSL prints it */
    const char *ends;
  } cases[] = {
    { 1785484801, "Jul 31 07:00:00 2026 GMT",
      "Jul 31 07:00:00 2036 GMT" }, /* 08:00:01, less 60 s */
    { 1785484860, "Jul 31 08:00:00 2026 GMT", "Jul 31 08:00:00 2036 GMT" }, /* 08:01:00 */
    { 1835438400, "Feb 28 23:00:00 2028 GMT", "Feb 28 23:00:00 2038 GMT" }, /* on 29 February */
    { 1956528030, "Dec 31 23:00:00 2031 GMT", "Dec 31 23:00:00 2041 GMT" }, /* the last one */
  };
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) der = issue_compressed_at (cases[_i].now, 0, request, &problem);
  g_autofree char *text = NULL;

  ck_assert_msg (der != NULL, "%s", problem != NULL ? problem->message : "");
  text = text_of (der);
  ck_assert_msg (strstr (text, cases[_i].begins) != NULL, "%s", text);
  ck_assert_msg (strstr (text, cases[_i].ends) != NULL, "%s", text);
}
END_TEST

START_TEST (test_a_compressed_certificate_is_not_made_where_it_does_not_fit)
{
  static const struct {
    const char *key;
    gint64 now;
    gint64 authority_begins;
    int code; /* CaError; 0: it fits */
  } cases[] = { { "P-256", 1785484860, 1785484800, 0 },
                { "P-256", 1785484860, 1785484801, CA_ERROR_VALIDITY }, /* a CA of this hour */
                { "P-256", 1956528060, 0, CA_ERROR_VALIDITY },          /* 2032 */
                { "P-384", 1785484860, 0, CA_ERROR_PROFILE_KEY } };
  g_autoptr (GBytes) request = make_good_request (cases[_i].key, "SHA256");
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) der =
      issue_compressed_at (cases[_i].now, cases[_i].authority_begins, request, &problem);

  ck_assert ((der != NULL) == (cases[_i].code == 0));
  ck_assert_msg (der != NULL || problem->code == cases[_i].code, "%s", problem->message);
}
END_TEST

START_TEST (test_a_compressed_certificate_needs_a_p256_ca)
{
  static const char *const cas[][2] = { { "P-384", NULL }, { "P-256", "ecdsa-sha384" } };
  Authority *authority = new_ca (cas[_i][0], cas[_i][1], NULL, NULL);
  Authority *right = new_ca ("P-256", NULL, NULL, NULL);
  g_autoptr (Profile) profile = load_profile (COMPRESSED);
  g_autoptr (GError) problem = NULL;
  g_autoptr (IssueTemplate) of_wrong = issue_template_new (authority, profile, &problem);
  g_autoptr (IssueTemplate) of_right = issue_template_new (right, profile, NULL);

  ck_assert (of_wrong == NULL && g_error_matches (problem, CA_ERROR, CA_ERROR_CA_CERTIFICATE));
  ck_assert (of_right != NULL);
  authority_free (authority);
  authority_free (right);
}
END_TEST

/* 99991231235959Z outlives this CA; only an IDevID may say that it has no end. */
START_TEST (test_only_an_idevid_outlives_its_ca)
{
  static const struct {
    const char *text;
    gboolean allowed;
  } cases[] = {
    { "Kind=idevid\nSubject=serialNumber=a\nSubjectAltName=\nValidity=99991231235959Z\n", TRUE },
    { "Kind=idevid\nSubject=serialNumber=a\nSubjectAltName=\nValidity=9999-12-30\n", FALSE },
    { "Kind=idevid\nSubject=serialNumber=a\nSubjectAltName=\nValidity=7301d\n", FALSE },
    { "Kind=idevid\nSubject=serialNumber=a\nSubjectAltName=\nValidity=7299d\n", TRUE },
    { "Kind=aws-iot\nSubject=CN=a\nValidity=99991231235959Z\n", FALSE },
    { "Subject=CN=a\nValidity=99991231235959Z\n", FALSE },
    { "Subject=CN=a\nValidity=until-ca\n", TRUE },
  };
  g_autofree char *text = g_strconcat ("[certificate]\n", cases[_i].text, NULL);
  Authority *authority = new_ca ("P-256", NULL, NULL, NULL);
  g_autoptr (Profile) profile = load_profile (text);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) der = issue_for (authority, profile, request, &problem);

  ck_assert ((der != NULL) == cases[_i].allowed);
  ck_assert (der != NULL || g_error_matches (problem, CA_ERROR, CA_ERROR_VALIDITY));
  authority_free (authority);
}
END_TEST

START_TEST (test_a_ca_key_must_fit_its_algorithm)
{
  static const struct {
    const char *key;
    const char *signature;
    gboolean fits;
  } cases[] = { { "P-256", "ecdsa-sha512", TRUE },
                { "P-256", "rsa-sha256", FALSE },
                { "P-256", "dsa-sha256", FALSE },
                { "rsa-2048", "rsa-pss-sha256", TRUE },
                { "rsa-2048", "ecdsa-sha256", FALSE },
                { "dsa-2048-256", "dsa-sha256", TRUE },
                { "dsa-2048-256", "rsa-sha256", FALSE },
                { "dsa-2048-256", NULL, TRUE },
                { "dsa-2048-224", NULL, FALSE },
                { "secp256k1", NULL, FALSE },
                { "P-384", "sha384", FALSE } };
  g_autofree char *path = g_build_filename (folder, "ca.pem", NULL);
  g_autoptr (EVP_PKEY) key = new_ca_key (cases[_i].key);
  g_autoptr (Authority) authority = NULL;
  g_autoptr (GError) problem = NULL;

  write_ca (folder, key, NULL, NULL);
  authority = authority_load ("ca", path, cases[_i].signature, &problem);

  ck_assert_msg ((authority != NULL) == cases[_i].fits, "%s", problem ? problem->message : "");
  ck_assert (authority != NULL || g_error_matches (problem, CA_ERROR, CA_ERROR_CA_CERTIFICATE));
}
END_TEST

/* ---- serials ---- */

#define SERIAL_BYTES 20

/* A byte's values are as frequent as chance has it: chi-square over `values` of them, whose mean is
 * values - 1 and whose deviation is sqrt(2 (values - 1)); six deviations are never passed by
 * chance in a lifetime of test runs. */
static void
expect_even (const guint *counts, guint first, guint values, guint total)
{
  const double expected = (double)total / values;
  double sum = 0;

  for (guint i = first; i < first + values; i++)
    sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  ck_assert_msg (fabs (sum - (values - 1)) < 6 * sqrt (2.0 * (values - 1)), "chi-square %f of %u",
                 sum, values);
}

static Span
serial_of (GBytes *der)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);
  DerReader reader = der_reader (data, length);
  Span serial;

  ck_assert (der_enter (&reader, DER_SEQUENCE, "certificate", &reader, NULL)
             && der_enter (&reader, DER_SEQUENCE, "tbs", &reader, NULL)
             && der_read (&reader, DER_CONTEXT_0, "version", NULL, NULL, NULL)
             && der_read (&reader, DER_INTEGER, "serial", &serial, NULL, NULL));
  return serial;
}

START_TEST (test_ten_thousand_serials_are_random_and_differ)
{
  Authority *authority = new_ca ("P-256", NULL, NULL, NULL);
  g_autoptr (Profile) profile =
      load_profile ("[certificate]\nSubject=CN=a\nValidity=1d\nExtendedKeyUsage=\n");
  g_autoptr (IssueTemplate) plan = issue_template_new (authority, profile, NULL);
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  static guint counts[SERIAL_BYTES][256];
  const guint serials = rounds_of (10000, 2560);
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  Csr csr;

  ck_assert (csr_parse (data, length, &csr, NULL));
  for (guint i = 0; i < serials; i++) {
    static const SubjectValues values = { "a", "b", "c", "d" };
    g_autoptr (GBytes) der = issue_certificate (plan, &csr, &values, (gint64)time (NULL), NULL);
    Span serial = serial_of (der);

    ck_assert_uint_eq (serial.length, SERIAL_BYTES);
    ck_assert (serial.data[0] >= 0x01 && serial.data[0] <= 0x7f);
    ck_assert (g_hash_table_add (seen, g_bytes_new (serial.data, SERIAL_BYTES)));
    for (guint k = 0; k < SERIAL_BYTES; k++)
      counts[k][serial.data[k]]++;
  }
  expect_even (counts[0], 1, 127, serials);
  for (guint k = 1; k < SERIAL_BYTES; k++)
    expect_even (counts[k], 0, 256, serials);
  authority_free (authority);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca profiles");
  TCase *all = tcase_create ("profiles");
  SRunner *runner = srunner_create (suite);
  int failed;

  parameter_folder = argv[1];
  example_files = argv + 2;
  for (guint i = 0; i < G_N_ELEMENTS (profiles); i++)
    requests[i] = make_good_request (profiles[i].device_key, "SHA256");
  tcase_set_timeout (all, 120);
  tcase_add_checked_fixture (all, setup, teardown);
  tcase_add_loop_test (all, test_openssl_takes_every_kind_from_every_algorithm, 0,
                       G_N_ELEMENTS (algorithms));
  tcase_add_test (all, test_the_examples_issue);
  tcase_add_loop_test (all, test_a_dac_needs_a_pai_of_its_vendor_and_product, 0, 5);
  tcase_add_test (all, test_what_the_lint_refuses_is_not_signed);
  tcase_add_loop_test (all, test_a_profile_with_keys_lets_in_no_others, 0, 7);
  tcase_add_loop_test (all, test_only_an_idevid_outlives_its_ca, 0, 7);
  tcase_add_loop_test (all, test_a_ca_key_must_fit_its_algorithm, 0, 11);
  tcase_add_loop_test (all, test_a_compressed_certificate_lasts_whole_years_from_an_hour, 0, 4);
  tcase_add_loop_test (all, test_a_compressed_certificate_is_not_made_where_it_does_not_fit, 0, 4);
  tcase_add_loop_test (all, test_a_compressed_certificate_needs_a_p256_ca, 0, 2);
  tcase_add_test (all, test_ten_thousand_serials_are_random_and_differ);
  suite_add_tcase (suite, all);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
