/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The same questions to every keystore: a file, SoftHSM behind PKCS#11, and a TPM (swtpm) with keys
 * at handles and in files. argv[1] is stores.sh.
 */
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/stores.h"

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 8
#define TIMES 200
#define SECONDS_UNTIL_CHECKED 3

static const char *script;
static char *folder;

/* Once for all tests, which fork: no test finds a module or a provider that another loaded. */
static void
make_stores (void)
{
  folder = stores_make (script);
}

static void
remove_stores (void)
{
  stores_remove (folder);
}

static Keystore *
open_good (const char *key, const char *store)
{
  GError *problem = NULL;
  Keystore *keystore = stores_open (folder, key, store, "pin", key, &problem);

  ck_assert_msg (keystore != NULL, "%s %s: %s", key, store,
                 problem != NULL ? problem->message : "");
  return keystore;
}

static gboolean
sign (Keystore *keystore, const char *word, EVP_PKEY *public_key, GError **error)
{
  const SignatureAlgorithm *algorithm = signature_find (word);
  guint8 text[100];
  g_autoptr (GByteArray) out = g_byte_array_new ();

  for (guint i = 0; i < sizeof text; i++)
    text[i] = (guint8)g_random_int ();
  if (!keystore_sign (keystore, algorithm, (Span){ text, sizeof text }, out, error)) {
    ck_assert_uint_eq (out->len, 0);
    return FALSE;
  }
  ck_assert (signature_verify (algorithm, public_key, (Span){ text, sizeof text },
                               (Span){ out->data, out->len }, NULL));
  return TRUE;
}

static void
expect_signs (Keystore *keystore, EVP_PKEY *public_key)
{
  g_autofree char *trouble = NULL;
  GError *problem = NULL;

  ck_assert_msg (sign (keystore, signature_default (public_key)->word, public_key, &problem), "%s",
                 problem != NULL ? problem->message : "");
  trouble = keystore_problem (keystore);
  ck_assert_ptr_null (trouble);
}

static void
expect_fails (Keystore *keystore, EVP_PKEY *public_key, CaError code)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *trouble = NULL;

  ck_assert (!sign (keystore, signature_default (public_key)->word, public_key, &problem));
  ck_assert_msg (g_error_matches (problem, CA_ERROR, (int)code), "%s", problem->message);
  trouble = keystore_problem (keystore);
  ck_assert_ptr_nonnull (trouble);
}

/* The reason must hold `words`. */
static void
expect_refused (const char *key, const char *store, const char *pin, const char *certified,
                const char *words)
{
  g_autoptr (GError) problem = NULL;

  ck_assert_ptr_null (stores_open (folder, key, store, pin, certified, &problem));
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
    EVP_PKEY *public_key = stores_public_key (folder, store_keys[key], store);
    g_autoptr (Keystore) keystore = open_good (store_keys[key], store);

    ck_assert_str_eq (keystore_scheme (keystore),
                      g_str_has_prefix (store, "tpm2") ? "tpm2" : store);
    for (const char *const *word = words[key]; *word != NULL; word++) {
      GError *problem = NULL;

      ck_assert_msg (sign (keystore, *word, public_key, &problem), "%s %s %s: %s", store,
                     store_keys[key], *word, problem != NULL ? problem->message : "");
    }
    EVP_PKEY_free (public_key);
  }
}
END_TEST

typedef struct {
  Keystore *keystore;
  EVP_PKEY *public_key;
  int good;       /* atomic */
  int lost;       /* atomic: CA_ERROR_CA_TOKEN */
  gboolean stops; /* atomic */
} Crowd;

static gpointer
sign_many (gpointer data)
{
  Crowd *crowd = data;

  for (guint i = 0; i < TIMES; i++)
    if (sign (crowd->keystore, signature_default (crowd->public_key)->word, crowd->public_key,
              NULL))
      g_atomic_int_inc (&crowd->good);
  OPENSSL_thread_stop ();
  return NULL;
}

static void
run_crowd (Crowd *crowd, GThreadFunc function, GThread *threads[THREADS])
{
  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("signs", function, crowd);
}

static void
join_crowd (GThread *threads[THREADS])
{
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
}

