/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Evidence of PIV tokens, Microchip's chips and Nordic's modems: valid, and then with one thing
 * changed at a time.
 */
#include <openssl/ecdsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/nrf91/cose.h"
#include "drivers/nrf91/proto.h"
#include "evidence.h"

#define SERIAL 12345678
#define CHIP "0123A1B2C3D4E5F6EE"

/* ---- a maker with a root, and what it certified ---- */

typedef struct {
  EVP_PKEY *root_key;
  X509 *root;
  EVP_PKEY *middle_key; /* the token's attestation key, the chips' signer */
  X509 *middle;
  EVP_PKEY *key; /* the request's */
  GBytes *spki;
} Maker;

static void
maker_init (Maker *maker, gint64 now)
{
  maker->root_key = evidence_key ();
  maker->root =
      evidence_certificate ("Maker Root", maker->root_key, NULL, maker->root_key, TRUE, now, 300);
  maker->middle_key = evidence_key ();
  maker->middle = evidence_certificate ("Maker Device", maker->middle_key, maker->root,
                                        maker->root_key, TRUE, now, 200);
  maker->key = evidence_key ();
  maker->spki = evidence_spki (maker->key);
}

static void
maker_clear (Maker *maker)
{
  EVP_PKEY_free (maker->root_key);
  EVP_PKEY_free (maker->middle_key);
  EVP_PKEY_free (maker->key);
  X509_free (maker->root);
  X509_free (maker->middle);
  g_bytes_unref (maker->spki);
}

static void
replace_part (Evidence *evidence, guint index, GBytes *part)
{
  g_bytes_unref (g_ptr_array_index (evidence->evidence.parts, index));
  g_ptr_array_index (evidence->evidence.parts, index) = part;
}

/* What holds for every chain, whatever the format: `evidence` is verified when this is called, and
 * when it returns. */
static void
chain_twins (Evidence *evidence, const Maker *maker)
{
  g_autoptr (EVP_PKEY) other_key = evidence_key ();
  g_autoptr (X509) other_root = evidence_certificate ("Maker Root", other_key, NULL, other_key,
                                                      TRUE, evidence->claim.now, 300);

  evidence->claim.now += 250 * EVIDENCE_DAY;
  evidence_is (evidence, ATTESTATION_REFUSED, "expired");
  evidence->claim.now -= 250 * EVIDENCE_DAY;
  g_ptr_array_set_size (evidence->trust->certificates, 0);
  evidence_is (evidence, ATTESTATION_KEPT, "no root");
  evidence_trust (evidence, other_root);
  evidence_is (evidence, ATTESTATION_REFUSED, "no trusted root");
  /* An intermediate may be all that a maker publishes. */
  g_ptr_array_set_size (evidence->trust->certificates, 0);
  evidence_trust (evidence, maker->middle);
  evidence_is (evidence, ATTESTATION_VERIFIED, "");
  g_ptr_array_set_size (evidence->trust->certificates, 0);
  evidence_trust (evidence, maker->root);
  evidence_is (evidence, ATTESTATION_VERIFIED, "");
}

/* ---- PIV ---- */

static X509 *
piv_certificate (const Maker *maker, EVP_PKEY *key, EVP_PKEY *signer, gint64 now)
{
  static const guint8 serial[] = { 0x02, 0x04, 0x00, 0xbc, 0x61, 0x4e }; /* 12345678 */
  X509 *certificate = evidence_certificate ("YubiKey PIV Attestation 9a", key, maker->middle,
                                            signer, FALSE, now, 200);

  evidence_extend (certificate, "1.3.6.1.4.1.41482.3.3", "\5\4\3", 3, signer);
  evidence_extend (certificate, "1.3.6.1.4.1.41482.3.7", serial, sizeof serial, signer);
  evidence_extend (certificate, "1.3.6.1.4.1.41482.3.8", "\2\1", 2, signer);
  return certificate;
}

