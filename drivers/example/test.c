/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver of docs/adding-a-driver.md: what the page tells is true as long as
 * these pass, and they are the tests to copy.
 *
 * With KEYCRADLE_RECORD=FILE the recording is written instead of replayed.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/driver.h"
#include "drivers/example/proto.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/scripted.h"

#define SOON deadline_in (20000)
#define NONCE_HEX "3031323334353637383930313233343536373839303132333435363738393031"

extern const Driver example_driver;

static const guint8 nonce[PROOF_NONCE_LENGTH] = "01234567890123456789012345678901";
static const char certificate[] = "what the CA made";
static const char certificate_base64[] = "d2hhdCB0aGUgQ0EgbWFkZQ==";

/* From the first question to the proof. `key` may be NULL: then the signatures are not checked. */
static void
go_all_the_way (Transport *transport, EVP_PKEY *key)
{
  const Driver *driver = &example_driver;
  g_autoptr (GBytes) sent = g_bytes_new_static (certificate, strlen (certificate));
  g_autoptr (Session) session = session_open (driver, transport, NULL, SOON, NULL);
  Credentials credentials = { .certificate = sent };
  g_auto (ReadBack) shown = { 0 };
  g_auto (Proof) proof = { 0 };
  gboolean speaks = FALSE;

  ck_assert (driver->probe (transport, &speaks, SOON, NULL) && speaks);
  g_autoptr (DeviceIdentity) identity = driver->identify (session, SOON, NULL);
  ck_assert_str_eq (identity->chip_id, "CHIP-7");
  ck_assert_ptr_null (identity->serial);
  ck_assert (driver->generate_key (session, KEY_KIND_P256, SOON, NULL));
  g_autoptr (GBytes) csr = driver->read_csr (session, "device-1", SOON, NULL);
  ck_assert_ptr_nonnull (csr);
  ck_assert (driver->install (session, &credentials, SOON, NULL));
  ck_assert (driver->read_back (session, &credentials, &shown, SOON, NULL));
  ck_assert (g_bytes_equal (shown.certificate, sent));
  ck_assert (driver->prove (session, nonce, &proof, SOON, NULL));
  ck_assert_mem_eq (g_bytes_get_data (proof.message, NULL), "example:" NONCE_HEX, 72);
  ck_assert (key == NULL || device_key_made (key, &proof));
}

static GBytes *
sign (EVP_PKEY *key, const char *message)
{
  guint8 signature[128];
  size_t length = sizeof signature;
  EVP_MD_CTX *context = EVP_MD_CTX_new ();

  EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, key);
  EVP_DigestSign (context, signature, &length, (const guint8 *)message, strlen (message));
  EVP_MD_CTX_free (context);
  return g_bytes_new (signature, length);
}

static char *
say_bytes (const char *verb, GBytes *bytes)
{
  g_autofree char *base64 =
      g_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  return g_strdup_printf ("[log] %s follows\r\n%s %s\r\n", verb, verb, base64);
}

/* A device with a real key that follows the dialogue. */
static void
with_a_device (gsize piece, void (*then) (Transport *, EVP_PKEY *))
{
  EVP_PKEY *key = device_key_new ();
  g_autoptr (GBytes) request = device_key_request (key, "device-1");
  g_autoptr (GBytes) signature = sign (key, "example:" NONCE_HEX);
  g_autofree char *csr = say_bytes ("csr", request);
  g_autofree char *sig = say_bytes ("sig", signature);
  g_autofree char *cert = g_strdup_printf ("cert %s\r\n", certificate_base64);
  const Step steps[] = { { "who\r\n", "boot ok\r\nexample CHIP-7 -\r\n" },
                         { "who\r\n", "example CHIP-7 -\r\n" },
                         { "key p-256\r\n", "ok\r\n" },
                         { "csr\r\n", csr },
                         { cert, "ok\r\n" },
                         { "show\r\n", cert },
                         { "sign " NONCE_HEX "\r\n", sig },
                         { NULL, NULL } };
  g_autoptr (Transport) transport = scripted_transport (steps, piece);

  then (transport, key);
  ck_assert (scripted_is_through (transport));
  EVP_PKEY_free (key);
}