START_TEST (test_eight_threads_sign_at_once)
{
  const char *store = store_names[_i];
  Crowd crowd = { .keystore = open_good ("p256", store),
                  .public_key = stores_public_key (folder, "p256", store) };
  GThread *threads[THREADS];

  run_crowd (&crowd, sign_many, threads);
  join_crowd (threads);
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
    EVP_PKEY *public_key = stores_public_key (folder, store_keys[key], store);
    GError *problem = NULL;
    g_autoptr (Keystore) keystore =
        stores_open (folder, store_keys[key], store, "pin", NULL, &problem);

    ck_assert_msg (keystore != NULL, "%s", problem != NULL ? problem->message : "");
    ck_assert_int_eq (EVP_PKEY_eq (keystore_public_key (keystore), public_key), 1);
    expect_signs (keystore, keystore_public_key (keystore));
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

static void
shell (const char *command)
{
  g_autofree char *said = NULL;

  ck_assert_msg (run (folder, &said, "sh", "-c", command, NULL) == 0, "%s: %s", command, said);
}

/* Of the same kind: the certificate of another store's key. */
START_TEST (test_another_key_of_the_same_kind_is_refused)
{
  const char *store = store_names[_i];
  g_autofree char *command = g_strdup_printf (
      "cp p256.%s.pub strange.%s.pub", g_str_has_prefix (store, "tpm2") ? "file" : "tpm2", store);

  shell (command);
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

  shell (commands[_i]);
  expect_refused ("none", store_names[_i], "pin", "p256",
                  _i == 1   ? "no private key"
                  : _i == 2 ? "no such CA key"
                            : "can't be opened");
}
END_TEST

static guint
lockout_counter (void)
{
  g_autofree char *said = NULL;
  const char *line;
  g_autofree char *command = g_strdup_printf (
      "TPM2TOOLS_TCTI=swtpm:path=%s/tpm/sock tpm2_getcap properties-variable", folder);

  ck_assert_int_eq (run (folder, &said, "sh", "-c", command, NULL), 0);
  line = strstr (said, "TPM2_PT_LOCKOUT_COUNTER:");
  ck_assert_ptr_nonnull (line);
  return (guint)strtoul (strchr (line, ':') + 1, NULL, 0);
}

START_TEST (test_a_wrong_passphrase_is_given_to_a_file_at_most)
{
  expect_refused ("p256", "file", "wrong-pin", "p256", "the passphrase is wrong");
}
END_TEST

/* What could lock the token for good is done once, whatever is asked. */
START_TEST (test_a_wrong_pin_is_tried_once)
{
  const char *store = store_names[_i];
  EVP_PKEY *public_key = stores_public_key (folder, "p256", store);
  const gboolean tpm = g_str_has_prefix (store, "tpm2");
  guint before = tpm ? lockout_counter () : 0;
  g_autoptr (Keystore) keystore = NULL;
  g_autofree char *problem = NULL;

  shell ("cp -p wrong-pin its-pin");
  keystore = stores_open (folder, "p256", store, "its-pin", "p256", NULL);
  ck_assert_ptr_nonnull (keystore);
  problem = keystore_problem (keystore);
  ck_assert_ptr_nonnull (strstr (problem, "not tried again until the signer is restarted"));
  for (guint i = 0; i < 5; i++)
    expect_fails (keystore, public_key, CA_ERROR_CA_KEY);
  if (tpm)
    ck_assert_uint_eq (lockout_counter (), before + 1);
  /* Not even where it would be right by now. */
  shell ("cp -p pin its-pin");
  expect_fails (keystore, public_key, CA_ERROR_CA_KEY);
  EVP_PKEY_free (public_key);
}
END_TEST

START_TEST (test_a_token_that_goes_and_comes_back_signs_again)
{
  const char *store = store_names[_i];
  EVP_PKEY *public_key = stores_public_key (folder, "p256", store);
  g_autoptr (Keystore) keystore = open_good ("p256", store);

  for (guint i = 0; i < 2; i++) {
    expect_signs (keystore, public_key);
    stores_lose (folder, store);
    expect_fails (keystore, public_key, CA_ERROR_CA_TOKEN);
    expect_fails (keystore, public_key, CA_ERROR_CA_TOKEN);
    stores_return (folder, store);
    expect_signs (keystore, public_key);
  }
  EVP_PKEY_free (public_key);
}
END_TEST

/* Nobody orders anything, but somebody looks. */
START_TEST (test_loss_and_return_show_without_an_order)
{
  const char *store = store_names[_i];
  g_autoptr (Keystore) keystore = open_good ("p256", store);
  g_autofree char *gone = NULL, *back = NULL;

  stores_lose (folder, store);
  for (guint i = 0; gone == NULL && i < SECONDS_UNTIL_CHECKED * 50; i++) {
    g_usleep (G_USEC_PER_SEC / 50);
    gone = keystore_problem (keystore);
  }
  stores_return (folder, store);
  ck_assert_ptr_nonnull (gone);
  for (guint i = 0; i < SECONDS_UNTIL_CHECKED * 50; i++) {
    g_usleep (G_USEC_PER_SEC / 50);
    g_free (back);
    back = keystore_problem (keystore);
    if (back == NULL)
      return;
  }
  ck_abort_msg ("%s", back);
}
END_TEST

START_TEST (test_a_token_may_come_after_the_signer)
{
  const char *store = store_names[_i];
  EVP_PKEY *public_key = stores_public_key (folder, "p256", store);
  g_autoptr (Keystore) keystore = NULL;

  stores_lose (folder, store);
  keystore = open_good ("p256", store);
  expect_fails (keystore, public_key, CA_ERROR_CA_TOKEN);
  stores_return (folder, store);
  expect_signs (keystore, public_key);
  EVP_PKEY_free (public_key);
}
END_TEST

static gpointer
sign_until_stopped (gpointer data)
{
  Crowd *crowd = data;

  while (!g_atomic_int_get (&crowd->stops)) {
    g_autoptr (GError) problem = NULL;

    if (sign (crowd->keystore, "ecdsa-sha256", crowd->public_key, &problem))
      g_atomic_int_inc (&crowd->good);
    else if (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_TOKEN))
      g_atomic_int_inc (&crowd->lost);
    else
      g_error ("%s", problem != NULL ? problem->message : "no reason");
  }
  OPENSSL_thread_stop ();
  return NULL;
}

