/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against the device library, in one process, with real keys; and the
 * driver against its own recording.
 *
 * With KEYCRADLE_RECORD=FILE the recording is written instead of replayed.
 */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/driver.h"
#include "tests/unit/drivers/smp-chip.h"

#define SOON deadline_in (20000)

static const guint8 nonce[PROOF_NONCE_LENGTH] = "01234567890123456789012345678901";

static const Driver *
smp (void)
{
  return driver_by_name ("smp");
}

static void
assert_error (GError *error, DriverError code)
{
  ck_assert_ptr_nonnull (error);
  ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)code), "%s", error->message);
}

static void
assert_none (GError *error)
{
  ck_assert_msg (error == NULL, "%s", error != NULL ? error->message : "");
}

/* TRUE where the proof was made by `key`, over the message that the specification demands. */
static gboolean
proof_is_by (const Proof *proof, EVP_PKEY *key)
{
  static const char domain[] = "keycradle-proof-v1";
  gsize length, signature_length;
  const guint8 *message = g_bytes_get_data (proof->message, &length);
  const guint8 *signature = g_bytes_get_data (proof->signature, &signature_length);
  EVP_MD_CTX *digest = EVP_MD_CTX_new ();
  gboolean right;

  ck_assert_uint_eq (length, sizeof domain + sizeof nonce);
  ck_assert_mem_eq (message, domain, sizeof domain);
  ck_assert_mem_eq (message + sizeof domain, nonce, sizeof nonce);
  right = EVP_DigestVerifyInit_ex (digest, NULL, "SHA256", NULL, NULL, key, NULL) == 1
          && EVP_DigestVerify (digest, signature, signature_length, message, length) == 1;
  EVP_MD_CTX_free (digest);
  return right;
}

static EVP_PKEY *
key_of_request (GBytes *csr, const char *common_name)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (csr, &length);
  X509_REQ *request = d2i_X509_REQ (NULL, &der, (long)length);
  char name[65] = "";
  EVP_PKEY *key;

  ck_assert_ptr_nonnull (request);
  key = X509_REQ_get_pubkey (request);
  ck_assert_int_eq (X509_REQ_verify (request, key), 1);
  X509_NAME_get_text_by_NID (X509_REQ_get_subject_name (request), NID_commonName, name,
                             sizeof name);
  ck_assert_str_eq (name, common_name);
  X509_REQ_free (request);
  return key;
}

static Session *
open_session (Transport *transport)
{
  g_autoptr (GError) error = NULL;
  Session *session = session_open (smp (), transport, NULL, SOON, &error);

  assert_none (error);
  return session;
}

static GPtrArray *
two_blobs (void)
{
  static const char first[] = "first certificate";
  static const char second[] = "second certificate";
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (list, g_bytes_new_static (first, strlen (first)));
  g_ptr_array_add (list, g_bytes_new_static (second, strlen (second)));
  return list;
}

/* Every step but the certificate's making, which `certify` does (or a note of the recording). */
static void
whole_procedure (Transport *transport, KeyKind kind, GBytes *(*certify) (gpointer), gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Session) session = open_session (transport);
  g_autoptr (DeviceIdentity) identity = smp ()->identify (session, SOON, &error);
  g_autoptr (GPtrArray) chain = two_blobs ();
  Credentials credentials = { .chain = chain, .roots = chain, .endpoint = "iot.example.com" };
  g_auto (ReadBack) read_back = { 0 };
  g_auto (Proof) proof = { 0 };

  assert_none (error);
  ck_assert_str_eq (identity->chip_id, "CHIP-0001");
  ck_assert_str_eq (identity->model, "test-chip");
  ck_assert_ptr_null (identity->serial);
  ck_assert (smp ()->assign_serial (session, "DEV-1", SOON, &error));
  ck_assert (smp ()->generate_key (session, kind, SOON, &error));
  g_autoptr (GBytes) csr = smp ()->read_csr (session, "DEV-1", SOON, &error);
  assert_none (error);
  EVP_PKEY *key = key_of_request (csr, "DEV-1");
  g_autoptr (GBytes) certificate = certify (data);
  credentials.certificate = certificate;
  ck_assert (smp ()->install (session, &credentials, SOON, &error));
  ck_assert (smp ()->read_back (session, &credentials, &read_back, SOON, &error));
  ck_assert (g_bytes_equal (read_back.certificate, certificate));
  ck_assert (smp ()->prove (session, nonce, &proof, SOON, &error));
  ck_assert (proof_is_by (&proof, key));
  ck_assert (smp ()->lock (session, SOON, &error));
  assert_none (error);
  EVP_PKEY_free (key);
}

