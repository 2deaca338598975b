/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last look at a certificate: it must catch whatever the writer could do wrong, so here
 * certificates are wrong on purpose, but well signed.
 */
#include "ca/der-write.h"
#include "ca/issue-check.h"
#include "ca/issue.h"
#include "ca/keystore-private.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <string.h>
#include <time.h>

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

/* The pieces of a to-be-signed part, as hex but for those that the CA or the key give. */
typedef struct {
  const char *version;
  const char *serial;
  const char *algorithm;
  const char *issuer; /* NULL: the CA's */
  gint64 from;        /* seconds from now */
  gint64 to;
  const char *extensions;
} Pieces;

#define SERIAL "0211112233445566778899aabbccddeeff0011"

static const Pieces good = { "a003020102",
                             SERIAL,
                             "300a06082a8648ce3d040302",
                             NULL,
                             -60,
                             10000,
                             "a320301e300c0603551d130101ff04023000"
                             "300e0603551d0f0101ff040403020780" };

static void
append_hex (GByteArray *out, const char *hex)
{
  for (; hex[0] != '\0'; hex += 2) {
    guint8 byte = (guint8)(g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));

    g_byte_array_append (out, &byte, 1);
  }
}

static void
append_bytes (GByteArray *out, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  g_byte_array_append (out, data, (guint)length);
}

static GByteArray *
make_tbs (const Pieces *pieces, GBytes *spki, gint64 now)
{
  GByteArray *out = g_byte_array_new ();
  guint start;

  append_hex (out, pieces->version);
  append_hex (out, pieces->serial);
  append_hex (out, pieces->algorithm);
  if (pieces->issuer != NULL)
    append_hex (out, pieces->issuer);
  else
    append_bytes (out, authority->subject);
  start = out->len;
  der_put_time (out, now + pieces->from);
  der_put_time (out, now + pieces->to);
  der_wrap (out, start, DER_SEQUENCE);
  append_hex (out, "300c310a300806035504030c0161");
  append_bytes (out, spki);
  append_hex (out, pieces->extensions);
  der_wrap (out, 0, DER_SEQUENCE);
  return out;
}

static GByteArray *
sign (const GByteArray *tbs, const char *algorithm, EVP_PKEY *key)
{
  GByteArray *out = g_byte_array_new ();
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 signature[200] = { 0 };
  gsize length = sizeof signature - 1;

  EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, key);
  ck_assert_int_eq (EVP_DigestSign (context, signature + 1, &length, tbs->data, tbs->len), 1);
  EVP_MD_CTX_free (context);
  g_byte_array_append (out, tbs->data, tbs->len);
  append_hex (out, algorithm);
  der_put (out, DER_BIT_STRING, signature, length + 1);
  der_wrap (out, 0, DER_SEQUENCE);
  return out;
}

/* Makes, signs and checks; the plan is what `planned` says. */
static gboolean
check_pieces (const Pieces *pieces, const Pieces *planned, EVP_PKEY *key, const char *outer,
              GError **error)
{
  EVP_PKEY *device = make_key ("P-256");
  RequestParts parts = make_parts (device, "SHA256");
  gint64 now = (gint64)time (NULL);
  g_autoptr (GByteArray) tbs = make_tbs (pieces, parts.spki, now);
  g_autoptr (GByteArray) certificate = sign (tbs, outer, key);
  g_autoptr (GByteArray) serial = g_byte_array_new ();
  IssuePlan plan = { .tbs = { tbs->data, tbs->len },
                     .not_before = now + planned->from,
                     .not_after = now + planned->to };
  gboolean passed;

  append_hex (serial, planned->serial + 4);
  plan.serial = (Span){ serial->data, serial->len };
  plan.spki.data = g_bytes_get_data (parts.spki, &plan.spki.length);
  passed = issue_check (authority, &plan, certificate->data, certificate->len, error);
  parts_clear (&parts);
  EVP_PKEY_free (device);
  return passed;
}

START_TEST (test_a_certificate_as_planned_passes)
{
  GError *problem = NULL;

  ck_assert_msg (check_pieces (&good, &good, ca_key.key, good.algorithm, &problem), "%s",
                 problem != NULL ? problem->message : "");
}
END_TEST

START_TEST (test_each_wrong_piece_is_seen)
{
  Pieces cases[] = { good, good, good, good, good, good, good, good, good, good, good, good };
  g_autoptr (GError) problem = NULL;

  cases[0].version = "a003020101";
  cases[1].serial = "021111223344556677889900bbccddeeff0011";
  cases[2].serial = "0211912233445566778899aabbccddeeff0011"; /* negative */
  cases[3].algorithm = "300a06082a8648ce3d040303";
  cases[4].issuer = "300c310a300806035504030c0161";
  cases[5].to = 20000;
  cases[6].from = -120;
  cases[7].extensions = "";                                     /* none */
  cases[8].extensions = "a310300e300c0603551d130101ff04023000"; /* no keyUsage */
  /* CA:TRUE */
  cases[9].extensions =
      "a3233021300f0603551d130101ff040530030101ff300e0603551d0f0101ff040403020780";
  /* basicConstraints not critical */
  cases[10].extensions = "a31d301b30090603551d1304023000300e0603551d0f0101ff040403020780";
  /* doubled */
  cases[11].extensions = "a31e301c300c0603551d130101ff04023000300c0603551d130101ff04023000";
  ck_assert (!check_pieces (&cases[_i], &good, ca_key.key, cases[_i].algorithm, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_INTERNAL));
}
END_TEST

START_TEST (test_a_validity_outside_the_cas_is_seen_even_when_planned)
{
  Pieces late = good;
  Pieces early = good;

  late.to = 30LL * 365 * 86400;
  early.from = -86400;
  ck_assert (!check_pieces (&late, &late, ca_key.key, good.algorithm, NULL));
  ck_assert (!check_pieces (&early, &early, ca_key.key, good.algorithm, NULL));
}
END_TEST

START_TEST (test_another_keys_signature_or_another_outer_algorithm_is_seen)
{
  EVP_PKEY *other = make_key ("P-256");

  ck_assert (!check_pieces (&good, &good, other, good.algorithm, NULL));
  ck_assert (!check_pieces (&good, &good, ca_key.key, "300a06082a8648ce3d040304", NULL));
  EVP_PKEY_free (other);
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
  tcase_add_loop_test (issue, test_each_wrong_piece_is_seen, 0, 12);
  tcase_add_test (issue, test_a_validity_outside_the_cas_is_seen_even_when_planned);
  tcase_add_test (issue, test_another_keys_signature_or_another_outer_algorithm_is_seen);
  tcase_add_test (issue, test_times_change_their_form_in_2050);
  suite_add_tcase (suite, issue);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
