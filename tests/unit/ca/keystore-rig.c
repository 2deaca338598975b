/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See keystore-rig.h.
 */
#include "tests/unit/ca/keystore-rig.h"

#include <stdlib.h>

char *rig_folder;

static const char *rig_script;

/* Once for all tests, which fork: no test finds a module or a provider that another loaded. */
static void
make_stores (void)
{
  rig_folder = stores_make (rig_script);
}

static void
remove_stores (void)
{
  stores_remove (rig_folder);
}

Keystore *
rig_open (const char *key, const char *store)
{
  GError *problem = NULL;
  Keystore *keystore = stores_open (rig_folder, key, store, "pin", key, &problem);

  ck_assert_msg (keystore != NULL, "%s %s: %s", key, store,
                 problem != NULL ? problem->message : "");
  return keystore;
}

gboolean
rig_sign (Keystore *keystore, const char *word, EVP_PKEY *public_key, GError **error)
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

void
rig_expect_signs (Keystore *keystore, EVP_PKEY *public_key)
{
  g_autofree char *trouble = NULL;
  GError *problem = NULL;

  ck_assert_msg (rig_sign (keystore, signature_default (public_key)->word, public_key, &problem),
                 "%s", problem != NULL ? problem->message : "");
  trouble = keystore_problem (keystore);
  ck_assert_ptr_null (trouble);
}

void
rig_expect_fails (Keystore *keystore, EVP_PKEY *public_key, CaError code)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *trouble = NULL;

  ck_assert (!rig_sign (keystore, signature_default (public_key)->word, public_key, &problem));
  ck_assert_msg (g_error_matches (problem, CA_ERROR, (int)code), "%s", problem->message);
  trouble = keystore_problem (keystore);
  ck_assert_ptr_nonnull (trouble);
}

void
rig_begin (Crowd *crowd, GThreadFunc function, GThread *threads[THREADS])
{
  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("signs", function, crowd);
}

void
rig_join (GThread *threads[THREADS])
{
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
}

TCase *
rig_case (Suite *suite, const char *name)
{
  TCase *one = tcase_create (name);

  tcase_set_timeout (one, 60);
  tcase_add_unchecked_fixture (one, make_stores, remove_stores);
  suite_add_tcase (suite, one);
  return one;
}

int
rig_main (const char *script, Suite *suite)
{
  SRunner *runner = srunner_create (suite);
  int failed;

  rig_script = script;
  g_log_set_writer_func (g_log_writer_default, NULL, NULL);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
