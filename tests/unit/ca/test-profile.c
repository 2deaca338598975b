/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Profiles: what is read, and which mistakes are named by line.
 */
#include "base/encode.h"
#include "ca/profile/profile.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <string.h>

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

static Profile *
load (const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "sensor.profile", NULL);

  folder_write (folder, "sensor.profile", text, 0644);
  return profile_load (path, error);
}

START_TEST (test_a_full_profile_is_read)
{
  static const char text[] =
      "# what sensors get\n[certificate]\n"
      "Subject=CN=${serial},O=Example\\, Inc\nValidity=3650d\n"
      "KeyUsage=digitalSignature;keyAgreement\n"
      "ExtendedKeyUsage=clientAuth; serverAuth\nBackdateSeconds=120\n\n"
      "[device]\nKey=p-384;p-256\nChain=no\nServerRoots=amazon-root-ca-1;"
      "/etc/root.pem\nEndpoint=a-ats.iot.eu-west-1.amazonaws.com\nLock=yes\nKeepRequest=yes\n";
  GError *problem = NULL;
  g_autoptr (Profile) profile = load (text, &problem);
  g_autofree char *digest = sha256_hex ((const guint8 *)text, strlen (text));

  ck_assert_msg (profile != NULL, "%s", problem != NULL ? problem->message : "");
  ck_assert_str_eq (profile->name, "sensor");
  ck_assert_str_eq (profile->sha256, digest);
  ck_assert_str_eq (profile->subject, "CN=${serial},O=Example\\, Inc");
  ck_assert_int_eq (profile->validity, VALIDITY_DAYS);
  ck_assert_uint_eq (profile->days, 3650);
  ck_assert_str_eq (profile->key_usage[1], "keyAgreement");
  ck_assert_str_eq (profile->extended_key_usage[1], "serverAuth");
  ck_assert_uint_eq (profile->backdate_seconds, 120);
  ck_assert_str_eq (profile->keys[0], "p-384");
  ck_assert (!profile->install_chain);
  ck_assert_str_eq (profile->server_roots[1], "/etc/root.pem");
  ck_assert (profile->lock);
  ck_assert (profile->keep_request);
}
END_TEST

START_TEST (test_defaults_are_the_documented_ones)
{
  g_autoptr (Profile) profile =
      load ("[certificate]\nSubject=CN=${serial}\nValidity=until-ca\n", NULL);

  ck_assert (profile != NULL);
  ck_assert_str_eq (profile->key_usage[0], "digitalSignature");
  ck_assert_str_eq (profile->extended_key_usage[0], "clientAuth");
  ck_assert_uint_eq (profile->backdate_seconds, 60);
  ck_assert_str_eq (profile->keys[0], "p-256");
  ck_assert (profile->install_chain);
  ck_assert (!profile->lock);
  ck_assert (!profile->keep_request);
  ck_assert (profile->endpoint == NULL);
}
END_TEST

START_TEST (test_years_and_form_are_read)
{
  g_autoptr (Profile) profile =
      load ("[certificate]\nSubject=CN=a\nValidity=31y\nForm=compressed\n", NULL);
  g_autoptr (Profile) full = load ("[certificate]\nSubject=CN=a\nValidity=100y\n", NULL);

  ck_assert (profile != NULL && full != NULL);
  ck_assert_int_eq (profile->validity, VALIDITY_YEARS);
  ck_assert_uint_eq (profile->years, 31);
  ck_assert_int_eq (profile->form, FORM_COMPRESSED);
  ck_assert_uint_eq (full->years, 100);
  ck_assert_int_eq (full->form, FORM_FULL);
}
END_TEST

