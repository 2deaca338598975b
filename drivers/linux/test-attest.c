/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A software TPM attests its key and makes a TLS connection; tpm2-tools and OpenSSL judge.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/linux/test-options.h"
#include "drivers/request.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/simulated.h"

#define ATTEMPT deadline_in (30000)

/* TPM2_MakeCredential by tpm2-tools, without a TPM; `data` is the secret. */
static GBytes *
make_credential (gpointer data, GBytes *endorsement_key, GBytes *name, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("credential-XXXXXX", NULL);
  g_autofree char *key = g_build_filename (folder, "key", NULL);
  g_autofree char *secret = g_build_filename (folder, "secret", NULL);
  g_autofree char *blob = g_build_filename (folder, "blob", NULL);
  g_autofree char *made = NULL;
  g_autofree char *hex = hex_encode (g_bytes_get_data (name, NULL), g_bytes_get_size (name));
  g_autoptr (GByteArray) sized = g_byte_array_new ();
  const gsize length = g_bytes_get_size (endorsement_key);
  const guint8 size[2] = { (guint8)(length >> 8), (guint8)length };
  gsize made_length = 0;

  g_byte_array_append (sized, size, 2);
  g_byte_array_append (sized, g_bytes_get_data (endorsement_key, NULL), (guint)length);
  g_file_set_contents (key, (const char *)sized->data, (gssize)sized->len, NULL);
  g_file_set_contents (secret, data, PROOF_NONCE_LENGTH, NULL);
  const char *const words[] = {
    "tpm2_makecredential", "-Q", "-T", "none", "-u", key, "-s", secret, "-n", hex, "-o", blob, NULL
  };
  g_autoptr (GSubprocess) tool = g_subprocess_newv (words, G_SUBPROCESS_FLAGS_NONE, error);
  ck_assert (tool != NULL && g_subprocess_wait_check (tool, NULL, error));
  ck_assert (g_file_get_contents (blob, &made, &made_length, error));
  g_unlink (key);
  g_unlink (secret);
  g_unlink (blob);
  g_rmdir (folder);
  ck_assert_uint_gt (made_length, 8);
  return g_bytes_new (made + 8, made_length - 8);
}

static gboolean
holds (GBytes *bytes, gconstpointer what, gsize length)
{
  return memmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), what, length) != NULL;
}

/* A TPMT_PUBLIC for ECDSA names a point as its last two counted numbers. */
static EVP_PKEY *
key_of_area (GBytes *area)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (area, &length);
  guint8 info[91] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                      0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                      0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
  const guint8 *at = info;

  ck_assert_uint_gt (length, 68);
  memcpy (info + 27, data + length - 66, 32);
  memcpy (info + 59, data + length - 32, 32);
  EVP_PKEY *key = d2i_PUBKEY (NULL, &at, sizeof info);
  ck_assert_ptr_nonnull (key);
  return key;
}

/* The certification is by the attestation key: TPMT_SIGNATURE is ECDSA, SHA-256, r and s. */
static void
check_certification (GBytes *area, GBytes *attest, GBytes *signature)
{
  EVP_PKEY *key = key_of_area (area);
  gsize length;
  const guint8 *data = g_bytes_get_data (signature, &length);
  g_autoptr (GBytes) der = NULL;
  guint8 raw[64];

  ck_assert_uint_eq (length, 2 + 2 + 2 + 32 + 2 + 32);
  memcpy (raw, data + 6, 32);
  memcpy (raw + 32, data + 40, 32);
  der = request_signature_from_raw (raw, sizeof raw);
  Proof proof = { .scheme = PROOF_ECDSA_SHA256_DER, .message = attest, .signature = der };
  ck_assert (device_key_made (key, &proof));
  EVP_PKEY_free (key);
}

