/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The splitter's view of a certificate, held against OpenSSL's own parse.
 */
#include <check.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/certificate.h"

static void
add_name (X509_NAME *name, const char *text)
{
  ck_assert (
      X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guint8 *)text, -1, -1, 0));
}

/* Self-made, signed by its own key; `years` decides between UTCTime and GeneralizedTime. */
static GBytes *
make_certificate (EVP_PKEY *key, const char *issuer, const char *subject, int years, int version)
{
  X509 *certificate = X509_new ();
  guint8 *der = NULL;
  int length;
  GBytes *bytes;

  ck_assert (X509_set_version (certificate, version));
  ck_assert (ASN1_INTEGER_set_uint64 (X509_get_serialNumber (certificate), 0xfedcba9876543210u));
  X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
  ck_assert_ptr_nonnull (X509_time_adj_ex (X509_getm_notAfter (certificate), years * 365, 0, NULL));
  add_name (X509_get_issuer_name (certificate), issuer);
  add_name (X509_get_subject_name (certificate), subject);
  ck_assert (X509_set_pubkey (certificate, key));
  ck_assert_int_gt (X509_sign (certificate, key, EVP_sha256 ()), 0);
  length = i2d_X509 (certificate, &der);
  ck_assert_int_gt (length, 0);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  X509_free (certificate);
  return bytes;
}

static void
assert_part (CertificatePart part, guint8 *der, int length)
{
  ck_assert_int_gt (length, 0);
  ck_assert (certificate_part_equal (part, der, (gsize)length));
  OPENSSL_free (der);
}

static void
assert_as_openssl (const guint8 *der, gsize length, const CertificateParts *parts, X509 *parsed)
{
  guint8 *part = NULL;
  int size = i2d_X509_NAME (X509_get_issuer_name (parsed), &part);

  assert_part (parts->issuer, part, size);
  part = NULL;
  size = i2d_X509_NAME (X509_get_subject_name (parsed), &part);
  assert_part (parts->subject, part, size);
  part = NULL;
  size = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (parsed), &part);
  assert_part (parts->spki, part, size);
  part = NULL;
  size = i2d_ASN1_TIME (X509_get0_notBefore (parsed), &part);
  assert_part (parts->not_before, part, size);
  part = NULL;
  size = i2d_ASN1_TIME (X509_get0_notAfter (parsed), &part);
  assert_part (parts->not_after, part, size);
}

static void
check_one (EVP_PKEY *key, gboolean rsa, int years, int version)
{
  GBytes *bytes = make_certificate (key, "the issuer", "a device", years, version);
  gsize length;
  const guint8 *der = g_bytes_get_data (bytes, &length);
  const guint8 *at = der;
  X509 *parsed = d2i_X509 (NULL, &at, (long)length);
  const guint8 serial[] = { 0x00, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };
  CertificateParts parts;

  ck_assert_ptr_nonnull (parsed);
  ck_assert (certificate_split (der, length, &parts));
  assert_as_openssl (der, length, &parts, parsed);
  ck_assert (certificate_part_equal (parts.serial, serial, sizeof serial));
  ck_assert_int_eq (certificate_part_is_rsa_key (parts.spki), rsa);
  X509_free (parsed);
  g_bytes_unref (bytes);
}

static void
add_key_ids (X509 *certificate)
{
  ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new ();
  AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new ();

  ck_assert (ASN1_OCTET_STRING_set (id, (const guint8 *)"own", 3));
  ck_assert_int_eq (X509_add1_ext_i2d (certificate, NID_subject_key_identifier, id, 0, 0), 1);
  ck_assert (ASN1_OCTET_STRING_set (id, (const guint8 *)"issuer", 6));
  authority->keyid = id;
  ck_assert_int_eq (X509_add1_ext_i2d (certificate, NID_authority_key_identifier, authority, 1, 0),
                    1);
  AUTHORITY_KEYID_free (authority);
}

