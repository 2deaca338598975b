/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A TPM that counts (swtpm): what its owner allowed, and what somebody tries who is root on its PC
 * and has kept everything that the owner ever signed. argv[1] is stores.sh.
 */
#include "tests/unit/ca/counted.h"
#include "tests/unit/ca/make.h"

#include "base/encode.h"
#include "ca/keystore/tpm-private.h"

#include <check.h>
#include <openssl/x509.h>
#include <string.h>

#define PLENTY 100

static const char *script;

static void
expect_said (int status, const char *output, const char *words)
{
  ck_assert_int_ne (status, 0);
  ck_assert_msg (strstr (output, words) != NULL, "wanted '%s', said: %s", words, output);
}

/* tpm2-tools must fail with `words`. */
static void
expect_tools_refused (const Counted *counted, const char *command, const char *words)
{
  g_autofree char *said = NULL;
  int status = counted_shell (counted, command, &said);

  expect_said (status, said, words);
}

static void
expect_tools (const Counted *counted, const char *command)
{
  g_autofree char *said = NULL;

  ck_assert_msg (counted_shell (counted, command, &said) == 0, "%s: %s", command, said);
}

static void
expect_count (Keystore *keystore, guint count, guint limit)
{
  KeystoreCount found = counted_count (keystore);

  ck_assert_uint_eq (found.count, count);
  ck_assert_uint_eq (found.limit, limit);
}

static void
expect_sign_refused (const Counted *counted, Keystore *keystore, CaError code, const char *words)
{
  g_autoptr (GError) problem = NULL;

  ck_assert (!counted_sign (counted, keystore, NULL, &problem));
  ck_assert_msg (g_error_matches (problem, CA_ERROR, (int)code)
                     && strstr (problem->message, words) != NULL,
                 "wanted '%s', said: %s", words, problem->message);
}

/* ---- what is computed without a TPM is what the TPM computes ---- */

static void
expect_file (const Counted *counted, const char *name, const guint8 *data, gsize length)
{
  g_autofree char *path = g_build_filename (counted->folder, name, NULL);
  g_autofree char *found = NULL;
  gsize found_length;

  ck_assert (g_file_get_contents (path, &found, &found_length, NULL));
  ck_assert_mem_eq (found, data, MIN (length, found_length));
  ck_assert_uint_eq (found_length, length);
}

static void
write_public (const Counted *counted)
{
  guint8 *der = NULL;
  int length = i2d_PUBKEY (counted->owner, &der);
  g_autofree char *pem = pem_encode ("PUBLIC KEY", der, (gsize)length);

  OPENSSL_free (der);
  folder_write (counted->folder, "owner.pub", pem, 0644);
}

static void
expect_index_name (const Counted *counted, gboolean written)
{
  g_autofree char *said = NULL;
  guint8 name[TPM_NAME];
  g_autofree char *hex = NULL;

  tpm_counter_name (&counted->counter, written, name);
  hex = hex_encode (name, sizeof name);
  ck_assert_int_eq (counted_shell (counted, "tpm2_nvreadpublic $INDEX", &said), 0);
  ck_assert_msg (strstr (said, hex) != NULL, "%s is not in %s", hex, said);
}

START_TEST (test_names_are_those_of_the_tpm)
{
  static const char *const owners[][2] = { { "P-256", "ecc" }, { "rsa-2048", "rsa" } };
  g_autoptr (Counted) counted = counted_new (script, owners[_i][0], "p-256");
  g_autofree char *command = g_strdup_printf (
      "tpm2_loadexternal -Q -C o -G %s -u owner.pub -c owner.ctx -n owner.name", owners[_i][1]);

  write_public (counted);
  expect_tools (counted, command);
  expect_file (counted, "owner.name", counted->counter.owner, TPM_NAME);
  expect_index_name (counted, FALSE);
  counted_begin (counted, 3);
  expect_index_name (counted, TRUE);
}
END_TEST

