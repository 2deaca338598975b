/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What must be wrong with a CA's chain so that it is refused, each beside its near twin that is
 * good. After BoringSSL's pki/testdata: basic-constraints-ca-false, lacks-basic-constraints,
 * lacks-signing-key-usage, expired, not-yet-valid, signed-with-sha1, pathlen-0,
 * unknown-critical-extension, invalid-spki, key identifiers, name constraints, extended key usages.
 */
#include "ca/issue/constraints.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/conf.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

/* How one certificate is made; NULL and 0 are what is good. */
typedef struct {
  const char *key;   /* a word of make_key(), or "tiny" */
  const char *basic; /* "" leaves an extension out */
  const char *usage;
  const char *subject_key_id;
  const char *authority_key_id;
  const char *extra; /* name of one more extension */
  const char *value;
  const char *digest; /* that it is signed with */
  int from;           /* days from now */
  int to;
} Making;

typedef struct {
  const char *words; /* NULL: it is good */
  Making root;
  Making ca;
} Case;

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

/* A P-256 key whose private number is 5. */
static EVP_PKEY *
tiny_key (void)
{
  static const guint8 point[65] = { 0x04, 0x51, 0x59, 0x0b, 0x7a, 0x51, 0x51, 0x40, 0xd2, 0xd7,
                                    0x84, 0xc8, 0x56, 0x08, 0x66, 0x8f, 0xdf, 0xef, 0x8c, 0x82,
                                    0xfd, 0x1f, 0x5b, 0xe5, 0x24, 0x21, 0x55, 0x4a, 0x0d, 0xc3,
                                    0xd0, 0x33, 0xed, 0xe0, 0xc1, 0x7d, 0xa8, 0x90, 0x4a, 0x72,
                                    0x7d, 0x8a, 0xe1, 0xbf, 0x36, 0xbf, 0x8a, 0x79, 0x26, 0x0d,
                                    0x01, 0x2f, 0x00, 0xd4, 0xd8, 0x08, 0x88, 0xd1, 0xd0, 0xbb,
                                    0x44, 0xfd, 0xa1, 0x6d, 0xa4 };
  guint8 number[32] = { 0 };
  OSSL_PARAM parameters[] = {
    OSSL_PARAM_utf8_string ("group", (char *)"P-256", 0),
    OSSL_PARAM_octet_string ("pub", (void *)point, sizeof point),
    OSSL_PARAM_BN ("priv", number, sizeof number),
    OSSL_PARAM_END,
  };
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, "EC", NULL);
  EVP_PKEY *key = NULL;

  number[G_BYTE_ORDER == G_LITTLE_ENDIAN ? 0 : 31] = 5;
  ck_assert_int_eq (EVP_PKEY_fromdata_init (context), 1);
  ck_assert_int_eq (EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, parameters), 1);
  EVP_PKEY_CTX_free (context);
  return key;
}

static EVP_PKEY *
key_of (const Making *making)
{
  if (g_strcmp0 (making->key, "tiny") == 0)
    return tiny_key ();
  return make_key (making->key != NULL ? making->key : "P-256");
}

static void
add (X509 *certificate, X509 *issuer, const char *name, const char *value, const char *good)
{
  static const char sections[] = "[example]\nO=Example\n[other]\nO=Other\n";
  g_autofree char *used = g_strdup (value != NULL ? value : good);
  BIO *text = BIO_new_mem_buf (sections, -1);
  CONF *conf = NCONF_new (NULL);
  X509_EXTENSION *extension;
  X509V3_CTX context;

  ck_assert_int_eq (NCONF_load_bio (conf, text, NULL), 1);
  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  X509V3_set_nconf (&context, conf);
  if (used != NULL && *used != '\0') {
    extension = X509V3_EXT_nconf (conf, &context, name, used);
    ck_assert_msg (extension != NULL, "%s=%s", name, used);
    ck_assert_int_eq (X509_add_ext (certificate, extension, -1), 1);
    X509_EXTENSION_free (extension);
  }
  NCONF_free (conf);
  BIO_free (text);
}

