/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Statements: what openssl's cms command and Python's cryptography sign is opened here, what is
 * made here they verify; and whatever is not exactly one pinned signer's is refused.
 */
#include "base/encode.h"
#include "ca/openssl.h"
#include "ca/proof/statement.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/pem.h>
#include <string.h>

#define TEXT "[ticket]\nVersion=1\n"

static const char *python, *script;
static char *folder;

/* A self-signed certificate NAME.pem with NAME.key. */
static void
make_signer (const char *name, const char *algorithm, const char *option, const char *subject)
{
  g_autofree char *key = g_strconcat (name, ".key", NULL);
  g_autofree char *certificate = g_strconcat (name, ".pem", NULL);

  ck_assert_int_eq (run (folder, NULL, "openssl", "req", "-x509", "-nodes", "-set_serial", "7",
                         "-newkey", algorithm, "-pkeyopt", option, "-subj", subject, "-days", "30",
                         "-keyout", key, "-out", certificate, NULL),
                    0);
}

static void
setup (void)
{
  folder = folder_make ();
  folder_write (folder, "text", TEXT, 0600);
  make_signer ("owner", "ec", "ec_paramgen_curve:P-256", "/CN=Owner");
  make_signer ("twin", "ec", "ec_paramgen_curve:P-256", "/CN=Owner");
  make_signer ("other", "ec", "ec_paramgen_curve:P-256", "/CN=Other");
}

static void
teardown (void)
{
  folder_remove (folder);
}

static GPtrArray *
signers (const char *name)
{
  g_autofree char *path = g_strconcat (folder, "/", name, ".pem", NULL);
  g_autoptr (GError) problem = NULL;
  GPtrArray *loaded = statement_signers_load (path, &problem);

  ck_assert_msg (loaded != NULL, "%s", problem != NULL ? problem->message : "");
  return loaded;
}

static EVP_PKEY *
key_of (const char *name)
{
  g_autofree char *path = g_strconcat (folder, "/", name, ".key", NULL);
  g_autoptr (BIO) in = BIO_new_file (path, "r");
  EVP_PKEY *key = PEM_read_bio_PrivateKey (in, NULL, NULL, NULL);

  ck_assert_ptr_nonnull (key);
  return key;
}

static GBytes *
contents (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *data;
  gsize length;

  ck_assert (g_file_get_contents (path, &data, &length, NULL));
  return g_bytes_new_take (data, length);
}

static char *
open_with (GBytes *statement, const char *name, GError **error)
{
  g_autoptr (GPtrArray) pinned = signers (name);
  Span der;

  der.data = g_bytes_get_data (statement, &der.length);
  return statement_open (der, pinned, NULL, error);
}

static void
expect_text (GBytes *statement, const char *name)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = open_with (statement, name, &problem);

  ck_assert_msg (text != NULL, "%s", problem != NULL ? problem->message : "");
  ck_assert_str_eq (text, TEXT);
}

static void
expect_problem (GBytes *statement, const char *name, const char *says)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = open_with (statement, name, &problem);

  ck_assert_msg (text == NULL, "taken, but: %s", says);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  ck_assert_msg (strstr (problem->message, says) != NULL, "%s, not: %s", problem->message, says);
}

static GBytes *
sign_here (const char *name)
{
  g_autoptr (GPtrArray) pinned = signers (name);
  g_autoptr (EVP_PKEY) key = key_of (name);
  g_autoptr (GError) problem = NULL;
  GBytes *statement = statement_sign (TEXT, g_ptr_array_index (pinned, 0), key, &problem);

  ck_assert_msg (statement != NULL, "%s", problem != NULL ? problem->message : "");
  return statement;
}

/* ---- what others sign ---- */

