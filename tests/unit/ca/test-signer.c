/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The trusted core in this process: orders, certificates, and what must be refused.
 */
#include "base/encode.h"
#include "ca/judge/csr.h"
#include "ca/signer/signer.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>
#include <string.h>

static char *folder;

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
}

static void
teardown (void)
{
  folder_remove (folder);
}

static Signer *
open_signer (void)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  GError *problem = NULL;
  SignerConfig *config = signer_config_load (path, &problem);
  Signer *signer;

  ck_assert_msg (config != NULL, "%s", problem != NULL ? problem->message : "");
  signer = signer_open (config, LOG_OPEN_WRITE, &problem);
  ck_assert_msg (signer != NULL, "%s", problem != NULL ? problem->message : "");
  signer_config_free (config);
  return signer;
}

static char *
profile_sha256 (Signer *signer, const char *name)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  const IssueTemplate *plan = generation_template (generation, name);

  return g_strdup (plan != NULL ? issue_template_profile (plan)->sha256 : "");
}

static GBytes *
sign (Signer *signer, const char *device, const char *batch, GBytes *request, guint64 *index,
      GError **error)
{
  g_autofree char *digest = profile_sha256 (signer, "sensor");
  SignOrder order = { .batch = batch,
                      .product = "sensor",
                      .profile = "sensor",
                      .profile_sha256 = digest,
                      .device = device,
                      .chip_id = "c0ffee" };

  order.csr.data = g_bytes_get_data (request, &order.csr.length);
  return signer_sign (signer, &order, index, error);
}

static GBytes *
sign_well (Signer *signer, const char *device, const char *batch, GBytes *request, guint64 *index)
{
  GError *problem = NULL;
  GBytes *entry = sign (signer, device, batch, request, index, &problem);

  ck_assert_msg (entry != NULL, "%s", problem != NULL ? problem->message : "");
  return entry;
}

static LogEntry
decode (GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  LogEntry entry;

  ck_assert (log_entry_decode (data, length, &entry, NULL));
  return entry;
}

static void
expect_refused (Signer *signer, const char *device, const char *batch, GBytes *request,
                CaError code)
{
  g_autoptr (GError) problem = NULL;
  guint64 index;

  ck_assert (sign (signer, device, batch, request, &index, &problem) == NULL);
  ck_assert_msg (problem->code == (int)code, "%s", problem->message);
}

/* `openssl verify` of a certificate against the folder's CA. */
static void
expect_verified (const LogEntry *entry)
{
  g_autofree char *pem =
      pem_encode ("CERTIFICATE", entry->certificate.data, entry->certificate.length);
  g_autofree char *said = NULL;

  folder_write (folder, "device.pem", pem, 0644);
  ck_assert_msg (run (folder, &said, "openssl", "verify", "-x509_strict", "-purpose", "sslclient",
                      "-CAfile", "root.pem", "-untrusted", "ca.pem", "device.pem", NULL)
                     == 0,
                 "%s", said);
}

START_TEST (test_openssl_verifies_what_each_ca_issues_for_each_key)
{
  static const char *const ca_keys[] = { "p-256", "p-384", "rsa-3072" };
  static const char *const keys[] = { "P-256", "P-384", "P-521", "rsa-2048" };
  guint64 index;

  folder_remove (folder);
  folder = folder_make ();
  folder_fill (folder, ca_keys[_i]);
  {
    g_autoptr (Signer) signer = open_signer ();

    for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
      g_autoptr (GBytes) request = make_good_request (keys[i], "SHA256");
      g_autofree char *device = g_strdup_printf ("SN-%u", i);
      g_autoptr (GBytes) bytes = sign_well (signer, device, "b1", request, &index);
      LogEntry entry = decode (bytes);

      ck_assert_uint_eq (index, i);
      expect_verified (&entry);
    }
  }
}
END_TEST