static X509 *
make (const Making *making, const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
  X509 *certificate = X509_new ();
  X509 *above = issuer != NULL ? issuer : certificate;
  const EVP_MD *digest = EVP_get_digestbyname (making->digest != NULL ? making->digest : "SHA256");
  X509_NAME *subject = X509_get_subject_name (certificate);

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 7);
  X509_time_adj_ex (X509_getm_notBefore (certificate), making->from != 0 ? making->from : -1, 0,
                    NULL);
  X509_time_adj_ex (X509_getm_notAfter (certificate), making->to != 0 ? making->to : 30, 0, NULL);
  X509_NAME_add_entry_by_txt (subject, "O", MBSTRING_UTF8, (const guint8 *)"Example", -1, -1, 0);
  X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_UTF8, (const guint8 *)name, -1, -1, 0);
  X509_set_issuer_name (certificate, X509_get_subject_name (above));
  X509_set_pubkey (certificate, key);
  add (certificate, above, "basicConstraints", making->basic, "critical,CA:TRUE");
  add (certificate, above, "keyUsage", making->usage, "critical,keyCertSign,cRLSign");
  add (certificate, above, "subjectKeyIdentifier", making->subject_key_id, "hash");
  if (issuer != NULL)
    add (certificate, above, "authorityKeyIdentifier", making->authority_key_id, "keyid:always");
  if (making->extra != NULL)
    add (certificate, above, making->extra, making->value, NULL);
  ck_assert_int_gt (X509_sign (certificate, issuer_key, digest), 0);
  return certificate;
}

static void
write_chain (X509 *ca, X509 *root)
{
  g_autofree char *path = g_build_filename (folder, "chain.pem", NULL);
  BIO *file = BIO_new_file (path, "w");

  ck_assert_int_eq (PEM_write_bio_X509 (file, ca), 1);
  if (root != NULL)
    ck_assert_int_eq (PEM_write_bio_X509 (file, root), 1);
  BIO_free (file);
}

static void
make_chain (const Case *making, gboolean with_root)
{
  EVP_PKEY *root_key = key_of (&making->root);
  EVP_PKEY *ca_key = key_of (&making->ca);
  X509 *root = make (&making->root, "Root", root_key, NULL, root_key);
  X509 *ca = make (&making->ca, "Issuing", ca_key, root, root_key);

  write_chain (ca, with_root ? root : NULL);
  X509_free (ca);
  X509_free (root);
  EVP_PKEY_free (ca_key);
  EVP_PKEY_free (root_key);
}

static Authority *
load (GError **error)
{
  g_autofree char *path = g_build_filename (folder, "chain.pem", NULL);

  g_autoptr (Authority) authority = authority_load ("ca", path, NULL, error);

  /* As the one that issues. */
  return authority != NULL && authority_check_times (authority, error)
             ? g_steal_pointer (&authority)
             : NULL;
}

static void
expect (const Case *wanted, Authority *authority, const GError *problem)
{
  if (wanted->words == NULL) {
    ck_assert_msg (authority != NULL, "%s", problem != NULL ? problem->message : "");
    return;
  }
  ck_assert_msg (authority == NULL, "wanted '%s'", wanted->words);
  ck_assert_int_eq (problem->code, CA_ERROR_CA_CERTIFICATE);
  ck_assert_msg (strstr (problem->message, wanted->words) != NULL, "wanted '%s', said: %s",
                 wanted->words, problem->message);
}

#define WRONG_KEY_ID "DER:30:06:80:04:01:02:03:04"
#define UNKNOWN "1.3.6.1.4.1.99999.1"

