/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A TPM (swtpm) with a CA key that counts, and its owner.
 */
#pragma once

#include "ca/keystore/keystore.h"
#include "ca/keystore/tpm-make.h"

#define COUNTED_HANDLE 0x81000001u
#define COUNTED_INDEX 0x01800100u

typedef struct {
  const char *script; /* stores.sh */
  char *folder;
  char *tcti;
  EVP_PKEY *owner;
  EVP_PKEY *key; /* the CA's public half */
  TpmCounter counter;
} Counted;

/* Key and counter are made; `owner` is a word of make_key(), `kind` one of TPM_KEY_KINDS. */
Counted *counted_new (const char *script, const char *owner, const char *kind);
void counted_free (Counted *counted);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Counted, counted_free)

/* A verb of stores.sh; and tpm2-tools: the exit status of `command`, what it says in `output` (may
 * be NULL). $INDEX, $HANDLE and the files policy, first and limit (policies) are at hand. */
void counted_tpm (const Counted *counted, const char *verb);
int counted_shell (const Counted *counted, const char *command, char **output);

/* The counter begins at 0 of `limit`. */
void counted_begin (const Counted *counted, guint32 limit);

/* "tpm2:handle=..." */
char *counted_uri (const Counted *counted);
Keystore *counted_open (const Counted *counted);

/* What `owner` signs for this limit, and whether the TPM takes it. */
GBytes *counted_permission (const Counted *counted, EVP_PKEY *owner, guint32 limit);
void counted_allow (const Counted *counted, Keystore *keystore, guint32 limit);

/* One signature, verified. */
gboolean counted_sign (const Counted *counted, Keystore *keystore, const char *word,
                       GError **error);
/* As many as the TPM makes, up to `most`; the last refusal is that of the count. */
guint counted_sign_all (const Counted *counted, Keystore *keystore, guint most);
KeystoreCount counted_count (Keystore *keystore);