static GBytes *
certify_chip (gpointer data)
{
  return smp_chip_certify (data);
}

START_TEST (the_whole_procedure_works_with_every_kind_of_key)
{
  static const KeyKind kinds[] = { KEY_KIND_P256, KEY_KIND_P384, KEY_KIND_P521, KEY_KIND_RSA_2048 };
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (Transport) transport = smp_chip_transport (chip);

  whole_procedure (transport, kinds[_i], certify_chip, chip);
  ck_assert_str_eq (chip->serial, "DEV-1");
  ck_assert (chip->locked);
  ck_assert_mem_eq (g_bytes_get_data (chip->objects[PROVISION_OBJECT_CHAIN], NULL),
                    "first certificatesecond certificate", 35);
  ck_assert_mem_eq (g_bytes_get_data (chip->objects[PROVISION_OBJECT_ENDPOINT], NULL),
                    "iot.example.com", 15);
}
END_TEST

START_TEST (a_small_device_gets_small_packets)
{
  static const gsize sizes[] = { 256, 300, 384, 4096, 8192 };
  g_autoptr (SmpChip) chip = smp_chip_new (sizes[_i]);
  g_autoptr (Transport) transport = smp_chip_transport (chip);

  whole_procedure (transport, KEY_KIND_P256, certify_chip, chip);
}
END_TEST

START_TEST (a_p256_certificate_goes_in_one_packet_each_way)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (Transport) transport = smp_chip_transport (chip);

  whole_procedure (transport, KEY_KIND_P256, certify_chip, chip);
  /* capabilities, identify, serial, key, CSR, chain, roots, endpoint, certificate, read back,
   * prove, lock: one question each */
  ck_assert_uint_eq (chip->requests, 12);
}
END_TEST

START_TEST (console_text_between_frames_does_no_harm)
{
  static const char *const chatter[] = { "[00:00:01.250] <inf> app: up\r\n", "uart:~$ ",
                                         "\033[1;32muart:~$ \033[m\n\n\n",
                                         "error: unknown, not found\n",
                                         "half \006 a marker \004\n" };
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (Transport) transport = smp_chip_transport (chip);

  chip->chatter = chatter[_i];
  whole_procedure (transport, KEY_KIND_P256, certify_chip, chip);
}
END_TEST

START_TEST (bytes_may_come_in_any_pieces)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (Transport) transport = smp_chip_transport (chip);

  chip->piece = (gsize)_i;
  whole_procedure (transport, KEY_KIND_P256, certify_chip, chip);
}
END_TEST

START_TEST (probing_recognises_the_dialect_with_one_question)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (Transport) transport = smp_chip_transport (chip);
  gboolean speaks = FALSE;

  ck_assert (smp ()->probe (transport, &speaks, SOON, NULL));
  ck_assert (speaks);
  ck_assert_uint_eq (chip->requests, 1);
}
END_TEST

static void
assert_refused (SmpChip *chip, gboolean (*step) (Session *, GError **), DriverError code)
{
  g_autoptr (Transport) transport = smp_chip_transport (chip);
  g_autoptr (Session) session = open_session (transport);
  g_autoptr (GError) error = NULL;

  ck_assert (!step (session, &error));
  assert_error (error, code);
}

static gboolean
step_generate (Session *session, GError **error)
{
  return smp ()->generate_key (session, KEY_KIND_P256, SOON, error);
}

