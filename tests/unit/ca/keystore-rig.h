/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is asked of every keystore: a signature that verifies, or a failure of a certain kind; and
 * many threads that ask at once. The stores are those of stores.sh, made once for a case.
 */
#pragma once

#include "tests/unit/ca/make.h"
#include "tests/unit/ca/stores.h"

#include <check.h>

#define THREADS 8

/* Where the stores are. */
extern char *rig_folder;

/* With the right PIN, for its own certificate. */
Keystore *rig_open (const char *key, const char *store);

/* A signature over something random, verified; FALSE leaves nothing behind. */
gboolean rig_sign (Keystore *keystore, const char *word, EVP_PKEY *public_key, GError **error);

/* With the key's usual algorithm; and the keystore says of itself that it is well, or that it is
 * not. */
void rig_expect_signs (Keystore *keystore, EVP_PKEY *public_key);
void rig_expect_fails (Keystore *keystore, EVP_PKEY *public_key, CaError code);

typedef struct {
  Keystore *keystore;
  EVP_PKEY *public_key;
  int good;       /* atomic */
  int lost;       /* atomic: CA_ERROR_CA_TOKEN */
  gboolean stops; /* atomic */
} Crowd;

/* `function` gets the Crowd, in each of the threads. */
void rig_begin (Crowd *crowd, GThreadFunc function, GThread *threads[THREADS]);
void rig_join (GThread *threads[THREADS]);

/* A case of the suite with stores of its own. */
TCase *rig_case (Suite *suite, const char *name);

/* Runs the suite; what main() returns. `script` is stores.sh. */
int rig_main (const char *script, Suite *suite);
