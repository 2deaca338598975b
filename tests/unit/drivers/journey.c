/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's steps in their order, without a station.
 */
#include "tests/unit/drivers/journey.h"

#include <check.h>
#include <openssl/x509.h>

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

/* A certificate by some CA for `key`. */
static GBytes *
certificate_for (EVP_PKEY *key)
{
  EVP_PKEY *issuer = device_key_new ();
  X509 *certificate = X509_new ();
  unsigned char *der = NULL;

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 7);
  X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 3600);
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
  journey->session =
      session_open (journey->driver, journey->transport, NULL, deadline, &journey->error);
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
