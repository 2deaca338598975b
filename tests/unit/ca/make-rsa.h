/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RSA keys of chosen numbers, and requests that they really signed. Whatever goes wrong here ends
 * the test program. Numbers are the caller's to free.
 */
#pragma once

#include <glib.h>
#include <openssl/bn.h>

#define RSA_PRIMES_MOST 200u

/* A modulus as the product of its primes; a prime may come more than once. */
typedef struct {
  BIGNUM *primes[RSA_PRIMES_MOST];
  guint count;
} RsaPrimes;

void rsa_primes_add (RsaPrimes *primes, BIGNUM *prime);
void rsa_primes_clear (RsaPrimes *primes);
BIGNUM *rsa_modulus (const RsaPrimes *primes);

/* A prime of `bits` bits, the upper two being 1. */
BIGNUM *rsa_prime (guint bits);

/* The next prime from `from` on. */
BIGNUM *rsa_prime_from (const BIGNUM *from);

/* Adds random primes until the modulus has exactly `bits` bits: two more, unless it is long. */
void rsa_primes_fill (RsaPrimes *primes, guint bits);

/* A request signed with SHA-256 and RSA PKCS#1 by the key of these primes; `exponent` must have an
 * inverse. */
GBytes *rsa_request (const RsaPrimes *primes, const BIGNUM *exponent);

/* The same for numbers that need not be a key's: the signature is `digest`^private. */
GBytes *rsa_request_of_numbers (const BIGNUM *modulus, const BIGNUM *exponent,
                                const BIGNUM *private_exponent);

/* With 65537. */
GBytes *rsa_request_usual (const RsaPrimes *primes);
