/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What only a token can do to the signer: lock itself, go away and come back, fall silent, run
 * full. SoftHSM behind PKCS#11, and a TPM (swtpm). argv[1] is stores.sh.
 */
#include "tests/unit/ca/keystore-rig.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_UNTIL_CHECKED 3

static guint
lockout_counter (void)
{
  g_autofree char *said = NULL;
  const char *line;
  g_autofree char *command = g_strdup_printf (
      "TPM2TOOLS_TCTI=swtpm:path=%s/tpm/sock tpm2_getcap properties-variable", rig_folder);

  ck_assert_int_eq (run (rig_folder, &said, "sh", "-c", command, NULL), 0);
  line = strstr (said, "TPM2_PT_LOCKOUT_COUNTER:");
  ck_assert_ptr_nonnull (line);
  return (guint)strtoul (strchr (line, ':') + 1, NULL, 0);
}

/* What could lock the token for good is done once, whatever is asked. */
START_TEST (test_a_wrong_pin_is_tried_once)
{
  const char *store = store_names[_i];
  EVP_PKEY *public_key = stores_public_key (rig_folder, "p256", store);
  const gboolean tpm = g_str_has_prefix (store, "tpm2");
  guint before = tpm ? lockout_counter () : 0;
  g_autoptr (Keystore) keystore = NULL;
  g_autofree char *problem = NULL;

  folder_shell (rig_folder, "cp -p wrong-pin its-pin");
  keystore = stores_open (rig_folder, "p256", store, "its-pin", "p256", NULL);
  ck_assert_ptr_nonnull (keystore);
  problem = keystore_problem (keystore);
  ck_assert_ptr_nonnull (strstr (problem, "not tried again until the signer is restarted"));
  for (guint i = 0; i < 5; i++)
    rig_expect_fails (keystore, public_key, CA_ERROR_CA_KEY);
  if (tpm)
    ck_assert_uint_eq (lockout_counter (), before + 1);
  /* Not even where it would be right by now. */
  folder_shell (rig_folder, "cp -p pin its-pin");
  rig_expect_fails (keystore, public_key, CA_ERROR_CA_KEY);
  EVP_PKEY_free (public_key);
}
END_TEST

START_TEST (test_a_token_that_goes_and_comes_back_signs_again)
{
  const char *store = store_names[_i];
  EVP_PKEY *public_key = stores_public_key (rig_folder, "p256", store);
  g_autoptr (Keystore) keystore = rig_open ("p256", store);

  for (guint i = 0; i < 2; i++) {
    rig_expect_signs (keystore, public_key);
    stores_lose (rig_folder, store);
    rig_expect_fails (keystore, public_key, CA_ERROR_CA_TOKEN);
    rig_expect_fails (keystore, public_key, CA_ERROR_CA_TOKEN);
    stores_return (rig_folder, store);
    rig_expect_signs (keystore, public_key);
  }
  EVP_PKEY_free (public_key);
}
END_TEST

/* Nobody orders anything, but somebody looks. */
START_TEST (test_loss_and_return_show_without_an_order)
{
  const char *store = store_names[_i];
  g_autoptr (Keystore) keystore = rig_open ("p256", store);
  g_autofree char *gone = NULL, *back = NULL;

  stores_lose (rig_folder, store);
  for (guint i = 0; gone == NULL && i < SECONDS_UNTIL_CHECKED * 50; i++) {
    g_usleep (G_USEC_PER_SEC / 50);
    gone = keystore_problem (keystore);
  }
  stores_return (rig_folder, store);
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
  EVP_PKEY *public_key = stores_public_key (rig_folder, "p256", store);
  g_autoptr (Keystore) keystore = NULL;

  stores_lose (rig_folder, store);
  keystore = rig_open ("p256", store);
  rig_expect_fails (keystore, public_key, CA_ERROR_CA_TOKEN);
  stores_return (rig_folder, store);
  rig_expect_signs (keystore, public_key);
  EVP_PKEY_free (public_key);
}
END_TEST