static void
wait_for_more (int *count)
{
  int before = g_atomic_int_get (count);

  for (guint i = 0; i < 2000 && g_atomic_int_get (count) < before + 3 * THREADS; i++)
    g_usleep (G_USEC_PER_SEC / 200);
  ck_assert_int_ge (g_atomic_int_get (count), before + 3 * THREADS);
}

START_TEST (test_eight_threads_lose_a_token_and_find_it_again)
{
  const char *store = store_names[_i];
  Crowd crowd = { .keystore = open_good ("p256", store),
                  .public_key = stores_public_key (folder, "p256", store) };
  GThread *threads[THREADS];

  run_crowd (&crowd, sign_until_stopped, threads);
  for (guint i = 0; i < 3; i++) {
    wait_for_more (&crowd.good);
    stores_lose (folder, store);
    wait_for_more (&crowd.lost);
    stores_return (folder, store);
  }
  wait_for_more (&crowd.good);
  g_atomic_int_set (&crowd.stops, TRUE);
  join_crowd (threads);
  keystore_close (crowd.keystore);
  EVP_PKEY_free (crowd.public_key);
}
END_TEST

/* A signer that has two CAs in one token, as in a rotation. */
START_TEST (test_two_keys_of_one_token_share_it)
{
  const char *store = store_names[_i];
  EVP_PKEY *one_key = stores_public_key (folder, "p256", store);
  EVP_PKEY *other_key = stores_public_key (folder, "rsa", store);
  g_autoptr (Keystore) one = open_good ("p256", store);
  Keystore *other = open_good ("rsa", store);

  for (guint i = 0; i < 3; i++) {
    expect_signs (one, one_key);
    expect_signs (other, other_key);
  }
  stores_lose (folder, store);
  expect_fails (one, one_key, CA_ERROR_CA_TOKEN);
  expect_fails (other, other_key, CA_ERROR_CA_TOKEN);
  stores_return (folder, store);
  expect_signs (one, one_key);
  expect_signs (other, other_key);
  keystore_close (other);
  expect_signs (one, one_key);
  EVP_PKEY_free (one_key);
  EVP_PKEY_free (other_key);
}
END_TEST