static const Case chains[] = {
  { NULL, { 0 }, { 0 } },
  { "basicConstraints", { 0 }, { .basic = "" } },
  { "basicConstraints", { 0 }, { .basic = "critical,CA:FALSE" } },
  { "basicConstraints", { .basic = "" }, { 0 } },
  { NULL, { 0 }, { .basic = "CA:TRUE" } },
  { "keyUsage", { 0 }, { .usage = "critical,digitalSignature,cRLSign" } },
  { "keyUsage", { 0 }, { .usage = "" } },
  { "keyUsage", { .usage = "critical,cRLSign" }, { 0 } },
  { NULL, { 0 }, { .usage = "keyCertSign,digitalSignature" } },
  { "pathlen", { .basic = "critical,CA:TRUE,pathlen:0" }, { 0 } },
  { NULL, { .basic = "critical,CA:TRUE,pathlen:1" }, { .basic = "critical,CA:TRUE,pathlen:0" } },
  { "certificate 1 has expired", { 0 }, { .from = -9, .to = -1 } },
  { "certificate 2 has expired", { .from = -9, .to = -1 }, { 0 } },
  { "certificate 1 is not valid yet", { 0 }, { .from = 1 } },
  { NULL, { .from = -9, .to = 1 }, { .from = -9, .to = 1 } },
  { "SHA-1, MD5", { 0 }, { .digest = "SHA1" } },
  { "SHA-1, MD5", { .key = "rsa-2048" }, { .digest = "MD5" } },
  { NULL, { .digest = "SHA1" }, { 0 } }, /* a root's own signature tells nothing */
  { NULL, { 0 }, { .digest = "SHA384" } },
  { "critical extension", { 0 }, { .extra = UNKNOWN, .value = "critical,DER:05:00" } },
  { "critical extension", { .extra = UNKNOWN, .value = "critical,DER:05:00" }, { 0 } },
  { NULL, { 0 }, { .extra = UNKNOWN, .value = "DER:05:00" } },
  { "authorityKeyIdentifier", { 0 }, { .authority_key_id = WRONG_KEY_ID } },
  { NULL, { 0 }, { .authority_key_id = "" } },
  { "subjectKeyIdentifier", { 0 }, { .subject_key_id = "" } },
  { "certificate 1 must not be used", { 0 }, { .key = "rsa-1024" } },
  { "certificate 2 must not be used", { .key = "rsa-1024" }, { 0 } },
  { "certificate 1 must not be used", { 0 }, { .key = "tiny" } },
  { "certificate 2 must not be used", { .key = "tiny" }, { 0 } },
  { "certificate 1 must not be used", { 0 }, { .key = "secp256k1" } },
  { NULL, { .key = "rsa-2048" }, { .key = "rsa-2048" } },
  { NULL, { .key = "P-521" }, { .key = "P-384" } },
  { "outside the name constraints",
    { .extra = "nameConstraints", .value = "critical,permitted;dirName:other" },
    { 0 } },
  { "outside the name constraints",
    { .extra = "nameConstraints", .value = "critical,excluded;dirName:example" },
    { 0 } },
  { NULL, { .extra = "nameConstraints", .value = "critical,permitted;dirName:example" }, { 0 } },
};

START_TEST (test_each_fault_of_a_chain_is_refused_and_its_twin_is_not)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (Authority) authority = NULL;

  make_chain (&chains[_i], TRUE);
  authority = load (&problem);
  expect (&chains[_i], authority, problem);
}
END_TEST

/* The root need not be there; what is there is judged all the same. */
START_TEST (test_a_chain_without_its_root_is_judged_too)
{
  static const Case cases[] = { { "SHA-1, MD5", { 0 }, { .digest = "SHA1" } },
                                { NULL, { 0 }, { 0 } } };
  g_autoptr (GError) problem = NULL;
  g_autoptr (Authority) authority = NULL;

  make_chain (&cases[_i], FALSE);
  authority = load (&problem);
  expect (&cases[_i], authority, problem);
}
END_TEST

/* ---- what it lets a profile issue ---- */

typedef struct {
  const char *words; /* NULL: it lets it */
  const char *subject;
  const char *names; /* SubjectAltName=, or NULL */
  const char *extension;
  const char *value;
} ConstraintCase;

#define NAMES "nameConstraints"
#define USAGES "extendedKeyUsage"
#define PLAIN "O=Example,CN=${serial}"

