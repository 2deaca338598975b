/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ROCA: Infineon's library made primes of the form k * M + (65537^a mod M), where M is the product
 * of the first primes. So a modulus of two of them is a power of 65537 modulo M, which by accident
 * happens once in 2^155. What is asked is exactly that, with the first 39 primes, which are in
 * every M: the modulus must be a power of 65537 modulo each of them, and the exponents, each known
 * modulo the order of 65537 there, must be those of one number. (Pohlig and Hellman's discrete
 * logarithm, with the Chinese remainder theorem at its end. Who only asks for the powers and not
 * whether the exponents agree, as the widespread fingerprint does, accuses good keys.)
 */
#include "ca/judge/keycheck-private.h"

#define GENERATOR 65537u
#define MOST_PRIME 167u
/* 3, 5, ... 167; an odd modulus is a power modulo 2. */
#define PRIMES 38u
#define NO_POWER 0xff

typedef struct {
  guint prime;
  guint order;                      /* of the generator */
  guint8 exponents[MOST_PRIME + 1]; /* of the generator, for each remainder; or NO_POWER */
} Logarithm;

typedef struct {
  Logarithm of[PRIMES];
} Table;

static void
fill (Logarithm *logarithm, guint prime)
{
  guint power = 1;

  logarithm->prime = prime;
  for (guint rest = 0; rest <= MOST_PRIME; rest++)
    logarithm->exponents[rest] = NO_POWER;
  do {
    logarithm->exponents[power] = (guint8)logarithm->order++;
    power = power * (GENERATOR % prime) % prime;
  } while (power != 1);
}

static const Table *
table_get (void)
{
  static gsize made;

  if (g_once_init_enter (&made)) {
    Table *table = g_new0 (Table, 1);
    guint count = 0;

    for (guint prime = 3; prime <= MOST_PRIME; prime += 2)
      if (keycheck_is_prime (prime)) {
        g_assert (count < PRIMES);
        fill (&table->of[count++], prime);
      }
    g_once_init_leave (&made, GPOINTER_TO_SIZE (table));
  }
  return GSIZE_TO_POINTER (made);
}

static guint
common_divisor (guint a, guint b)
{
  return b == 0 ? a : common_divisor (b, a % b);
}

/* Some number is each exponent modulo its order exactly where every two of them agree modulo what
 * their orders have in common. */
static gboolean
agree (const Table *table, const guint exponents[PRIMES])
{
  for (guint i = 1; i < PRIMES; i++)
    for (guint k = 0; k < i; k++) {
      const guint common = common_divisor (table->of[i].order, table->of[k].order);

      if (exponents[i] % common != exponents[k] % common)
        return FALSE;
    }
  return TRUE;
}

gboolean
keycheck_roca (const RsaNumbers *numbers, GError **error)
{
  const Table *table = table_get ();
  guint exponents[PRIMES];

  for (guint i = 0; i < PRIMES; i++) {
    exponents[i] = table->of[i].exponents[BN_mod_word (numbers->modulus, table->of[i].prime)];
    if (exponents[i] == NO_POWER)
      return TRUE;
  }
  return !agree (table, exponents)
         || keycheck_refuse (error, CA_ERROR_RSA_ROCA,
                             "the RSA modulus is a power of 65537 modulo the product of the primes "
                             "up to %u, as Infineon's broken library makes it (ROCA, "
                             "CVE-2017-15361)",
                             MOST_PRIME);
}