static const struct {
  const char *algorithm, *option; /* of the key */
  const char *arguments;          /* beside those that all have */
  const char *says;               /* NULL: it must be taken */
} by_openssl[] = {
  { "ec", "ec_paramgen_curve:P-256", "-nodetach -binary -outform DER", NULL },
  { "ec", "ec_paramgen_curve:P-256", "-nodetach -binary -outform DER -nocerts -nosmimecap", NULL },
  { "ec", "ec_paramgen_curve:P-256", "-nodetach -binary -outform DER -keyid", NULL },
  { "ec", "ec_paramgen_curve:P-256", "-nodetach -binary -outform DER -certfile other.pem", NULL },
  { "ec", "ec_paramgen_curve:P-384", "-nodetach -binary -outform DER -md sha384", NULL },
  { "ec", "ec_paramgen_curve:P-521", "-nodetach -binary -outform DER -md sha512", NULL },
  { "rsa", "rsa_keygen_bits:2048", "-nodetach -binary -outform DER", NULL },
  { "rsa", "rsa_keygen_bits:2048", "-nodetach -binary -outform DER -md sha512", NULL },
  { "rsa", "rsa_keygen_bits:2048",
    "-nodetach -binary -outform DER -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:32",
    NULL },
  { "ec", "ec_paramgen_curve:P-256", "-binary -outform DER", "the text is not inside" },
  { "ec", "ec_paramgen_curve:P-256", "-nodetach -binary -outform DER -noattr",
    "no signed attributes" },
  { "ec", "ec_paramgen_curve:P-256", "-nodetach -binary -outform DER -md sha1",
    "none of SHA-256, SHA-384, SHA-512" },
  { "ec", "ec_paramgen_curve:P-256", "-nodetach -binary -outform PEM", "is in PEM" },
  { "ec", "ec_paramgen_curve:P-256", "-nodetach -binary -outform DER -stream", "indefinite" },
  { "ec", "ec_paramgen_curve:P-256",
    "-nodetach -binary -outform DER -signer other.pem -inkey other.key", "more than one signer" },
};

START_TEST (test_openssl_signs)
{
  g_autofree char *command =
      g_strdup_printf ("openssl cms -sign -in text -signer it.pem -inkey it.key -out it.p7s %s",
                       by_openssl[_i].arguments);
  g_autoptr (GBytes) statement = NULL;

  make_signer ("it", by_openssl[_i].algorithm, by_openssl[_i].option, "/CN=It");
  ck_assert_int_eq (run (folder, NULL, "sh", "-c", command, NULL), 0);
  statement = contents ("it.p7s");
  if (by_openssl[_i].says != NULL) {
    expect_problem (statement, "it", by_openssl[_i].says);
    return;
  }
  expect_text (statement, "it");
  expect_problem (statement, "owner", "names another signer");
}
END_TEST

START_TEST (test_python_signs_and_verifies)
{
  g_autoptr (GBytes) ours = sign_here ("owner"), theirs = NULL;
  g_autofree char *said = NULL;
  g_autofree char *path = g_build_filename (folder, "ours.p7s", NULL);

  ck_assert (g_file_set_contents (path, g_bytes_get_data (ours, NULL),
                                  (gssize)g_bytes_get_size (ours), NULL));
  ck_assert_msg (run (folder, &said, python, script, "ours.p7s", "owner.pem", "owner.key", "text",
                      "theirs.p7s", NULL)
                     == 0,
                 "%s", said);
  theirs = contents ("theirs.p7s");
  expect_text (theirs, "owner");
}
END_TEST

/* ---- what we sign ---- */

static int
openssl_verifies (GBytes *statement, const char *pinned)
{
  g_autofree char *path = g_build_filename (folder, "it.p7s", NULL);
  g_autofree char *said = NULL;

  ck_assert (g_file_set_contents (path, g_bytes_get_data (statement, NULL),
                                  (gssize)g_bytes_get_size (statement), NULL));
  return run (folder, &said, "openssl", "cms", "-verify", "-inform", "DER", "-in", path,
              "-certfile", pinned, "-CAfile", pinned, "-purpose", "any", NULL);
}

