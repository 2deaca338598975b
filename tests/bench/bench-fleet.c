/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CPU that a new RSA key costs the checks over the whole fleet, as lines `bench NAME VALUE UNIT`:
 * batches of 1024 and 4096 against 10,000 and 100,000 stored keys, beside a loop of gcds over all
 * pairs; then EC keys. Other numbers of stored keys may be given as arguments. Related keys are
 * planted in a further batch, and must all be found.
 *
 * A hundred thousand real RSA keys take hours to make. A modulus here is the product of 52 primes
 * of 40 bits that no other has: as long as a real one, and as strange to the others. (Random odd
 * numbers would not do: they share small primes.)
 */
#include "ca/fleet/fleet.h"
#include "ca/fleet/near-keys.h"
#include "ca/judge/recent-primes.h"
#include "tests/unit/ca/make.h"

#include <gmp.h>
#include <malloc.h>
#include <openssl/core_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PRIMES_PER_KEY 52
#define MODULUS_BYTES 260
#define PRIMES_FROM (G_GUINT64_CONSTANT (1) << 39)
#define SEGMENT (1u << 20)
#define PAIRWISE_KEYS 3
#define EC_KEYS 200
#define RECENT_KEYS 50
#define N_PLANTED 6

static const guint batches[] = { 1024, 4096 };

static double
cpu_milliseconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
say (const char *what, guint stored, guint batch, double value, const char *unit)
{
  printf ("bench fleet-%s-%u-of-%u %.3f %s\n", what, batch, stored, value, unit);
  fflush (stdout);
}

/* VmRSS or VmHWM of this process, in KiB. */
static long
memory_kib (const char *name)
{
  g_autofree char *status = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  line = strstr (status, name);
  g_assert_true (line != NULL);
  return strtol (line + strlen (name) + 1, NULL, 10);
}

/* What the most memory was is counted from here on: proc(5), clear_refs. */
static void
forget_peak (void)
{
  FILE *file = fopen ("/proc/self/clear_refs", "w");

  g_assert_true (file != NULL);
  malloc_trim (0); /* what the C library only keeps for later */
  fputs ("5", file);
  fclose (file);
}

/* ---- moduli ---- */

/* The primes up to 2^20, which are enough to sieve numbers of 40 bits. */
static GArray *
small_primes (void)
{
  GArray *primes = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autofree guint8 *composite = g_new0 (guint8, SEGMENT);

  for (guint32 i = 2; i < SEGMENT; i++) {
    if (composite[i])
      continue;
    g_array_append_val (primes, i);
    for (guint64 k = (guint64)i * i; k < SEGMENT; k += i)
      composite[k] = 1;
  }
  return primes;
}

static void
sieve_segment (GArray *small, guint64 from, guint8 *composite)
{
  memset (composite, 0, SEGMENT);
  for (guint i = 0; i < small->len; i++) {
    guint64 p = g_array_index (small, guint32, i);

    for (guint64 k = (p - from % p) % p; k < SEGMENT; k += p)
      composite[k] = 1;
  }
}

/* `count` primes above PRIMES_FROM, ascending. */
static guint64 *
make_primes (gsize count)
{
  guint64 *primes = g_new (guint64, count);
  g_autoptr (GArray) small = small_primes ();
  g_autofree guint8 *composite = g_new (guint8, SEGMENT);
  gsize found = 0;

  for (guint64 from = PRIMES_FROM; found < count; from += SEGMENT) {
    sieve_segment (small, from, composite);
    for (guint i = 0; i < SEGMENT && found < count; i++)
      if (!composite[i])
        primes[found++] = from + i;
  }
  return primes;
}

typedef struct {
  guint8 *moduli; /* MODULUS_BYTES each; key i has the id i + 1 */
  guint n_keys;
} Moduli;

/* Half of the primes of the one and half of those of the other, as two RSA primes would be. */
static void
write_modulus (guint8 *to, const guint64 *one, const guint64 *other)
{
  mpz_t product;

  mpz_init_set_ui (product, 1);
  for (guint i = 0; i < PRIMES_PER_KEY / 2; i++) {
    mpz_mul_ui (product, product, one[i]);
    mpz_mul_ui (product, product, other[PRIMES_PER_KEY / 2 + i]);
  }
  memset (to, 0, MODULUS_BYTES);
  mpz_export (to + MODULUS_BYTES - (mpz_sizeinbase (product, 2) + 7) / 8, NULL, 1, 1, 1, 0,
              product);
  mpz_clear (product);
}

