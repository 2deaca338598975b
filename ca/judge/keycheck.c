/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See keycheck.h. A new rule is a function and a line in a table. The first table reads the numbers
 * as they stand in the request, the second computes with an RSA modulus, in ca/keycheck-*.c.
 */
#include "ca/judge/keycheck.h"

#include "ca/judge/keycheck-private.h"
#include "ca/openssl.h"

#define RSA_LEAST_BITS 2048u
#define RSA_MOST_BITS 8192u
/* CA/Browser Forum BR 6.1.6: below 2^256. */
#define EXPONENT_MOST_BITS 256u
/* OpenSSL verifies with a larger modulus only where the exponent has up to 64 bits; so would the
 * certificate's readers. */
#define LONG_EXPONENT_MODULUS_BITS 3072u
#define LARGE_MODULUS_EXPONENT_BITS 64u

guint
keycheck_bits (Span number)
{
  return number.length == 0
             ? 0
             : (guint)(number.length - 1) * 8 + g_bit_storage ((gulong)number.data[0]);
}

gboolean
keycheck_refuse (GError **error, CaError code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_propagate_error (error, g_error_new_valist (CA_ERROR, (int)code, format, arguments));
  va_end (arguments);
  return FALSE;
}

static gboolean
is_odd (Span number)
{
  return number.length > 0 && (number.data[number.length - 1] & 1);
}

/* ---- numbers as they stand there ---- */

static gboolean
judge_rsa_size (const Csr *csr, GError **error)
{
  const guint bits = keycheck_bits (csr->modulus);

  if (bits < RSA_LEAST_BITS)
    return keycheck_refuse (error, CA_ERROR_RSA_TOO_SMALL, "the RSA key has %u bits; at least %u",
                            bits, RSA_LEAST_BITS);
  return bits <= RSA_MOST_BITS
         || keycheck_refuse (error, CA_ERROR_RSA_TOO_LARGE, "the RSA key has %u bits; at most %u",
                             bits, RSA_MOST_BITS);
}

static gboolean
judge_rsa_modulus (const Csr *csr, GError **error)
{
  return is_odd (csr->modulus)
         || keycheck_refuse (error, CA_ERROR_RSA_MALFORMED, "the RSA modulus is even");
}

static gboolean
judge_rsa_exponent (const Csr *csr, GError **error)
{
  const guint bits = keycheck_bits (csr->exponent);
  const guint modulus_bits = keycheck_bits (csr->modulus);

  if (!is_odd (csr->exponent))
    return keycheck_refuse (error, CA_ERROR_RSA_EXPONENT, "the RSA exponent is even");
  if (bits < 2)
    return keycheck_refuse (error, CA_ERROR_RSA_EXPONENT, "the RSA exponent is 1; at least 3");
  if (bits > EXPONENT_MOST_BITS)
    return keycheck_refuse (error, CA_ERROR_RSA_EXPONENT,
                            "the RSA exponent has %u bits; it must be below 2^%u", bits,
                            EXPONENT_MOST_BITS);
  return modulus_bits <= LONG_EXPONENT_MODULUS_BITS || bits <= LARGE_MODULUS_EXPONENT_BITS
         || keycheck_refuse (error, CA_ERROR_RSA_EXPONENT,
                             "the RSA exponent has %u bits; with a modulus of more than %u bits at "
                             "most %u, or OpenSSL does not verify",
                             bits, LONG_EXPONENT_MODULUS_BITS, LARGE_MODULUS_EXPONENT_BITS);
}

/* In the order in which they are asked. */
static gboolean (*const rsa_rules[]) (const Csr *csr, GError **error) = {
  judge_rsa_size,
  judge_rsa_modulus,
  judge_rsa_exponent,
};

/* ---- numbers that are computed with ---- */

/* Asked last: that a key can be broken says more than that its length is odd. */
static gboolean
judge_whole_bytes (const RsaNumbers *numbers, GError **error)
{
  const int bits = BN_num_bits (numbers->modulus);

  return bits % 8 == 0
         || keycheck_refuse (error, CA_ERROR_RSA_MALFORMED,
                             "the RSA modulus has %d bits, not a whole number of bytes", bits);
}

/* In the order in which they are asked, after the first table. */
static gboolean (*const modulus_rules[]) (const RsaNumbers *numbers, GError **error) = {
  keycheck_small_factors, keycheck_perfect_power, keycheck_close_primes,
  keycheck_roca,          judge_whole_bytes,
};

static gboolean
judge_numbers (const RsaNumbers *numbers, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (modulus_rules); i++)
    if (!modulus_rules[i](numbers, error))
      return FALSE;
  return TRUE;
}

static gboolean
judge_rsa (const Csr *csr, GError **error)
{
  RsaNumbers numbers;
  gboolean good;

  for (guint i = 0; i < G_N_ELEMENTS (rsa_rules); i++)
    if (!rsa_rules[i](csr, error))
      return FALSE;
  numbers.context = BN_CTX_new ();
  numbers.modulus = BN_bin2bn (csr->modulus.data, (int)csr->modulus.length, NULL);
  numbers.root = BN_new ();
  if (numbers.context != NULL && numbers.modulus != NULL && numbers.root != NULL
      && keycheck_root (numbers.root, numbers.modulus, 2, numbers.context))
    good = judge_numbers (&numbers, error);
  else
    good = openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL does not take the modulus");
  BN_free (numbers.root);
  BN_free (numbers.modulus);
  BN_CTX_free (numbers.context);
  return good;
}

/* The reader knows no other curves; the list stands here too, so that widening the reader
 * alone widens nothing. */
gboolean
keycheck_csr (const Csr *csr, GError **error)
{
  switch (csr->key_type) {
  case CSR_KEY_RSA:
    return judge_rsa (csr, error);
  case CSR_KEY_EC_P256:
  case CSR_KEY_EC_P384:
  case CSR_KEY_EC_P521:
    return keycheck_ec_tiny (csr, error);
  }
  return keycheck_refuse (error, CA_ERROR_EC_CURVE, "the curve is not P-256, P-384 or P-521");
}
