/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each kind of profile with each algorithm of a CA: what is issued must satisfy OpenSSL, which has
 * no part in writing it, and say what the profile says. Also which keys a profile lets in, and what
 * a CA can't issue.
 */
#include "ca/issue/issue.h"
#include "ca/openssl.h"
#include "tests/unit/ca/make-ca.h"
#include "tests/unit/ca/make.h"

#include <check.h>
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

/* `openssl verify -x509_strict`, as others would run it. */
static void
expect_openssl_takes (GBytes *der)
{
  g_autoptr (X509) certificate = certificate_decode (der);
  g_autofree char *said = NULL;

  save_certificate (folder, "device.pem", certificate);
  ck_assert_msg (run (folder, &said, "openssl", "verify", "-x509_strict", "-CAfile", "root.pem",
                      "-untrusted", "ca.pem", "device.pem", NULL)
                     == 0,
                 "%s", said);
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
  g_autofree char *text = certificate_text (der);

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
    g_autoptr (Profile) profile = make_profile (folder, profiles[i].text);
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
  g_autoptr (Profile) profile = make_profile (folder, profiles[MATTER].text);
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
  g_autoptr (Profile) wrong = make_profile (folder, too_long);
  g_autoptr (Profile) right = make_profile (folder, short_enough);
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
  g_autoptr (Profile) profile = make_profile (folder, text);
  g_autoptr (GBytes) request = make_good_request (cases[_i].device_key, "SHA256");
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) der = issue_for (authority, profile, request, &problem);

  ck_assert ((der != NULL) == cases[_i].allowed);
  ck_assert (der != NULL || g_error_matches (problem, CA_ERROR, CA_ERROR_PROFILE_KEY));
  authority_free (authority);
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
  g_autoptr (Profile) profile = make_profile (folder, text);
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
  suite_add_tcase (suite, all);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