static void
piv_begin (Evidence *evidence, Maker *maker)
{
  g_autoptr (X509) certificate = NULL;

  evidence_begin (evidence, ATTESTATION_PIV);
  maker_init (maker, evidence->claim.now);
  certificate = piv_certificate (maker, maker->key, maker->middle_key, evidence->claim.now);
  evidence_add (evidence, evidence_der (certificate));
  evidence_add (evidence, evidence_der (maker->middle));
  evidence_trust (evidence, maker->root);
  evidence->claim.spki = maker->spki;
  evidence->claim.chip_id = G_STRINGIFY (SERIAL);
}

START_TEST (a_tokens_attestation_is_verified_and_told)
{
  Evidence evidence;
  Maker maker;

  piv_begin (&evidence, &maker);
  evidence_is (&evidence, ATTESTATION_VERIFIED,
               "token 12345678, firmware 5.4.3, PIN policy once, touch policy never");
  evidence.claim.chip_id = "yubikey-" G_STRINGIFY (SERIAL);
  evidence_is (&evidence, ATTESTATION_VERIFIED, "12345678");
  evidence.claim.chip_id = NULL;
  evidence_is (&evidence, ATTESTATION_VERIFIED, "12345678");
  chain_twins (&evidence, &maker);
  evidence_flips (&evidence, 1);
  evidence_cuts (&evidence);
  maker_clear (&maker);
  evidence_end (&evidence);
}
END_TEST

START_TEST (a_tokens_attestation_of_something_else_is_refused)
{
  Evidence evidence;
  Maker maker;
  g_autoptr (EVP_PKEY) other = evidence_key ();
  g_autoptr (GBytes) other_spki = evidence_spki (other);
  g_autoptr (X509) plain = NULL;
  g_autoptr (X509) forged = NULL;

  piv_begin (&evidence, &maker);
  evidence.claim.spki = other_spki;
  evidence_is (&evidence, ATTESTATION_REFUSED, "attests another key");
  evidence.claim.spki = maker.spki;
  evidence.claim.chip_id = "112345678";
  evidence_is (&evidence, ATTESTATION_REFUSED, "another serial number");
  evidence.claim.chip_id = NULL;
  /* Whoever has another key can write the same words. */
  forged = piv_certificate (&maker, maker.key, other, evidence.claim.now);
  replace_part (&evidence, 0, evidence_der (forged));
  evidence_is (&evidence, ATTESTATION_REFUSED, "not of the key that signed");
  /* The attestation key signs attestations; another certificate by it is none. */
  plain = evidence_certificate ("plain", maker.key, maker.middle, maker.middle_key, FALSE,
                                evidence.claim.now, 10);
  replace_part (&evidence, 0, evidence_der (plain));
  evidence_is (&evidence, ATTESTATION_REFUSED, "no firmware version");
  g_ptr_array_set_size (evidence.evidence.parts, 1);
  evidence_is (&evidence, ATTESTATION_REFUSED, "1 parts instead of 2");
  maker_clear (&maker);
  evidence_end (&evidence);
}
END_TEST

/* ---- signatures in r and s ---- */

static GBytes *
sign_raw (EVP_PKEY *key, const void *message, gsize length)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 der[80], raw[64];
  const guint8 *at = der;
  gsize size = sizeof der;
  ECDSA_SIG *signature;

  ck_assert_int_eq (EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, key), 1);
  ck_assert_int_eq (EVP_DigestSign (context, der, &size, message, length), 1);
  EVP_MD_CTX_free (context);
  signature = d2i_ECDSA_SIG (NULL, &at, (long)size);
  BN_bn2binpad (ECDSA_SIG_get0_r (signature), raw, 32);
  BN_bn2binpad (ECDSA_SIG_get0_s (signature), raw + 32, 32);
  ECDSA_SIG_free (signature);
  return g_bytes_new (raw, sizeof raw);
}

/* ---- Microchip ---- */