static gpointer
sign_until_stopped (gpointer data)
{
  Crowd *crowd = data;

  while (!g_atomic_int_get (&crowd->stops)) {
    g_autoptr (GError) problem = NULL;

    if (rig_sign (crowd->keystore, "ecdsa-sha256", crowd->public_key, &problem))
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
  Crowd crowd = { .keystore = rig_open ("p256", store),
                  .public_key = stores_public_key (rig_folder, "p256", store) };
  GThread *threads[THREADS];

  rig_begin (&crowd, sign_until_stopped, threads);
  for (guint i = 0; i < 3; i++) {
    wait_for_more (&crowd.good);
    stores_lose (rig_folder, store);
    wait_for_more (&crowd.lost);
    stores_return (rig_folder, store);
  }
  wait_for_more (&crowd.good);
  g_atomic_int_set (&crowd.stops, TRUE);
  rig_join (threads);
  keystore_close (crowd.keystore);
  EVP_PKEY_free (crowd.public_key);
}
END_TEST

/* A signer that has two CAs in one token, as in a rotation. */
START_TEST (test_two_keys_of_one_token_share_it)
{
  const char *store = store_names[_i];
  EVP_PKEY *one_key = stores_public_key (rig_folder, "p256", store);
  EVP_PKEY *other_key = stores_public_key (rig_folder, "rsa", store);
  g_autoptr (Keystore) one = rig_open ("p256", store);
  Keystore *other = rig_open ("rsa", store);

  for (guint i = 0; i < 3; i++) {
    rig_expect_signs (one, one_key);
    rig_expect_signs (other, other_key);
  }
  stores_lose (rig_folder, store);
  rig_expect_fails (one, one_key, CA_ERROR_CA_TOKEN);
  rig_expect_fails (other, other_key, CA_ERROR_CA_TOKEN);
  stores_return (rig_folder, store);
  rig_expect_signs (one, one_key);
  rig_expect_signs (other, other_key);
  keystore_close (other);
  rig_expect_signs (one, one_key);
  EVP_PKEY_free (one_key);
  EVP_PKEY_free (other_key);
}
END_TEST

static guint
lines_of (const char *command)
{
  g_autofree char *with_tpm = g_strdup_printf (
      "TPM2TOOLS_TCTI=swtpm:path=%s/tpm/sock %s | grep -c 0x", rig_folder, command);
  g_autofree char *said = NULL;

  run (rig_folder, &said, "sh", "-c", with_tpm, NULL);
  return (guint)atoi (said);
}

START_TEST (test_a_thousand_signatures_leave_nothing_in_the_tpm)
{
  const char *store = store_names[_i];
  EVP_PKEY *public_key = stores_public_key (rig_folder, "p256", store);
  guint objects = lines_of ("tpm2_getcap handles-transient");
  guint sessions = lines_of ("tpm2_getcap handles-loaded-session");
  Keystore *keystore = rig_open ("p256", store);

  for (guint i = 0; i < 1000; i++)
    ck_assert (rig_sign (keystore, "ecdsa-sha256", public_key, NULL));
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
  g_autofree char *uri = stores_uri (rig_folder, "p256", store);
  g_autofree char *path = g_build_filename (rig_folder, "pin", NULL);
  const PassphraseSource passphrase = { .fd = open (path, O_RDONLY) };
  EVP_PKEY *public_key = stores_public_key (rig_folder, "p256", store);
  const KeystoreSource source = { .uri = uri,
                                  .passphrase = &passphrase,
                                  .public_key = public_key,
                                  .algorithm = signature_default (public_key) };
  g_autoptr (Keystore) keystore = keystore_open (&source, NULL);

  ck_assert_int_eq (fcntl (passphrase.fd, F_GETFD), -1);
  rig_expect_signs (keystore, public_key);
  stores_lose (rig_folder, store);
  rig_expect_fails (keystore, public_key, CA_ERROR_CA_TOKEN);
  stores_return (rig_folder, store);
  rig_expect_signs (keystore, public_key);
  EVP_PKEY_free (public_key);
}
END_TEST

START_TEST (test_two_tpms_are_refused)
{
  const PassphraseSource passphrase = { .fd = -1 };
  EVP_PKEY *public_key = stores_public_key (rig_folder, "p256", "tpm2");
  const KeystoreSource source = { .uri = "tpm2:handle=0x81000010?tcti=device:/dev/tpm9",
                                  .passphrase = &passphrase,
                                  .public_key = public_key,
                                  .algorithm = signature_default (public_key) };
  G_GNUC_UNUSED g_autoptr (Keystore) one = rig_open ("p256", "tpm2");
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
  g_autofree char *uri = stores_uri (rig_folder, "p256", store);
  const PassphraseSource passphrase = { .fd = -1 };
  EVP_PKEY *public_key = stores_public_key (rig_folder, "p256", store);
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
  g_autofree char *path = g_build_filename (rig_folder, "tpm/pid", NULL);
  g_autofree char *pid = NULL;
  Crowd crowd = { .keystore = rig_open ("p256", store),
                  .public_key = stores_public_key (rig_folder, "p256", store) };
  GThread *threads[THREADS];
  gint64 stopped_at;

  ck_assert (g_file_get_contents (path, &pid, NULL, NULL));
  rig_begin (&crowd, sign_until_stopped, threads);
  wait_for_more (&crowd.good);
  kill (atoi (pid), SIGSTOP);
  stopped_at = g_get_monotonic_time ();
  wait_for_more (&crowd.lost);
  ck_assert_int_lt (g_get_monotonic_time () - stopped_at, 15 * G_USEC_PER_SEC);
  rig_expect_fails (crowd.keystore, crowd.public_key, CA_ERROR_CA_TOKEN);
  kill (atoi (pid), SIGCONT);
  wait_for_more (&crowd.good);
  g_atomic_int_set (&crowd.stops, TRUE);
  rig_join (threads);
  rig_expect_signs (crowd.keystore, crowd.public_key);
  keystore_close (crowd.keystore);
  EVP_PKEY_free (crowd.public_key);
}
END_TEST

static void
add_tests (Suite *suite)
{
  TCase *tokens = rig_case (suite, "tokens");
  TCase *tpm = rig_case (suite, "tpm");

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
  Suite *suite = suite_create ("ca keystore tokens");

  g_assert_cmpint (argc, ==, 2);
  add_tests (suite);
  return rig_main (argv[1], suite);
}