START_TEST (test_an_owner_key_of_another_kind_is_refused)
{
  static const char *const words[] = { "P-384", "rsa-3072" };
  EVP_PKEY *key = make_key (words[_i]);
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) message = g_bytes_new_static ("x", 1);
  guint8 name[TPM_NAME];

  ck_assert (!tpm_owner_name (key, name, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  ck_assert_ptr_null (tpm_message_sign (message, key, NULL));
  EVP_PKEY_free (key);
}
END_TEST

/* ---- counting ---- */

START_TEST (test_it_stops_at_the_limit_and_goes_on_with_the_next)
{
  static const char *const ways[][2] = { { "P-256", "p-256" },
                                         { "rsa-2048", "p-384" },
                                         { "P-256", "rsa-2048" } };
  g_autoptr (Counted) counted = counted_new (script, ways[_i][0], ways[_i][1]);
  g_autoptr (Keystore) keystore = NULL;

  counted_begin (counted, 2);
  keystore = counted_open (counted);
  ck_assert (keystore_counts (keystore));
  expect_count (keystore, 0, 2); /* opening signs nothing */
  ck_assert_uint_eq (counted_sign_all (counted, keystore, PLENTY), 2);
  expect_sign_refused (counted, keystore, CA_ERROR_COUNT, "2 of 2");
  counted_allow (counted, keystore, 5);
  expect_count (keystore, 2, 5);
  ck_assert_uint_eq (counted_sign_all (counted, keystore, PLENTY), 3);
  expect_count (keystore, 5, 5);
  ck_assert_ptr_null (keystore_problem (keystore));
}
END_TEST

START_TEST (test_every_algorithm_of_the_key_signs)
{
  static const char *const words[][8] = {
    { "p-256", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512" },
    { "rsa-2048", "rsa-sha256", "rsa-sha384", "rsa-sha512", "rsa-pss-sha256", "rsa-pss-sha384",
      "rsa-pss-sha512" },
  };
  g_autoptr (Counted) counted = counted_new (script, "P-256", words[_i][0]);
  g_autoptr (Keystore) keystore = NULL;

  counted_begin (counted, PLENTY);
  keystore = counted_open (counted);
  for (const char *const *word = words[_i] + 1; *word != NULL; word++) {
    GError *problem = NULL;

    ck_assert_msg (counted_sign (counted, keystore, *word, &problem), "%s: %s", *word,
                   problem != NULL ? problem->message : "");
  }
}
END_TEST

static gpointer
sign_in_thread (gpointer data)
{
  gpointer *both = data;

  return GUINT_TO_POINTER (counted_sign_all (both[0], both[1], PLENTY));
}

START_TEST (test_threads_together_get_no_more)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;
  gpointer both[2];
  GThread *threads[4];
  guint made = 0;

  counted_begin (counted, 25);
  keystore = counted_open (counted);
  both[0] = counted;
  both[1] = keystore;
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("signs", sign_in_thread, both);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    made += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  ck_assert_uint_eq (made, 25);
}
END_TEST

START_TEST (test_the_count_outlives_the_tpm)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;

  counted_begin (counted, 4);
  keystore = counted_open (counted);
  ck_assert_uint_eq (counted_sign_all (counted, keystore, 3), 3);
  counted_tpm (counted, "kill-tpm");
  expect_sign_refused (counted, keystore, CA_ERROR_CA_TOKEN, "");
  counted_tpm (counted, "start-tpm");
  expect_count (keystore, 3, 4);
  ck_assert_uint_eq (counted_sign_all (counted, keystore, PLENTY), 1);
}
END_TEST

START_TEST (test_killed_signers_leave_the_tpm_usable)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;

  counted_begin (counted, PLENTY);
  for (guint i = 0; i < 5; i++) /* a TPM without a resource manager has room for three */
    expect_tools (counted, "tpm2_startauthsession -Q --policy-session -S session.ctx");
  keystore = counted_open (counted);
  ck_assert_uint_eq (counted_sign_all (counted, keystore, 3), 3);
}
END_TEST

/* ---- what root tries ---- */

START_TEST (test_nobody_else_writes_the_counter)
{
  static const char *const attempts[][2] = {
    { "printf '\\0\\0\\0\\143' | tpm2_nvwrite -C o $INDEX -i- --offset 4", "0x149" },
    { "printf '\\0\\0\\0\\143' | tpm2_nvwrite -C p $INDEX -i- --offset 4", "0x149" },
    { "printf '\\0\\0\\0\\143' | tpm2_nvwrite -C $INDEX $INDEX -i- --offset 4", "0x12F" },
    { "printf '\\0\\0\\0\\0\\0\\0\\0\\143' | tpm2_nvwrite -C o $INDEX -i-", "0x149" },
    { "tpm2_nvincrement -C o $INDEX", "0x" },
    { "tpm2_nvwritelock -C o $INDEX", "0x" },
  };
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;

  counted_begin (counted, 1);
  for (guint i = 0; i < G_N_ELEMENTS (attempts); i++)
    expect_tools_refused (counted, attempts[i][0], attempts[i][1]);
  keystore = counted_open (counted);
  expect_count (keystore, 0, 1);
}
END_TEST