/* The chip's certified key is `maker->key`. */
static void
microchip_begin (Evidence *evidence, Maker *maker)
{
  g_autoptr (X509) chip = NULL;

  evidence_begin (evidence, ATTESTATION_MICROCHIP);
  maker_init (maker, evidence->claim.now);
  chip = evidence_certificate ("sn" CHIP, maker->key, maker->middle, maker->middle_key, FALSE,
                               evidence->claim.now, 200);
  evidence_add (evidence, evidence_der (chip));
  evidence_add (evidence, evidence_der (maker->middle));
  evidence_add (evidence, sign_raw (maker->key, evidence->challenge.nonce, PROOF_NONCE_LENGTH));
  evidence_trust (evidence, maker->root);
  evidence->claim.spki = maker->spki;
  evidence->claim.chip_id = "0123a1b2c3d4e5f6ee";
}

START_TEST (a_chips_certified_key_is_verified)
{
  Evidence evidence;
  Maker maker;

  microchip_begin (&evidence, &maker);
  evidence_is (&evidence, ATTESTATION_VERIFIED, "certified one of the chip CN=sn" CHIP);
  chain_twins (&evidence, &maker);
  evidence_flips (&evidence, 1);
  evidence_cuts (&evidence);
  maker_clear (&maker);
  evidence_end (&evidence);
}
END_TEST

START_TEST (a_chip_that_shows_something_else_is_not_verified)
{
  Evidence evidence;
  Maker maker;
  g_autoptr (EVP_PKEY) other = evidence_key ();
  g_autoptr (GBytes) other_spki = evidence_spki (other);

  microchip_begin (&evidence, &maker);
  /* The same chip, another key: that says nothing of the key. */
  evidence.claim.spki = other_spki;
  evidence_is (&evidence, ATTESTATION_KEPT, "not its certified one");
  evidence.claim.spki = maker.spki;
  evidence.challenge.nonce[0] ^= 1;
  evidence_is (&evidence, ATTESTATION_REFUSED, "did not sign this nonce");
  evidence.challenge.nonce[0] ^= 1;
  evidence.claim.chip_id = "0123A1B2C3D4E5F7EE";
  evidence_is (&evidence, ATTESTATION_REFUSED, "of another chip");
  evidence.claim.chip_id = NULL;
  evidence_is (&evidence, ATTESTATION_REFUSED, "of another chip");
  evidence.claim.chip_id = CHIP;
  replace_part (&evidence, 2, sign_raw (other, evidence.challenge.nonce, PROOF_NONCE_LENGTH));
  evidence_is (&evidence, ATTESTATION_REFUSED, "did not sign this nonce");
  maker_clear (&maker);
  evidence_end (&evidence);
}
END_TEST

/* ---- nRF91 ---- */

#define SELF_DESCRIBED "\xd9\xd9\xf7"
#define UUID "PPPPPPPPPPPPPPPP"
#define COSE_START "\xd2\x84\x43\xa1\x01\x26\xa1\x04\x41\x21"

static void
append (GByteArray *into, const void *data, gsize length)
{
  g_byte_array_append (into, data, (guint)length);
}

/* 55799([1, uuid, 3, firmware, nonce]) */
static GBytes *
token_message (const char *uuid, const guint8 *nonce)
{
  GByteArray *message = g_byte_array_new ();

  append (message, SELF_DESCRIBED "\x85\x01\x50", 6);
  append (message, uuid, 16);
  append (message,
          "\x03\x50"
          "FFFFFFFFFFFFFFFF"
          "\x50",
          19);
  append (message, nonce, 16);
  return g_byte_array_free_to_bytes (message);
}

/* 55799([9, uuid, << sec_tag >>, sha256, nonce]) */
static GBytes *
note_payload (GBytes *request, const char *sec_tag)
{
  GByteArray *payload = g_byte_array_new ();
  g_autoptr (GBytes) digest =
      sha256_of (g_bytes_get_data (request, NULL), g_bytes_get_size (request));

  append (payload, SELF_DESCRIBED "\x85\x09\x50" UUID "\x45", 23);
  append (payload, sec_tag, 5);
  append (payload, "\x58\x20", 2);
  append (payload, g_bytes_get_data (digest, NULL), 32);
  append (payload, "\x50NNNNNNNNNNNNNNNN", 17);
  return g_byte_array_free_to_bytes (payload);
}

