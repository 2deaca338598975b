/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The same questions to every keystore: a file, SoftHSM behind PKCS#11, and a TPM (swtpm) with keys
 * at handles and in files. argv[1] is stores.sh.
 */
#include "tests/unit/ca/keystore-rig.h"

#include <string.h>

#define TIMES 200

/* The reason must hold `words`. */
static void
expect_refused (const char *key, const char *store, const char *pin, const char *certified,
                const char *words)
{
  g_autoptr (GError) problem = NULL;

  ck_assert_ptr_null (stores_open (rig_folder, key, store, pin, certified, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_KEY));
  ck_assert_msg (strstr (problem->message, words) != NULL, "wanted '%s', said: %s", words,
                 problem->message);
}

START_TEST (test_each_key_signs_with_each_algorithm)
{
  static const char *const words[N_STORE_KEYS][7] = {
    { "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512" },
    { "ecdsa-sha384", "ecdsa-sha256", "ecdsa-sha512" },
    { "rsa-sha256", "rsa-sha384", "rsa-sha512", "rsa-pss-sha256", "rsa-pss-sha384",
      "rsa-pss-sha512" },
  };
  const char *store = store_names[_i];

  for (guint key = 0; key < N_STORE_KEYS; key++) {
    EVP_PKEY *public_key = stores_public_key (rig_folder, store_keys[key], store);
    g_autoptr (Keystore) keystore = rig_open (store_keys[key], store);

    ck_assert_str_eq (keystore_scheme (keystore),
                      g_str_has_prefix (store, "tpm2") ? "tpm2" : store);
    for (const char *const *word = words[key]; *word != NULL; word++) {
      GError *problem = NULL;

      ck_assert_msg (rig_sign (keystore, *word, public_key, &problem), "%s %s %s: %s", store,
                     store_keys[key], *word, problem != NULL ? problem->message : "");
    }
    EVP_PKEY_free (public_key);
  }
}
END_TEST

static gpointer
sign_many (gpointer data)
{
  Crowd *crowd = data;

  for (guint i = 0; i < TIMES; i++)
    if (rig_sign (crowd->keystore, signature_default (crowd->public_key)->word, crowd->public_key,
                  NULL))
      g_atomic_int_inc (&crowd->good);
  OPENSSL_thread_stop ();
  return NULL;
}

START_TEST (test_eight_threads_sign_at_once)
{
  const char *store = store_names[_i];
  Crowd crowd = { .keystore = rig_open ("p256", store),
                  .public_key = stores_public_key (rig_folder, "p256", store) };
  GThread *threads[THREADS];

  rig_begin (&crowd, sign_many, threads);
  rig_join (threads);
  ck_assert_int_eq (crowd.good, THREADS * TIMES);
  keystore_close (crowd.keystore);
  EVP_PKEY_free (crowd.public_key);
}
END_TEST

/* As `keycradle-signer ca csr` does. */
START_TEST (test_a_key_without_a_certificate_shows_its_public_half)
{
  const char *store = store_names[_i];

  for (guint key = 0; key < N_STORE_KEYS; key++) {
    EVP_PKEY *public_key = stores_public_key (rig_folder, store_keys[key], store);
    GError *problem = NULL;
    g_autoptr (Keystore) keystore =
        stores_open (rig_folder, store_keys[key], store, "pin", NULL, &problem);

    ck_assert_msg (keystore != NULL, "%s", problem != NULL ? problem->message : "");
    ck_assert_int_eq (EVP_PKEY_eq (keystore_public_key (keystore), public_key), 1);
    rig_expect_signs (keystore, keystore_public_key (keystore));
    EVP_PKEY_free (public_key);
  }
}
END_TEST

START_TEST (test_the_key_must_be_that_of_the_certificate)
{
  const char *store = store_names[_i];

  expect_refused ("p256", store, "pin", "p384", "key");
  expect_refused ("rsa", store, "pin", "p256", "key");
  expect_refused ("p384", store, "pin", "rsa", "key");
}
END_TEST