/* What OpenSSL reads out of a certificate of ours. */
START_TEST (test_a_certificate_says_what_it_should)
{
  g_autoptr (Signer) signer = open_signer ();
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  guint64 index;
  g_autoptr (GBytes) bytes = sign_well (signer, "SN-1", "b1", request, &index);
  LogEntry entry = decode (bytes);
  const guint8 *at = entry.certificate.data;
  X509 *certificate = d2i_X509 (NULL, &at, (long)entry.certificate.length);
  char text[200];

  ck_assert_ptr_nonnull (certificate);
  ck_assert_int_eq (X509_get_version (certificate), X509_VERSION_3);
  X509_NAME_oneline (X509_get_subject_name (certificate), text, sizeof text);
  ck_assert_str_eq (text, "/CN=SN-1/O=Example");
  ck_assert_uint_eq (X509_get_key_usage (certificate), KU_DIGITAL_SIGNATURE);
  ck_assert_uint_eq (X509_get_extended_key_usage (certificate), XKU_SSL_CLIENT);
  ck_assert_int_eq (X509_check_ca (certificate), 0);
  ck_assert_ptr_nonnull (X509_get0_subject_key_id (certificate));
  ck_assert_ptr_nonnull (X509_get0_authority_key_id (certificate));
  ck_assert_int_eq (ASN1_STRING_length (X509_get0_serialNumber (certificate)), 20);
  ck_assert_int_eq (X509_get_ext_count (certificate), 5);
  ck_assert_int_lt (X509_cmp_current_time (X509_get0_notBefore (certificate)), 0);
  X509_free (certificate);
}
END_TEST

START_TEST (test_the_same_order_gets_the_same_certificate_even_after_a_restart)
{
  g_autoptr (Signer) signer = open_signer ();
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  guint64 first, second;
  g_autoptr (GBytes) one = sign_well (signer, "SN-1", "b1", request, &first);
  g_autoptr (GBytes) two = sign_well (signer, "SN-1", "b1", request, &second);
  g_autoptr (GBytes) three = NULL;

  ck_assert (g_bytes_equal (one, two));
  ck_assert_uint_eq (first, second);
  g_clear_pointer (&signer, signer_close);
  signer = open_signer ();
  three = sign_well (signer, "SN-1", "b1", request, &second);
  ck_assert (g_bytes_equal (one, three));
  ck_assert_uint_eq (issuance_log_size (signer_log (signer)), 1);
}
END_TEST

START_TEST (test_another_batch_gets_a_certificate_of_its_own)
{
  g_autoptr (Signer) signer = open_signer ();
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  guint64 index;
  g_autoptr (GBytes) one = sign_well (signer, "SN-1", "b1", request, &index);
  g_autoptr (GBytes) two = sign_well (signer, "SN-1", "b2", request, &index);
  g_autoptr (GBytes) again = sign_well (signer, "SN-1", "b1", request, &index);

  ck_assert (!g_bytes_equal (one, two));
  ck_assert (g_bytes_equal (one, again));
  ck_assert_uint_eq (index, 0);
}
END_TEST

/* A serial that follows from key and hour must not stand in the log twice; a new key has a new one.
 */
START_TEST (test_a_serial_that_follows_from_its_key_is_never_used_twice)
{
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GBytes) other = make_good_request ("P-256", "SHA256");
  guint64 index;

  folder_write (folder, "profiles.d/sensor.profile",
                "[certificate]\nSubject=CN=${serial},OU=${batch}\nForm=compressed\nValidity=2y\n",
                0644);
  {
    g_autoptr (Signer) signer = open_signer ();
    g_autoptr (GBytes) first = sign_well (signer, "SN-1", "b1", request, &index);
    g_autoptr (GBytes) again = sign_well (signer, "SN-1", "b1", request, &index);
    g_autoptr (GBytes) of_other = NULL;

    ck_assert (g_bytes_equal (first, again));
    expect_refused (signer, "SN-1", "b2", request, CA_ERROR_VALIDITY);
    of_other = sign_well (signer, "SN-1", "b2", other, &index);
    ck_assert_uint_eq (index, 1);
  }
}
END_TEST

