/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A card's management key, and its cipher, block by block (SP 800-78-4, table 6-2). Pure.
 */
#pragma once

#include "drivers/piv/apdu.h"

/* The length of the longest key, AES-256. */
#define MANAGEMENT_KEY_MAX 32u
#define MANAGEMENT_BLOCK_MAX 16u

typedef struct {
  PivAlgorithm algorithm;
  guint8 bytes[MANAGEMENT_KEY_MAX];
} ManagementKey;

/* Reads `hex`, or takes the one that cards come with where it is NULL. The algorithm is that of its
 * length, 24 bytes meaning Triple DES. FALSE where it is no key of that kind. */
gboolean management_key_read (const char *hex, ManagementKey *key);

/* "3des", "aes-128", "aes-192", "aes-256". FALSE for other words. */
gboolean management_algorithm_read (const char *word, PivAlgorithm *algorithm);

/* TRUE where `algorithm` takes keys of as many bytes as that of `key` does. */
gboolean management_key_suits (const ManagementKey *key, PivAlgorithm algorithm);

/* The block length of the key's algorithm. */
gsize management_block_length (const ManagementKey *key);

/* One block, en- or deciphered with the key. */
void management_encrypt (const ManagementKey *key, const guint8 *block, guint8 *result);
void management_decrypt (const ManagementKey *key, const guint8 *block, guint8 *result);