static guint
lines_of (const char *command)
{
  g_autofree char *with_tpm =
      g_strdup_printf ("TPM2TOOLS_TCTI=swtpm:path=%s/tpm/sock %s | grep -c 0x", folder, command);
  g_autofree char *said = NULL;

  run (folder, &said, "sh", "-c", with_tpm, NULL);
  return (guint)atoi (said);
}

START_TEST (test_a_thousand_signatures_leave_nothing_in_the_tpm)
{
  const char *store = store_names[_i];
  EVP_PKEY *public_key = stores_public_key (folder, "p256", store);
  guint objects = lines_of ("tpm2_getcap handles-transient");
  guint sessions = lines_of ("tpm2_getcap handles-loaded-session");
  Keystore *keystore = open_good ("p256", store);

  for (guint i = 0; i < 1000; i++)
    ck_assert (sign (keystore, "ecdsa-sha256", public_key, NULL));
  /* A key from a file is in the TPM as long as it is open. */
  ck_assert_uint_le (lines_of ("tpm2_getcap handles-transient"), objects + 1);
  ck_assert_uint_eq (lines_of ("tpm2_getcap handles-loaded-session"), sessions);
  keystore_close (keystore);
  ck_assert_uint_eq (lines_of ("tpm2_getcap handles-transient"), objects);
  EVP_PKEY_free (public_key);
}
END_TEST