START_TEST (a_device_goes_all_the_way)
{
  static const gsize pieces[] = { 1, 3, 4096 };

  with_a_device (pieces[_i], go_all_the_way);
}
END_TEST

static void
go_and_record (Transport *transport, EVP_PKEY *key)
{
  g_autofree char *transcript = NULL;

  go_all_the_way (transport, key);
  transcript = transport_transcript (transport);
  ck_assert (g_file_set_contents (g_getenv ("KEYCRADLE_RECORD"), transcript, -1, NULL));
}

START_TEST (the_recording_can_be_replayed)
{
  g_autoptr (Transport) replay = NULL;

  if (g_getenv ("KEYCRADLE_RECORD") != NULL)
    with_a_device (4096, go_and_record);
  replay = transport_open_replay (DRIVER_FOLDER "/recording.txt", NULL);
  ck_assert_ptr_nonnull (replay);
  go_all_the_way (replay, NULL);
}
END_TEST

static void
assert_identity_fails (const char *answer, DriverError code)
{
  const Step steps[] = { { "who\r\n", answer }, { NULL, NULL } };
  g_autoptr (Transport) transport = scripted_transport (steps, 1);
  g_autoptr (Session) session = session_open (&example_driver, transport, NULL, SOON, NULL);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (example_driver.identify (session, SOON, &error));
  ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)code), "%s", error->message);
}

START_TEST (identities_that_can_not_be_are_refused)
{
  assert_identity_fails ("example\r\n", DRIVER_ERROR_IDENTITY);
  assert_identity_fails ("example CHIP-7\r\n", DRIVER_ERROR_IDENTITY);
  assert_identity_fails ("example CHIP-7 - more\r\n", DRIVER_ERROR_IDENTITY);
  assert_identity_fails ("example ../etc -\r\n", DRIVER_ERROR_IDENTITY);
  assert_identity_fails ("example \033[2J -\r\n", DRIVER_ERROR_IDENTITY);
  assert_identity_fails ("error \033[2J\r\n", DRIVER_ERROR_REFUSED);
  assert_identity_fails ("examples CHIP-7 -\r\n", DRIVER_ERROR_NO_ANSWER);
}
END_TEST

START_TEST (other_dialects_are_not_ours)
{
  static const char *const answers[] = { "ERROR\r\n", "who\r\nerror: command not found\r\n", "" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    const Step steps[] = { { "who\r\n", answers[i] }, { NULL, NULL } };
    g_autoptr (Transport) transport = scripted_transport (steps, 4096);
    gboolean speaks = TRUE;

    ck_assert (example_driver.probe (transport, &speaks, SOON, NULL));
    ck_assert (!speaks);
  }
}
END_TEST

START_TEST (only_strict_base64_is_bytes)
{
  static const char *const wrong[] = {
    "", "A", "AAA", "====", "AA=A", "AAAA AAAA", "AAAA!", "A==="
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    ck_assert_msg (example_bytes (wrong[i]) == NULL, "%s", wrong[i]);
  g_autoptr (GBytes) bytes = example_bytes (certificate_base64);
  ck_assert_mem_eq (g_bytes_get_data (bytes, NULL), certificate, strlen (certificate));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("example");
  TCase *tests = tcase_create ("example");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_loop_test (tests, a_device_goes_all_the_way, 0, 3);
  tcase_add_test (tests, the_recording_can_be_replayed);
  tcase_add_test (tests, identities_that_can_not_be_are_refused);
  tcase_add_test (tests, other_dialects_are_not_ours);
  tcase_add_test (tests, only_strict_base64_is_bytes);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
