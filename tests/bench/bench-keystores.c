/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signatures a second from each keystore, by one thread and by eight, as lines `bench NAME VALUE
 * per-second`. SoftHSM and swtpm are software: these are the costs of the way to a token, not a
 * token's own. argv[1] is stores.sh.
 */
#include "tests/unit/ca/stores.h"

#include <openssl/crypto.h>
#include <stdio.h>

#define SECONDS 2
#define MOST_THREADS 8

typedef struct {
  Keystore *keystore;
  const SignatureAlgorithm *algorithm;
  gint64 ends_at;
  int count; /* atomic */
} Load;

static gpointer
sign_for_a_while (gpointer data)
{
  static const guint8 text[600] = { 0 };
  Load *load = data;

  while (g_get_monotonic_time () < load->ends_at) {
    g_autoptr (GByteArray) out = g_byte_array_new ();

    g_assert_true (
        keystore_sign (load->keystore, load->algorithm, (Span){ text, sizeof text }, out, NULL));
    g_atomic_int_inc (&load->count);
  }
  OPENSSL_thread_stop ();
  return NULL;
}

static void
measure (Load *load, const char *store, const char *key, guint n_threads)
{
  GThread *threads[MOST_THREADS];

  load->count = 0;
  load->ends_at = g_get_monotonic_time () + SECONDS * G_USEC_PER_SEC;
  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("signs", sign_for_a_while, load);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
  printf ("bench keystore-%s-%s-%u-threads %d per-second\n", store, key, n_threads,
          load->count / SECONDS);
}

int
main (int argc, char **argv)
{
  char *folder;

  g_assert_cmpint (argc, ==, 2);
  folder = stores_make (argv[1]);
  for (guint store = 0; store < N_STORES; store++)
    for (guint key = 0; key < N_STORE_KEYS; key++) {
      Load load = { .keystore = stores_open (folder, store_keys[key], store_names[store], "pin",
                                             store_keys[key], NULL) };

      load.algorithm = signature_default (keystore_public_key (load.keystore));
      measure (&load, store_names[store], store_keys[key], 1);
      measure (&load, store_names[store], store_keys[key], MOST_THREADS);
      keystore_close (load.keystore);
    }
  stores_remove (folder);
  return 0;
}
