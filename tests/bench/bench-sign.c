/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CPU a certificate costs the signer, in one thread: medians of rounds taken in rotation, as lines
 * `bench NAME VALUE UNIT`. `bare` is what OpenSSL alone needs for the cryptography of one
 * order: verify the request, sign, verify the result.
 */
#include "base/encode.h"
#include "ca/judge/csr.h"
#include "ca/signer/signer.h"
#include "tests/unit/ca/make.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 7
#define ORDERS 100

typedef enum { MEASURE_BARE, MEASURE_JUDGE, MEASURE_ORDER, N_MEASURES } Measure;

static const char *const measure_names[] = { "bare", "judge", "order" };

typedef struct {
  const char *word;
  Signer *signer;
  char *profile_sha256;
  GBytes *requests[ORDERS];
  EVP_PKEY *ca;
  guint orders; /* so far; a key comes again in another batch */
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
run_bare (Bench *bench, GBytes *request)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  guint8 signature[512];
  gsize signature_length = sizeof signature;
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  EVP_PKEY *key;
  Csr csr;

  csr_parse (data, length, &csr, NULL);
  key = csr_public_key (&csr, NULL);
  g_assert_true (csr_verify (&csr, key, NULL));
  EVP_PKEY_free (key);
  EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, bench->ca);
  EVP_DigestSign (context, signature, &signature_length, data, length);
  EVP_MD_CTX_reset (context);
  EVP_DigestVerifyInit (context, NULL, EVP_sha256 (), NULL, bench->ca);
  g_assert_cmpint (EVP_DigestVerify (context, signature, signature_length, data, length), ==, 1);
  EVP_MD_CTX_free (context);
}

static void
run_judge (Bench *bench, GBytes *request)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  Csr csr;

  g_assert_true (csr_judge (data, length, NULL, &csr, NULL, NULL));
}

static void
run_order (Bench *bench, GBytes *request)
{
  g_autofree char *batch = g_strdup_printf ("b%u", bench->orders++);
  SignOrder order = { .batch = batch,
                      .product = "sensor",
                      .profile = "sensor",
                      .profile_sha256 = bench->profile_sha256,
                      .device = "SN-1" };
  guint64 index;
  GBytes *entry;

  order.csr.data = g_bytes_get_data (request, &order.csr.length);
  entry = signer_sign (bench->signer, &order, &index, NULL);
  g_assert_nonnull (entry);
  g_bytes_unref (entry);
}

static void
run_round (Bench *bench, guint round)
{
  static void (*const measures[]) (Bench *, GBytes *) = { run_bare, run_judge, run_order };

  for (Measure measure = MEASURE_BARE; measure < N_MEASURES; measure++) {
    double start = cpu_microseconds ();

    for (guint i = 0; i < ORDERS; i++)
      measures[measure](bench, bench->requests[i]);
    bench->results[measure][round] = (cpu_microseconds () - start) / ORDERS;
  }
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

static void
tell (Bench *bench)
{
  double medians[N_MEASURES];

  for (Measure measure = MEASURE_BARE; measure < N_MEASURES; measure++) {
    qsort (bench->results[measure], ROUNDS, sizeof (double), compare);
    medians[measure] = bench->results[measure][ROUNDS / 2];
    printf ("bench sign-%s-%s %.1f us\n", measure_names[measure], bench->word, medians[measure]);
  }
  printf ("bench sign-share-%s %.3f ratio\n", bench->word,
          medians[MEASURE_BARE] / medians[MEASURE_ORDER]);
}

static char *
prepare (Bench *bench, const char *word)
{
  char *folder = folder_make ();
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  GError *problem = NULL;
  SignerConfig *config;
  Generation *generation;

  folder_fill (folder, "p-256");
  config = signer_config_load (path, &problem);
  g_assert_no_error (problem);
  bench->word = word;
  bench->signer = signer_open (config, LOG_OPEN_WRITE, &problem);
  g_assert_no_error (problem);
  signer_config_free (config);
  generation = signer_generation (bench->signer);
  bench->profile_sha256 =
      g_strdup (issue_template_profile (generation_template (generation, "sensor"))->sha256);
  generation_unref (generation);
  for (guint i = 0; i < ORDERS; i++)
    bench->requests[i] = make_good_request (word, "SHA256");
  bench->ca = make_key ("P-256");
  return folder;
}

int
main (void)
{
  static const char *const words[] = { "P-256", "rsa-2048" };
  Bench benches[G_N_ELEMENTS (words)] = { 0 };
  char *folders[G_N_ELEMENTS (words)];

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    folders[i] = prepare (&benches[i], words[i]);
  for (guint round = 0; round < ROUNDS; round++)
    for (guint i = 0; i < G_N_ELEMENTS (words); i++)
      run_round (&benches[i], round);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    tell (&benches[i]);
    signer_close (benches[i].signer);
    EVP_PKEY_free (benches[i].ca);
    for (guint k = 0; k < ORDERS; k++)
      g_bytes_unref (benches[i].requests[k]);
    g_free (benches[i].profile_sha256);
    folder_remove (folders[i]);
  }
  return 0;
}
