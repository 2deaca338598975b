/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See keycheck.h. A new rule is a function and a line in the table.
 */
#include "ca/keycheck.h"

#define RSA_LEAST_BITS 2048
#define RSA_MOST_BITS 8192
/* CA/Browser Forum BR 6.1.6: below 2^256. */
#define EXPONENT_MOST_BITS 256

guint
keycheck_bits (Span number)
{
  return number.length == 0
             ? 0
             : (guint)(number.length - 1) * 8 + g_bit_storage ((gulong)number.data[0]);
}

static gboolean
is_odd (Span number)
{
  return number.length > 0 && (number.data[number.length - 1] & 1);
}

static gboolean
refuse (GError **error, CaError code, const char *message)
{
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}

static gboolean
judge_rsa_size (const Csr *csr, GError **error)
{
  guint bits = keycheck_bits (csr->modulus);

  if (csr->key_type != CSR_KEY_RSA)
    return TRUE;
  if (bits < RSA_LEAST_BITS) {
    g_set_error (error, CA_ERROR, CA_ERROR_RSA_TOO_SMALL, "the RSA key has %u bits; at least %u",
                 bits, RSA_LEAST_BITS);
    return FALSE;
  }
  if (bits > RSA_MOST_BITS) {
    g_set_error (error, CA_ERROR, CA_ERROR_RSA_TOO_LARGE, "the RSA key has %u bits; at most %u",
                 bits, RSA_MOST_BITS);
    return FALSE;
  }
  return bits % 8 == 0
         || refuse (error, CA_ERROR_RSA_MALFORMED,
                    "the RSA modulus is not a whole number of bytes");
}

static gboolean
judge_rsa_modulus (const Csr *csr, GError **error)
{
  if (csr->key_type != CSR_KEY_RSA)
    return TRUE;
  return is_odd (csr->modulus) || refuse (error, CA_ERROR_RSA_MALFORMED, "the RSA modulus is even");
}

static gboolean
judge_rsa_exponent (const Csr *csr, GError **error)
{
  guint bits = keycheck_bits (csr->exponent);

  if (csr->key_type != CSR_KEY_RSA)
    return TRUE;
  if (!is_odd (csr->exponent))
    return refuse (error, CA_ERROR_RSA_EXPONENT, "the RSA exponent is even");
  if (bits < 2)
    return refuse (error, CA_ERROR_RSA_EXPONENT, "the RSA exponent is 1; at least 3");
  return bits <= EXPONENT_MOST_BITS
         || refuse (error, CA_ERROR_RSA_EXPONENT, "the RSA exponent is not below 2^256");
}

/* The reader knows no other curves; the list stands here too, so that widening the reader
 * alone widens nothing. */
static gboolean
judge_ec_curve (const Csr *csr, GError **error)
{
  switch (csr->key_type) {
  case CSR_KEY_RSA:
  case CSR_KEY_EC_P256:
  case CSR_KEY_EC_P384:
  case CSR_KEY_EC_P521:
    return TRUE;
  }
  return refuse (error, CA_ERROR_EC_CURVE, "the curve is not P-256, P-384 or P-521");
}

/* In the order in which they are asked. */
static gboolean (*const rules[]) (const Csr *csr, GError **error) = {
  judge_rsa_size,
  judge_rsa_modulus,
  judge_rsa_exponent,
  judge_ec_curve,
};

gboolean
keycheck_csr (const Csr *csr, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (!rules[i](csr, error))
      return FALSE;
  return TRUE;
}