/* Key `later` gets the second half of `partner`'s primes, or all of them. */
typedef struct {
  guint later;
  guint partner;
  CaError kind;
} Planted;

static const Planted *
planted_at (const Planted *planted, guint later)
{
  for (guint i = 0; i < N_PLANTED; i++)
    if (planted[i].later == later)
      return &planted[i];
  return NULL;
}

static Moduli
make_moduli (guint n_keys, const Planted *planted)
{
  g_autofree guint64 *primes = make_primes ((gsize)n_keys * PRIMES_PER_KEY);
  Moduli moduli = { g_malloc ((gsize)n_keys * MODULUS_BYTES), n_keys };

  for (guint i = 0; i < n_keys; i++) {
    const guint64 *one = primes + (gsize)i * PRIMES_PER_KEY;
    const guint64 *other = one;
    const Planted *plant = planted_at (planted, i);

    if (plant != NULL)
      other = primes + (gsize)plant->partner * PRIMES_PER_KEY;
    if (plant != NULL && plant->kind == CA_ERROR_DUPLICATE_KEY)
      one = other;
    write_modulus (moduli.moduli + (gsize)i * MODULUS_BYTES, one, other);
  }
  return moduli;
}

static GPtrArray *
read_moduli (guint64 after, guint most, gpointer data, GError **error)
{
  const Moduli *moduli = data;
  GPtrArray *keys = g_ptr_array_new_with_free_func ((GDestroyNotify)fleet_key_free);

  for (guint64 i = after; i < moduli->n_keys && keys->len < most; i++)
    g_ptr_array_add (keys, fleet_key_new (i + 1, CSR_KEY_RSA, moduli->moduli + i * MODULUS_BYTES,
                                          MODULUS_BYTES));
  return keys;
}

/* ---- shared primes ---- */

static double
check (Fleet *fleet, guint batch, guint64 *mark, GArray *findings)
{
  g_autoptr (GError) problem = NULL;
  double before = cpu_milliseconds ();

  if (!fleet_check (fleet, batch, mark, findings, &problem))
    g_error ("%s", problem->message);
  return cpu_milliseconds () - before;
}

static void
expect_planted (GArray *findings, const Planted *planted)
{
  g_assert_cmpuint (findings->len, ==, N_PLANTED);
  for (guint i = 0; i < N_PLANTED; i++) {
    gboolean found = FALSE;

    for (guint k = 0; k < findings->len; k++) {
      const FleetFinding *finding = &g_array_index (findings, FleetFinding, k);

      found = found
              || (finding->key == planted[i].later + 1 && finding->partner == planted[i].partner + 1
                  && finding->kind == planted[i].kind);
    }
    g_assert_true (found);
  }
}

/* Keys 0 to `stored` - 1 are known; a batch of strangers comes, then one with relatives: of the
 * oldest key, of the newest, of one of the same batch, of one that has two, and a duplicate. */
static void
bench_batch (guint stored, guint batch)
{
  guint start = stored + batch;
  const Planted planted[N_PLANTED] = {
    { start + 5, 0, CA_ERROR_RSA_SHARED_PRIME },
    { start + 10, start - 1, CA_ERROR_RSA_SHARED_PRIME },
    { start + 20, start + 1, CA_ERROR_RSA_SHARED_PRIME },
    { start + 30, stored / 2, CA_ERROR_RSA_SHARED_PRIME },
    { start + batch - 1, stored / 2, CA_ERROR_RSA_SHARED_PRIME },
    { start + 40, 100, CA_ERROR_DUPLICATE_KEY },
  };
  Moduli moduli = make_moduli (start + batch, planted);
  char *folder = folder_make ();
  Fleet *fleet = fleet_open (folder, read_moduli, &moduli, NULL);
  g_autoptr (GArray) findings = g_array_new (FALSE, FALSE, sizeof (FleetFinding));
  guint64 mark = stored;
  guint64 nothing = stored;
  long before;

  moduli.n_keys = stored;
  say ("first-open-cpu", stored, batch, check (fleet, batch, &nothing, findings), "ms");
  fleet_close (fleet);
  fleet = fleet_open (folder, read_moduli, &moduli, NULL);
  say ("open-cpu", stored, batch, check (fleet, batch, &nothing, findings), "ms");
  moduli.n_keys = start + batch;
  forget_peak ();
  before = memory_kib ("VmRSS");
  say ("new-rsa-key-cpu", stored, batch, check (fleet, batch, &mark, findings) / batch, "ms");
  g_assert_cmpuint (findings->len, ==, 0);
  say ("memory", stored, batch, (double)(memory_kib ("VmHWM") - before) / 1024, "MiB");
  say ("new-rsa-key-with-relatives-cpu", stored, batch,
       check (fleet, batch, &mark, findings) / batch, "ms");
  expect_planted (findings, planted);
  say ("planted-found", stored, batch, (double)findings->len, "of 6");
  fleet_close (fleet);
  folder_remove (folder);
  g_free (moduli.moduli);
}

