/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Form=compressed: certificates that a chip stores in a few bytes begin at a full hour and last
 * whole years, and are not made where that does not fit.
 */
#include "ca/issue/issue.h"
#include "ca/openssl.h"
#include "tests/unit/ca/make-ca.h"
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

static Authority *
new_ca (const char *key_word, const char *signature)
{
  g_autoptr (EVP_PKEY) key = make_key (key_word);

  return open_ca (folder, key, signature, NULL, NULL);
}

#define COMPRESSED "[certificate]\nSubject=CN=${serial}\nForm=compressed\nValidity=10y\n"

static GBytes *
issue_compressed_at (gint64 now, gint64 authority_begins, GBytes *request, GError **error)
{
  static const SubjectValues values = { "SN-0001", "c0ffee", "B-1", "sensor" };
  Authority *authority = new_ca ("P-256", NULL);
  g_autoptr (Profile) profile = make_profile (folder, COMPRESSED);
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
  text = certificate_text (der);
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
  Authority *authority = new_ca (cas[_i][0], cas[_i][1]);
  Authority *right = new_ca ("P-256", NULL);
  g_autoptr (Profile) profile = make_profile (folder, COMPRESSED);
  g_autoptr (GError) problem = NULL;
  g_autoptr (IssueTemplate) of_wrong = issue_template_new (authority, profile, &problem);
  g_autoptr (IssueTemplate) of_right = issue_template_new (right, profile, NULL);

  ck_assert (of_wrong == NULL && g_error_matches (problem, CA_ERROR, CA_ERROR_CA_CERTIFICATE));
  ck_assert (of_right != NULL);
  authority_free (authority);
  authority_free (right);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca compressed");
  TCase *all = tcase_create ("compressed");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (all, 120);
  tcase_add_checked_fixture (all, setup, teardown);
  tcase_add_loop_test (all, test_a_compressed_certificate_lasts_whole_years_from_an_hour, 0, 4);
  tcase_add_loop_test (all, test_a_compressed_certificate_is_not_made_where_it_does_not_fit, 0, 4);
  tcase_add_loop_test (all, test_a_compressed_certificate_needs_a_p256_ca, 0, 2);
  suite_add_tcase (suite, all);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