START_TEST (a_tpm_attests_its_key)
{
  static const char *const settings[] = { "Handle", "0x81000002", NULL };
  g_autoptr (DriverOptions) options = _i == 0 ? NULL : options_of (settings);
  g_auto (SimulatedLine) line = simulated_line_open ("linux");
  const Driver *driver = driver_by_name ("linux");
  const AttestationRequest request = { .nonce = journey_nonce,
                                       .make_credential = make_credential,
                                       .data = (gpointer)journey_nonce };
  g_auto (Attestation) evidence = { 0 };
  GError *error = NULL;

  g_autoptr (Session) session =
      session_open (driver, line.journey.transport, options, ATTEMPT, &error);
  ck_assert (driver->generate_key (session, KEY_KIND_P256, ATTEMPT, &error));
  ck_assert_msg (driver->attest (session, &request, &evidence, ATTEMPT, &error), "%s",
                 error == NULL ? "" : error->message);
  ck_assert_uint_eq (evidence.parts->len, 6);
  GBytes *const *parts = (GBytes *const *)evidence.parts->pdata;
  g_autofree char *digest =
      sha256_hex (g_bytes_get_data (parts[5], NULL), g_bytes_get_size (parts[5]));
  g_autoptr (GBytes) name = hex_decode (digest);
  ck_assert_mem_eq (g_bytes_get_data (parts[2], NULL), journey_nonce, PROOF_NONCE_LENGTH);
  ck_assert (holds (parts[3], journey_nonce, PROOF_NONCE_LENGTH));
  ck_assert (holds (parts[3], g_bytes_get_data (name, NULL), 32));
  check_certification (parts[1], parts[3], parts[4]);
}
END_TEST

START_TEST (only_a_tpms_key_is_attested)
{
  static const char *const settings[] = { "KeyStore", "openssl", NULL };
  g_autoptr (DriverOptions) options = options_of (settings);
  g_auto (SimulatedLine) line = simulated_line_open ("linux --tpm no");
  const Driver *driver = driver_by_name ("linux");
  const AttestationRequest request = { .nonce = journey_nonce, .make_credential = make_credential };
  g_auto (Attestation) evidence = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (Session) session =
      session_open (driver, line.journey.transport, options, ATTEMPT, NULL);

  ck_assert (!driver->attest (session, &request, &evidence, ATTEMPT, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
}
END_TEST

/* What OpenSSL makes of the files on the device, with the device's own TPM, when the station is
 * gone. */
START_TEST (key_and_certificate_make_a_tls_connection)
{
  g_autofree char *state = g_dir_make_tmp ("linux-XXXXXX", NULL);
  g_autofree char *arguments = g_strdup_printf ("linux --serial unit-7 --state %s", state);
  g_autofree char *root = g_build_filename (state, "unit-7.root", NULL);
  SimulatedLine line = simulated_line_open (arguments);
  JourneyVerdict verdict = { 0 };

  line.journey.driver = driver_by_name ("linux");
  ck_assert (journey_to_certificate (&line.journey, ATTEMPT)
             && journey_to_proof (&line.journey, &verdict, ATTEMPT));
  simulated_line_clear (&line);
  const char *const judge[] = { DRIVER_FOLDER "/test-tls.sh", root, NULL };
  g_autoptr (GSubprocess) tls = g_subprocess_newv (judge, G_SUBPROCESS_FLAGS_NONE, NULL);
  ck_assert (tls != NULL && g_subprocess_wait_check (tls, NULL, NULL));
  const char *const removal[] = { "rm", "-rf", state, NULL };
  g_autoptr (GSubprocess) removed = g_subprocess_newv (removal, G_SUBPROCESS_FLAGS_NONE, NULL);
  ck_assert (removed != NULL && g_subprocess_wait_check (removed, NULL, NULL));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-linux-attest");
  TCase *tcase = tcase_create ("tpm");

  tcase_add_loop_test (tcase, a_tpm_attests_its_key, 0, 2);
  tcase_add_test (tcase, only_a_tpms_key_is_attested);
  tcase_add_test (tcase, key_and_certificate_make_a_tls_connection);
  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