START_TEST (test_attestation_is_asked_for_by_word)
{
  static const struct {
    const char *lines;
    AttestationPolicy policy;
    guint roots;
  } cases[] = { { "", ATTESTATION_NOT_ASKED, 0 },
                { "Attestation=none\n", ATTESTATION_NOT_ASKED, 0 },
                { "Attestation=preferred\n", ATTESTATION_PREFERRED, 0 },
                { "Attestation=preferred\nAttestationRoots=/a.pem\n", ATTESTATION_PREFERRED, 1 },
                { "Attestation=required\nAttestationRoots=/a.pem; /b.pem\n", ATTESTATION_REQUIRED,
                  2 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = g_strdup_printf (
        "[certificate]\nSubject=CN=${serial}\nValidity=1d\n[device]\n%s", cases[i].lines);
    g_autoptr (Profile) profile = load (text, NULL);

    ck_assert (profile != NULL);
    ck_assert_int_eq (profile->attestation, cases[i].policy);
    ck_assert_uint_eq (g_strv_length (profile->attestation_roots), cases[i].roots);
  }
}
END_TEST

START_TEST (test_an_end_is_read_to_the_second)
{
  static const struct {
    const char *text;
    gint64 seconds;
  } cases[] = { { "2030-01-31", 1896134399 },
                { "2049-12-31T23:59:59Z", 2524607999 },
                { "99991231235959Z", 253402300799 },
                { "2024-02-29", 1709251199 } };
  g_autofree char *text =
      g_strdup_printf ("[certificate]\nSubject=CN=${serial}\nValidity=%s\n", cases[_i].text);
  g_autoptr (Profile) profile = load (text, NULL);

  ck_assert (profile != NULL);
  ck_assert_int_eq (profile->validity, VALIDITY_UNTIL);
  ck_assert_int_eq (profile->until, cases[_i].seconds);
}
END_TEST

START_TEST (test_mistakes_of_form_are_named_by_file_and_line)
{
  static const struct {
    const char *text;
    const char *words;
  } cases[] = {
    { "[certificate]\nSubject=CN=a\nValidity=0y\n", ":3: Validity is '0y'" },
    { "[certificate]\nSubject=CN=a\nValidity=101y\n", ":3: Validity is '101y'" },
    { "[certificate]\nSubject=CN=a\nForm=short\nValidity=1y\n", ":3: Form" },
    { "[certificate]\nSubject=CN=a\nForm=compressed\nValidity=365d\n",
      ":4: Form=compressed needs Validity= in years" },
    { "[certificate]\nSubject=CN=a\nForm=compressed\nValidity=32y\n", "1y to 31y" },
    { "[certificate]\nSubject=CN=a\nForm=compressed\nValidity=1y\n[device]\nKey=p-256;p-384\n",
      ":6: Form=compressed is for a p-256 key" },
  };
  g_autoptr (GError) problem = NULL;

  ck_assert_uint_eq (G_N_ELEMENTS (cases), 6);
  ck_assert (load (cases[_i].text, &problem) == NULL);
  ck_assert_msg (strstr (problem->message, cases[_i].words) != NULL, "wanted '%s', got: %s",
                 cases[_i].words, problem->message);
}
END_TEST

START_TEST (test_mistakes_are_named_by_file_and_line)
{
  static const struct {
    const char *text;
    const char *words;
  } cases[] = {
    { "[certificate]\nSubject=CN=a\nValidity=1d\nFoo=1\n",
      "sensor.profile:4: unknown key 'Foo' in [certificate]; known keys are Subject" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[devise]\n", ":4: unknown group [devise]" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\nValidity=2d\n", ":4: key 'Validity' stands" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[certificate]\n", ":4: group [certificate]" },
    { "[certificate]\nSubject CN=a\n", ":2: unknown key 'Subject CN'" },
    { "[certificate]\nnonsense\n", ":2: this line is neither" },
    { "Subject=CN=a\n", ":1: key 'Subject' stands before any [group]" },
    { "[certificate]\nValidity=1d\n", "needs Subject=" },
    { "[certificate]\nSubject=CN=a\n", "needs Validity=" },
    { "[certificate]\nSubject=XX=a\nValidity=1d\n", ":2: 'XX' is no attribute" },
    { "[certificate]\nSubject=CN=${name}\nValidity=1d\n", ":2: '${name}' is no value" },
    { "[certificate]\nSubject=CN=${serial\nValidity=1d\n", ":2: '${serial' is no value" },
    { "[certificate]\nSubject=C=Germany\nValidity=1d\n", ":2: C has 7 characters" },
    { "[certificate]\nSubject=C=de\nValidity=1d\n", ":2: C must be two capital" },
    { "[certificate]\nSubject=serialNumber=a_b\nValidity=1d\n", ":2: serialNumber holds" },
    { "[certificate]\nSubject=CN=\nValidity=1d\n", ":2: CN is empty" },
    { "[certificate]\nSubject=CN=a,\nValidity=1d\n", "is no attribute" },
    { "[certificate]\nSubject=CN=a\\\nValidity=1d\n", "ends with a backslash" },
    { "[certificate]\nSubject=CN=a\nValidity=0d\n", ":3: Validity is '0d'" },
    { "[certificate]\nSubject=CN=a\nValidity=1 year\n", ":3: Validity" },
    { "[certificate]\nSubject=CN=a\nValidity=2023-02-29\n", ":3: Validity" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\nKeyUsage=keyCertSign\n",
      ":4: 'keyCertSign' is no KeyUsage" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\nKeyUsage=\n", ":4: KeyUsage is empty" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\nBackdateSeconds=90000\n",
      ":4: BackdateSeconds must be" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[device]\nKey=p-224\n", ":5: 'p-224' is no Key" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[device]\nServerRoots=auto;none\n",
      ":5: 'auto' can't stand in a list" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[device]\nServerRoots=a.pem\n",
      ":5: 'a.pem' is no root" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[device]\nEndpoint=a b\n", ":5: Endpoint" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[device]\nLock=perhaps\n",
      ":5: Lock is 'perhaps'" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[device]\nAttestation=yes\n",
      ":5: Attestation is 'yes', but must be one of none, preferred, required" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[device]\nAttestation=required\n",
      ":5: Attestation=required needs AttestationRoots" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[device]\nAttestation=none\n"
      "AttestationRoots=/r.pem\n",
      ":6: AttestationRoots is of use only with" },
    { "[certificate]\nSubject=CN=a\nValidity=1d\n[device]\nAttestation=preferred\n"
      "AttestationRoots=/r.pem;r.pem\n",
      ":6: 'r.pem' is not the absolute path" },
    { "[certificate]\nSubject=CN=\xff\nValidity=1d\n", "not UTF-8" },
  };
  g_autoptr (GError) problem = NULL;

  ck_assert_uint_eq (G_N_ELEMENTS (cases), 34);
  ck_assert (load (cases[_i].text, &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROFILE));
  ck_assert_msg (strstr (problem->message, cases[_i].words) != NULL, "wanted '%s', got: %s",
                 cases[_i].words, problem->message);
}
END_TEST

#define AWS "[certificate]\nKind=aws-iot\nValidity=1d\n"
#define AZURE "[certificate]\nKind=azure-dps\nValidity=1d\n"
#define IDEVID "[certificate]\nKind=idevid\n"
#define MATTER "[certificate]\nKind=matter-dac\nValidity=1d\nSubject=CN=a\n"
#define CUSTOM "[certificate]\nKind=custom\nValidity=1d\n"
#define CN "Subject=CN=a\n"

/* The second of each pair is its near twin that is read. */
static const struct {
  const char *wrong;
  const char *words;
  const char *right;
} kind_cases[] = {
  { "[certificate]\nKind=aws\n", ":2: Kind is 'aws', but must be one of custom, aws-iot", AWS CN },
  { AWS "Subject=O=a\n", ":4: the subject must have one CN", AWS "Subject=O=a,CN=b\n" },
  { AWS "Subject=CN=a,CN=b\n", ":4: the subject must have one CN", AWS CN },
  { AWS "Subject=CN=a.b\n", ":4: CN has '.'", AWS "Subject=CN=a-b\n" },
  { AWS "Subject=CN=a,L=b\n", ":4: AWS IoT's templates", AWS "Subject=CN=a,ST=b\n" },
  { AWS "Subject=CN=a,O=b*\n", ":4: O is 'b*'", AWS "Subject=CN=a,O=b.\n" },
  { AWS CN "ExtendedKeyUsage=serverAuth\n", ":5: Kind=aws-iot needs ExtendedKeyUsage",
    AWS CN "ExtendedKeyUsage=serverAuth;clientAuth\n" },
  { AWS CN "KeyUsage=keyAgreement\n", ":5: Kind=aws-iot needs KeyUsage",
    AWS CN "KeyUsage=keyAgreement;digitalSignature\n" },
  { AWS CN "Vid=FFF1\n", ":5: Vid= has no place in a profile with Kind=aws-iot", AWS CN },
  { AWS CN "MasaUrl=a\n", ":5: MasaUrl= has no place", AWS CN },
  { AZURE "Subject=CN=A\n", ":4: CN is 'A'", AZURE CN },
  { AZURE "Subject=CN=${serial}_\n", ":4: CN is 'x_'", AZURE "Subject=CN=${serial}_b\n" },
  { AZURE CN "Pid=8000\n", ":5: Pid= has no place", AZURE CN },
  { IDEVID "Subject=CN=a\nHardwareType=1.2.3\n", ":3: the subject must have one serialNumber",
    IDEVID "Subject=CN=a,serialNumber=b\nHardwareType=1.2.3\n" },
  { IDEVID "Subject=serialNumber=b\n",
    "hardware-module: needs HardwareType=", IDEVID "Subject=serialNumber=b\nSubjectAltName=\n" },
  { IDEVID "Subject=serialNumber=b\nHardwareType=1.2.3\nKeyUsage=keyAgreement\n",
    ":5: an IDevID has KeyUsage=digitalSignature",
    IDEVID "Subject=serialNumber=b\nHardwareType=1.2.3\n"
           "KeyUsage=keyEncipherment;digitalSignature\n[device]\nKey=rsa-2048\n" },
  { AWS CN "KeyUsage=digitalSignature;keyEncipherment\n[device]\nKey=rsa-2048;p-256\n",
    ":5: a p-256 key enciphers nothing",
    AWS CN "KeyUsage=digitalSignature;keyEncipherment\n[device]\nKey=rsa-2048\n" },
  { AWS CN "KeyUsage=digitalSignature;keyAgreement\n[device]\nKey=rsa-2048;p-256\n",
    ":5: an rsa-2048 key agrees on no key",
    AWS CN "KeyUsage=digitalSignature;keyAgreement\n[device]\nKey=p-384;p-256\n" },
  { IDEVID "Subject=serialNumber=b\nSubjectAltName=dns:a\n",
    ":4: an IDevID's SubjectAltName= has one hardware-module:",
    IDEVID "Subject=serialNumber=b\nSubjectAltName=dns:a;hardware-module:a\n"
           "HardwareType=1.2\n" },
  { MATTER "Pid=8000\n", "needs Vid=", MATTER "Vid=FFF1\nPid=8000\n" },
  { MATTER "Vid=FFF1\n", "needs Pid=", MATTER "Vid=FFF1\nPid=8000\n" },
  { MATTER "Vid=fff1\nPid=8000\n", ":5: Vid is 'fff1'", MATTER "Vid=FFF1\nPid=8000\n" },
  { MATTER "Vid=FFF1\nPid=80000\n", ":6: Pid is '80000'", MATTER "Vid=FFF1\nPid=8001\n" },
  { MATTER "Vid=FFF1\nPid=8000\nExtendedKeyUsage=clientAuth\n",
    ":7: ExtendedKeyUsage= has no place", MATTER "Vid=FFF1\nPid=8000\n" },
  { MATTER "Vid=FFF1\nPid=8000\nSubjectAltName=dns:a\n", ":7: SubjectAltName= has no place",
    MATTER "Vid=FFF1\nPid=8000\n" },
  { MATTER "Vid=FFF1\nPid=8000\nSubjectKeyIdentifier=no\n", ":7: a Matter DAC has",
    MATTER "Vid=FFF1\nPid=8000\nSubjectKeyIdentifier=yes\n" },
  { MATTER "Vid=FFF1\nPid=8000\nKeyUsage=keyAgreement\n", ":7: a Matter DAC has",
    MATTER "Vid=FFF1\nPid=8000\nKeyUsage=digitalSignature\n" },
  { MATTER "Vid=FFF1\nPid=8000\n[device]\nKey=p-384\n", ":8: a Matter DAC has a p-256 key",
    MATTER "Vid=FFF1\nPid=8000\n[device]\nKey=p-256\n" },
  { CUSTOM "Subject=\n", "needs Subject=", CUSTOM "Subject=\nSubjectAltName=dns:a\n" },
  { CUSTOM CN "SubjectAltName=a.b\n",
    ":5: 'a.b' is none of dns:", CUSTOM CN "SubjectAltName=dns:a.b\n" },
  { CUSTOM CN "SubjectAltName=dns:a_b\n", ":5: 'a_b' is no DNS name",
    CUSTOM CN "SubjectAltName=dns:a-b\n" },
  { CUSTOM CN "SubjectAltName=dns:\n", ":5: 'dns:' has no value", CUSTOM CN "SubjectAltName=\n" },
  { CUSTOM CN "SubjectAltName=uri:a b\n", ":5: 'a b' is no absolute URI",
    CUSTOM CN "SubjectAltName=uri:a:b\n" },
  { CUSTOM CN "SubjectAltName=ip:1.2.3\n", ":5: '1.2.3' is no IP address",
    CUSTOM CN "SubjectAltName=ip:1.2.3.4\n" },
  { CUSTOM CN "SubjectAltName=email:a@\n", ":5: 'a@' is no mail address",
    CUSTOM CN "SubjectAltName=email:a@b\n" },
  { CUSTOM CN "SubjectAltName=dns:${name}\n", ":5: '${name}' is no value",
    CUSTOM CN "SubjectAltName=dns:${serial:lower}\n" },
  { CUSTOM CN "SubjectAltName=dns:a;dns:b;dns:c;dns:d;dns:e;dns:f;dns:g;dns:h;dns:i\n",
    ":5: SubjectAltName has more than 8",
    CUSTOM CN "SubjectAltName=dns:a;dns:b;dns:c;dns:d;dns:e;dns:f;dns:g;dns:h\n" },
  { CUSTOM CN "HardwareType=1.2.3\n", ":5: HardwareType= is for a hardware-module:",
    CUSTOM CN "HardwareType=1.2.3\nSubjectAltName=hardware-module:a\n" },
  { CUSTOM CN "HardwareType=3.1\nSubjectAltName=hardware-module:a\n",
    ":5: '3.1' is no object identifier",
    CUSTOM CN "HardwareType=2.1\nSubjectAltName=hardware-module:a\n" },
  { CUSTOM CN "CertificatePolicies=1.40\n", ":5: '1.40' is no object identifier",
    CUSTOM CN "CertificatePolicies=1.39\n" },
  { CUSTOM CN "CertificatePolicies=1.2.03\n", ":5: '1.2.03' is no object identifier",
    CUSTOM CN "CertificatePolicies=1.2.3\n" },
  { CUSTOM CN "CertificatePolicies=1.2.3;1.2.3\n", ":5: '1.2.3' stands there twice",
    CUSTOM CN "CertificatePolicies=1.2.3;1.2.4\n" },
  { CUSTOM CN "ExtendedKeyUsage=clientAuth;clientAuth\n", ":5: 'clientAuth' stands in",
    CUSTOM CN "ExtendedKeyUsage=clientAuth\n" },
  { CUSTOM CN "CrlDistributionPoint=https://a/b\n", ":5: 'https://a/b' is no http://",
    CUSTOM CN "CrlDistributionPoint=http://a/b\n" },
  { CUSTOM CN "CaIssuers=http:///b\n", ":5: 'http:///b' is no http://",
    CUSTOM CN "CaIssuers=http://a:80/b?c\n" },
  { CUSTOM CN "MasaUrl=http://a\n", ":5: 'http://a' is neither", CUSTOM CN "MasaUrl=https://a\n" },
  { CUSTOM CN "SubjectKeyIdentifier=maybe\n", ":5: SubjectKeyIdentifier is 'maybe'",
    CUSTOM CN "SubjectKeyIdentifier=false\n" },
  { CUSTOM CN "Vid=0000\n", ":5: Vid is '0000'", CUSTOM CN "Vid=0001\n" },
};

START_TEST (test_a_kinds_rules_are_named_by_file_and_line)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (Profile) profile = NULL;
  GError *of_twin = NULL;

  ck_assert (load (kind_cases[_i].wrong, &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROFILE));
  ck_assert_msg (strstr (problem->message, kind_cases[_i].words) != NULL, "wanted '%s', got: %s",
                 kind_cases[_i].words, problem->message);
  profile = load (kind_cases[_i].right, &of_twin);
  ck_assert_msg (profile != NULL, "the twin: %s", of_twin != NULL ? of_twin->message : "");
}
END_TEST

START_TEST (test_a_kind_has_its_defaults)
{
  g_autoptr (Profile) custom = load (CUSTOM CN, NULL);
  g_autoptr (Profile) idevid = load (IDEVID "Subject=serialNumber=a\nHardwareType=1.2.3\n", NULL);
  g_autoptr (Profile) matter = load (MATTER "Vid=FFF1\nPid=8000\n", NULL);

  ck_assert (custom->kind == KIND_CUSTOM && custom->subject_key_id && !custom->keys_listed);
  ck_assert (custom->alternative_names[0] == NULL);
  ck_assert (idevid->kind == KIND_IDEVID && !idevid->subject_key_id);
  ck_assert_int_eq (idevid->until, NO_END);
  ck_assert (idevid->extended_key_usage[0] == NULL);
  ck_assert_str_eq (idevid->alternative_names[0], "hardware-module:${serial}");
  ck_assert (matter->extended_key_usage[0] == NULL && matter->subject_key_id);
  ck_assert_str_eq (matter->keys[0], "p-256");
}
END_TEST

START_TEST (test_a_folder_gives_all_its_profiles_or_the_first_mistake)
{
  g_autoptr (GHashTable) profiles = NULL;
  g_autoptr (GError) problem = NULL;

  folder_write (folder, "a.profile", "[certificate]\nSubject=CN=a\nValidity=1d\n", 0644);
  folder_write (folder, "b.profile", "[certificate]\nSubject=CN=b\nValidity=1d\n", 0644);
  folder_write (folder, "notes.txt", "nothing", 0644);
  profiles = profile_load_folder (folder, NULL);
  ck_assert_uint_eq (g_hash_table_size (profiles), 2);
  ck_assert_str_eq (((Profile *)g_hash_table_lookup (profiles, "b"))->subject, "CN=b");
  folder_write (folder, "c.profile", "[certificate]\n", 0644);
  ck_assert (profile_load_folder (folder, &problem) == NULL);
  ck_assert_ptr_nonnull (strstr (problem->message, "c.profile"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca profile");
  TCase *profile = tcase_create ("profile");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (profile, setup, teardown);
  tcase_add_test (profile, test_a_full_profile_is_read);
  tcase_add_test (profile, test_defaults_are_the_documented_ones);
  tcase_add_test (profile, test_years_and_form_are_read);
  tcase_add_test (profile, test_attestation_is_asked_for_by_word);
  tcase_add_loop_test (profile, test_an_end_is_read_to_the_second, 0, 4);
  tcase_add_loop_test (profile, test_mistakes_of_form_are_named_by_file_and_line, 0, 6);
  tcase_add_loop_test (profile, test_mistakes_are_named_by_file_and_line, 0, 34);
  tcase_add_loop_test (profile, test_a_kinds_rules_are_named_by_file_and_line, 0,
                       G_N_ELEMENTS (kind_cases));
  tcase_add_test (profile, test_a_kind_has_its_defaults);
  tcase_add_test (profile, test_a_folder_gives_all_its_profiles_or_the_first_mistake);
  suite_add_tcase (suite, profile);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