START_TEST (test_openssl_verifies)
{
  g_autoptr (GBytes) statement = sign_here ("owner");
  g_autoptr (GBytes) changed = bytes_flipped (statement, g_bytes_get_size (statement) - 1, 1);

  ck_assert_int_eq (openssl_verifies (statement, "owner.pem"), 0);
  ck_assert_int_ne (openssl_verifies (statement, "twin.pem"), 0);
  ck_assert_int_ne (openssl_verifies (changed, "owner.pem"), 0);
}
END_TEST

START_TEST (test_other_keys_sign_here)
{
  static const char *const keys[][2] = { { "rsa", "rsa_keygen_bits:2048" },
                                         { "ec", "ec_paramgen_curve:P-384" },
                                         { "ec", "ec_paramgen_curve:P-521" } };
  g_autoptr (GBytes) statement = NULL;

  make_signer ("it", keys[_i][0], keys[_i][1], "/CN=It");
  statement = sign_here ("it");
  expect_text (statement, "it");
  ck_assert_int_eq (openssl_verifies (statement, "it.pem"), 0);
}
END_TEST

START_TEST (test_a_twin_is_another)
{
  g_autoptr (GBytes) statement = sign_here ("twin");

  expect_text (statement, "twin");
  expect_problem (statement, "owner", "not by the key");
  expect_problem (statement, "other", "names another signer");
}
END_TEST

/* One of several that are pinned is enough, and it is told which one. */
START_TEST (test_the_signer_is_told)
{
  g_autoptr (GBytes) statement = sign_here ("twin");
  g_autoptr (GBytes) owner = contents ("owner.pem"), twin = contents ("twin.pem");
  g_autofree char *both = g_strdup_printf (
      "%.*s%.*s", (int)g_bytes_get_size (owner), (const char *)g_bytes_get_data (owner, NULL),
      (int)g_bytes_get_size (twin), (const char *)g_bytes_get_data (twin, NULL));
  g_autoptr (GPtrArray) pinned = statement_signers_read (both, strlen (both), NULL);
  g_autofree char *text = NULL;
  X509 *signer = NULL;
  Span der;

  ck_assert_uint_eq (pinned->len, 2);
  der.data = g_bytes_get_data (statement, &der.length);
  text = statement_open (der, pinned, &signer, NULL);
  ck_assert_str_eq (text, TEXT);
  ck_assert_ptr_eq (signer, g_ptr_array_index (pinned, 1));
}
END_TEST

/* Nothing in what we make is unsigned and free. */
START_TEST (test_every_byte_counts)
{
  static const guint8 masks[] = { 0x01, 0x02, 0x20, 0x80, 0xff };
  g_autoptr (GBytes) statement = sign_here ("owner");

  for (gsize place = 0; place < g_bytes_get_size (statement); place++)
    for (guint i = 0; i < G_N_ELEMENTS (masks); i++) {
      g_autoptr (GBytes) changed = bytes_flipped (statement, place, masks[i]);

      expect_problem (changed, "owner", "");
    }
  expect_text (statement, "owner");
}
END_TEST

START_TEST (test_every_length_counts)
{
  g_autoptr (GBytes) statement = sign_here ("owner");
  const gssize size = (gssize)g_bytes_get_size (statement);

  for (gssize extra = -size; extra < 3; extra++) {
    g_autoptr (GBytes) resized = bytes_resized (statement, extra);

    if (extra != 0)
      expect_problem (resized, "owner", "");
  }
}
END_TEST

/* ---- what we do not sign ---- */

static void
expect_not_signed (const char *text, const char *certificate, const char *key, const char *says)
{
  g_autoptr (GPtrArray) pinned = signers (certificate);
  g_autoptr (EVP_PKEY) private_key = key_of (key);
  g_autoptr (GError) problem = NULL;

  ck_assert_ptr_null (statement_sign (text, g_ptr_array_index (pinned, 0), private_key, &problem));
  ck_assert_msg (strstr (problem->message, says) != NULL, "%s", problem->message);
}