static void
bench_pairwise (guint stored)
{
  const Planted none[N_PLANTED] = { { G_MAXUINT, 0, CA_ERROR_INTERNAL } };
  Moduli moduli = make_moduli (stored + PAIRWISE_KEYS, none);
  double before = cpu_milliseconds ();
  mpz_t one, other;

  mpz_inits (one, other, NULL);
  for (guint i = 0; i < PAIRWISE_KEYS; i++)
    for (guint k = 0; k < stored; k++) {
      mpz_import (one, MODULUS_BYTES, 1, 1, 1, 0,
                  moduli.moduli + (gsize)(stored + i) * MODULUS_BYTES);
      mpz_import (other, MODULUS_BYTES, 1, 1, 1, 0, moduli.moduli + (gsize)k * MODULUS_BYTES);
      mpz_gcd (one, one, other);
      g_assert_cmpint (mpz_cmp_ui (one, 1), ==, 0);
    }
  mpz_clears (one, other, NULL);
  say ("pairwise-gcd-cpu", stored, 1, (cpu_milliseconds () - before) / PAIRWISE_KEYS, "ms");
  g_free (moduli.moduli);
}

/* ---- the signer's own look ---- */

static Span
modulus_at (const Moduli *moduli, guint place)
{
  Span modulus = { moduli->moduli + (gsize)place * MODULUS_BYTES, MODULUS_BYTES };

  while (*modulus.data == 0) {
    modulus.data++;
    modulus.length--;
  }
  return modulus;
}

static void
bench_recent (guint stored)
{
  const Planted none[N_PLANTED] = { { G_MAXUINT, 0, CA_ERROR_INTERNAL } };
  Moduli moduli = make_moduli (stored + RECENT_KEYS, none);
  g_autoptr (RecentPrimes) recent = recent_primes_new (stored, 0);
  guint64 place;
  double before;

  for (guint i = 0; i < stored; i++)
    recent_primes_add (recent, modulus_at (&moduli, i), i);
  before = cpu_milliseconds ();
  for (guint i = 0; i < RECENT_KEYS; i++)
    g_assert_false (recent_primes_find (recent, modulus_at (&moduli, stored + i), &place));
  say ("recent-primes-cpu", stored, 1, (cpu_milliseconds () - before) / RECENT_KEYS, "ms");
  g_free (moduli.moduli);
}

/* ---- EC keys ---- */

static void
bench_near (const char *name, CsrKeyType type)
{
  g_autoptr (NearKeys) near = near_keys_new ();
  guint8 points[EC_KEYS][1 + 2 * 66];
  gsize length = 0;
  double before;
  guint count;

  for (guint i = 0; i < EC_KEYS; i++) {
    EVP_PKEY *key = make_key (name);

    g_assert_true (EVP_PKEY_get_octet_string_param (key, OSSL_PKEY_PARAM_PUB_KEY, points[i],
                                                    sizeof points[i], &length));
    EVP_PKEY_free (key);
  }
  near_keys_of (near, type, (Span){ points[0] + 1, length - 1 }, &count);
  g_assert_cmpuint (count, ==, 2 * NEAR_KEYS_DIFFERENCE);
  before = cpu_milliseconds ();
  for (guint i = 0; i < EC_KEYS; i++)
    near_keys_of (near, type, (Span){ points[i] + 1, length - 1 }, &count);
  printf ("bench fleet-near-keys-%s-cpu %.3f ms\n", name, (cpu_milliseconds () - before) / EC_KEYS);
}

static void
bench_stored (guint stored)
{
  for (guint i = 0; i < G_N_ELEMENTS (batches); i++)
    bench_batch (stored, batches[i]);
  bench_pairwise (stored);
}

int
main (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    bench_stored ((guint)atoi (argv[i]));
  if (argc == 1) {
    bench_stored (10000);
    bench_stored (100000);
  }
  bench_recent (64);
  bench_recent (4096);
  bench_near ("P-256", CSR_KEY_EC_P256);
  bench_near ("P-384", CSR_KEY_EC_P384);
  bench_near ("P-521", CSR_KEY_EC_P521);
  return 0;
}