START_TEST (test_the_key_does_nothing_without_its_counter)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");

  counted_begin (counted, 10);
  expect_tools (counted, "head -c 32 /dev/urandom > digest");
  expect_tools_refused (counted, "tpm2_sign -Q -c $HANDLE -g sha256 -d digest -o signature",
                        "0x12F");
  expect_tools_refused (counted,
                        "tpm2_startauthsession -Q --policy-session -S s.ctx && "
                        "tpm2_sign -Q -c $HANDLE -g sha256 -d digest -o signature -p session:s.ctx",
                        "0x99D");
}
END_TEST

START_TEST (test_one_authorisation_is_one_signature)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;

  counted_begin (counted, 10);
  expect_tools (counted, "head -c 32 /dev/urandom > digest; "
                         "tpm2_startauthsession -Q --policy-session -S s.ctx; "
                         "tpm2_policysecret -Q -S s.ctx -c $INDEX && "
                         "tpm2_sign -Q -c $HANDLE -g sha256 -d digest -o signature "
                         "-p session:s.ctx");
  expect_tools_refused (counted,
                        "tpm2_sign -Q -c $HANDLE -g sha256 -d digest -o signature -p session:s.ctx",
                        "0x99D");
  expect_tools (counted, "tpm2_flushcontext s.ctx");
  keystore = counted_open (counted);
  expect_count (keystore, 1, 10);
}
END_TEST

/* With one, a session later could do without the counter. */
START_TEST (test_the_counter_gives_no_tickets)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (TpmLink) link = tpm_link_open (counted->tcti, NULL);
  ESYS_TR counter = ESYS_TR_NONE, session = ESYS_TR_NONE;
  TPM2B_TIMEOUT *timeout = NULL;
  TPMT_TK_AUTH *ticket = NULL;

  counted_begin (counted, 10);
  ck_assert (tpm_find (link, COUNTED_INDEX, "counter", &counter, NULL));
  ck_assert (tpm_session_begin (link, &session, NULL));
  ck_assert_uint_eq (Esys_PolicySecret (link->esys, counter, session, ESYS_TR_PASSWORD,
                                        ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, -3600,
                                        &timeout, &ticket),
                     TSS2_RC_SUCCESS);
  ck_assert_uint_eq (ticket->digest.size, 0);
  Esys_Free (timeout);
  Esys_Free (ticket);
  tpm_session_end (link, &session);
}
END_TEST

static void
expect_limit_refused (const Counted *counted, Keystore *keystore, EVP_PKEY *owner, guint32 limit,
                      GBytes *permission, CaError code)
{
  g_autoptr (GError) problem = NULL;

  ck_assert (!keystore_set_limit (keystore, owner, limit, permission, &problem));
  ck_assert_msg (g_error_matches (problem, CA_ERROR, (int)code), "%s", problem->message);
}

START_TEST (test_a_limit_that_the_owner_did_not_sign_is_refused)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (GBytes) good = counted_permission (counted, counted->owner, 5);
  EVP_PKEY *other = make_key ("P-256");
  g_autoptr (GBytes) foreign = counted_permission (counted, other, 5);

  counted_begin (counted, 1);
  keystore = counted_open (counted);
  expect_limit_refused (counted, keystore, counted->owner, 6, good, CA_ERROR_PROOF);
  expect_limit_refused (counted, keystore, counted->owner, 5, foreign, CA_ERROR_PROOF);
  expect_limit_refused (counted, keystore, other, 5, foreign, CA_ERROR_COUNT);
  counted_allow (counted, keystore, 5);
  expect_count (keystore, 0, 5);
  EVP_PKEY_free (other);
}
END_TEST

/* Another station's counter is the same but for its reference. */
START_TEST (test_another_counters_permission_is_refused)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;
  Counted other = *counted;
  g_autoptr (GBytes) foreign = NULL;

  other.counter.reference[0] ^= 1;
  foreign = counted_permission (&other, counted->owner, 5);
  counted_begin (counted, 1);
  keystore = counted_open (counted);
  expect_limit_refused (counted, keystore, counted->owner, 5, foreign, CA_ERROR_PROOF);
}
END_TEST