/* COSE_Sign1 over `payload`, with it inside or detached. */
static GBytes *
cose_of (EVP_PKEY *key, GBytes *payload, gboolean detached)
{
  GByteArray *cose = g_byte_array_new ();
  gsize length;
  const guint8 *data = g_bytes_get_data (payload, &length);
  g_autoptr (GBytes) structure = cose_to_be_signed (data, length);
  g_autoptr (GBytes) signature =
      sign_raw (key, g_bytes_get_data (structure, NULL), g_bytes_get_size (structure));
  const guint8 head[] = { 0x58, (guint8)length };

  append (cose, COSE_START, 10);
  if (detached) {
    append (cose, "\xf6", 1);
  }
  else {
    append (cose, head, 2);
    append (cose, data, length);
  }
  append (cose, "\x58\x40", 2);
  append (cose, g_bytes_get_data (signature, NULL), 64);
  return g_byte_array_free_to_bytes (cose);
}

typedef struct {
  EVP_PKEY *identity;
  GBytes *request;
  GBytes *payload;
} Nordic;

static void
nrf91_begin (Evidence *evidence, Nordic *nordic, const char *token_uuid, const char *sec_tag)
{
  GBytes *message;

  evidence_begin (evidence, ATTESTATION_NRF91);
  nordic->identity = evidence_key ();
  nordic->request = g_bytes_new ("a request", 9);
  nordic->payload = note_payload (nordic->request, sec_tag);
  message = token_message (token_uuid, evidence->challenge.nonce);
  evidence_add (evidence, message);
  evidence_add (evidence, cose_of (nordic->identity, message, TRUE));
  evidence_add (evidence, cose_of (nordic->identity, nordic->payload, FALSE));
  g_ptr_array_add (evidence->trust->keys, evidence_spki (nordic->identity));
  evidence->claim.request = nordic->request;
}

static void
nrf91_end (Evidence *evidence, Nordic *nordic)
{
  EVP_PKEY_free (nordic->identity);
  g_bytes_unref (nordic->request);
  g_bytes_unref (nordic->payload);
  evidence_end (evidence);
}

#define OUR_TAG "\x1a\x01\x01\x00\x01" /* 16842753 */

START_TEST (a_modems_word_is_verified_by_its_identity_key_and_kept_without)
{
  Evidence evidence;
  Nordic nordic;
  g_autoptr (EVP_PKEY) other = evidence_key ();

  nrf91_begin (&evidence, &nordic, UUID, OUR_TAG);
  evidence_is (&evidence, ATTESTATION_VERIFIED, "(nRF9160 SIAA 3)");
  evidence.free_at = 9; /* the key's number, in the unprotected header */
  evidence_flips (&evidence, 1);
  evidence_cuts (&evidence);
  /* The right one may be any in a list. */
  g_ptr_array_insert (evidence.trust->keys, 0, evidence_spki (other));
  evidence_is (&evidence, ATTESTATION_VERIFIED, "");
  g_ptr_array_set_size (evidence.trust->keys, 1);
  evidence_is (&evidence, ATTESTATION_REFUSED, "none of the 1 identity keys");
  g_ptr_array_set_size (evidence.trust->keys, 0);
  evidence_is (&evidence, ATTESTATION_KEPT, "Nordic, which keeps the keys");
  nrf91_end (&evidence, &nordic);
}
END_TEST