static gboolean
step_generate_rsa_4096 (Session *session, GError **error)
{
  return smp ()->generate_key (session, KEY_KIND_RSA_4096, SOON, error);
}

static gboolean
step_read_csr (Session *session, GError **error)
{
  g_autoptr (GBytes) csr = smp ()->read_csr (session, NULL, SOON, error);

  return csr != NULL;
}

static gboolean
step_prove (Session *session, GError **error)
{
  g_auto (Proof) proof = { 0 };

  return smp ()->prove (session, nonce, &proof, SOON, error);
}

static gboolean
step_read_back (Session *session, GError **error)
{
  g_auto (ReadBack) read_back = { 0 };

  return smp ()->read_back (session, NULL, &read_back, SOON, error);
}

static gboolean
step_identify (Session *session, GError **error)
{
  g_autoptr (DeviceIdentity) identity = smp ()->identify (session, SOON, error);

  return identity != NULL;
}

static gboolean
step_assign (Session *session, GError **error)
{
  return smp ()->assign_serial (session, "DEV-2", SOON, error);
}

START_TEST (a_fresh_device_has_nothing_to_show)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);

  assert_refused (chip, step_read_csr, DRIVER_ERROR_REFUSED);
  assert_refused (chip, step_prove, DRIVER_ERROR_PROOF);
  assert_refused (chip, step_read_back, DRIVER_ERROR_READ_BACK);
}
END_TEST

START_TEST (a_locked_device_takes_nothing_but_still_proves)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (Transport) transport = smp_chip_transport (chip);
  g_autoptr (Session) session = NULL;

  whole_procedure (transport, KEY_KIND_P256, certify_chip, chip);
  assert_refused (chip, step_generate, DRIVER_ERROR_REFUSED);
  assert_refused (chip, step_assign, DRIVER_ERROR_REFUSED);
  ck_assert_str_eq (chip->serial, "DEV-1");
  session = open_session (transport);
  ck_assert (step_prove (session, NULL));
  ck_assert (step_read_back (session, NULL));
  ck_assert (step_read_csr (session, NULL));
}
END_TEST

START_TEST (what_a_chip_can_not_make_is_unsupported)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);

  assert_refused (chip, step_generate_rsa_4096, DRIVER_ERROR_UNSUPPORTED);
}
END_TEST

START_TEST (what_a_device_does_not_keep_is_unsupported)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);

  chip->kept = 1u << PROVISION_OBJECT_CERTIFICATE;
  assert_refused (chip, step_assign, DRIVER_ERROR_UNSUPPORTED);
}
END_TEST

START_TEST (broken_storage_is_no_success)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);

  chip->broken = PROVISION_ERROR_STORAGE;
  assert_refused (chip, step_assign, DRIVER_ERROR_REFUSED);
}
END_TEST

START_TEST (identities_that_can_not_be_are_refused)
{
  static const char *const chips[] = { "", "../../etc", "\033[2J", "a b", "-rf" };
  g_autoptr (SmpChip) chip = smp_chip_new (1024);

  chip->chip_id = chips[_i];
  assert_refused (chip, step_identify, DRIVER_ERROR_IDENTITY);
}
END_TEST

START_TEST (a_device_without_any_name_is_refused)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);

  chip->chip_id = NULL;
  assert_refused (chip, step_identify, DRIVER_ERROR_IDENTITY);
}
END_TEST

START_TEST (another_group_number_is_not_understood)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);

  chip->device.group = 100;
  assert_refused (chip, step_identify, DRIVER_ERROR_UNSUPPORTED);
}
END_TEST