START_TEST (test_permissions_again_give_no_more_than_the_highest)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;
  static const guint32 limits[] = { 4, 7, 4, 7, 2, 7 };
  guint made = 0;

  counted_begin (counted, 2);
  keystore = counted_open (counted);
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++) {
    made += counted_sign_all (counted, keystore, PLENTY);
    counted_allow (counted, keystore, limits[i]);
  }
  made += counted_sign_all (counted, keystore, PLENTY);
  ck_assert_uint_eq (made, 7);
}
END_TEST

/* Deleted and made anew it is the same index, but unwritten: nothing that the owner ever signed
 * begins it again, nor is the key any good without it. */
START_TEST (test_a_counter_made_anew_is_dead)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (GBytes) permission = counted_permission (counted, counted->owner, 9);
  g_autoptr (GError) problem = NULL;
  guint8 nonce[TPM_NONCE];
  g_autoptr (TpmBeginning) beginning =
      tpm_beginning_open (counted->tcti, &counted->counter, counted->owner, 3, nonce, NULL);
  g_autoptr (GBytes) message = tpm_first_message (&counted->counter, 3, nonce);
  g_autoptr (GBytes) answer = tpm_message_sign (message, counted->owner, NULL);

  ck_assert (tpm_begin (beginning, answer, NULL));
  ck_assert (!tpm_begin (beginning, answer, &problem)); /* it is written now */
  g_clear_error (&problem);
  keystore = counted_open (counted);
  ck_assert_uint_eq (counted_sign_all (counted, keystore, PLENTY), 3);
  expect_tools (counted, "tpm2_nvundefine -Q -C o $INDEX && tpm2_nvdefine -Q -C o $INDEX -s 8 "
                         "-a 'policywrite|ownerread|no_da|nt=0x9' -L policy");
  expect_index_name (counted, FALSE);
  ck_assert (!tpm_begin (beginning, answer, &problem)); /* in the very session of then */
  g_clear_error (&problem);
  expect_limit_refused (counted, keystore, counted->owner, 9, permission, CA_ERROR_COUNT);
  expect_sign_refused (counted, keystore, CA_ERROR_COUNT, "never begun");
  tpm_beginning_close (g_steal_pointer (&beginning));
  beginning = tpm_beginning_open (counted->tcti, &counted->counter, counted->owner, 3, nonce, NULL);
  ck_assert (!tpm_begin (beginning, answer, &problem)); /* nor in a new one */
  expect_sign_refused (counted, keystore, CA_ERROR_COUNT, "never begun");
}
END_TEST

/* An index that root can write has another name, and the key does not know it. */
START_TEST (test_another_index_in_its_place_is_refused)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");

  counted_begin (counted, 1);
  expect_tools (counted, "tpm2_nvundefine -Q -C o $INDEX && tpm2_nvdefine -Q -C o $INDEX -s 8 "
                         "-a 'ownerwrite|ownerread|authread|no_da|nt=0x9' && "
                         "printf '\\0\\0\\0\\0\\0\\0\\0\\143' | tpm2_nvwrite -C o $INDEX -i- && "
                         "head -c 32 /dev/urandom > digest");
  expect_tools_refused (counted,
                        "tpm2_startauthsession -Q --policy-session -S s.ctx; "
                        "tpm2_policysecret -Q -S s.ctx -c $INDEX && "
                        "tpm2_sign -Q -c $HANDLE -g sha256 -d digest -o signature "
                        "-p session:s.ctx",
                        "0x99D");
}
END_TEST

static void
write_file (const Counted *counted, const char *name, const void *data, gsize length)
{
  g_autofree char *path = g_build_filename (counted->folder, name, NULL);

  ck_assert (g_file_set_contents (path, data, (gssize)length, NULL));
}