/* A descriptor is read once, and the token opened again all the same. */
START_TEST (test_a_pin_by_descriptor_outlives_the_token)
{
  const char *store = store_names[_i];
  g_autofree char *uri = stores_uri (folder, "p256", store);
  g_autofree char *path = g_build_filename (folder, "pin", NULL);
  const PassphraseSource passphrase = { .fd = open (path, O_RDONLY) };
  EVP_PKEY *public_key = stores_public_key (folder, "p256", store);
  const KeystoreSource source = { .uri = uri,
                                  .passphrase = &passphrase,
                                  .public_key = public_key,
                                  .algorithm = signature_default (public_key) };
  g_autoptr (Keystore) keystore = keystore_open (&source, NULL);

  ck_assert_int_eq (fcntl (passphrase.fd, F_GETFD), -1);
  expect_signs (keystore, public_key);
  stores_lose (folder, store);
  expect_fails (keystore, public_key, CA_ERROR_CA_TOKEN);
  stores_return (folder, store);
  expect_signs (keystore, public_key);
  EVP_PKEY_free (public_key);
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
  EVP_PKEY *public_key = stores_public_key (folder, "p256", "file");
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

START_TEST (test_two_tpms_are_refused)
{
  const PassphraseSource passphrase = { .fd = -1 };
  EVP_PKEY *public_key = stores_public_key (folder, "p256", "tpm2");
  const KeystoreSource source = { .uri = "tpm2:handle=0x81000010?tcti=device:/dev/tpm9",
                                  .passphrase = &passphrase,
                                  .public_key = public_key,
                                  .algorithm = signature_default (public_key) };
  G_GNUC_UNUSED g_autoptr (Keystore) one = open_good ("p256", "tpm2");
  g_autoptr (GError) problem = NULL;

  ck_assert_ptr_null (keystore_open (&source, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_KEY));
  ck_assert_msg (strstr (problem->message, "in one TPM") != NULL, "%s", problem->message);
  EVP_PKEY_free (public_key);
}
END_TEST

START_TEST (test_a_token_without_its_pin_is_refused)
{
  const char *store = store_names[_i];
  g_autofree char *uri = stores_uri (folder, "p256", store);
  const PassphraseSource passphrase = { .fd = -1 };
  EVP_PKEY *public_key = stores_public_key (folder, "p256", store);
  const KeystoreSource source = { .uri = uri,
                                  .passphrase = &passphrase,
                                  .public_key = public_key,
                                  .algorithm = signature_default (public_key) };
  g_autoptr (GError) problem = NULL;
  g_autoptr (Keystore) keystore = keystore_open (&source, &problem);
  g_autofree char *trouble = keystore != NULL ? keystore_problem (keystore) : NULL;
  const char *said = keystore != NULL ? trouble : problem->message;

  ck_assert_ptr_nonnull (said);
  ck_assert_msg (strstr (said, "say where it is") != NULL, "%s", said);
  EVP_PKEY_free (public_key);
}
END_TEST

/* A TPM that is stopped does not answer, and is not gone either. */
START_TEST (test_a_silent_token_holds_up_nobody)
{
  const char *store = store_names[_i];
  g_autofree char *path = g_build_filename (folder, "tpm/pid", NULL);
  g_autofree char *pid = NULL;
  Crowd crowd = { .keystore = open_good ("p256", store),
                  .public_key = stores_public_key (folder, "p256", store) };
  GThread *threads[THREADS];
  gint64 stopped_at;

  ck_assert (g_file_get_contents (path, &pid, NULL, NULL));
  run_crowd (&crowd, sign_until_stopped, threads);
  wait_for_more (&crowd.good);
  kill (atoi (pid), SIGSTOP);
  stopped_at = g_get_monotonic_time ();
  wait_for_more (&crowd.lost);
  ck_assert_int_lt (g_get_monotonic_time () - stopped_at, 15 * G_USEC_PER_SEC);
  expect_fails (crowd.keystore, crowd.public_key, CA_ERROR_CA_TOKEN);
  kill (atoi (pid), SIGCONT);
  wait_for_more (&crowd.good);
  g_atomic_int_set (&crowd.stops, TRUE);
  join_crowd (threads);
  expect_signs (crowd.keystore, crowd.public_key);
  keystore_close (crowd.keystore);
  EVP_PKEY_free (crowd.public_key);
}
END_TEST

static TCase *
stores_case (Suite *suite, const char *name)
{
  TCase *one = tcase_create (name);

  tcase_set_timeout (one, 60);
  tcase_add_unchecked_fixture (one, make_stores, remove_stores);
  suite_add_tcase (suite, one);
  return one;
}

static void
add_tests (Suite *suite)
{
  TCase *all = stores_case (suite, "stores");
  TCase *tokens = stores_case (suite, "tokens");
  TCase *tpm = stores_case (suite, "tpm");

  tcase_add_loop_test (all, test_each_key_signs_with_each_algorithm, 0, N_STORES);
  tcase_add_loop_test (all, test_eight_threads_sign_at_once, 0, N_STORES);
  tcase_add_loop_test (all, test_a_key_without_a_certificate_shows_its_public_half, 0, N_STORES);
  tcase_add_loop_test (all, test_the_key_must_be_that_of_the_certificate, 0, N_STORES);
  tcase_add_loop_test (all, test_another_key_of_the_same_kind_is_refused, 0, N_STORES);
  tcase_add_loop_test (all, test_an_absent_key_is_refused, 0, N_STORES);
  tcase_add_loop_test (all, test_bad_uris_are_refused_in_words, 0, G_N_ELEMENTS (bad_uris));
  tcase_add_test (all, test_a_wrong_passphrase_is_given_to_a_file_at_most);
  tcase_add_loop_test (tokens, test_a_wrong_pin_is_tried_once, 1, N_STORES);
  tcase_add_loop_test (tokens, test_a_token_without_its_pin_is_refused, 1, N_STORES);
  tcase_add_loop_test (tokens, test_a_token_that_goes_and_comes_back_signs_again, 1, N_STORES);
  tcase_add_loop_test (tokens, test_loss_and_return_show_without_an_order, 1, N_STORES);
  tcase_add_loop_test (tokens, test_a_token_may_come_after_the_signer, 1, N_STORES);
  tcase_add_loop_test (tokens, test_eight_threads_lose_a_token_and_find_it_again, 1, N_STORES);
  tcase_add_loop_test (tokens, test_two_keys_of_one_token_share_it, 1, N_STORES);
  tcase_add_loop_test (tokens, test_a_pin_by_descriptor_outlives_the_token, 1, N_STORES);
  tcase_add_loop_test (tpm, test_a_thousand_signatures_leave_nothing_in_the_tpm, 2, N_STORES);
  tcase_add_test (tpm, test_two_tpms_are_refused);
  tcase_add_loop_test (tpm, test_a_silent_token_holds_up_nobody, 2, 3);
}

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca keystores");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 2);
  script = argv[1];
  g_log_set_writer_func (g_log_writer_default, NULL, NULL);
  add_tests (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
