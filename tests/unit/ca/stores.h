/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys in every kind of store, made by stores.sh with SoftHSM and swtpm.
 */
#pragma once

#include "ca/keystore/keystore.h"

/* As in the names of the files. */
extern const char *const store_names[];
#define N_STORES 4
extern const char *const store_keys[];
#define N_STORE_KEYS 3

/* The folder, with every key in every store. Sets SOFTHSM2_CONF. */
char *stores_make (const char *script);
void stores_remove (char *folder);

/* A verb of stores.sh. */
void stores_run (const char *folder, const char *verb);

/* The token of `store` goes away, or comes back. */
void stores_lose (const char *folder, const char *store);
void stores_return (const char *folder, const char *store);

/* What FOLDER/KEY.STORE.uri says, and the public key of the CA certificate. */
char *stores_uri (const char *folder, const char *key, const char *store);
EVP_PKEY *stores_public_key (const char *folder, const char *key, const char *store);

/* Opens FOLDER/KEY.STORE with the passphrase in FOLDER/PIN for the certificate of `certified`, or
 * for none where that is NULL. */
Keystore *stores_open (const char *folder, const char *key, const char *store, const char *pin,
                       const char *certified, GError **error);
