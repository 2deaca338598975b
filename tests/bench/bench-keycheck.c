/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CPU of all checks on one key, against that of the cryptography that its order costs anyway:
 * verify the request, sign with a CA key of the same kind. Medians of rounds taken in rotation, as
 * lines `bench NAME VALUE UNIT`; the aims are shares of at most 0.25 for RSA-2048 and 0.05 for
 * P-256. `first` is what the first key of a kind pays for the tables.
 */
#include "ca/judge/csr.h"
#include "ca/judge/keycheck-private.h"
#include "ca/judge/keycheck.h"
#include "tests/unit/ca/make.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 15
#define KEYS 40

typedef enum { MEASURE_VERIFY, MEASURE_SIGN, MEASURE_CHECK, N_MEASURES } Measure;

typedef struct {
  const char *word;
  GBytes *requests[KEYS];
  Csr parsed[KEYS];
  EVP_PKEY *keys[KEYS];
  EVP_PKEY *ca;
  double results[N_MEASURES][ROUNDS];
} Bench;

static double
cpu_microseconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
run_verify (Bench *bench, guint i)
{
  g_assert_true (csr_verify (&bench->parsed[i], bench->keys[i], NULL));
}

static void
run_sign (Bench *bench, guint i)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 signature[1024];
  gsize length = sizeof signature;

  g_assert_cmpint (EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, bench->ca), ==, 1);
  g_assert_cmpint (EVP_DigestSign (context, signature, &length, bench->parsed[i].info.data,
                                   bench->parsed[i].info.length),
                   ==, 1);
  EVP_MD_CTX_free (context);
}

static void
run_check (Bench *bench, guint i)
{
  g_assert_true (keycheck_csr (&bench->parsed[i], NULL));
}

static void
run_round (Bench *bench, guint round)
{
  static void (*const measures[]) (Bench *, guint) = { run_verify, run_sign, run_check };

  for (Measure measure = MEASURE_VERIFY; measure < N_MEASURES; measure++) {
    const double start = cpu_microseconds ();

    for (guint i = 0; i < KEYS; i++)
      measures[measure](bench, i);
    bench->results[measure][round] = (cpu_microseconds () - start) / KEYS;
  }
}

static int
compare (const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

static double
median (double *results)
{
  qsort (results, ROUNDS, sizeof (double), compare);
  return results[ROUNDS / 2];
}

static void
prepare (Bench *bench, const char *word)
{
  double start;

  bench->word = word;
  bench->ca = make_key (word);
  for (guint i = 0; i < KEYS; i++) {
    gsize length;
    const guint8 *data;

    bench->requests[i] = make_good_request (word, "SHA256");
    data = g_bytes_get_data (bench->requests[i], &length);
    g_assert_true (csr_parse (data, length, &bench->parsed[i], NULL));
    bench->keys[i] = csr_public_key (&bench->parsed[i], NULL);
  }
  start = cpu_microseconds ();
  run_check (bench, 0);
  printf ("bench keycheck-first-%s %.0f us\n", word, cpu_microseconds () - start);
}

static void
tell (Bench *bench)
{
  const double verify = median (bench->results[MEASURE_VERIFY]);
  const double sign = median (bench->results[MEASURE_SIGN]);
  const double check = median (bench->results[MEASURE_CHECK]);

  printf ("bench keycheck-verify-%s %.1f us\n", bench->word, verify);
  printf ("bench keycheck-sign-%s %.1f us\n", bench->word, sign);
  printf ("bench keycheck-all-%s %.2f us\n", bench->word, check);
  printf ("bench keycheck-share-%s %.4f ratio\n", bench->word, check / (verify + sign));
}

/* ---- rule by rule ---- */

static double
time_rule (const Bench *bench, gboolean (*rule) (const RsaNumbers *, GError **))
{
  double results[ROUNDS];

  for (guint round = 0; round < ROUNDS; round++) {
    results[round] = 0;
    for (guint i = 0; i < KEYS; i++) {
      const Span modulus = bench->parsed[i].modulus;
      RsaNumbers numbers = { BN_bin2bn (modulus.data, (int)modulus.length, NULL), BN_new (),
                             BN_CTX_new () };
      double start;

      g_assert_true (keycheck_root (numbers.root, numbers.modulus, 2, numbers.context));
      start = cpu_microseconds ();
      g_assert_true (rule (&numbers, NULL));
      results[round] += (cpu_microseconds () - start) / KEYS;
      BN_free (numbers.modulus);
      BN_free (numbers.root);
      BN_CTX_free (numbers.context);
    }
  }
  return median (results);
}

static gboolean
take_root (const RsaNumbers *numbers, GError **error)
{
  (void)error;
  return keycheck_root (numbers->root, numbers->modulus, 2, numbers->context);
}

static void
tell_rules (const Bench *bench)
{
  static const struct {
    const char *name;
    gboolean (*rule) (const RsaNumbers *, GError **);
  } rules[] = { { "square-root", take_root },
                { "small-factors", keycheck_small_factors },
                { "perfect-power", keycheck_perfect_power },
                { "close-primes", keycheck_close_primes },
                { "roca", keycheck_roca } };

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    printf ("bench keycheck-%s-%s %.2f us\n", rules[i].name, bench->word,
            time_rule (bench, rules[i].rule));
}

int
main (void)
{
  static const char *const words[] = { "rsa-2048", "P-256", "P-384", "P-521" };
  static Bench benches[G_N_ELEMENTS (words)];

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    prepare (&benches[i], words[i]);
  for (guint round = 0; round < ROUNDS; round++)
    for (guint i = 0; i < G_N_ELEMENTS (words); i++)
      run_round (&benches[i], round);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    tell (&benches[i]);
  tell_rules (&benches[0]);
  return 0;
}
