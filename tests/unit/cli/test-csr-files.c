/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * csr check with real requests, made here by OpenSSL.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "station/cli/csr-files.h"

static char *folder;

static void
make_folder (void)
{
  folder = g_dir_make_tmp ("keycradle-csr-XXXXXX", NULL);
  ck_assert_ptr_nonnull (folder);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    g_autofree char *inner = g_build_filename (path, name, NULL);
    if (g_file_test (inner, G_FILE_TEST_IS_SYMLINK) || g_unlink (inner) == 0)
      g_unlink (inner);
    else
      remove_all (inner);
  }
  g_rmdir (path);
}

static void
remove_folder (void)
{
  remove_all (folder);
  g_clear_pointer (&folder, g_free);
}

static X509_REQ *
make_request (EVP_PKEY *key)
{
  X509_REQ *request = X509_REQ_new ();
  X509_NAME *name = X509_REQ_get_subject_name (request);

  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_ASC, (const guint8 *)"SN1", -1, -1, 0);
  X509_REQ_set_pubkey (request, key);
  ck_assert_int_gt (X509_REQ_sign (request, key, EVP_sha256 ()), 0);
  return request;
}

/* Writes a request as PEM or DER, and gives its path. */
static char *
write_request (const char *name, EVP_PKEY *key, gboolean pem)
{
  char *path = g_build_filename (folder, name, NULL);
  X509_REQ *request = make_request (key);
  BIO *file = BIO_new_file (path, "wb");

  ck_assert_int_eq (pem ? PEM_write_bio_X509_REQ (file, request) : i2d_X509_REQ_bio (file, request),
                    1);
  BIO_free (file);
  X509_REQ_free (request);
  EVP_PKEY_free (key);
  return path;
}

static void
expect_verdict (const char *path, gboolean accepted, const char *code)
{
  g_autoptr (CsrVerdict) verdict = csr_file_judge (path, NULL);

  ck_assert_msg (g_str_equal (verdict->code, code), "%s: %s", path, verdict->code);
  ck_assert_int_eq (verdict->accepted, accepted);
  ck_assert (*verdict->operator_text != '\0' && *verdict->engineer != '\0');
}

START_TEST (good_requests_are_accepted_and_their_key_is_named)
{
  g_autofree char *pem = write_request ("a.csr", EVP_EC_gen ("P-384"), TRUE);
  g_autofree char *der = write_request ("b.der", EVP_RSA_gen (2048), FALSE);

  expect_verdict (pem, TRUE, "ok");
  expect_verdict (der, TRUE, "ok");
  g_autoptr (CsrVerdict) verdict = csr_file_judge (pem, NULL);
  ck_assert_ptr_nonnull (strstr (verdict->engineer, "P-384"));
  ck_assert_ptr_nonnull (strstr (verdict->engineer, "ecdsa-with-SHA256"));
}
END_TEST

START_TEST (bad_requests_are_rejected_with_the_reason)
{
  g_autofree char *weak = write_request ("weak.csr", EVP_RSA_gen (1024), TRUE);
  g_autofree char *curve = write_request ("curve.csr", EVP_EC_gen ("secp256k1"), TRUE);
  g_autofree char *garbage = g_build_filename (folder, "garbage.csr", NULL);
  g_autofree char *empty = g_build_filename (folder, "empty.csr", NULL);

  g_file_set_contents (garbage, "\x1b[31mhello", -1, NULL);
  g_file_set_contents (empty, "", 0, NULL);
  expect_verdict (weak, FALSE, "rsa-too-small");
  expect_verdict (curve, FALSE, "ec-curve");
  expect_verdict (garbage, FALSE, "csr-malformed");
  expect_verdict (empty, FALSE, "csr-malformed");
}
END_TEST

START_TEST (a_file_without_end_costs_a_bounded_read)
{
  expect_verdict ("/dev/zero", FALSE, "csr-malformed");
}
END_TEST

START_TEST (what_cannot_be_read_is_no_verdict_on_a_request)
{
  g_autofree char *path = g_build_filename (folder, "none.csr", NULL);
  g_autoptr (CsrVerdict) verdict = csr_file_judge (path, NULL);

  ck_assert (!verdict->readable && !verdict->accepted);
  ck_assert_str_eq (verdict->code, "unreadable");
  ck_assert_ptr_nonnull (strstr (verdict->engineer, "No such file"));
}
END_TEST

START_TEST (folders_give_their_requests_sorted_at_any_depth)
{
  static const char *const names[] = { "b.csr", "a.pem", "c.txt", "deep/d.der", "deep/e.csr" };
  g_autofree char *deep = g_build_filename (folder, "deep", NULL);
  g_autofree char *loop = g_build_filename (folder, "deep", "loop.csr", NULL);
  char *arguments[] = { folder, deep, NULL };

  ck_assert_int_eq (g_mkdir (deep, 0700), 0);
  ck_assert_int_eq (symlink (folder, loop), 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);
    g_file_set_contents (path, "x", -1, NULL);
  }
  g_autoptr (GPtrArray) files = csr_files_find (arguments);
  static const char *const expected[] = { "a.pem",    "b.csr", "d.der", "e.csr",
                                          "loop.csr", "d.der", "e.csr", "loop.csr" };
  ck_assert_uint_eq (files->len, G_N_ELEMENTS (expected));
  for (guint i = 0; i < files->len; i++)
    ck_assert (g_str_has_suffix (g_ptr_array_index (files, i), expected[i]));
}
END_TEST

START_TEST (the_json_is_an_array_with_all_members)
{
  g_autofree char *good = write_request ("good.csr", EVP_EC_gen ("P-256"), TRUE);
  g_autofree char *odd = g_build_filename (folder, "odd\x1b\xff.csr", NULL);
  g_autoptr (GPtrArray) verdicts =
      g_ptr_array_new_with_free_func ((GDestroyNotify)csr_verdict_free);
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_ptr_array_add (verdicts, csr_file_judge (good, NULL));
  g_ptr_array_add (verdicts, csr_file_judge (odd, NULL));
  g_autofree char *json = csr_verdicts_json (verdicts);
  ck_assert (json_parser_load_from_data (parser, json, -1, NULL));
  ck_assert_ptr_null (strchr (json, '\x1b'));

  JsonArray *array = json_node_get_array (json_parser_get_root (parser));
  ck_assert_uint_eq (json_array_get_length (array), 2);
  JsonObject *first = json_array_get_object_element (array, 0);
  ck_assert_str_eq (json_object_get_string_member (first, "file"), good);
  ck_assert_str_eq (json_object_get_string_member (first, "verdict"), "accept");
  ck_assert_str_eq (json_object_get_string_member (first, "code"), "ok");
  JsonObject *second = json_array_get_object_element (array, 1);
  ck_assert_str_eq (json_object_get_string_member (second, "verdict"), "reject");
  ck_assert (json_object_has_member (second, "operator"));
  ck_assert (json_object_has_member (second, "engineer"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("cli-csr-files");
  TCase *tests = tcase_create ("csr-files");
  SRunner *runner = srunner_create (suite);

  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (tests, make_folder, remove_folder);
  tcase_add_test (tests, good_requests_are_accepted_and_their_key_is_named);
  tcase_add_test (tests, bad_requests_are_rejected_with_the_reason);
  tcase_add_test (tests, a_file_without_end_costs_a_bounded_read);
  tcase_add_test (tests, what_cannot_be_read_is_no_verdict_on_a_request);
  tcase_add_test (tests, folders_give_their_requests_sorted_at_any_depth);
  tcase_add_test (tests, the_json_is_an_array_with_all_members);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