START_TEST (test_one_key_is_for_one_device_only)
{
  g_autoptr (Signer) signer = open_signer ();
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  guint64 index;
  G_GNUC_UNUSED g_autoptr (GBytes) one = sign_well (signer, "SN-1", "b1", request, &index);

  expect_refused (signer, "SN-2", "b1", request, CA_ERROR_DUPLICATE_KEY);
  expect_refused (signer, "SN-2", "b2", request, CA_ERROR_DUPLICATE_KEY);
  ck_assert_uint_eq (issuance_log_size (signer_log (signer)), 1);
}
END_TEST

static BIGNUM *
number_of (EVP_PKEY *key, const char *name)
{
  BIGNUM *number = NULL;

  ck_assert (EVP_PKEY_get_bn_param (key, name, &number));
  return number;
}

static EVP_PKEY *
key_from (const char *type, OSSL_PARAM_BLD *builder)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param (builder);
  EVP_PKEY *key = NULL;

  ck_assert (EVP_PKEY_fromdata_init (context) > 0);
  ck_assert (EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, parameters) > 0);
  OSSL_PARAM_free (parameters);
  OSSL_PARAM_BLD_free (builder);
  EVP_PKEY_CTX_free (context);
  return key;
}

/* The same modulus with exponent 3 or the next one that has an inverse. */
static EVP_PKEY *
with_another_exponent (EVP_PKEY *key)
{
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  BN_CTX *context = BN_CTX_new ();
  BIGNUM *n = number_of (key, OSSL_PKEY_PARAM_RSA_N);
  BIGNUM *p = number_of (key, OSSL_PKEY_PARAM_RSA_FACTOR1);
  BIGNUM *q = number_of (key, OSSL_PKEY_PARAM_RSA_FACTOR2);
  BIGNUM *order = BN_new (), *e = BN_new (), *d = NULL;
  EVP_PKEY *twin;

  BN_sub_word (p, 1);
  BN_sub_word (q, 1);
  BN_mul (order, p, q, context);
  for (BN_set_word (e, 3); (d = BN_mod_inverse (NULL, e, order, context)) == NULL;)
    BN_add_word (e, 2);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, n);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_E, e);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_D, d);
  twin = key_from ("RSA", builder);
  for (guint i = 0; i < 6; i++)
    BN_free ((BIGNUM *[]){ n, p, q, order, e, d }[i]);
  BN_CTX_free (context);
  return twin;
}

/* The private key n - d: the point has the same X. */
static EVP_PKEY *
negated (EVP_PKEY *key)
{
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  EC_GROUP *group = EC_GROUP_new_by_curve_name (NID_X9_62_prime256v1);
  EC_POINT *point = EC_POINT_new (group);
  BIGNUM *d = number_of (key, OSSL_PKEY_PARAM_PRIV_KEY);
  guint8 bytes[65];
  EVP_PKEY *twin;

  BN_sub (d, EC_GROUP_get0_order (group), d);
  EC_POINT_mul (group, point, d, NULL, NULL, NULL);
  EC_POINT_point2oct (group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof bytes, NULL);
  OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof bytes);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_PRIV_KEY, d);
  twin = key_from ("EC", builder);
  EC_POINT_free (point);
  EC_GROUP_free (group);
  BN_clear_free (d);
  return twin;
}

static GBytes *
request_of (EVP_PKEY *key)
{
  RequestParts parts = make_parts (key, "SHA256");
  GBytes *request = make_request (&parts);

  parts_clear (&parts);
  return request;
}

