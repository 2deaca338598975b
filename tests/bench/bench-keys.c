/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What remembering keys costs an attempt, at N keys in the ledger: taken in the shadow of the next
 * commit, as the line does it, and with a sync of its own. And how fast real P-256 keys go through
 * the check, out of the ledger and with the mark back into it.
 */
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/certificate.h"
#include "ca/fleet/fleet.h"
#include "tests/unit/db/fixture.h"

#define SAMPLE 2000u
#define CHECKED 8192u

static Fixture f;
static gint64 device_id;

/* A key's SubjectPublicKeyInfo with another number in it, which nobody could use. */
static GBytes *
other_key (GBytes *model, GRand *random)
{
  const gsize length = g_bytes_get_size (model);
  g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (model, NULL), length);
  CertificateKey key;

  g_assert (certificate_part_key ((CertificatePart){ copy, length }, &key));
  guint8 *number = copy + (key.number.data - copy);
  for (gsize i = 1; i < key.number.length; i++)
    number[i] = (guint8)g_rand_int (random);
  return g_bytes_new_take (g_steal_pointer (&copy), length);
}

static void
take (GBytes *spki)
{
  g_autoptr (GError) error = NULL;

  assert_ok (ledger_take_key (f.ledger, device_id, spki, &error), error);
}

static void
fill (GBytes *model, GRand *random, guint count)
{
  for (guint i = 0; i < count; i++) {
    g_autoptr (GBytes) spki = other_key (model, random);

    take (spki);
  }
}

static double
microseconds_each (gint64 begun, guint count)
{
  return (double)(g_get_monotonic_time () - begun) / count;
}

static void
measure_taking (GBytes *model, GRand *random, guint count)
{
  guint64 newest;
  gint64 begun;

  begun = g_get_monotonic_time ();
  fill (model, random, SAMPLE);
  printf ("bench keys-take-at-%u %.1f us\n", count, microseconds_each (begun, SAMPLE));
  begun = g_get_monotonic_time ();
  for (guint i = 0; i < SAMPLE / 10; i++) {
    fill (model, random, 1);
    g_assert (ledger_settle_keys (f.ledger, &newest, NULL));
  }
  printf ("bench keys-take-synced-at-%u %.1f us\n", count, microseconds_each (begun, SAMPLE / 10));
}

static GPtrArray *
read_keys (guint64 after, guint most, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) seen = ledger_seen_keys (f.ledger, after, most, error);
  GPtrArray *keys = g_ptr_array_new_with_free_func ((GDestroyNotify)fleet_key_free);

  for (guint i = 0; i < seen->len; i++) {
    const SeenKey *key = g_ptr_array_index (seen, i);
    gsize length;
    const void *number = g_bytes_get_data (key->number, &length);

    g_ptr_array_add (keys, fleet_key_new (key->id, CSR_KEY_EC_P256, number, length));
  }
  return keys;
}

static void
measure_check (guint count)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Fleet) fleet = fleet_open (NULL, read_keys, NULL, &error);
  g_autoptr (GArray) findings = g_array_new (FALSE, FALSE, sizeof (FleetFinding));
  guint64 mark = 0, before;

  assert_ok (fleet != NULL, error);
  for (guint i = 0; i < count; i++) {
    g_autoptr (EVP_PKEY) key = make_key ();
    g_autoptr (GBytes) spki = spki_of (key);

    take (spki);
  }
  const gint64 begun = g_get_monotonic_time ();
  do {
    before = mark;
    assert_ok (fleet_check (fleet, 4096, &mark, findings, &error), error);
    assert_ok (ledger_record_key_check (f.ledger, mark, NULL, 0, &error), error);
  } while (mark > before);
  printf ("bench keys-check-p-256 %.1f us\n", microseconds_each (begun, count));
  g_assert (findings->len == 0);
}

static guint stored = 20000;

/* Of Check, because the fixture asserts by it. */
static void
begin (void)
{
  gint64 attempt;

  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip", NULL, &attempt, NULL);
  device_id = device->id;
}

static void
end (void)
{
  fixture_close (&f);
}

START_TEST (taking)
{
  g_autoptr (EVP_PKEY) rsa = EVP_RSA_gen (2048);
  g_autoptr (GBytes) model = spki_of (rsa);
  g_autoptr (GRand) random = g_rand_new_with_seed (4);

  measure_taking (model, random, 0);
  fill (model, random, stored);
  measure_taking (model, random, stored);
}
END_TEST

START_TEST (checking)
{
  measure_check (CHECKED);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("bench-keys");
  TCase *benches = tcase_create ("bench-keys");

  if (argc > 1)
    stored = (guint)atoi (argv[1]);
  tcase_set_timeout (benches, 0);
  tcase_add_checked_fixture (benches, begin, end);
  tcase_add_test (benches, taking);
  tcase_add_test (benches, checking);
  suite_add_tcase (suite, benches);
  return run_suite (suite);
}
