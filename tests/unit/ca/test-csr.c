/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The gate: what must not pass, and the good requests that must.
 */
#include "base/encode.h"
#include "ca/judge/csr.h"
#include "ca/judge/keycheck.h"
#include "tests/unit/ca/expect.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <openssl/x509.h>
#include <string.h>

static EVP_PKEY *p256;

static void
setup (void)
{
  p256 = make_key ("P-256");
}

static void
teardown (void)
{
  EVP_PKEY_free (p256);
}

START_TEST (test_good_requests_pass)
{
  static const char *const keys[] = {
    "rsa-2048", "rsa-3072", "rsa-4096", "P-256", "P-384", "P-521"
  };
  static const char *const names[] = {
    "RSA 2048", "RSA 3072", "RSA 4096", "P-256", "P-384", "P-521"
  };
  static const char *const digests[] = { "SHA256", "SHA384", "SHA512" };
  EVP_PKEY *key = make_key (keys[_i]);

  for (guint i = 0; i < G_N_ELEMENTS (digests); i++) {
    RequestParts parts = make_parts (key, digests[i]);
    g_autoptr (GBytes) request = make_request (&parts);
    g_autofree char *name = NULL;
    gsize length;
    const guint8 *data = g_bytes_get_data (request, &length);
    Csr csr;

    ck_assert (csr_judge (data, length, NULL, &csr, NULL, NULL));
    name = csr_describe_key (&csr);
    ck_assert_str_eq (name, names[_i]);
    ck_assert (!csr.null_parameter);
    parts_clear (&parts);
  }
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (test_attributes_with_extensions_pass)
{
  RequestParts parts = make_parts (p256, "SHA256");

  /* extensionRequest with one extension: keyUsage digitalSignature */
  parts_set (&parts.attributes, "a01e301c06092a864886f70d01090e310f300d300b0603551d0f040403020780");
  expect_accepted (make_request (&parts));
  parts_clear (&parts);
}
END_TEST

START_TEST (test_other_names_and_attributes_pass)
{
  static const struct {
    const char *subject;
    const char *attributes;
  } cases[] = {
    { "3000", "a000" },
    { "300d310b300906035504030c02c3bc", "a000" },           /* UTF-8 */
    { "300d310b300906035504031e020061", "a000" },           /* BMPString */
    { "300c310a30080603550403130161", "a000" },             /* PrintableString */
    { "300c310a30080603550403140161", "a000" },             /* TeletexString */
    { "300c310a30080603550403160161", "a000" },             /* IA5String */
    { "3000", "a012301006092a864886f70d01090e31030101ff" }, /* TRUE */
  };
  RequestParts parts = make_parts (p256, "SHA256");

  parts_set (&parts.subject, cases[_i].subject);
  parts_set (&parts.attributes, cases[_i].attributes);
  expect_accepted (make_request (&parts));
  parts_clear (&parts);
}
END_TEST
#define N_OTHER_NAMES 7

START_TEST (test_the_reader_sees_what_openssl_sees)
{
  g_autoptr (GBytes) request = make_good_request (_i == 0 ? "rsa-2048" : "P-384", "SHA384");
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  const guint8 *at = data;
  X509_REQ *parsed = d2i_X509_REQ (NULL, &at, (long)length);
  guint8 *spki = NULL, *subject = NULL, *info = NULL;
  const ASN1_BIT_STRING *signature;
  EVP_PKEY *ours, *theirs = X509_REQ_get_pubkey (parsed);
  Csr csr;

  ck_assert (csr_parse (data, length, &csr, NULL));
  ck_assert_int_eq (i2d_X509_PUBKEY (X509_REQ_get_X509_PUBKEY (parsed), &spki),
                    (int)csr.spki.length);
  ck_assert_mem_eq (spki, csr.spki.data, csr.spki.length);
  ck_assert_int_eq (i2d_X509_NAME (X509_REQ_get_subject_name (parsed), &subject),
                    (int)csr.subject.length);
  ck_assert_mem_eq (subject, csr.subject.data, csr.subject.length);
  ck_assert_int_eq (i2d_re_X509_REQ_tbs (parsed, &info), (int)csr.info.length);
  ck_assert_mem_eq (info, csr.info.data, csr.info.length);
  X509_REQ_get0_signature (parsed, &signature, NULL);
  ck_assert (span_equal (csr.signature, signature->data, (gsize)signature->length));
  ck_assert_int_eq (X509_REQ_get_signature_nid (parsed), csr.signature_nid);
  ours = csr_public_key (&csr, NULL);
  ck_assert_int_eq (EVP_PKEY_eq (ours, theirs), 1);
  EVP_PKEY_free (ours);
  EVP_PKEY_free (theirs);
  OPENSSL_free (spki);
  OPENSSL_free (subject);
  OPENSSL_free (info);
  X509_REQ_free (parsed);
}
END_TEST

START_TEST (test_malformed_pieces_are_refused)
{
  static const struct {
    guint piece; /* 0 version, 1 subject, 2 attributes */
    const char *hex;
  } cases[] = {
    { 0, "020101" },                                   /* version 1 */
    { 0, "02020000" },                                 /* 0, but longer than it need be */
    { 0, "0201ff" },                                   /* negative */
    { 0, "0200" },                                     /* an integer without bytes */
    { 0, "" },                                         /* no version */
    { 1, "3080310a300806035504030c01610000" },         /* indefinite length */
    { 1, "30810c310a300806035504030c0161" },           /* length not in its shortest form */
    { 1, "3082000c310a300806035504030c0161" },         /* the same */
    { 1, "30023100" },                                 /* an empty set */
    { 1, "300e310c300a06035504030c01610500" },         /* two values */
    { 1, "310a300806035504030c0161" },                 /* no name */
    { 1, "300c310a300806035504030c01ff" },             /* no UTF-8 */
    { 1, "300c310a30080603550403020161" },             /* an integer */
    { 1, "300c310a300806035504031e0161" },             /* half a character */
    { 1, "300c310a300806035504832c0161" },             /* an OID without end */
    { 1, "300c310a300806038004030c0161" },             /* an OID with zeros in front */
    { 1, "300c310a30080603550403330161" },             /* a constructed string */
    { 2, "" },                                         /* no attributes field at all */
    { 2, "a0020500" },                                 /* no attribute */
    { 2, "a00f300d06092a864886f70d01090e3100ff" },     /* rest */
    { 2, "a0113 00f06092a864886f70d01090e31023005" },  /* longer than what holds it */
    { 2, "a0000500" },                                 /* something behind */
    { 2, "a012301006092a864886f70d01090e3103010101" }, /* a truth that is not ff */
    { 2, "a011300f06092a864886f70d01090e31020200" },   /* an integer without bytes */
  };
  RequestParts parts = make_parts (p256, "SHA256");
  GBytes **pieces[] = { &parts.version, &parts.subject, &parts.attributes };
  g_auto (GStrv) words = g_strsplit (cases[_i].hex, " ", -1);
  g_autofree char *hex = g_strjoinv ("", words);

  parts_set (pieces[cases[_i].piece], hex);
  expect_refused (make_request (&parts), CA_ERROR_CSR_MALFORMED, NULL);
  parts_clear (&parts);
}
END_TEST
#define N_MALFORMED 24

START_TEST (test_trailing_bytes_are_refused)
{
  g_autoptr (GBytes) good = make_good_request ("P-256", "SHA256");

  expect_refused (bytes_resized (good, 1), CA_ERROR_CSR_TRAILING_DATA, NULL);
  expect_refused (bytes_resized (good, 4000), CA_ERROR_CSR_TRAILING_DATA, NULL);
}
END_TEST

START_TEST (test_a_request_cut_short_anywhere_is_refused)
{
  g_autoptr (GBytes) good = make_good_request ("P-256", "SHA256");

  for (gssize cut = 1; cut <= (gssize)g_bytes_get_size (good); cut++) /* down to nothing */
    expect_refused (bytes_resized (good, -cut), CA_ERROR_CSR_MALFORMED, NULL);
}
END_TEST

START_TEST (test_a_changed_bit_anywhere_is_refused)
{
  g_autoptr (GBytes) good = make_good_request (_i == 0 ? "P-256" : "rsa-2048", "SHA256");

  for (gsize place = 0; place < g_bytes_get_size (good); place++) {
    g_autoptr (GBytes) bad = bytes_flipped (good, place, (guint8)(1 << place % 8));

    ck_assert_msg (!judge_request (bad, NULL), "byte %zu", place);
  }
}
END_TEST

START_TEST (test_another_keys_signature_is_refused)
{
  EVP_PKEY *other = make_key ("P-256");
  RequestParts parts = make_parts (p256, "SHA256");

  parts.key = other;
  expect_refused (make_request (&parts), CA_ERROR_CSR_SIGNATURE, NULL);
  parts_clear (&parts);
  EVP_PKEY_free (other);
}
END_TEST

START_TEST (test_a_request_that_is_too_large_is_refused)
{
  g_autoptr (GBytes) good = make_good_request ("P-256", "SHA256");

  expect_refused (bytes_resized (good, CSR_MOST), CA_ERROR_CSR_MALFORMED, NULL);
}
END_TEST

START_TEST (test_random_bytes_never_pass)
{
  g_autoptr (GBytes) good = make_good_request ("P-256", "SHA256");
  GRand *dice = g_rand_new_with_seed (4711);

  for (guint round = 0; round < rounds_of (20000, 2000); round++) {
    g_autoptr (GBytes) bad =
        bytes_flipped (good, (gsize)g_rand_int_range (dice, 0, (int)g_bytes_get_size (good)),
                       (guint8)g_rand_int_range (dice, 1, 256));
    gsize length;
    const guint8 *data = g_bytes_get_data (bad, &length);
    g_autofree guint8 *copy = g_memdup2 (data, length);
    Csr csr;

    if (csr_parse (copy, length, &csr, NULL))
      ck_assert_uint_eq (csr.whole.length, length);
  }
  g_rand_free (dice);
}
END_TEST

/* ---- files ---- */

static char *
pem_of (GBytes *request)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);

  return pem_encode ("CERTIFICATE REQUEST", data, length);
}

