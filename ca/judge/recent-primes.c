/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See recent-primes.h. The moduli are multiplied modulo the new one; what the product and the new
 * one have in common is what it shares with any of them. Montgomery's multiplication puts a power
 * of two into the product, which an odd modulus does not have. The Jacobi symbol is 0 exactly where
 * two numbers share a factor, and is what OpenSSL computes fastest that tells this: BN_gcd() takes
 * constant time, which public numbers do not need, and that is five times as long.
 */
#include "ca/judge/recent-primes.h"

#include <openssl/bn.h>

typedef struct {
  BIGNUM *modulus; /* NULL: nothing here yet */
  guint64 place;
} Entry;

struct RecentPrimes {
  GRWLock lock;
  Entry *ring;
  guint most;
  guint next; /* where the next one goes, in place of the oldest */
  guint rest;
  GMutex due_lock; /* guards `due` */
  gint64 due;      /* monotonic microseconds */
};

RecentPrimes *
recent_primes_new (guint most, guint rest)
{
  RecentPrimes *recent = g_new0 (RecentPrimes, 1);

  g_assert (most > 0);
  g_rw_lock_init (&recent->lock);
  g_mutex_init (&recent->due_lock);
  recent->ring = g_new0 (Entry, most);
  recent->most = most;
  recent->rest = rest;
  return recent;
}

void
recent_primes_free (RecentPrimes *recent)
{
  if (recent == NULL)
    return;
  for (guint i = 0; i < recent->most; i++)
    BN_free (recent->ring[i].modulus);
  g_free (recent->ring);
  g_mutex_clear (&recent->due_lock);
  g_rw_lock_clear (&recent->lock);
  g_free (recent);
}

/* Entry 0 is the newest. NULL where there is none. */
static const Entry *
entry_at (const RecentPrimes *recent, guint age)
{
  const Entry *entry = &recent->ring[(recent->next + recent->most - 1 - age) % recent->most];

  return age < recent->most && entry->modulus != NULL ? entry : NULL;
}

/* ---- one modulus against all ---- */

/* What fails here fails for want of memory alone, as in GLib. */
static void
must (gboolean ok)
{
  if (!ok)
    g_error ("OpenSSL has no memory for numbers");
}

/* `result` becomes `stored`, or what is left of it modulo `modulus` where it is longer. */
static void
bring_to_size (BIGNUM *result, const BIGNUM *stored, const BIGNUM *modulus, BN_CTX *context)
{
  if (BN_num_bytes (stored) > BN_num_bytes (modulus))
    must (BN_nnmod (result, stored, modulus, context));
  else
    must (BN_copy (result, stored) != NULL);
}

static gboolean
share_a_factor (const BIGNUM *one, const BIGNUM *odd, BN_CTX *context)
{
  int symbol = BN_kronecker (one, odd, context);

  must (symbol >= -1);
  return symbol == 0;
}

/* The product of all moduli but those that are equal to `modulus`, modulo it, times a power of two.
 */
static void
multiply_all (const RecentPrimes *recent, const BIGNUM *modulus, BN_MONT_CTX *montgomery,
              BIGNUM *product, BN_CTX *context)
{
  BIGNUM *factor = BN_CTX_get (context);
  const Entry *entry;

  must (factor != NULL && BN_one (product));
  for (guint age = 0; (entry = entry_at (recent, age)) != NULL; age++) {
    if (BN_cmp (entry->modulus, modulus) == 0)
      continue;
    bring_to_size (factor, entry->modulus, modulus, context);
    must (BN_mod_mul_montgomery (product, product, factor, montgomery, context));
  }
}

/* It is known that there is one. */
static gboolean
find_partner (const RecentPrimes *recent, const BIGNUM *modulus, guint64 *place, BN_CTX *context)
{
  const Entry *entry;

  for (guint age = 0; (entry = entry_at (recent, age)) != NULL; age++) {
    if (BN_cmp (entry->modulus, modulus) == 0 || !share_a_factor (entry->modulus, modulus, context))
      continue;
    *place = entry->place;
    return TRUE;
  }
  return FALSE;
}

static gboolean
search (const RecentPrimes *recent, const BIGNUM *modulus, guint64 *place, BN_CTX *context)
{
  BN_MONT_CTX *montgomery;
  BIGNUM *product = BN_CTX_get (context);
  gboolean shares;

  if (!BN_is_odd (modulus))
    return FALSE;
  montgomery = BN_MONT_CTX_new ();
  must (montgomery != NULL && product != NULL);
  must (BN_MONT_CTX_set (montgomery, modulus, context));
  multiply_all (recent, modulus, montgomery, product, context);
  BN_MONT_CTX_free (montgomery);
  shares = share_a_factor (product, modulus, context);
  return shares && find_partner (recent, modulus, place, context);
}

/* ---- when ---- */

static gboolean
is_due (RecentPrimes *recent, gint64 now)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&recent->due_lock);

  return now >= recent->due;
}

static void
rest_from (RecentPrimes *recent, gint64 begun)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&recent->due_lock);
  gint64 now = g_get_monotonic_time ();

  recent->due = now + (now - begun) * recent->rest;
}

gboolean
recent_primes_find (RecentPrimes *recent, Span modulus, guint64 *place)
{
  gint64 begun = g_get_monotonic_time ();
  BIGNUM *number;
  BN_CTX *context;
  gboolean found;

  if (!is_due (recent, begun))
    return FALSE;
  number = BN_bin2bn (modulus.data, (int)modulus.length, NULL);
  must (number != NULL);
  context = BN_CTX_new ();
  BN_CTX_start (context);
  g_rw_lock_reader_lock (&recent->lock);
  found = search (recent, number, place, context);
  g_rw_lock_reader_unlock (&recent->lock);
  BN_CTX_end (context);
  BN_CTX_free (context);
  BN_free (number);
  rest_from (recent, begun);
  return found;
}

void
recent_primes_add (RecentPrimes *recent, Span modulus, guint64 place)
{
  BIGNUM *number = BN_bin2bn (modulus.data, (int)modulus.length, NULL);
  Entry *oldest;

  must (number != NULL);
  g_rw_lock_writer_lock (&recent->lock);
  oldest = &recent->ring[recent->next];
  BN_free (oldest->modulus);
  *oldest = (Entry){ number, place };
  recent->next = (recent->next + 1) % recent->most;
  g_rw_lock_writer_unlock (&recent->lock);
}