START_TEST (test_a_key_in_another_dress_is_the_same_key)
{
  static const struct {
    const char *word;
    EVP_PKEY *(*dress) (EVP_PKEY *key);
  } cases[] = { { "rsa-2048", with_another_exponent }, { "P-256", negated } };
  g_autoptr (Signer) signer = open_signer ();
  EVP_PKEY *key = make_key (cases[_i].word);
  EVP_PKEY *twin = cases[_i].dress (key);
  g_autoptr (GBytes) request = request_of (key);
  g_autoptr (GBytes) dressed = request_of (twin);
  g_autoptr (GBytes) other = make_good_request (cases[_i].word, "SHA256");
  guint64 index;
  G_GNUC_UNUSED g_autoptr (GBytes) one = sign_well (signer, "SN-1", "b1", request, &index);

  expect_refused (signer, "SN-2", "b1", dressed, CA_ERROR_DUPLICATE_KEY);
  expect_refused (signer, "SN-1", "b1", dressed, CA_ERROR_DUPLICATE_KEY);
  signer_close (g_steal_pointer (&signer));
  signer = open_signer ();
  expect_refused (signer, "SN-2", "b1", dressed, CA_ERROR_DUPLICATE_KEY);
  g_bytes_unref (sign_well (signer, "SN-2", "b1", other, &index));
  EVP_PKEY_free (key);
  EVP_PKEY_free (twin);
}
END_TEST

START_TEST (test_bad_orders_are_refused_and_nothing_is_logged)
{
  g_autoptr (Signer) signer = open_signer ();
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GBytes) weak = make_good_request ("rsa-1024", "SHA256");
  g_autofree char *long_name = g_strnfill (65, 'A');
  SignOrder order = { "b1", "p", "sensor", "00", "SN-1", NULL, { NULL, 0 } };
  g_autoptr (GError) problem = NULL;
  guint64 index;

  expect_refused (signer, "SN 1", "b1", request, CA_ERROR_SUBJECT);
  expect_refused (signer, "", "b1", request, CA_ERROR_SUBJECT);
  expect_refused (signer, long_name, "b1", request, CA_ERROR_SUBJECT);
  expect_refused (signer, "SN-1", "b\n1", request, CA_ERROR_SUBJECT);
  expect_refused (signer, "SN-1", "b1", weak, CA_ERROR_RSA_TOO_SMALL);
  order.csr.data = g_bytes_get_data (request, &order.csr.length);
  ck_assert (signer_sign (signer, &order, &index, &problem) == NULL);
  ck_assert_int_eq (problem->code, CA_ERROR_PROFILE);
  ck_assert_uint_eq (issuance_log_size (signer_log (signer)), 0);
}
END_TEST

START_TEST (test_validity_never_goes_beyond_the_ca)
{
  static const struct {
    const char *validity;
    gboolean good;
  } cases[] = { { "1825d", TRUE },
                { "1830d", FALSE },
                { "until-ca", TRUE },
                { "99991231235959Z", FALSE },
                { "2030-01-31", TRUE },
                { "2020-01-31", FALSE },
                { "2049-12-31T23:59:59Z", FALSE } };
  g_autofree char *text =
      g_strdup_printf ("[certificate]\nSubject=CN=${serial}\nValidity=%s\n", cases[_i].validity);
  g_autoptr (Signer) signer = NULL;
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  guint64 index;

  folder_write (folder, "profiles.d/sensor.profile", text, 0644);
  signer = open_signer ();
  if (cases[_i].good)
    g_bytes_unref (sign_well (signer, "SN-1", "b1", request, &index));
  else
    expect_refused (signer, "SN-1", "b1", request, CA_ERROR_VALIDITY);
}
END_TEST

START_TEST (test_a_subject_that_this_device_can_not_fill_is_refused)
{
  g_autoptr (Signer) signer = NULL;
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autofree char *serial = g_strnfill (60, 'A');
  guint64 index;

  folder_write (folder, "profiles.d/sensor.profile",
                "[certificate]\nSubject=CN=device ${serial}\nValidity=30d\n", 0644);
  signer = open_signer ();
  expect_refused (signer, serial, "b1", request, CA_ERROR_SUBJECT);
  g_bytes_unref (sign_well (signer, "SN-1", "b1", request, &index));
}
END_TEST

typedef struct {
  Signer *signer;
  GBytes *request; /* shared by all, or NULL for one of each thread's own */
  guint number;
  guint orders;
  GPtrArray *entries;
} Worker;

