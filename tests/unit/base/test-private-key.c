/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Private keys of all kinds, forms and armours are seen before their secret part has come; what is
 * public is not taken for one.
 */
#include <check.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/private-key.h"
#include "tests/unit/rounds.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

/* ---- armours ---- */

static GBytes *
as_it_is (GBytes *der)
{
  return g_bytes_ref (der);
}

static GBytes *
as_hex (GBytes *der)
{
  char *text = hex_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));

  return g_bytes_new_take (text, strlen (text));
}

static GBytes *
as_capital_pairs (GBytes *der)
{
  GString *text = g_string_new ("key: ");
  const guint8 *data = g_bytes_get_data (der, NULL);

  for (gsize i = 0; i < g_bytes_get_size (der); i++)
    g_string_append_printf (text, "%02X%s", data[i], i % 16 == 15 ? "\r\n" : ":");
  return g_string_free_to_bytes (text);
}

/* In lines of 64, behind `before`. */
static GBytes *
as_base64_behind (GBytes *der, const char *before)
{
  GString *text = g_string_new (before);
  g_autofree char *line = g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));

  for (gsize i = 0; line[i] != '\0'; i++) {
    if (i > 0 && i % 64 == 0)
      g_string_append (text, "\r\n");
    g_string_append_c (text, line[i]);
  }
  return g_string_free_to_bytes (text);
}

static GBytes *
as_base64 (GBytes *der)
{
  return as_base64_behind (der, "");
}

static GBytes *
as_base64_behind_1 (GBytes *der)
{
  return as_base64_behind (der, "K");
}

static GBytes *
as_base64_behind_2 (GBytes *der)
{
  return as_base64_behind (der, "of");
}

static GBytes *
as_base64_behind_3 (GBytes *der)
{
  return as_base64_behind (der, "key");
}

static GBytes *
as_base64url (GBytes *der)
{
  char *text = g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  return g_bytes_new_take (text, strlen (text));
}

static GBytes *(*const armours[]) (GBytes *der) = {
  as_it_is,           as_hex,
  as_capital_pairs,   as_base64,
  as_base64_behind_1, as_base64_behind_2,
  as_base64_behind_3, as_base64url,
};

/* ---- forms ---- */

/* DER that an OpenSSL call leaves behind. */
static GBytes *
taken (guint8 *der, int length)
{
  GBytes *bytes = g_bytes_new (der, (gsize)length);

  ck_assert_int_gt (length, 0);
  OPENSSL_free (der);
  return bytes;
}

static GBytes *
as_pkcs8 (EVP_PKEY *key)
{
  PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8 (key);
  guint8 *der = NULL;
  int length = i2d_PKCS8_PRIV_KEY_INFO (info, &der);

  PKCS8_PRIV_KEY_INFO_free (info);
  return taken (der, length);
}

/* SEC 1 or PKCS#1. */
static GBytes *
as_old_form (EVP_PKEY *key)
{
  guint8 *der = NULL;
  int length = i2d_PrivateKey (key, &der);

  return taken (der, length);
}

static GBytes *
as_encrypted (EVP_PKEY *key)
{
  g_autoptr (GBytes) bytes = NULL;
  BIO *memory = BIO_new (BIO_s_mem ());
  char *data;

  ck_assert_int_eq (
      i2d_PKCS8PrivateKey_bio (memory, key, EVP_aes_256_cbc (), "word", 4, NULL, NULL), 1);
  long length = BIO_get_mem_data (memory, &data);
  bytes = g_bytes_new (data, (gsize)length);
  BIO_free (memory);
  return g_steal_pointer (&bytes);
}

static GBytes *(*const forms[]) (EVP_PKEY *key) = { as_pkcs8, as_old_form, as_encrypted };

static EVP_PKEY *
make_key (guint kind)
{
  switch (kind) {
  case 0:
    return EVP_EC_gen ("P-256");
  case 1:
    return EVP_EC_gen ("P-384");
  case 2:
    return EVP_EC_gen ("P-521");
  case 3:
    return EVP_RSA_gen (2048);
  case 4:
    return EVP_RSA_gen (512);
  case 5:
    return EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
  default:
    return EVP_PKEY_Q_keygen (NULL, NULL, "X25519");
  }
}

#define N_KINDS 7

/* How many bytes pass before the search says so; the whole length where it never does. */
static gsize
passed_of (GBytes *text)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (text, &length);
  PrivateKeySearch search = { 0 };

  for (gsize i = 0; i < length; i++)
    if (private_key_search (&search, data[i]))
      return i + 1;
  return length;
}

/* Of what is secret at most a byte has passed: it stands in the last half of the text, or behind
 * the 40th byte where the key is short; RSA's public numbers come first. */
START_TEST (every_private_key_is_seen_in_time)
{
  for (guint kind = 0; kind < N_KINDS; kind++) {
    g_autoptr (EVP_PKEY) key = make_key (kind);

    for (guint form = 0; form < G_N_ELEMENTS (forms); form++) {
      g_autoptr (GBytes) der = forms[form](key);

      for (guint armour = 0; armour < G_N_ELEMENTS (armours); armour++) {
        g_autoptr (GBytes) text = armours[armour](der);
        const gsize passed = passed_of (text);

        ck_assert_msg (passed < g_bytes_get_size (text), "kind %u form %u armour %u", kind, form,
                       armour);
        ck_assert_uint_lt (passed, 160);
      }
    }
  }
}
END_TEST

