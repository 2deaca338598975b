/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Subject templates: what values make of them, and which values are refused.
 */
#include "ca/openssl.h"
#include "ca/profile/profile.h"
#include "tests/unit/ca/make.h"

#include <check.h>

/* OpenSSL reads what was written. */
static char *
fill (const char *pattern, ProfileKind kind, const SubjectValues *values, GError **error)
{
  const SubjectPattern subject = { pattern, kind, NULL, NULL };
  g_autoptr (GByteArray) der = g_byte_array_new ();
  g_autoptr (X509_NAME) name = NULL;
  const guint8 *at;
  char text[500];

  if (!subject_put (der, &subject, values, error))
    return NULL;
  at = der->data;
  name = d2i_X509_NAME (NULL, &at, der->len);
  ck_assert (name != NULL && at == der->data + der->len);
  return g_strdup (X509_NAME_oneline (name, text, sizeof text));
}

START_TEST (test_values_fill_the_subject_and_add_nothing_to_it)
{
  const SubjectValues values = { "SN-1,O=Evil", "c0ffee", "b1", "m=1" };
  g_autofree char *text =
      fill ("CN=${serial}, OU=a\\,b ${batch},serialNumber=${chip},title=${product}", KIND_CUSTOM,
            &values, NULL);

  ck_assert_ptr_nonnull (text);
  ck_assert_str_eq (text, "/CN=SN-1,O=Evil/OU=a,b b1/serialNumber=c0ffee/title=m=1");
}
END_TEST

START_TEST (test_lower_is_the_value_in_lower_case)
{
  const SubjectValues values = { "SN-1", NULL, "b1", "m" };
  g_autofree char *text = fill ("CN=${serial:lower},OU=${serial}", KIND_AZURE_DPS, &values, NULL);

  ck_assert_str_eq (text, "/CN=sn-1/OU=SN-1");
  ck_assert (fill ("CN=${serial:upper}", KIND_CUSTOM, &values, NULL) == NULL);
}
END_TEST

START_TEST (test_a_value_that_is_missing_or_unfit_is_refused)
{
  g_autofree char *long_serial = g_strnfill (65, 'A');
  const struct {
    const char *pattern;
    SubjectValues values;
  } cases[] = { { "CN=${chip}", { "SN", NULL, "b", "p" } },
                { "CN=${product}", { "SN", "c", "b", "" } },
                { "CN=${serial}", { long_serial, "c", "b", "p" } },
                { "CN=${product}", { "SN", "c", "b", "a\033b" } },
                { "CN=${product}", { "SN", "c", "b", "a\xff" } },
                { "serialNumber=${product}", { "SN", "c", "b", "a*b" } } };
  g_autoptr (GError) problem = NULL;

  ck_assert (fill (cases[_i].pattern, KIND_CUSTOM, &cases[_i].values, &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_SUBJECT));
}
END_TEST

/* The second of each pair is its near twin that passes. */
START_TEST (test_a_kind_takes_what_its_cloud_takes)
{
  static const struct {
    ProfileKind kind;
    const char *pattern;
    const char *wrong;
    const char *right;
  } cases[] = {
    { KIND_AWS_IOT, "CN=${serial}", "SN.1", "SN-1" },
    { KIND_AWS_IOT, "CN=${serial}", "SN 1", "SN_1:a" },
    { KIND_AWS_IOT, "CN=a,O=${serial}", "a*", "a." },
    { KIND_AWS_IOT, "CN=a,O=${serial}", "a$", "a&" },
    { KIND_AWS_IOT, "CN=a,OU=${serial}", "a+", "a-" },
    { KIND_AWS_IOT, "CN=a,ST=${serial}", "a?", "a!" },
    { KIND_AWS_IOT, "CN=a,O=${serial}", "a#", "a/" },
    { KIND_AZURE_DPS, "CN=${serial}", "SN1", "sn1" },
    { KIND_AZURE_DPS, "CN=${serial}", "sn1_", "sn1-" },
    { KIND_AZURE_DPS, "CN=${serial}", "sn,1", "sn_1" },
    { KIND_AZURE_DPS, "CN=${serial}", "sn1.", "sn1.2" },
    { KIND_MATTER_DAC, "CN=${serial}", "a Mvid:FFF1", "a Mvid" },
  };
  const SubjectValues wrong = { cases[_i].wrong, "c", "b", "p" };
  const SubjectValues right = { cases[_i].right, "c", "b", "p" };
  g_autofree char *text = fill (cases[_i].pattern, cases[_i].kind, &right, NULL);
  g_autofree char *of_custom = fill (cases[_i].pattern, KIND_CUSTOM, &wrong, NULL);
  g_autoptr (GError) problem = NULL;

  ck_assert_uint_eq (G_N_ELEMENTS (cases), 12);
  ck_assert (fill (cases[_i].pattern, cases[_i].kind, &wrong, &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_SUBJECT));
  ck_assert_ptr_nonnull (text);
  ck_assert_ptr_nonnull (of_custom);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca subject");
  TCase *subject = tcase_create ("subject");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_test (subject, test_values_fill_the_subject_and_add_nothing_to_it);
  tcase_add_test (subject, test_lower_is_the_value_in_lower_case);
  tcase_add_loop_test (subject, test_a_value_that_is_missing_or_unfit_is_refused, 0, 6);
  tcase_add_loop_test (subject, test_a_kind_takes_what_its_cloud_takes, 0, 12);
  suite_add_tcase (suite, subject);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