START_TEST (a_leaked_private_key_is_an_alarm_and_not_in_the_transcript)
{
  static const KeyKind kinds[] = { KEY_KIND_P256, KEY_KIND_RSA_2048 };
  g_autoptr (SmpChip) chip = smp_chip_new (384);
  g_autoptr (Transport) transport = smp_chip_transport (chip);
  g_autoptr (Session) session = open_session (transport);
  g_autoptr (GError) error = NULL;
  g_autofree char *transcript = NULL;

  ck_assert (smp ()->generate_key (session, kinds[_i], SOON, NULL));
  chip->leaks = TRUE;
  ck_assert (!step_read_csr (session, &error));
  assert_error (error, DRIVER_ERROR_PRIVATE_KEY_LEAKED);
  transcript = transport_transcript (transport);
  ck_assert_ptr_nonnull (strstr (transcript, "# blanked "));
  /* What is left is the key's generation: one question, one answer. */
  ck_assert_uint_lt (strlen (transcript), 400);
}
END_TEST

static GBytes *
certificate_of_note (gpointer data)
{
  return hex_decode (transport_replay_note (data, "certificate"));
}

static void
record (const char *path)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (Transport) transport = smp_chip_transport (chip);
  g_autofree char *transcript = NULL;
  g_autofree char *certificate = NULL;
  gboolean speaks;
  g_autofree char *text = NULL;

  chip->chatter = "[00:00:00.417,000] <inf> app: ready\r\n";
  ck_assert (smp ()->probe (transport, &speaks, SOON, NULL));
  whole_procedure (transport, KEY_KIND_P256, certify_chip, chip);
  transcript = transport_transcript (transport);
  certificate = hex_encode (g_bytes_get_data (chip->objects[PROVISION_OBJECT_CERTIFICATE], NULL),
                            g_bytes_get_size (chip->objects[PROVISION_OBJECT_CERTIFICATE]));
  text = g_strdup_printf ("# driver smp\n# certificate %s\n%s", certificate, transcript);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
}

START_TEST (the_recording_drives_the_complete_dialogue_again)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Transport) transport = NULL;

  if (g_getenv ("KEYCRADLE_RECORD") != NULL)
    record (g_getenv ("KEYCRADLE_RECORD"));
  transport = transport_open_replay (SMP_RECORDING, &error);
  assert_none (error);
  ck_assert_ptr_eq (driver_probe (transport, smp (), SOON, &error), smp ());
  whole_procedure (transport, KEY_KIND_P256, certificate_of_note, transport);
}
END_TEST

static TCase *
procedure_tests (void)
{
  TCase *tests = tcase_create ("procedure");

  tcase_set_timeout (tests, 60);
  tcase_add_loop_test (tests, the_whole_procedure_works_with_every_kind_of_key, 0, 4);
  tcase_add_loop_test (tests, a_small_device_gets_small_packets, 0, 5);
  tcase_add_test (tests, a_p256_certificate_goes_in_one_packet_each_way);
  tcase_add_loop_test (tests, console_text_between_frames_does_no_harm, 0, 5);
  tcase_add_loop_test (tests, bytes_may_come_in_any_pieces, 1, 9);
  tcase_add_test (tests, probing_recognises_the_dialect_with_one_question);
  tcase_add_test (tests, the_recording_drives_the_complete_dialogue_again);
  return tests;
}

static TCase *
refusal_tests (void)
{
  TCase *tests = tcase_create ("refusals");

  tcase_set_timeout (tests, 60);
  tcase_add_test (tests, a_fresh_device_has_nothing_to_show);
  tcase_add_test (tests, a_locked_device_takes_nothing_but_still_proves);
  tcase_add_test (tests, what_a_chip_can_not_make_is_unsupported);
  tcase_add_test (tests, what_a_device_does_not_keep_is_unsupported);
  tcase_add_test (tests, broken_storage_is_no_success);
  tcase_add_loop_test (tests, identities_that_can_not_be_are_refused, 0, 5);
  tcase_add_test (tests, a_device_without_any_name_is_refused);
  tcase_add_test (tests, another_group_number_is_not_understood);
  tcase_add_loop_test (tests, a_leaked_private_key_is_an_alarm_and_not_in_the_transcript, 0, 2);
  return tests;
}

int
main (void)
{
  Suite *suite = suite_create ("smp");
  SRunner *runner;
  int failed;

  suite_add_tcase (suite, procedure_tests ());
  suite_add_tcase (suite, refusal_tests ());
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
