/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Revocation lists of CAs that are known, and what only looks like one.
 */
#include "checks/crl-list.h"

#include "base/encode.h"
#include "ca/error.h"
#include "checks/certificate-form.h"
#include "material.h"

static Material material;
static CheckedAuthorities *authorities;

static void
set_up (void)
{
  material_make (&material);
  authorities = material_authorities (&material);
}

static void
tear_down (void)
{
  g_clear_pointer (&authorities, checked_authorities_free);
  material_clear (&material);
}

static void
refused (GBytes *bytes, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CrlList) list = crl_list_read (bytes, authorities, &error);

  ck_assert_ptr_null (list);
  ck_assert (g_error_matches (error, CA_ERROR, CA_ERROR_CRL));
  ck_assert_msg (strstr (error->message, says) != NULL, "%s", error->message);
}

START_TEST (a_list_tells_whom_it_revokes)
{
  g_autoptr (GBytes) der = material_leaf (&material, &(Wanted){ 0 });
  g_autoptr (GBytes) other = material_leaf (&material, &(Wanted){ 0 });
  g_autoptr (X509) leaf = certificate_of (der);
  g_autoptr (GBytes) bytes = material_crl (&material, FALSE, leaf, material.key);
  g_autoptr (GError) error = NULL;
  g_autoptr (CrlList) list = crl_list_read (bytes, authorities, &error);
  ParsedCertificate parsed;
  Damage damage;
  Span span;

  ck_assert_msg (list != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_uint_eq (list->count, 1);
  ck_assert_str_eq (list->authority->name, "ca");
  ck_assert_int_gt (list->next_update, list->this_update);
  span.data = g_bytes_get_data (der, &span.length);
  certificate_form_read (span, &parsed, &damage, NULL);
  ck_assert (crl_list_has (list, parsed.serial));
  span.data = g_bytes_get_data (other, &span.length);
  certificate_form_read (span, &parsed, &damage, NULL);
  ck_assert (!crl_list_has (list, parsed.serial));
}
END_TEST

START_TEST (pem_and_the_root_s_list_do_as_well)
{
  g_autoptr (GBytes) bytes = material_crl (&material, TRUE, material.authority, material.root_key);
  g_autofree char *pem =
      pem_encode ("X509 CRL", g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (GBytes) text = g_bytes_new (pem, strlen (pem));
  g_autoptr (CrlList) list = crl_list_read (text, authorities, NULL);
  const CheckedAuthority *issuing = checked_authorities_at (authorities, 0);

  ck_assert_ptr_nonnull (list);
  ck_assert (list->authority->self_signed);
  ck_assert (crl_list_has (list, issuing->serial));
  ck_assert (!crl_list_has (list, list->authority->serial));
}
END_TEST

START_TEST (what_is_not_signed_by_the_ca_is_refused)
{
  Material stranger;
  g_autoptr (GBytes) mine = NULL, theirs = NULL;

  material_make (&stranger);
  mine = material_crl (&material, FALSE, material.authority, stranger.key);
  refused (mine, "its signature is not by CA ca");
  X509_NAME_add_entry_by_txt (X509_get_subject_name (stranger.authority), "O", MBSTRING_ASC,
                              (const guint8 *)"other", -1, -1, 0);
  theirs = material_crl (&stranger, FALSE, material.authority, stranger.key);
  refused (theirs, "neither one of this station's nor above one");
  material_clear (&stranger);
}
END_TEST

START_TEST (no_bit_can_be_turned)
{
  g_autoptr (GBytes) bytes = material_crl (&material, FALSE, material.authority, material.key);

  for (gsize bit = 0; bit < 8 * g_bytes_get_size (bytes); bit++) {
    g_autoptr (GBytes) other = turned (bytes, bit);
    g_autoptr (CrlList) list = crl_list_read (other, authorities, NULL);
    ck_assert_msg (list == NULL, "bit %zu of byte %zu", bit % 8, bit / 8);
  }
  g_autoptr (GBytes) none = g_bytes_new ("", 0);
  refused (none, "neither DER nor PEM");
}
END_TEST

/* A megabyte of nothing, of zeros and behind a good one; and each beginning of a good one. */
START_TEST (no_other_length_is_a_list)
{
  const gsize large = 1u << 20;
  g_autoptr (GBytes) good = material_crl (&material, FALSE, material.authority, material.key);
  g_autofree guint8 *bytes = g_malloc0 (large);
  g_autofree char *text = g_strnfill (large, '-');
  g_autoptr (GBytes) dashes = g_bytes_new (text, large);
  g_autoptr (GBytes) zeros = g_bytes_new (bytes, large);
  g_autoptr (GBytes) longer = NULL;

  refused (zeros, "neither DER nor PEM");
  refused (dashes, "neither DER nor PEM");
  memcpy (bytes, g_bytes_get_data (good, NULL), g_bytes_get_size (good));
  longer = g_bytes_new (bytes, large);
  refused (longer, "list");
  for (gsize length = 1; length < g_bytes_get_size (good); length++) {
    g_autoptr (GBytes) begun = g_bytes_new_from_bytes (good, 0, length);
    refused (begun, "list");
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("crl-list");
  TCase *tests = tcase_create ("lists");

  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, a_list_tells_whom_it_revokes);
  tcase_add_test (tests, pem_and_the_root_s_list_do_as_well);
  tcase_add_test (tests, what_is_not_signed_by_the_ca_is_refused);
  tcase_add_test (tests, no_bit_can_be_turned);
  tcase_add_test (tests, no_other_length_is_a_list);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}