/* Of the same kind: the certificate of another store's key. */
START_TEST (test_another_key_of_the_same_kind_is_refused)
{
  const char *store = store_names[_i];
  g_autofree char *command = g_strdup_printf (
      "cp p256.%s.pub strange.%s.pub", g_str_has_prefix (store, "tpm2") ? "file" : "tpm2", store);

  folder_shell (rig_folder, command);
  expect_refused ("p256", store, "pin", "strange", "not that of the CA certificate");
}
END_TEST

START_TEST (test_an_absent_key_is_refused)
{
  static const char *const commands[N_STORES] = {
    "sed 's/p256.key/none.key/' p256.file.uri > none.file.uri",
    "sed 's/object=p256/object=none/' p256.pkcs11.uri > none.pkcs11.uri",
    "sed 's/0x81000010/0x810000ff/' p256.tpm2.uri > none.tpm2.uri",
    "sed 's/p256.tss/none.tss/' p256.tpm2-file.uri > none.tpm2-file.uri",
  };

  folder_shell (rig_folder, commands[_i]);
  expect_refused ("none", store_names[_i], "pin", "p256",
                  _i == 1   ? "no private key"
                  : _i == 2 ? "no such CA key"
                            : "can't be opened");
}
END_TEST

START_TEST (test_a_wrong_passphrase_is_given_to_a_file_at_most)
{
  expect_refused ("p256", "file", "wrong-pin", "p256", "the passphrase is wrong");
}
END_TEST

static const struct {
  const char *uri;
  const char *words;
} bad_uris[] = {
  { "hsm:x", "of no kind" },
  { "pkcs11:token=keycradle;object=p256?pin-value=1357", "must not hold pin-value" },
  { "pkcs11:token=keycradle;object=p256?pin-source=/etc/pin", "must not hold pin-value" },
  { "pkcs11:token=keycradle;objekt=p256", "does not know" },
  { "pkcs11:object=p256", "must name the token" },
  { "pkcs11:token=keycradle", "must name the key" },
  { "pkcs11:token=keycradle;object=p256;type=public", "type=private" },
  { "pkcs11:token=%ZZ;object=p256", "no URI of RFC 7512" },
  { "pkcs11:token=keycradle;object=p256?module-path=/nowhere.so", "can't be loaded" },
  { "tpm2:", "names no key" },
  { "tpm2:handle=0x80000001", "names no key" },
  { "tpm2:handle=0x81000010x", "names no key" },
  { "tpm2:handle=81000010", "names no key" },
  { "tpm2:file=p256.tss", "names no key" },
  { "file:", "can't be opened" },
};

START_TEST (test_bad_uris_are_refused_in_words)
{
  const PassphraseSource passphrase = { .fd = -1 };
  EVP_PKEY *public_key = stores_public_key (rig_folder, "p256", "file");
  const KeystoreSource source = { .uri = bad_uris[_i].uri,
                                  .passphrase = &passphrase,
                                  .public_key = public_key,
                                  .algorithm = signature_default (public_key) };
  g_autoptr (GError) problem = NULL;

  ck_assert_ptr_null (keystore_open (&source, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_KEY));
  ck_assert_msg (strstr (problem->message, bad_uris[_i].words) != NULL, "%s", problem->message);
  EVP_PKEY_free (public_key);
}
END_TEST

static void
add_tests (Suite *suite)
{
  TCase *all = rig_case (suite, "stores");

  tcase_add_loop_test (all, test_each_key_signs_with_each_algorithm, 0, N_STORES);
  tcase_add_loop_test (all, test_eight_threads_sign_at_once, 0, N_STORES);
  tcase_add_loop_test (all, test_a_key_without_a_certificate_shows_its_public_half, 0, N_STORES);
  tcase_add_loop_test (all, test_the_key_must_be_that_of_the_certificate, 0, N_STORES);
  tcase_add_loop_test (all, test_another_key_of_the_same_kind_is_refused, 0, N_STORES);
  tcase_add_loop_test (all, test_an_absent_key_is_refused, 0, N_STORES);
  tcase_add_loop_test (all, test_bad_uris_are_refused_in_words, 0, G_N_ELEMENTS (bad_uris));
  tcase_add_test (all, test_a_wrong_passphrase_is_given_to_a_file_at_most);
}

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca keystores");

  g_assert_cmpint (argc, ==, 2);
  add_tests (suite);
  return rig_main (argv[1], suite);
}
