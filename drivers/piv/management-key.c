/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See management-key.h. The ciphers are nettle's: single blocks, nothing else is needed of them.
 */
#include "drivers/piv/management-key.h"

#include <nettle/aes.h>
#include <nettle/des.h>
#include <string.h>

#include "base/encode.h"

/* What Yubico and most others ship; SP 800-73-4 has the same in its examples. */
#define FACTORY_KEY "010203040506070801020304050607080102030405060708"

static const struct {
  const char *word;
  PivAlgorithm algorithm;
  gsize key;
  gsize block;
} ciphers[] = {
  { "3des", PIV_TRIPLE_DES, DES3_KEY_SIZE, DES3_BLOCK_SIZE },
  { "aes-128", PIV_AES_128, AES128_KEY_SIZE, AES_BLOCK_SIZE },
  { "aes-192", PIV_AES_192, AES192_KEY_SIZE, AES_BLOCK_SIZE },
  { "aes-256", PIV_AES_256, AES256_KEY_SIZE, AES_BLOCK_SIZE },
};

static gsize
key_length (PivAlgorithm algorithm)
{
  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    if (ciphers[i].algorithm == algorithm)
      return ciphers[i].key;
  return 0;
}

gboolean
management_key_read (const char *hex, ManagementKey *key)
{
  g_autoptr (GBytes) bytes = hex_decode (hex != NULL ? hex : FACTORY_KEY);
  gsize length;

  memset (key, 0, sizeof *key);
  if (bytes == NULL)
    return FALSE;
  gconstpointer data = g_bytes_get_data (bytes, &length);
  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    if (ciphers[i].key == length) {
      key->algorithm = ciphers[i].algorithm;
      memcpy (key->bytes, data, length);
      return TRUE;
    }
  return FALSE;
}

gboolean
management_algorithm_read (const char *word, PivAlgorithm *algorithm)
{
  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    if (g_strcmp0 (ciphers[i].word, word) == 0) {
      *algorithm = ciphers[i].algorithm;
      return TRUE;
    }
  return FALSE;
}

gboolean
management_key_suits (const ManagementKey *key, PivAlgorithm algorithm)
{
  return key_length (algorithm) != 0 && key_length (algorithm) == key_length (key->algorithm);
}

gsize
management_block_length (const ManagementKey *key)
{
  return key->algorithm == PIV_TRIPLE_DES ? DES3_BLOCK_SIZE : AES_BLOCK_SIZE;
}

static void
triple_des (const ManagementKey *key, gboolean encrypt, const guint8 *block, guint8 *result)
{
  struct des3_ctx context;

  des3_set_key (&context, key->bytes);
  (encrypt ? des3_encrypt : des3_decrypt) (&context, DES3_BLOCK_SIZE, result, block);
  explicit_bzero (&context, sizeof context);
}

#define AES_BLOCK(bits)                                                                            \
  static void aes_##bits (const ManagementKey *key, gboolean encrypt, const guint8 *block,         \
                          guint8 *result)                                                          \
  {                                                                                                \
    struct aes##bits##_ctx context;                                                                \
                                                                                                   \
    if (encrypt) {                                                                                 \
      aes##bits##_set_encrypt_key (&context, key->bytes);                                          \
      aes##bits##_encrypt (&context, AES_BLOCK_SIZE, result, block);                               \
    }                                                                                              \
    else {                                                                                         \
      aes##bits##_set_decrypt_key (&context, key->bytes);                                          \
      aes##bits##_decrypt (&context, AES_BLOCK_SIZE, result, block);                               \
    }                                                                                              \
    explicit_bzero (&context, sizeof context);                                                     \
  }

AES_BLOCK (128)
AES_BLOCK (192)
AES_BLOCK (256)

static void
run_cipher (const ManagementKey *key, gboolean encrypt, const guint8 *block, guint8 *result)
{
  if (key->algorithm == PIV_AES_128)
    aes_128 (key, encrypt, block, result);
  else if (key->algorithm == PIV_AES_192)
    aes_192 (key, encrypt, block, result);
  else if (key->algorithm == PIV_AES_256)
    aes_256 (key, encrypt, block, result);
  else
    triple_des (key, encrypt, block, result);
}

void
management_encrypt (const ManagementKey *key, const guint8 *block, guint8 *result)
{
  run_cipher (key, TRUE, block, result);
}

void
management_decrypt (const ManagementKey *key, const guint8 *block, guint8 *result)
{
  run_cipher (key, FALSE, block, result);
}