static const ConstraintCase constraints[] = {
  { NULL, PLAIN, NULL, NAMES, "critical,permitted;dirName:example" },
  { "permitted subtree violation", "O=Others,CN=${serial}", NULL, NAMES,
    "critical,permitted;dirName:example" },
  { "permitted subtree violation", "CN=${serial},O=Example", NULL, NAMES,
    "critical,permitted;dirName:example" },
  { "excluded subtree violation", PLAIN, NULL, NAMES, "critical,excluded;dirName:example" },
  { NULL, PLAIN, NULL, NAMES, "critical,excluded;dirName:other" },
  { NULL, PLAIN, "dns:${serial}.example.com", NAMES, "critical,permitted;DNS:example.com" },
  { "permitted subtree violation", PLAIN, "dns:${serial}.example.net", NAMES,
    "critical,permitted;DNS:example.com" },
  { "excluded subtree violation", PLAIN, "dns:${serial}.example.com", NAMES,
    "critical,excluded;DNS:example.com" },
  { NULL, PLAIN, "dns:${serial}.example.com", NAMES, "critical,excluded;DNS:example.org" },
  { "permitted subtree violation", PLAIN, "uri:https://things.example.net/${serial}", NAMES,
    "critical,permitted;URI:.example.com" },
  { NULL, PLAIN, "uri:https://things.example.com/${serial}", NAMES,
    "critical,permitted;URI:.example.com" },
  { "permitted subtree violation", "CN=${serial}.example.net", NULL, NAMES,
    "critical,permitted;DNS:example.com" },
  { NULL, "CN=${serial}.example.com", NULL, NAMES, "critical,permitted;DNS:example.com" },
  { "extendedKeyUsage", PLAIN, NULL, USAGES, "serverAuth" },
  { NULL, PLAIN, NULL, USAGES, "serverAuth,clientAuth" },
  { NULL, PLAIN, NULL, USAGES, "anyExtendedKeyUsage" },
};

static Profile *
load_profile (const ConstraintCase *wanted)
{
  g_autofree char *path = g_build_filename (folder, "sensor.profile", NULL);
  g_autofree char *text = g_strdup_printf (
      "[certificate]\nSubject=%s\nValidity=until-ca\n%s%s\n", wanted->subject,
      wanted->names != NULL ? "SubjectAltName=" : "", wanted->names != NULL ? wanted->names : "");
  g_autoptr (GError) problem = NULL;
  Profile *profile;

  folder_write (folder, "sensor.profile", text, 0644);
  profile = profile_load (path, &problem);
  ck_assert_msg (profile != NULL, "%s", problem != NULL ? problem->message : "");
  return profile;
}

/* The extension stands in the issuing CA, or in the root above it. */
static void
expect_constrained (const ConstraintCase *wanted, gboolean in_root)
{
  Case making = { 0 };
  g_autoptr (Profile) profile = load_profile (wanted);
  g_autoptr (GError) problem = NULL;
  g_autoptr (Authority) authority = NULL;
  gboolean allowed;

  (in_root ? &making.root : &making.ca)->extra = wanted->extension;
  (in_root ? &making.root : &making.ca)->value = wanted->value;
  make_chain (&making, TRUE);
  authority = load (&problem);
  if (authority == NULL && in_root)
    return; /* the CA's own name is outside, which is another test's */
  ck_assert_msg (authority != NULL, "%s", problem != NULL ? problem->message : "");
  allowed = constraints_allow (authority, profile, &problem);
  ck_assert_msg (allowed == (wanted->words == NULL), "%s",
                 problem != NULL ? problem->message : "it was allowed");
  if (wanted->words != NULL)
    ck_assert_msg (strstr (problem->message, wanted->words) != NULL, "%s", problem->message);
}

START_TEST (test_what_the_chain_forbids_is_found_before_it_is_issued)
{
  expect_constrained (&constraints[_i], FALSE);
  expect_constrained (&constraints[_i], TRUE);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca chain");
  TCase *chain = tcase_create ("chain");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (chain, 60);
  tcase_add_checked_fixture (chain, setup, teardown);
  tcase_add_loop_test (chain, test_each_fault_of_a_chain_is_refused_and_its_twin_is_not, 0,
                       G_N_ELEMENTS (chains));
  tcase_add_loop_test (chain, test_a_chain_without_its_root_is_judged_too, 0, 2);
  tcase_add_loop_test (chain, test_what_the_chain_forbids_is_found_before_it_is_issued, 0,
                       G_N_ELEMENTS (constraints));
  suite_add_tcase (suite, chain);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
