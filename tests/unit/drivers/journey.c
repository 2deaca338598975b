/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's steps in their order, without a station.
 */
#include "tests/unit/drivers/journey.h"

#include <check.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>
#include <string.h>

#include "tests/unit/drivers/device-key.h"

const guint8 journey_nonce[PROOF_NONCE_LENGTH] = { 1, 2, 3, 4, 5, 6, 7, 0xff };

void
journey_clear (Journey *journey)
{
  session_close (journey->session);
  transport_free (journey->transport);
  g_clear_error (&journey->error);
  EVP_PKEY_free (journey->key);
  g_clear_pointer (&journey->certificate, g_bytes_unref);
}

/* One year from the first hour of 2026 on, and a serial that follows from key and dates, so that
 * drivers whose devices keep 72 bytes of a certificate can take it, too (docs/profiles.md). */
static void
set_serial_and_dates (X509 *certificate, EVP_PKEY *key)
{
  static const guint8 dates[] = { 26 << 3, 1 << 7 | 1 << 2, 1 };
  guint8 message[65 + sizeof dates], digest[32];
  gsize length = 0;

  ASN1_TIME_set_string (X509_getm_notBefore (certificate), "260101000000Z");
  ASN1_TIME_set_string (X509_getm_notAfter (certificate), "270101000000Z");
  EVP_PKEY_get_octet_string_param (key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, message, 65, &length);
  memcpy (message + length, dates, sizeof dates);
  EVP_Digest (message + 1, length - 1 + sizeof dates, digest, NULL, EVP_sha256 (), NULL);
  digest[0] = (digest[0] & 0x3f) | 0x40;
  BIGNUM *number = BN_bin2bn (digest, 16, NULL);
  BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate));
  BN_free (number);
}

/* A certificate by some CA for `key`. */
static GBytes *
certificate_for (EVP_PKEY *key)
{
  EVP_PKEY *issuer = device_key_new ();
  X509 *certificate = X509_new ();
  unsigned char *der = NULL;

  X509_set_version (certificate, X509_VERSION_3);
  set_serial_and_dates (certificate, key);
  X509_set_pubkey (certificate, key);
  X509_sign (certificate, issuer, EVP_sha256 ());
  int length = i2d_X509 (certificate, &der);
  GBytes *bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  X509_free (certificate);
  EVP_PKEY_free (issuer);
  return bytes;
}

static EVP_PKEY *
key_of_request (GBytes *request)
{
  gsize length;
  const unsigned char *at = g_bytes_get_data (request, &length);
  X509_REQ *parsed = d2i_X509_REQ (NULL, &at, (long)length);
  EVP_PKEY *key = X509_REQ_get_pubkey (parsed);

  ck_assert_int_eq (X509_REQ_verify (parsed, key), 1);
  X509_REQ_free (parsed);
  return key;
}

gboolean
journey_to_certificate (Journey *journey, Deadline deadline)
{
  journey->driver = driver_probe (journey->transport, journey->driver, deadline, &journey->error);
  if (journey->driver == NULL)
    return FALSE;
  journey->session = session_open (journey->driver, journey->transport, journey->options, deadline,
                                   &journey->error);
  if (journey->session == NULL)
    return FALSE;
  g_autoptr (DeviceIdentity) identity =
      journey->driver->identify (journey->session, deadline, &journey->error);
  if (identity == NULL)
    return FALSE;
  if (identity->serial == NULL
      && !journey->driver->assign_serial (journey->session, "unit-0001", deadline, &journey->error))
    return FALSE;
  if (!journey->driver->generate_key (journey->session, KEY_KIND_P256, deadline, &journey->error))
    return FALSE;
  g_autoptr (GBytes) request =
      journey->driver->read_csr (journey->session, "unit-0001", deadline, &journey->error);
  if (request == NULL)
    return FALSE;
  journey->key = key_of_request (request);
  if (journey->certificate == NULL)
    journey->certificate = certificate_for (journey->key);
  return TRUE;
}

gboolean
journey_to_proof (Journey *journey, JourneyVerdict *verdict, Deadline deadline)
{
  g_autoptr (GPtrArray) roots = g_ptr_array_new ();
  Credentials credentials = { .certificate = journey->certificate,
                              .roots = roots,
                              .endpoint = "iot.example.com" };
  g_auto (ReadBack) read_back = { 0 };
  g_auto (Proof) proof = { 0 };

  g_ptr_array_add (roots, journey->certificate);
  if (!journey->driver->install (journey->session, &credentials, deadline, &journey->error)
      || !journey->driver->read_back (journey->session, &credentials, &read_back, deadline,
                                      &journey->error)
      || !journey->driver->prove (journey->session, journey_nonce, &proof, deadline,
                                  &journey->error))
    return FALSE;
  verdict->shows_what_was_sent = read_back.certificate == NULL
                                     ? read_back.digest_matches
                                     : g_bytes_equal (read_back.certificate, journey->certificate);
  verdict->signed_by_its_key = device_key_made (journey->key, &proof);
  return TRUE;
}