/* As tpm2-tools take it. */
static void
write_permission (const Counted *counted, guint32 limit, GBytes *permission)
{
  g_autoptr (GBytes) message = tpm_limit_message (&counted->counter, limit);
  guint8 approved[TPM_DIGEST], command[2 + TPM_DIGEST] = { 0, TPM_DIGEST };

  tpm_limit_approved (&counted->counter, limit, approved);
  tpm_limit_command (&counted->counter, limit, command + 2);
  write_file (counted, "approved", approved, sizeof approved);
  write_file (counted, "command", command, sizeof command);
  write_file (counted, "reference", counted->counter.reference, TPM_REFERENCE);
  write_file (counted, "name", counted->counter.owner, TPM_NAME);
  write_file (counted, "message", g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  write_file (counted, "permission", g_bytes_get_data (permission, NULL),
              g_bytes_get_size (permission));
}

static const char show_permission[] =
    "set -e; tpm2_loadexternal -Q -C o -G ecc -u owner.pub -c owner.ctx; "
    "tpm2_verifysignature -Q -c owner.ctx -g sha256 -m message -s permission -f ecdsa -t verified; "
    "tpm2_flushcontext -t; for s in s1 s2; do tpm2_startauthsession -Q --policy-session -S $s; "
    "tpm2_policycphash -Q -S $s --cphash-input command; "
    "tpm2_policyauthorize -Q -S $s -i approved -q reference -n name -t verified; "
    "tpm2_policynvwritten -Q -S $s s; tpm2_policyor -Q -S $s sha256:first,limit; done";
static const char write_by_first[] =
    "printf '\\0\\0\\0\\5' | tpm2_nvwrite -C $INDEX $INDEX -i- --offset 4 -P session:s1";
static const char write_by_second[] =
    "printf '\\0\\0\\0\\5' | tpm2_nvwrite -C $INDEX $INDEX -i- --offset 4 -P session:s2";

/* The one thing that a policy session keeps is what was shown to it: with the owner's permissions
 * shown to two beforehand, both write, but what they write is the limit alone. (A permission that
 * set the count too, if it is below a number, would be shown while it is, and used when it is not:
 * PolicyNV looks at once.) */
START_TEST (test_sessions_kept_for_later_give_no_more)
{
  g_autoptr (Counted) counted = counted_new (script, "P-256", "p-256");
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (GBytes) permission = counted_permission (counted, counted->owner, 5);

  counted_begin (counted, 2);
  write_public (counted);
  write_permission (counted, 5, permission);
  expect_tools (counted, show_permission);
  expect_tools (counted, write_by_first);
  keystore = counted_open (counted);
  ck_assert_uint_eq (counted_sign_all (counted, keystore, PLENTY), 5);
  expect_tools (counted, write_by_second);
  expect_count (keystore, 5, 5);
  ck_assert_uint_eq (counted_sign_all (counted, keystore, PLENTY), 0);
}
END_TEST

static void
add_tests (Suite *suite)
{
  TCase *all = tcase_create ("all");

  tcase_set_timeout (all, 60);
  tcase_add_loop_test (all, test_names_are_those_of_the_tpm, 0, 2);
  tcase_add_loop_test (all, test_an_owner_key_of_another_kind_is_refused, 0, 2);
  tcase_add_loop_test (all, test_it_stops_at_the_limit_and_goes_on_with_the_next, 0, 3);
  tcase_add_loop_test (all, test_every_algorithm_of_the_key_signs, 0, 2);
  tcase_add_test (all, test_threads_together_get_no_more);
  tcase_add_test (all, test_the_count_outlives_the_tpm);
  tcase_add_test (all, test_killed_signers_leave_the_tpm_usable);
  tcase_add_test (all, test_nobody_else_writes_the_counter);
  tcase_add_test (all, test_the_key_does_nothing_without_its_counter);
  tcase_add_test (all, test_one_authorisation_is_one_signature);
  tcase_add_test (all, test_the_counter_gives_no_tickets);
  tcase_add_test (all, test_a_limit_that_the_owner_did_not_sign_is_refused);
  tcase_add_test (all, test_another_counters_permission_is_refused);
  tcase_add_test (all, test_permissions_again_give_no_more_than_the_highest);
  tcase_add_test (all, test_sessions_kept_for_later_give_no_more);
  tcase_add_test (all, test_a_counter_made_anew_is_dead);
  tcase_add_test (all, test_another_index_in_its_place_is_refused);
  suite_add_tcase (suite, all);
}

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("a TPM that counts");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 2);
  script = argv[1];
  g_setenv ("TSS2_LOG", "all+none", TRUE);
  g_log_set_writer_func (g_log_writer_default, NULL, NULL);
  add_tests (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