START_TEST (key_identifiers_are_found_where_there_are_some)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");
  GBytes *without = make_certificate (key, "the issuer", "a device", 1, X509_VERSION_3);
  const guint8 *at = g_bytes_get_data (without, NULL);
  X509 *parsed = d2i_X509 (NULL, &at, (long)g_bytes_get_size (without));
  guint8 *der = NULL;
  CertificateParts parts;
  CertificatePart id;
  int length;

  ck_assert (
      certificate_split (g_bytes_get_data (without, NULL), g_bytes_get_size (without), &parts));
  ck_assert (!certificate_authority_key_id (&parts, &id) && id.length == 0);
  ck_assert (!certificate_subject_key_id (&parts, &id) && id.length == 0);
  add_key_ids (parsed);
  ck_assert_int_gt (X509_sign (parsed, key, EVP_sha256 ()), 0);
  length = i2d_X509 (parsed, &der);
  ck_assert (certificate_split (der, (gsize)length, &parts));
  ck_assert (certificate_authority_key_id (&parts, &id));
  ck_assert (certificate_part_equal (id, "issuer", 6));
  ck_assert (certificate_subject_key_id (&parts, &id));
  ck_assert (certificate_part_equal (id, "own", 3));
  OPENSSL_free (der);
  X509_free (parsed);
  g_bytes_unref (without);
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (parts_are_what_openssl_reads)
{
  EVP_PKEY *ec = EVP_EC_gen ("P-256");
  EVP_PKEY *large = EVP_EC_gen ("P-521");
  EVP_PKEY *rsa = EVP_RSA_gen (2048);

  check_one (ec, FALSE, 1, X509_VERSION_3);
  check_one (large, FALSE, 60, X509_VERSION_3);
  check_one (rsa, TRUE, 60, X509_VERSION_3);
  check_one (ec, FALSE, 60, X509_VERSION_1);
  EVP_PKEY_free (ec);
  EVP_PKEY_free (large);
  EVP_PKEY_free (rsa);
}
END_TEST

START_TEST (anything_cut_or_added_is_refused)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");
  GBytes *bytes = make_certificate (key, "the issuer", "a device", 1, X509_VERSION_3);
  gsize length;
  const guint8 *der = g_bytes_get_data (bytes, &length);
  g_autofree guint8 *longer = g_malloc0 (length + 1);
  CertificateParts parts;

  for (gsize cut = 0; cut < length; cut++) {
    g_autofree guint8 *exact = g_memdup2 (der, cut); /* so that a sanitizer sees a read too far */

    ck_assert (!certificate_split (exact, cut, &parts));
  }
  memcpy (longer, der, length);
  ck_assert (!certificate_split (longer, length + 1, &parts));
  g_bytes_unref (bytes);
  EVP_PKEY_free (key);
}
END_TEST

/* OpenSSL also takes what is not quite DER, and gives it back repaired. */
static gboolean
is_as_openssl_writes_it (X509 *parsed, const guint8 *der, gsize length)
{
  guint8 *again = NULL;
  int size = i2d_re_X509_tbs (parsed, &again);
  gboolean same = size > 0 && (gsize)size < length - 4
                  && memcmp (again, der + 4, (gsize)size) == 0; /* behind 30 82 xx xx */

  OPENSSL_free (again);
  return same;
}

/* Wherever both accept a damaged certificate, they see the same; it never reads too far. */
START_TEST (damage_is_refused_or_seen_as_openssl_sees_it)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");
  GBytes *bytes = make_certificate (key, "the issuer", "a device", 1, X509_VERSION_3);
  gsize length;
  const guint8 *der = g_bytes_get_data (bytes, &length);
  guint both = 0;

  for (gsize place = 0; place < length; place++)
    for (guint bit = 0; bit < 8; bit++) {
      g_autofree guint8 *damaged = g_memdup2 (der, length);
      const guint8 *at = damaged;
      CertificateParts parts;
      X509 *parsed;

      damaged[place] ^= (guint8)(1u << bit);
      parsed = d2i_X509 (NULL, &at, (long)length);
      if (certificate_split (damaged, length, &parts) && parsed != NULL && at == damaged + length
          && is_as_openssl_writes_it (parsed, damaged, length))
      {
        assert_as_openssl (damaged, length, &parts, parsed);
        both++;
      }
      X509_free (parsed);
    }
  ck_assert_uint_gt (both, 1000); /* damage in a signature, a key or a name is seen by neither */
  g_bytes_unref (bytes);
  EVP_PKEY_free (key);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("certificate parts");
  TCase *parts = tcase_create ("parts");
  SRunner *runner = srunner_create (suite);

  tcase_set_timeout (parts, 60);
  tcase_add_test (parts, parts_are_what_openssl_reads);
  tcase_add_test (parts, key_identifiers_are_found_where_there_are_some);
  tcase_add_test (parts, anything_cut_or_added_is_refused);
  tcase_add_test (parts, damage_is_refused_or_seen_as_openssl_sees_it);
  suite_add_tcase (suite, parts);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
