/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The strict reader held against OpenSSL's: good requests are changed at random, and whatever the
 * reader still takes OpenSSL must read too, byte for byte in the same way. The seed is told where
 * it fails; KEYCRADLE_SEED runs another one, KEYCRADLE_ROUNDS more.
 */
#include "ca/judge/csr.h"
#include "tests/unit/ca/expect.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3000

static GRand *dice;
static guint32 seed;
static EVP_PKEY *p256;

static guint
rounds (void)
{
  const char *wanted = g_getenv ("KEYCRADLE_ROUNDS");

  return wanted != NULL ? (guint)atoi (wanted) : rounds_of (ROUNDS, 600);
}

static void
setup (void)
{
  const char *wanted = g_getenv ("KEYCRADLE_SEED");

  seed = wanted != NULL ? (guint32)strtoul (wanted, NULL, 10) : 20261121;
  dice = g_rand_new_with_seed (seed);
  p256 = make_key ("P-256");
}

static void
teardown (void)
{
  EVP_PKEY_free (p256);
  g_rand_free (dice);
}

static guint
below (guint end)
{
  return (guint)g_rand_int_range (dice, 0, (gint32)end);
}

/* ---- what the two readers see ---- */

typedef int (*Encoder) (X509_REQ *request, guint8 **der);

static int
encode_key (X509_REQ *request, guint8 **der)
{
  return i2d_X509_PUBKEY (X509_REQ_get_X509_PUBKEY (request), der);
}

static int
encode_subject (X509_REQ *request, guint8 **der)
{
  return i2d_X509_NAME (X509_REQ_get_subject_name (request), der);
}

static int
encode_signature_algorithm (X509_REQ *request, guint8 **der)
{
  const X509_ALGOR *algorithm;

  X509_REQ_get0_signature (request, NULL, &algorithm);
  return i2d_X509_ALGOR (algorithm, der);
}

static void
expect_bytes (X509_REQ *request, Encoder encode, Span ours, const char *what)
{
  guint8 *der = NULL;
  const int length = encode (request, &der);

  ck_assert_msg (length > 0 && span_equal (ours, der, (gsize)length), "another %s, seed %u", what,
                 seed);
  OPENSSL_free (der);
}

static void
expect_same_key (const Csr *csr, X509_REQ *request)
{
  EVP_PKEY *theirs = X509_REQ_get_pubkey (request);
  EVP_PKEY *ours = csr_public_key (csr, NULL);

  /* numbers that are no key's are not the reader's to judge */
  if (ours != NULL && theirs != NULL)
    ck_assert_msg (EVP_PKEY_eq (ours, theirs) == 1, "another key, seed %u", seed);
  EVP_PKEY_free (ours);
  EVP_PKEY_free (theirs);
}

static void
expect_same_reading (const Csr *csr)
{
  const guint8 *at = csr->whole.data;
  X509_REQ *request = d2i_X509_REQ (NULL, &at, (long)csr->whole.length);
  g_autofree char *hex = g_base64_encode (csr->whole.data, csr->whole.length);
  const ASN1_BIT_STRING *signature;

  ck_assert_msg (request != NULL, "OpenSSL does not read it, seed %u: %s: %s", seed,
                 ERR_reason_error_string (ERR_peek_last_error ()), hex);
  ck_assert_ptr_eq (at, csr->whole.data + csr->whole.length);
  expect_bytes (request, encode_key, csr->spki, "key");
  expect_bytes (request, encode_subject, csr->subject, "subject");
  expect_bytes (request, i2d_re_X509_REQ_tbs, csr->info, "request info");
  expect_bytes (request, encode_signature_algorithm, csr->algorithm, "algorithm");
  ck_assert_int_eq (X509_REQ_get_signature_nid (request), csr->signature_nid);
  ck_assert_int_eq (X509_REQ_get_version (request), X509_REQ_VERSION_1);
  X509_REQ_get0_signature (request, &signature, NULL);
  ck_assert (span_equal (csr->signature, signature->data, (gsize)signature->length));
  expect_same_key (csr, request);
  X509_REQ_free (request);
}

/* ---- changes ---- */