/* The scalar's bytes, which end up in nobody's hands: only what came before may be kept. */
START_TEST (the_scalar_has_not_begun)
{
  for (guint i = 0; i < 50; i++) {
    g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
    g_autoptr (GBytes) der = as_old_form (key);
    g_autoptr (GBytes) whole = as_pkcs8 (key);

    ck_assert_uint_eq (passed_of (der), 7);    /* 30 77 02 01 01 04 20 */
    ck_assert_uint_lt (passed_of (whole), 36); /* the algorithm's name */
  }
}
END_TEST

START_TEST (pem_is_seen_by_its_mark)
{
  static const char *const marks[] = { "-----BEGIN PRIVATE KEY-----",
                                       "-----BEGIN EC PRIVATE KEY-----",
                                       "-----BEGIN RSA PRIVATE KEY-----",
                                       "-----BEGIN ENCRYPTED PRIVATE KEY-----",
                                       "-----BEGIN OPENSSH PRIVATE KEY-----" };

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++) {
    ck_assert (holds_private_key ((const guint8 *)marks[i], strlen (marks[i])));
    ck_assert (!holds_private_key ((const guint8 *)marks[i], strlen (marks[i]) - 5));
  }
}
END_TEST

/* ---- what is public ---- */

static GBytes *
public_key_of (EVP_PKEY *key)
{
  guint8 *der = NULL;
  int length = i2d_PUBKEY (key, &der);

  return taken (der, length);
}

static GBytes *
request_of (EVP_PKEY *key, gboolean named)
{
  X509_REQ *request = X509_REQ_new ();
  guint8 *der = NULL;

  if (named)
    X509_NAME_add_entry_by_txt (X509_REQ_get_subject_name (request), "CN", MBSTRING_UTF8,
                                (const guint8 *)"unit-1", -1, -1, 0);
  X509_REQ_set_pubkey (request, key);
  ck_assert_int_gt (X509_REQ_sign (request, key, EVP_sha256 ()), 0);
  int length = i2d_X509_REQ (request, &der);
  X509_REQ_free (request);
  return taken (der, length);
}

/* Serial number 0 or 1 of a certificate of version 1: the like of a private key's version. */
static GBytes *
certificate_of (EVP_PKEY *key, long version, long serial)
{
  X509 *certificate = X509_new ();
  guint8 *der = NULL;

  X509_set_version (certificate, version);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), serial);
  X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 86400);
  X509_set_pubkey (certificate, key);
  ck_assert_int_gt (X509_sign (certificate, key, EVP_sha256 ()), 0);
  int length = i2d_X509 (certificate, &der);
  X509_free (certificate);
  return taken (der, length);
}

static GBytes *
revocations_of (EVP_PKEY *key)
{
  X509_CRL *list = X509_CRL_new ();
  ASN1_TIME *now = ASN1_TIME_set (NULL, 1700000000);
  guint8 *der = NULL;

  X509_CRL_set_version (list, X509_CRL_VERSION_2);
  X509_CRL_set1_lastUpdate (list, now);
  X509_CRL_set1_nextUpdate (list, now);
  ck_assert_int_gt (X509_CRL_sign (list, key, EVP_sha256 ()), 0);
  int length = i2d_X509_CRL (list, &der);
  X509_CRL_free (list);
  ASN1_TIME_free (now);
  return taken (der, length);
}

static void
assert_public (GBytes *der)
{
  for (guint armour = 0; armour < G_N_ELEMENTS (armours); armour++) {
    g_autoptr (GBytes) text = armours[armour](der);

    ck_assert (!holds_private_key (g_bytes_get_data (text, NULL), g_bytes_get_size (text)));
  }
  g_bytes_unref (der);
}

START_TEST (what_is_public_is_no_alarm)
{
  for (guint kind = 0; kind < 5; kind++) {
    g_autoptr (EVP_PKEY) key = make_key (kind);

    for (guint again = 0; again < (kind < 3 ? rounds_of (100, 10) : 3); again++) {
      assert_public (request_of (key, TRUE));
      assert_public (certificate_of (key, X509_VERSION_3, 1));
    }
    assert_public (request_of (key, FALSE));
    assert_public (public_key_of (key));
    assert_public (certificate_of (key, X509_VERSION_1, 0));
    assert_public (certificate_of (key, X509_VERSION_1, 1));
    assert_public (revocations_of (key));
  }
}
END_TEST

START_TEST (noise_is_no_alarm)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (4);
  PrivateKeySearch search = { 0 };

  for (guint i = 0; i < rounds_of (1000000, 100000); i++)
    ck_assert (!private_key_search (&search, (guint8)g_rand_int (random)));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("private-key");
  TCase *tests = tcase_create ("private-key");

  tcase_set_timeout (tests, 60);
  tcase_add_test (tests, every_private_key_is_seen_in_time);
  tcase_add_test (tests, the_scalar_has_not_begun);
  tcase_add_test (tests, pem_is_seen_by_its_mark);
  tcase_add_test (tests, what_is_public_is_no_alarm);
  tcase_add_test (tests, noise_is_no_alarm);
  suite_add_tcase (suite, tests);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
