/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See make-rsa.h. OpenSSL would refuse some of these keys, so the signature is computed here: RFC
 * 8017, sections 8.2.1 and 9.2.
 */
#include "tests/unit/ca/make-rsa.h"

#include "base/der-write.h"
#include "base/encode.h"
#include "ca/der.h"

#include <openssl/sha.h>
#include <string.h>

#define MOST_BYTES 2048

static BN_CTX *
scratch (void)
{
  static BN_CTX *context;

  if (context == NULL)
    context = BN_CTX_new ();
  return context;
}

void
rsa_primes_add (RsaPrimes *primes, BIGNUM *prime)
{
  g_assert_cmpuint (primes->count, <, RSA_PRIMES_MOST);
  primes->primes[primes->count++] = prime;
}

void
rsa_primes_clear (RsaPrimes *primes)
{
  while (primes->count > 0)
    BN_free (primes->primes[--primes->count]);
}

BIGNUM *
rsa_modulus (const RsaPrimes *primes)
{
  BIGNUM *modulus = BN_new ();

  g_assert_true (BN_one (modulus));
  for (guint i = 0; i < primes->count; i++)
    g_assert_true (BN_mul (modulus, modulus, primes->primes[i], scratch ()));
  return modulus;
}

BIGNUM *
rsa_prime (guint bits)
{
  BIGNUM *prime = BN_new ();

  g_assert_true (BN_generate_prime_ex (prime, (int)bits, FALSE, NULL, NULL, NULL));
  return prime;
}

BIGNUM *
rsa_prime_from (const BIGNUM *from)
{
  BIGNUM *prime = BN_dup (from);

  if (!BN_is_odd (prime))
    BN_add_word (prime, 1);
  while (BN_check_prime (prime, scratch (), NULL) != 1)
    BN_add_word (prime, 2);
  return prime;
}

/* The last prime is tried anew until the length is right. */
void
rsa_primes_fill (RsaPrimes *primes, guint bits)
{
  BIGNUM *modulus = rsa_modulus (primes);
  guint left = bits - (guint)BN_num_bits (modulus);

  while (left > 1600) {
    rsa_primes_add (primes, rsa_prime (1024));
    BN_free (modulus);
    modulus = rsa_modulus (primes);
    left = bits - (guint)BN_num_bits (modulus);
  }
  if (left > 1100)
    rsa_primes_add (primes, rsa_prime (left / 2));
  do {
    BN_free (modulus);
    modulus = rsa_modulus (primes);
    left = bits - (guint)BN_num_bits (modulus) + (guint)g_random_int_range (0, 2);
    rsa_primes_add (primes, rsa_prime (left));
    BN_free (modulus);
    modulus = rsa_modulus (primes);
    if ((guint)BN_num_bits (modulus) != bits)
      BN_free (primes->primes[--primes->count]);
  } while ((guint)BN_num_bits (modulus) != bits);
  BN_free (modulus);
}

/* Euler's function of the modulus: p - 1 for a prime, and p for each time that it comes again. */
static BIGNUM *
totient (const RsaPrimes *primes)
{
  BIGNUM *totient = BN_new ();

  g_assert_true (BN_one (totient));
  for (guint i = 0; i < primes->count; i++) {
    BIGNUM *factor = BN_dup (primes->primes[i]);
    gboolean again = FALSE;

    for (guint k = 0; k < i; k++)
      again = again || BN_cmp (primes->primes[k], factor) == 0;
    BN_sub_word (factor, again ? 0 : 1);
    g_assert_true (BN_mul (totient, totient, factor, scratch ()));
    BN_free (factor);
  }
  return totient;
}

static void
put_hex (GByteArray *out, const char *hex)
{
  g_autoptr (GBytes) bytes = hex_decode (hex);

  g_byte_array_append (out, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
}

static void
put_number (GByteArray *out, const BIGNUM *number)
{
  guint8 bytes[MOST_BYTES] = { 0 };

  /* a leading zero where the number would look negative, and for 0 itself */
  const gboolean zero = BN_num_bits (number) % 8 == 0;
  const int length = BN_bn2bin (number, bytes + zero);

  der_put (out, DER_INTEGER, bytes, (gsize)(length + zero));
}

static void
put_key (GByteArray *out, const BIGNUM *modulus, const BIGNUM *exponent)
{
  const guint start = out->len;
  g_autoptr (GByteArray) bits = g_byte_array_new ();
  const guint8 unused = 0;

  put_number (bits, modulus);
  put_number (bits, exponent);
  der_wrap (bits, 0, DER_SEQUENCE);
  g_byte_array_prepend (bits, &unused, 1);
  put_hex (out, "300d06092a864886f70d0101010500");
  der_put (out, DER_BIT_STRING, bits->data, bits->len);
  der_wrap (out, start, DER_SEQUENCE);
}

static void
put_signature (GByteArray *out, guint length, const BIGNUM *modulus, const BIGNUM *exponent)
{
  g_autoptr (GBytes) prefix = hex_decode ("3031300d060960864801650304020105000420");
  const gsize size = (gsize)BN_num_bytes (modulus);
  const gsize prefix_size = g_bytes_get_size (prefix);
  guint8 encoded[MOST_BYTES + 1] = { 0, 0, 1 }; /* unused bits, then 00 01 ff ... */
  BIGNUM *number;

  memset (encoded + 3, 0xff, size - 2);
  encoded[1 + size - 32 - prefix_size - 1] = 0;
  memcpy (encoded + 1 + size - 32 - prefix_size, g_bytes_get_data (prefix, NULL), prefix_size);
  SHA256 (out->data, length, encoded + 1 + size - 32);
  number = BN_bin2bn (encoded + 1, (int)size, NULL);
  g_assert_true (BN_mod_exp (number, number, exponent, modulus, scratch ()));
  g_assert_cmpint (BN_bn2binpad (number, encoded + 1, (int)size), ==, (int)size);
  BN_free (number);
  put_hex (out, "300d06092a864886f70d01010b0500");
  der_put (out, DER_BIT_STRING, encoded, size + 1);
}

GBytes *
rsa_request_of_numbers (const BIGNUM *modulus, const BIGNUM *exponent,
                        const BIGNUM *private_exponent)
{
  GByteArray *out = g_byte_array_new ();

  put_hex (out, "020100300c310a300806035504030c0161");
  put_key (out, modulus, exponent);
  put_hex (out, "a000");
  der_wrap (out, 0, DER_SEQUENCE);
  put_signature (out, out->len, modulus, private_exponent);
  der_wrap (out, 0, DER_SEQUENCE);
  return g_byte_array_free_to_bytes (out);
}

GBytes *
rsa_request (const RsaPrimes *primes, const BIGNUM *exponent)
{
  BIGNUM *modulus = rsa_modulus (primes);
  BIGNUM *all = totient (primes);
  BIGNUM *inverse = BN_mod_inverse (NULL, exponent, all, scratch ());
  GBytes *request;

  g_assert_nonnull (inverse);
  request = rsa_request_of_numbers (modulus, exponent, inverse);
  BN_free (inverse);
  BN_free (all);
  BN_free (modulus);
  return request;
}

GBytes *
rsa_request_usual (const RsaPrimes *primes)
{
  BIGNUM *exponent = BN_new ();
  GBytes *request;

  g_assert_true (BN_set_word (exponent, 65537));
  request = rsa_request (primes, exponent);
  BN_free (exponent);
  return request;
}