static gpointer
work (gpointer data)
{
  Worker *worker = data;

  for (guint i = 0; i < worker->orders; i++) {
    g_autofree char *device = worker->request != NULL
                                  ? g_strdup ("SN-1")
                                  : g_strdup_printf ("SN-%u-%u", worker->number, i);
    GBytes *request = worker->request != NULL ? g_bytes_ref (worker->request)
                                              : make_good_request ("P-256", "SHA256");
    guint64 index;

    g_ptr_array_add (worker->entries, sign (worker->signer, device, "b1", request, &index, NULL));
    g_bytes_unref (request);
  }
  return NULL;
}

static void
run_workers (Worker *workers, guint count, Signer *signer, GBytes *request, guint orders)
{
  GThread *threads[16];

  for (guint i = 0; i < count; i++) {
    workers[i] = (Worker){ signer, request, i, orders,
                           g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref) };
    threads[i] = g_thread_new ("worker", work, &workers[i]);
  }
  for (guint i = 0; i < count; i++)
    g_thread_join (threads[i]);
}

START_TEST (test_sixteen_threads_get_eight_hundred_different_certificates)
{
  g_autoptr (Signer) signer = open_signer ();
  g_autoptr (GHashTable) serials = g_hash_table_new (g_bytes_hash, g_bytes_equal);
  Worker workers[16];

  run_workers (workers, 16, signer, NULL, 50);
  for (guint i = 0; i < 16; i++)
    for (guint k = 0; k < 50; k++) {
      GBytes *entry = g_ptr_array_index (workers[i].entries, k);

      ck_assert (entry != NULL && g_hash_table_add (serials, entry));
    }
  ck_assert_uint_eq (issuance_log_size (signer_log (signer)), 800);
  for (guint64 i = 0; i < 800; i++) {
    g_autoptr (GBytes) logged = issuance_log_read (signer_log (signer), i, NULL);
    ck_assert (g_hash_table_contains (serials, logged));
  }
  for (guint i = 0; i < 16; i++)
    g_ptr_array_unref (workers[i].entries);
}
END_TEST

START_TEST (test_many_orders_at_once_for_one_key_sign_once)
{
  g_autoptr (Signer) signer = open_signer ();
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  Worker workers[16];
  GBytes *first;

  run_workers (workers, 16, signer, request, 20);
  first = g_ptr_array_index (workers[0].entries, 0);
  for (guint i = 0; i < 16; i++)
    for (guint k = 0; k < 20; k++)
      ck_assert (g_bytes_equal (first, g_ptr_array_index (workers[i].entries, k)));
  ck_assert_uint_eq (issuance_log_size (signer_log (signer)), 1);
  for (guint i = 0; i < 16; i++)
    g_ptr_array_unref (workers[i].entries);
}
END_TEST

START_TEST (test_serials_are_random_and_never_the_same)
{
  g_autoptr (Signer) signer = open_signer ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < rounds_of (300, 60); i++) {
    g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
    g_autofree char *device = g_strdup_printf ("SN-%u", i);
    guint64 index;
    g_autoptr (GBytes) bytes = sign_well (signer, device, "b1", request, &index);
    LogEntry entry = decode (bytes);
    const guint8 *at = entry.certificate.data;
    X509 *certificate = d2i_X509 (NULL, &at, (long)entry.certificate.length);
    const ASN1_INTEGER *serial = X509_get0_serialNumber (certificate);

    ck_assert_int_eq (ASN1_STRING_type (serial), V_ASN1_INTEGER); /* positive */
    ck_assert (g_hash_table_add (
        seen, hex_encode (ASN1_STRING_get0_data (serial), (gsize)ASN1_STRING_length (serial))));
    X509_free (certificate);
  }
}
END_TEST

/* A log whose newest entry lies far ahead: somebody set this PC's clock back. */
START_TEST (test_a_clock_that_went_back_stops_issuing)
{
  g_autoptr (Signer) signer = open_signer ();
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  LogEntry ahead = { .type = LOG_ENTRY_CERTIFICATE,
                     .signed_at = g_get_real_time () + 10 * G_TIME_SPAN_MINUTE,
                     .batch = span_of_text ("b1"),
                     .profile = span_of_text ("sensor"),
                     .device = span_of_text ("SN-9"),
                     .certificate = span_of_text ("x") };
  guint64 index;

  ck_assert (issuance_log_append (signer_log (signer), &ahead, &index, NULL));
  expect_refused (signer, "SN-1", "b1", request, CA_ERROR_CLOCK);
}
END_TEST