static void
expect_file (const char *text, GBytes *wanted, CaError code)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) got = csr_from_file_bytes (text, strlen (text), &problem);

  if (wanted != NULL) {
    ck_assert_msg (got != NULL && g_bytes_equal (got, wanted), "%s",
                   problem != NULL ? problem->message : "other bytes");
    return;
  }
  ck_assert (got == NULL);
  ck_assert_msg (problem->code == (int)code, "%s", problem->message);
}

START_TEST (test_pem_files_hold_one_request_and_nothing_else)
{
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autofree char *pem = pem_of (request);
  g_autofree char *spaced = g_strconcat ("\r\n \n", pem, "\n\t\n", NULL);
  g_autofree char *twice = g_strconcat (pem, pem, NULL);
  g_autofree char *with_key =
      g_strconcat (pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", NULL);
  g_autofree char *key_first = g_strconcat (
      "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", pem, NULL);
  g_autofree char *with_text = g_strconcat ("Certificate Request:\n", pem, NULL);
  g_autofree char *damaged = g_strdup (pem);

  damaged[100] = '!';
  expect_file (pem, request, 0);
  expect_file (spaced, request, 0);
  expect_file (twice, NULL, CA_ERROR_CSR_TRAILING_DATA);
  expect_file (with_key, NULL, CA_ERROR_CSR_TRAILING_DATA);
  expect_file (key_first, NULL, CA_ERROR_CSR_MALFORMED);
  expect_file (with_text, NULL, CA_ERROR_CSR_MALFORMED);
  expect_file (damaged, NULL, CA_ERROR_CSR_MALFORMED);
  expect_file ("", NULL, CA_ERROR_CSR_MALFORMED);
  expect_file ("hello", NULL, CA_ERROR_CSR_MALFORMED);
}
END_TEST

START_TEST (test_each_reason_has_a_word_of_its_own)
{
  for (CaError code = CA_ERROR_CSR_MALFORMED; code <= CA_ERROR_INTERNAL; code++) {
    CaError back;

    ck_assert (ca_error_from_word (ca_error_word (code), &back));
    ck_assert_int_eq (back, code);
    ck_assert_uint_gt (strlen (ca_error_operator_text (code)), 10);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca csr");
  TCase *gate = tcase_create ("gate");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (gate, 120);
  tcase_add_unchecked_fixture (gate, setup, teardown);
  tcase_add_loop_test (gate, test_good_requests_pass, 0, 6);
  tcase_add_test (gate, test_attributes_with_extensions_pass);
  tcase_add_loop_test (gate, test_other_names_and_attributes_pass, 0, N_OTHER_NAMES);
  tcase_add_loop_test (gate, test_the_reader_sees_what_openssl_sees, 0, 2);
  tcase_add_loop_test (gate, test_malformed_pieces_are_refused, 0, N_MALFORMED);
  tcase_add_test (gate, test_trailing_bytes_are_refused);
  tcase_add_test (gate, test_a_request_cut_short_anywhere_is_refused);
  tcase_add_loop_test (gate, test_a_changed_bit_anywhere_is_refused, 0, 2);
  tcase_add_test (gate, test_another_keys_signature_is_refused);
  tcase_add_test (gate, test_a_request_that_is_too_large_is_refused);
  tcase_add_test (gate, test_random_bytes_never_pass);
  tcase_add_test (gate, test_pem_files_hold_one_request_and_nothing_else);
  tcase_add_test (gate, test_each_reason_has_a_word_of_its_own);
  suite_add_tcase (suite, gate);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