START_TEST (test_what_is_not_signed)
{
  g_autofree char *most = g_strnfill (STATEMENT_MOST - 1000, 'x');
  g_autofree char *more = g_strnfill (STATEMENT_MOST - 10, 'x');
  g_autofree char *far = g_strnfill (STATEMENT_MOST * 2, 'x');
  g_autoptr (GPtrArray) pinned = signers ("owner");
  g_autoptr (EVP_PKEY) key = key_of ("owner");
  g_autoptr (GBytes) fits = statement_sign (most, g_ptr_array_index (pinned, 0), key, NULL);

  ck_assert_ptr_nonnull (fits);
  expect_not_signed (more, "owner", "owner", "longer than");
  expect_not_signed (far, "owner", "owner", "longer than");
  expect_not_signed (TEXT, "owner", "twin", "not that of the certificate");
  expect_not_signed ("\xff", "owner", "owner", "no UTF-8");
}
END_TEST

START_TEST (test_who_may_not_sign)
{
  static const struct {
    const char *algorithm, *option, *says;
  } weak[] = { { "rsa", "rsa_keygen_bits:1024", "none of P-256" },
               { "ec", "ec_paramgen_curve:secp256k1", "none of P-256" },
               { "ec", "ec_paramgen_curve:P-224", "none of P-256" } };
  g_autofree char *path = g_build_filename (folder, "it.pem", NULL);
  g_autoptr (GError) problem = NULL;

  make_signer ("it", weak[_i].algorithm, weak[_i].option, "/CN=It");
  ck_assert_ptr_null (statement_signers_load (path, &problem));
  ck_assert_msg (strstr (problem->message, weak[_i].says) != NULL, "%s", problem->message);
}
END_TEST

START_TEST (test_what_is_no_certificate)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *path = g_build_filename (folder, "absent.pem", NULL);

  ck_assert_ptr_null (statement_signers_read ("x", 1, NULL));
  ck_assert_ptr_null (statement_signers_load (path, &problem));
  ck_assert (g_str_has_prefix (problem->message, path));
}
END_TEST

START_TEST (test_a_peek_verifies_nothing)
{
  g_autoptr (GBytes) statement = sign_here ("owner");
  g_autofree char *text = NULL;
  Span der;

  der.data = g_bytes_get_data (statement, &der.length);
  text = statement_peek (der, NULL);
  ck_assert_str_eq (text, TEXT);
  ck_assert_ptr_null (statement_peek ((Span){ der.data, der.length - 1 }, NULL));
}
END_TEST

START_TEST (test_a_key_has_a_name)
{
  g_autoptr (GPtrArray) pinned = signers ("owner");
  g_autofree char *expected = NULL;
  g_autofree char *hex = NULL;
  guint8 hash[32];

  statement_key_sha256 (g_ptr_array_index (pinned, 0), hash);
  hex = hex_encode (hash, sizeof hash);
  ck_assert_int_eq (run (folder, &expected, "sh", "-c",
                         "openssl pkey -in owner.key -pubout -outform DER | sha256sum", NULL),
                    0);
  ck_assert (g_str_has_prefix (expected, hex));
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("statement");
  TCase *tests = tcase_create ("statement");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 3);
  python = argv[1];
  script = argv[2];
  suite_add_tcase (suite, tests);
  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_loop_test (tests, test_openssl_signs, 0, G_N_ELEMENTS (by_openssl));
  tcase_add_test (tests, test_python_signs_and_verifies);
  tcase_add_test (tests, test_openssl_verifies);
  tcase_add_loop_test (tests, test_other_keys_sign_here, 0, 3);
  tcase_add_test (tests, test_a_twin_is_another);
  tcase_add_test (tests, test_the_signer_is_told);
  tcase_add_test (tests, test_every_byte_counts);
  tcase_add_test (tests, test_every_length_counts);
  tcase_add_test (tests, test_what_is_not_signed);
  tcase_add_loop_test (tests, test_who_may_not_sign, 0, 3);
  tcase_add_test (tests, test_what_is_no_certificate);
  tcase_add_test (tests, test_a_peek_verifies_nothing);
  tcase_add_test (tests, test_a_key_has_a_name);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
