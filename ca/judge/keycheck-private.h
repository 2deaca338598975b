/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules on keys that need arithmetic, a file each. All say no with one of CA_ERROR's reasons,
 * and CA_ERROR_INTERNAL where OpenSSL fails: what could not be checked does not pass.
 */
#pragma once

#include <openssl/bn.h>

#include "ca/judge/csr.h"

typedef struct {
  BIGNUM *modulus; /* odd */
  BIGNUM *root;    /* its square root, rounded down */
  BN_CTX *context;
} RsaNumbers;

/* Sets CA_ERROR `code` and returns FALSE. */
gboolean keycheck_refuse (GError **error, CaError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* For numbers below 2^17: by trial division. */
gboolean keycheck_is_prime (guint number);

/* The k-th root of `number`, rounded down; FALSE where OpenSSL fails. */
gboolean keycheck_root (BIGNUM *root, const BIGNUM *number, guint k, BN_CTX *context);

/* No prime up to 65537 divides the modulus. CA/Browser Forum BR 6.1.6 asks for those below 752. */
gboolean keycheck_small_factors (const RsaNumbers *numbers, GError **error);

/* The modulus is no square, cube ... of a number above 2^16 (BR 6.1.6: "not the power of a prime").
 */
gboolean keycheck_perfect_power (const RsaNumbers *numbers, GError **error);

/* Fermat's factorization (BR 6.1.1.3 asks for 100 rounds). */
gboolean keycheck_close_primes (const RsaNumbers *numbers, GError **error);

/* Nemec et al., "The Return of Coppersmith's Attack" (CCS 2017), CVE-2017-15361. */
gboolean keycheck_roca (const RsaNumbers *numbers, GError **error);

/* The private key is not one of 1 ... KEYCHECK_TINY_MOST, nor one of these below the group's order.
 */
#define KEYCHECK_TINY_MOST 65536u
gboolean keycheck_ec_tiny (const Csr *csr, GError **error);
