/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last look at a certificate: it must be the planned bytes, signed by the CA and nobody
 * else. What may stand in them is test-lint.c's.
 */
#include "base/der-write.h"
#include "ca/issue/issue-check.h"
#include "ca/keystore/keystore-private.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <string.h>

static char *folder;
static Authority *authority;
static char *key_uri;
static PassphraseSource source;
static KeystoreKey ca_key;

static void
setup (void)
{
  g_autofree char *certificate = NULL;

  folder = folder_make ();
  folder_fill (folder, "p-256");
  certificate = g_build_filename (folder, "ca.pem", NULL);
  key_uri = g_strdup_printf ("file:%s/ca.key", folder);
  source = (PassphraseSource){ .fd = -1 };
  source.file = g_build_filename (folder, "ca.passphrase", NULL);
  authority = authority_load ("ca", certificate, NULL, NULL);
  ck_assert (authority_unlock (authority, key_uri, &source, NULL));
  ck_assert (keystore_file_open (&(KeystoreSource){ .passphrase = &source },
                                 key_uri + strlen ("file:"), &ca_key, NULL));
}

static void
teardown (void)
{
  authority_free (authority);
  EVP_PKEY_free (ca_key.key);
  g_free (key_uri);
  g_free (source.file);
  folder_remove (folder);
}

/* Stands for a to-be-signed part: what is in it was judged before. */
static const guint8 tbs[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };
static const guint8 other_tbs[] = { 0x30, 0x03, 0x02, 0x01, 0x08 };

static const char ecdsa_sha256[] = "300a06082a8648ce3d040302";
static const char ecdsa_sha512[] = "300a06082a8648ce3d040304";

static void
append_hex (GByteArray *out, const char *hex)
{
  for (; hex[0] != '\0'; hex += 2) {
    guint8 byte = (guint8)(g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));

    g_byte_array_append (out, &byte, 1);
  }
}

/* Signs `tbs` with `key`, but has `held` in the certificate. */
static GByteArray *
make_certificate (const guint8 *held, const char *algorithm, EVP_PKEY *key)
{
  GByteArray *out = g_byte_array_new ();
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 signature[200] = { 0 };
  gsize length = sizeof signature - 1;

  EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, key);
  ck_assert_int_eq (EVP_DigestSign (context, signature + 1, &length, tbs, sizeof tbs), 1);
  EVP_MD_CTX_free (context);
  g_byte_array_append (out, held, sizeof tbs);
  append_hex (out, algorithm);
  der_put (out, DER_BIT_STRING, signature, length + 1);
  der_wrap (out, 0, DER_SEQUENCE);
  return out;
}

static gboolean
check (const guint8 *planned, const GByteArray *certificate)
{
  g_autoptr (GError) problem = NULL;
  gboolean passed = issue_check (authority, (Span){ planned, sizeof tbs }, certificate->data,
                                 certificate->len, &problem);

  ck_assert (passed || g_error_matches (problem, CA_ERROR, CA_ERROR_INTERNAL));
  return passed;
}

START_TEST (test_a_certificate_as_planned_passes)
{
  g_autoptr (GByteArray) certificate = make_certificate (tbs, ecdsa_sha256, ca_key.key);

  ck_assert (check (tbs, certificate));
}
END_TEST

/* Another part than was planned, or than was signed. */
START_TEST (test_another_signed_part_is_seen)
{
  g_autoptr (GByteArray) certificate = make_certificate (tbs, ecdsa_sha256, ca_key.key);
  g_autoptr (GByteArray) changed = make_certificate (other_tbs, ecdsa_sha256, ca_key.key);

  ck_assert (!check (other_tbs, certificate));
  ck_assert (!check (tbs, changed));
  ck_assert (!check (other_tbs, changed));
}
END_TEST

START_TEST (test_another_keys_signature_or_another_outer_algorithm_is_seen)
{
  EVP_PKEY *other = make_key ("P-256");
  g_autoptr (GByteArray) of_other = make_certificate (tbs, ecdsa_sha256, other);
  g_autoptr (GByteArray) of_algorithm = make_certificate (tbs, ecdsa_sha512, ca_key.key);

  ck_assert (!check (tbs, of_other));
  ck_assert (!check (tbs, of_algorithm));
  EVP_PKEY_free (other);
}
END_TEST

START_TEST (test_a_byte_too_much_or_too_few_is_seen)
{
  g_autoptr (GByteArray) certificate = make_certificate (tbs, ecdsa_sha256, ca_key.key);

  g_byte_array_append (certificate, tbs, 1);
  ck_assert (!check (tbs, certificate));
  g_byte_array_set_size (certificate, certificate->len - 2);
  ck_assert (!check (tbs, certificate));
}
END_TEST

START_TEST (test_times_change_their_form_in_2050)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  der_put_time (out, 2524607999); /* 2049-12-31T23:59:59Z */
  der_put_time (out, 2524608000);
  der_put_time (out, 253402300799);
  ck_assert_uint_eq (out->len, 15 + 17 + 17);
  ck_assert_mem_eq (out->data,
                    "\x17\x0d"
                    "491231235959Z",
                    15);
  ck_assert_mem_eq (out->data + 15,
                    "\x18\x0f"
                    "20500101000000Z",
                    17);
  ck_assert_mem_eq (out->data + 32,
                    "\x18\x0f"
                    "99991231235959Z",
                    17);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca issue");
  TCase *issue = tcase_create ("issue");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (issue, setup, teardown);
  tcase_add_test (issue, test_a_certificate_as_planned_passes);
  tcase_add_test (issue, test_another_signed_part_is_seen);
  tcase_add_test (issue, test_a_byte_too_much_or_too_few_is_seen);
  tcase_add_test (issue, test_another_keys_signature_or_another_outer_algorithm_is_seen);
  tcase_add_test (issue, test_times_change_their_form_in_2050);
  suite_add_tcase (suite, issue);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
