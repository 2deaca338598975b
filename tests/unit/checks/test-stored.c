/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A stored certificate verified again: the good one passes, each kind of damage is found and named,
 * and no bit of it can be turned unseen.
 */
#include "checks/stored.h"

#include <string.h>

#include "ca/judge/csr.h"
#include "material.h"

static Material material;
static CheckedAuthorities *authorities;

static void
set_up (void)
{
  material_make (&material);
  authorities = material_authorities (&material);
}

static void
tear_down (void)
{
  g_clear_pointer (&authorities, checked_authorities_free);
  material_clear (&material);
}

static guint
damages_of (GBytes *der, char **words)
{
  g_auto (StoredVerdict) verdict = { 0 };
  Span span;

  span.data = g_bytes_get_data (der, &span.length);
  stored_check (span, authorities, &verdict);
  ck_assert ((verdict.damages == 0) == (verdict.sentence == NULL));
  if (words != NULL)
    *words = stored_verdict_words (&verdict);
  return verdict.damages;
}

static void
expect (const Wanted *wanted, const char *damage)
{
  g_autoptr (GBytes) der = material_leaf (&material, wanted);
  g_autofree char *words = NULL;

  damages_of (der, &words);
  ck_assert_str_eq (words, damage);
}

START_TEST (a_good_one_passes)
{
  expect (&(Wanted){ 0 }, "");
  expect (&(Wanted){ .key_usage = "critical,digitalSignature,keyAgreement" }, "");
  expect (&(Wanted){ .more = "extendedKeyUsage=clientAuth" }, "");
  expect (&(Wanted){ .more = "subjectAltName=critical,DNS:a.example" }, "");
  expect (&(Wanted){ .days = 3649 }, "");
}
END_TEST

START_TEST (each_damage_has_its_name)
{
  EVP_PKEY *other = p256_key ();
  g_autoptr (EVP_PKEY) brainpool = EVP_EC_gen ("brainpoolP256r1");

  expect (&(Wanted){ .signer = other }, "signature");
  expect (&(Wanted){ .version = 1 }, "version");
  expect (&(Wanted){ .basic_constraints = "critical,CA:TRUE" }, "marks");
  expect (&(Wanted){ .key_usage = "critical,digitalSignature,keyCertSign" }, "marks");
  expect (&(Wanted){ .days = 3651 }, "validity");
  expect (&(Wanted){ .begins = -11 }, "validity");
  expect (&(Wanted){ .days = -5, .begins = -3 }, "validity");
  expect (&(Wanted){ .key = brainpool }, "key");
  expect (&(Wanted){ .more = "nsComment=critical,none knows this" }, "extensions");
  EVP_PKEY_free (other);
}
END_TEST

/* An issuer of the same name whose key is another one is not taken for it. */
START_TEST (another_ca_of_that_name_is_no_ca)
{
  Material stranger;
  g_autoptr (GBytes) der = NULL;
  g_autofree char *words = NULL;

  material_make (&stranger);
  der = material_leaf (&stranger, &(Wanted){ 0 });
  damages_of (der, &words);
  ck_assert_str_eq (words, "issuer");
  material_clear (&stranger);
}
END_TEST

START_TEST (a_ca_that_is_not_signed_by_the_one_above_is_told)
{
  static const char *const names[] = { "ca" };
  Material stranger;
  g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GPtrArray) chains = g_ptr_array_new ();

  material_make (&stranger);
  X509_sign (material.authority, stranger.key, EVP_sha256 ());
  g_ptr_array_add (chain, der_of (material.authority));
  g_ptr_array_add (chain, der_of (material.root));
  g_ptr_array_add (chains, chain);
  g_autoptr (CheckedAuthorities) doubtful = checked_authorities_new (chains, names, NULL);
  ck_assert_str_eq (checked_authorities_at (doubtful, 0)->problem,
                    "its signature is not by the CA above it");
  ck_assert_ptr_null (checked_authorities_at (doubtful, 1)->problem);
  material_clear (&stranger);
}
END_TEST

/* OpenSSL lets some of these pass: bits that no verifier looks at. */
START_TEST (no_bit_can_be_turned_unseen)
{
  g_autoptr (GBytes) der = material_leaf (&material, &(Wanted){ .more = "subjectAltName=DNS:a" });

  for (gsize bit = 0; bit < 8 * g_bytes_get_size (der); bit++) {
    g_autoptr (GBytes) other = turned (der, bit);
    ck_assert_msg (damages_of (other, NULL) != 0, "bit %zu of byte %zu", bit % 8, bit / 8);
  }
}
END_TEST

START_TEST (no_byte_can_be_missing_or_added)
{
  g_autoptr (GBytes) der = material_leaf (&material, &(Wanted){ 0 });
  const gsize length = g_bytes_get_size (der);
  const gsize large = 1u << 20;
  g_autofree guint8 *longer = g_malloc0 (large);

  memcpy (longer, g_bytes_get_data (der, NULL), length);
  for (gsize less = 0; less < length; less++) {
    g_autoptr (GBytes) shorter = g_bytes_new_from_bytes (der, 0, less);
    ck_assert_uint_eq (damages_of (shorter, NULL), 1u << DAMAGE_FORM);
  }
  g_autoptr (GBytes) more = g_bytes_new (longer, length + 1);
  ck_assert_uint_eq (damages_of (more, NULL), 1u << DAMAGE_FORM);
  g_autoptr (GBytes) megabyte = g_bytes_new (longer, large);
  ck_assert_uint_eq (damages_of (megabyte, NULL), 1u << DAMAGE_FORM);
}
END_TEST

/* Where a stretch of a certificate lies, a turned bit in it is named after that stretch, or after
 * the signature that no longer fits. */
START_TEST (damage_is_named_where_it_is)
{
  g_autoptr (GBytes) der = material_leaf (&material, &(Wanted){ 0 });
  ParsedCertificate parsed;
  Damage damage;
  Span span;

  span.data = g_bytes_get_data (der, &span.length);
  ck_assert (certificate_form_read (span, &parsed, &damage, NULL));
  const struct {
    Span stretch;
    guint may;
  } stretches[] = {
    { parsed.serial, 1u << DAMAGE_SERIAL | 1u << DAMAGE_SIGNATURE },
    { parsed.issuer, 1u << DAMAGE_ISSUER },
    { parsed.subject, 1u << DAMAGE_SUBJECT | 1u << DAMAGE_SIGNATURE },
    { parsed.spki, 1u << DAMAGE_KEY | 1u << DAMAGE_SIGNATURE },
    { parsed.signature, 1u << DAMAGE_SIGNATURE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (stretches); i++)
    for (gsize at = 2; at < stretches[i].stretch.length; at++) {
      const gsize place = (gsize)(stretches[i].stretch.data - span.data) + at;
      g_autoptr (GBytes) other = turned (der, 8 * place);
      const guint found = damages_of (other, NULL);
      ck_assert_msg (found != 0 && ((found & ~stretches[i].may) == 0 || found == 1u << DAMAGE_FORM),
                     "stretch %u, byte %zu: %x", i, at, found);
    }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("stored");
  TCase *tests = tcase_create ("certificates");

  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, a_good_one_passes);
  tcase_add_test (tests, each_damage_has_its_name);
  tcase_add_test (tests, another_ca_of_that_name_is_no_ca);
  tcase_add_test (tests, a_ca_that_is_not_signed_by_the_one_above_is_told);
  tcase_add_test (tests, no_bit_can_be_turned_unseen);
  tcase_add_test (tests, no_byte_can_be_missing_or_added);
  tcase_add_test (tests, damage_is_named_where_it_is);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}