/* ---- known keys ---- */

static void
name_list (const char *name)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  g_autofree char *list = g_build_filename (folder, name, NULL);
  g_autofree char *before = NULL;
  g_autofree char *lines = g_strdup_printf ("[signer]\nKnownKeys=%s\n", list);
  g_auto (GStrv) around = NULL;
  g_autofree char *after = NULL;

  ck_assert (g_file_get_contents (path, &before, NULL, NULL));
  around = g_strsplit (before, "[signer]\n", 2);
  after = g_strjoinv (lines, around);
  ck_assert (g_file_set_contents (path, after, -1, NULL));
}

START_TEST (test_a_key_on_a_list_gets_no_certificate)
{
  g_autoptr (GBytes) listed = make_good_request ("P-256", "SHA256");
  g_autoptr (GBytes) other = make_good_request ("P-256", "SHA256");
  g_autofree char *line = NULL;
  g_autoptr (GBytes) entry = NULL;
  Signer *signer;
  guint64 index;
  Csr csr;

  ck_assert (csr_parse (g_bytes_get_data (listed, NULL), g_bytes_get_size (listed), &csr, NULL));
  line = g_compute_checksum_for_data (G_CHECKSUM_SHA256, csr.spki.data, csr.spki.length);
  folder_write (folder, "leaked", line, 0644);
  name_list ("leaked");
  signer = open_signer ();
  expect_refused (signer, "SN-1", "b1", listed, CA_ERROR_KNOWN_KEY);
  entry = sign_well (signer, "SN-1", "b1", other, &index);
  signer_close (signer);
}
END_TEST

START_TEST (test_a_list_that_is_not_there_stops_the_signer)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  g_autoptr (GError) problem = NULL;
  SignerConfig *config;

  name_list ("none");
  config = signer_config_load (path, NULL);
  ck_assert_ptr_nonnull (config);
  ck_assert_ptr_null (signer_open (config, LOG_OPEN_WRITE, &problem));
  ck_assert_msg (strstr (problem->message, "none") != NULL, "%s", problem->message);
  signer_config_free (config);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca signer");
  TCase *orders = tcase_create ("orders");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (orders, 120);
  tcase_add_checked_fixture (orders, setup, teardown);
  tcase_add_loop_test (orders, test_openssl_verifies_what_each_ca_issues_for_each_key, 0, 3);
  tcase_add_test (orders, test_a_certificate_says_what_it_should);
  tcase_add_test (orders, test_the_same_order_gets_the_same_certificate_even_after_a_restart);
  tcase_add_test (orders, test_another_batch_gets_a_certificate_of_its_own);
  tcase_add_test (orders, test_one_key_is_for_one_device_only);
  tcase_add_test (orders, test_a_serial_that_follows_from_its_key_is_never_used_twice);
  tcase_add_loop_test (orders, test_a_key_in_another_dress_is_the_same_key, 0, 2);
  tcase_add_test (orders, test_bad_orders_are_refused_and_nothing_is_logged);
  tcase_add_loop_test (orders, test_validity_never_goes_beyond_the_ca, 0, 7);
  tcase_add_test (orders, test_a_subject_that_this_device_can_not_fill_is_refused);
  tcase_add_test (orders, test_sixteen_threads_get_eight_hundred_different_certificates);
  tcase_add_test (orders, test_many_orders_at_once_for_one_key_sign_once);
  tcase_add_test (orders, test_serials_are_random_and_never_the_same);
  tcase_add_test (orders, test_a_clock_that_went_back_stops_issuing);
  tcase_add_test (orders, test_a_key_on_a_list_gets_no_certificate);
  tcase_add_test (orders, test_a_list_that_is_not_there_stops_the_signer);
  suite_add_tcase (suite, orders);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