static void
change_once (GByteArray *bytes)
{
  static const guint8 telling[] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x1f,
                                    0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0xa0, 0xa1, 0xbf, 0xff };
  const guint place = below (bytes->len);
  const guint count = 1 + below (MIN (4, bytes->len - place));
  const guint8 other = telling[below (G_N_ELEMENTS (telling))];

  switch (below (6)) {
  case 0:
    bytes->data[place] ^= (guint8)(1 << below (8));
    return;
  case 1:
    bytes->data[place] = other;
    return;
  case 2:
    bytes->data[place] = (guint8)(bytes->data[place] + (below (2) == 0 ? 1 : -1));
    return;
  case 3:
    if (bytes->len > count)
      g_byte_array_remove_range (bytes, place, count);
    return;
  case 4: /* what stands here once more behind itself */
    g_byte_array_set_size (bytes, bytes->len + count);
    memmove (bytes->data + place + count, bytes->data + place, bytes->len - place - count);
    return;
  case 5:
    bytes->data[below (bytes->len)] = bytes->data[place];
    return;
  }
}

/* Bytes of the value that are of more than one are changed; a header that tells the length is set
 * right where that can be done in one byte, or nothing would ever get past it. */
static GBytes *
changed (GBytes *bytes)
{
  GByteArray *result = g_byte_array_new ();
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  g_byte_array_append (result, data, (guint)length);
  for (guint changes = 1 + below (3); changes > 0; changes--)
    change_once (result);
  if (result->len > 2 && result->len < 0x82 && below (4) != 0)
    result->data[1] = (guint8)(result->len - 2);
  return g_byte_array_free_to_bytes (result);
}

/* ---- the two properties ---- */

static GBytes *
good_request (guint kind)
{
  static const char *const keys[] = { "P-256", "P-384", "P-521", "rsa-2048" };
  EVP_PKEY *key = make_key (keys[kind % G_N_ELEMENTS (keys)]);
  RequestParts parts = make_parts (key, "SHA256");
  GBytes *request;

  parts_set (&parts.subject, "3023310b300906035504061302444531143012060355040a0c0b4578616d706c65"
                             "20476d62");
  parts_set (&parts.attributes, "a01e301c06092a864886f70d01090e310f300d300b0603551d0f040403020780");
  if (kind == 4)
    parts_set (&parts.algorithm, "300c06082a8648ce3d0403020500");
  request = make_request (&parts);
  parts_clear (&parts);
  EVP_PKEY_free (key);
  return request;
}

START_TEST (test_openssl_reads_what_the_reader_takes)
{
  g_autoptr (GBytes) good = good_request ((guint)_i);
  guint taken = 0;

  for (guint round = 0; round < rounds (); round++) {
    g_autoptr (GBytes) request = changed (good);
    gsize length;
    const guint8 *data = g_bytes_get_data (request, &length);
    g_autofree guint8 *copy = g_memdup2 (data, length);
    Csr csr;

    if (!csr_parse (copy, length, &csr, NULL))
      continue;
    expect_same_reading (&csr);
    taken++;
  }
  /* most changes hit the key's or the signature's bytes, which only the signature's check sees */
  ck_assert_uint_gt (taken, rounds () / 100);
  ck_assert_uint_lt (taken, rounds ());
}
END_TEST

/* A part is changed before the request is signed, so that the signature is no longer in the way. */
START_TEST (test_openssl_verifies_what_the_judge_accepts)
{
  guint accepted = 0;

  for (guint round = 0; round < rounds (); round++) {
    RequestParts parts = make_parts (p256, "SHA256");
    GBytes **pieces[] = { &parts.version, &parts.subject, &parts.attributes, &parts.algorithm,
                          &parts.spki };
    g_autoptr (GBytes) request = NULL;
    g_autoptr (GBytes) piece = NULL;
    Csr csr;

    parts_set (&parts.subject, "30163114301206035504030c0b4578616d706c6520476d62");
    parts_set (&parts.attributes,
               "a01e301c06092a864886f70d01090e310f300d300b0603551d0f040403020780");
    piece = g_steal_pointer (pieces[_i]);
    *pieces[_i] = changed (piece);
    request = make_request (&parts);
    parts_clear (&parts);
    if (!judge_request (request, NULL))
      continue;
    ck_assert (
        csr_parse (g_bytes_get_data (request, NULL), g_bytes_get_size (request), &csr, NULL));
    expect_same_reading (&csr);
    accepted++;
  }
  ck_assert_uint_lt (accepted, rounds ());
  if (_i == 1 || _i == 2) /* the parts that may hold anything */
    ck_assert_uint_gt (accepted, rounds () / 100);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca csr mutated");
  TCase *reader = tcase_create ("reader");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (reader, 1200);
  tcase_add_unchecked_fixture (reader, setup, teardown);
  tcase_add_loop_test (reader, test_openssl_reads_what_the_reader_takes, 0, 5);
  tcase_add_loop_test (reader, test_openssl_verifies_what_the_judge_accepts, 0, 5);
  suite_add_tcase (suite, reader);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