START_TEST (a_modems_word_about_something_else_is_refused)
{
  Evidence evidence;
  Nordic nordic;
  g_autoptr (GBytes) other = g_bytes_new ("a requesu", 9);
  g_autoptr (EVP_PKEY) other_key = evidence_key ();

  nrf91_begin (&evidence, &nordic, UUID, OUR_TAG);
  evidence.challenge.nonce[15] ^= 1;
  evidence_is (&evidence, ATTESTATION_REFUSED, "does not answer this challenge");
  evidence.challenge.nonce[15] ^= 1;
  evidence.claim.request = other;
  evidence_is (&evidence, ATTESTATION_REFUSED, "about another request");
  evidence.claim.request = NULL;
  evidence_is (&evidence, ATTESTATION_REFUSED, "about another request");
  evidence.claim.request = nordic.request;
  /* Two known modems do not vouch for each other. */
  g_ptr_array_add (evidence.trust->keys, evidence_spki (other_key));
  replace_part (&evidence, 2, cose_of (other_key, nordic.payload, FALSE));
  evidence_is (&evidence, ATTESTATION_REFUSED, "signed both token and note");
  nrf91_end (&evidence, &nordic);
  nrf91_begin (&evidence, &nordic, "QPPPPPPPPPPPPPPP", OUR_TAG);
  evidence_is (&evidence, ATTESTATION_REFUSED, "different modems");
  nrf91_end (&evidence, &nordic);
  nrf91_begin (&evidence, &nordic, UUID, "\x1a\x01\x01\x00\x02");
  evidence_is (&evidence, ATTESTATION_REFUSED, "another security tag");
  nrf91_end (&evidence, &nordic);
}
END_TEST

/* A real modem's, as the README of nRFCloud/utils prints it. */
#define REAL_TOKEN                                                                                 \
  "%ATTESTTOKEN: \"2dn3hQFQUDYxVDkxRPCAIhIbZAFifQNQGv86y_GmR2SiY0wmRsHGVFDT791_BPH8YOWFiyCHND1q."  \
  "0oRDoQEmoQRBIfZYQGuXwJliinHc6xDPruiyjsaXyXZbZVpUuOhHG9YS8L05VuglCcJhMN4EUhWVGpaHgNnHHno6ahi-"   \
  "d5tOeZmAcNY\""

START_TEST (a_real_modems_token_is_read)
{
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) cose = NULL;
  guint8 signature[COSE_SIGNATURE_LENGTH];
  CoseToken token;
  gsize length;
  const guint8 *data;

  ck_assert (nrf91_parse_token (REAL_TOKEN, &message, &cose, NULL));
  data = g_bytes_get_data (message, &length);
  ck_assert (cose_parse_token (data, length, &token));
  g_autofree char *uuid = hex_encode (token.uuid, sizeof token.uuid);
  g_autofree char *firmware = hex_encode (token.firmware, sizeof token.firmware);
  ck_assert_str_eq (uuid, "50363154393144f08022121b6401627d");
  ck_assert_str_eq (firmware, "1aff3acbf1a64764a2634c2646c1c654");
  ck_assert_uint_eq (token.device_type, 3);
  data = g_bytes_get_data (cose, &length);
  ck_assert (cose_parse_detached (data, length, signature));
  ck_assert_uint_eq (signature[0], 0x6b);
  ck_assert (!cose_parse_detached (data, length - 1, signature));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("attestation");
  TCase *formats = tcase_create ("formats");
  SRunner *runner;
  int failed;

  tcase_set_timeout (formats, 60);
  tcase_add_test (formats, a_tokens_attestation_is_verified_and_told);
  tcase_add_test (formats, a_tokens_attestation_of_something_else_is_refused);
  tcase_add_test (formats, a_chips_certified_key_is_verified);
  tcase_add_test (formats, a_chip_that_shows_something_else_is_not_verified);
  tcase_add_test (formats, a_modems_word_is_verified_by_its_identity_key_and_kept_without);
  tcase_add_test (formats, a_modems_word_about_something_else_is_refused);
  tcase_add_test (formats, a_real_modems_token_is_read);
  suite_add_tcase (suite, formats);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
