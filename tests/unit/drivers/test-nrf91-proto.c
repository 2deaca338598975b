/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The modem's words, with a real modem's answers among them.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/nrf91/cose.h"
#include "drivers/nrf91/proto.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/nrf9160-transcript.h"

#define NONCE_HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

START_TEST (a_real_modems_request_is_taken_out_of_its_answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) request = nrf91_parse_keygen (NRF9160_KEYGEN, NRF91_SEC_TAG, &error);

  ck_assert_ptr_nonnull (request);
  gsize length;
  const guint8 *der = g_bytes_get_data (request, &length);
  g_autofree char *digest = sha256_hex (der, length);
  ck_assert_str_eq (digest, NRF9160_REQUEST_SHA256);
}
END_TEST

START_TEST (an_answer_for_another_security_tag_is_refused)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (nrf91_parse_keygen (NRF9160_KEYGEN, 17, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED));
}
END_TEST

/* The COSE message holds the digest of the request. */
START_TEST (a_changed_letter_of_the_request_is_refused)
{
  const char *request = strchr (NRF9160_KEYGEN, '"') + 1;
  const char *dot = strchr (request, '.');

  for (const char *at = request; at < dot; at++) {
    g_autofree char *line = g_strdup (NRF9160_KEYGEN);
    g_autoptr (GError) error = NULL;
    char *letter = line + (at - NRF9160_KEYGEN);

    *letter = *letter == 'A' ? 'B' : 'A';
    ck_assert_ptr_null (nrf91_parse_keygen (line, NRF91_SEC_TAG, &error));
    ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED));
  }
}
END_TEST

START_TEST (an_answer_that_is_cut_off_anywhere_is_refused)
{
  for (gsize length = 0; length < strlen (NRF9160_KEYGEN); length++) {
    g_autofree char *cut = g_strndup (NRF9160_KEYGEN, length);
    g_autofree char *cut_and_quoted = g_strconcat (cut, "\"", NULL);

    ck_assert_ptr_null (nrf91_parse_keygen (cut, NRF91_SEC_TAG, NULL));
    if (length + 1 < strlen (NRF9160_KEYGEN))
      ck_assert_ptr_null (nrf91_parse_keygen (cut_and_quoted, NRF91_SEC_TAG, NULL));
  }
}
END_TEST

START_TEST (a_cose_message_of_another_form_is_refused)
{
  const char *dot = strchr (NRF9160_KEYGEN, '.');
  g_autoptr (GBytes) bytes = nrf91_base64url_decode (dot + 1, strlen (dot + 1) - 1);
  gsize length;
  const guint8 *cose = g_bytes_get_data (bytes, &length);
  CoseRequestNote note;

  ck_assert (cose_parse_request_note (cose, length, &note));
  ck_assert_uint_eq (note.sec_tag, NRF91_SEC_TAG);
  for (gsize i = 0; i < length; i++)
    ck_assert (!cose_parse_request_note (cose, i, &note));
  g_autofree guint8 *longer = g_malloc0 (length + 1);
  memcpy (longer, cose, length);
  ck_assert (!cose_parse_request_note (longer, length + 1, &note));
  /* Tag, array, protected header, its length, its content. */
  for (gsize i = 0; i < 6; i++) {
    g_autofree guint8 *changed = g_memdup2 (cose, length);

    changed[i] ^= 1;
    ck_assert (!cose_parse_request_note (changed, length, &note));
  }
}
END_TEST

START_TEST (cbor_lengths_that_lie_are_refused)
{
  static const char *const texts[] = {
    "\xd2\x84\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
    "\xd2\x84\x43\xa1\x01\x26\xa1\x04\x5a\xff\xff\xff\xff",
    "\xd2\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "\xd2\x84\x5f",
    "\xd8\x12\x84\x43\xa1\x01\x26",
  };
  CoseRequestNote note;

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    ck_assert (!cose_parse_request_note ((const guint8 *)texts[i], strlen (texts[i]), &note));
}
END_TEST

START_TEST (a_real_modems_digest_is_that_of_the_text_it_was_sent)
{
  g_autoptr (GBytes) expected =
      sha256_of ((const guint8 *)NRF9160_CERTIFICATE, strlen (NRF9160_CERTIFICATE));
  g_autoptr (GBytes) held =
      nrf91_parse_digest (NRF9160_CERTIFICATE_DIGEST, NRF91_SEC_TAG, NRF91_CERTIFICATE);

  ck_assert_ptr_nonnull (held);
  ck_assert (g_bytes_equal (held, expected));
  ck_assert_ptr_null (nrf91_parse_digest (NRF9160_CERTIFICATE_DIGEST, NRF91_SEC_TAG, NRF91_ROOTS));
  ck_assert_ptr_null (nrf91_parse_digest (NRF9160_CERTIFICATE_DIGEST, 1, NRF91_CERTIFICATE));
  ck_assert_ptr_null (
      nrf91_parse_digest ("%CMNG: 16842753,1,\"C5B8\"", NRF91_SEC_TAG, NRF91_CERTIFICATE));
  ck_assert_ptr_null (nrf91_parse_digest ("%CMNG: 16842753,1", NRF91_SEC_TAG, NRF91_CERTIFICATE));
}
END_TEST

START_TEST (certificates_go_out_with_cr_lf_one_behind_the_other)
{
  g_autoptr (GBytes) der = pem_decode (NRF9160_CERTIFICATE, "CERTIFICATE", NULL);
  GBytes *two[] = { der, der };
  g_autofree char *sent = nrf91_pem_of (two, 2);
  g_autoptr (GString) expected = g_string_new (NRF9160_CERTIFICATE NRF9160_CERTIFICATE);

  g_string_replace (expected, "\n", "\r\n", 0);
  ck_assert_str_eq (sent, expected->str);
}
END_TEST

START_TEST (a_shell_gets_one_line_in_single_quotes)
{
  g_autofree char *plain = nrf91_wrap (NRF91_PLAIN, "AT%CMNG=0,1,0,\"a\r\nb\r\n\"");
  g_autofree char *shell = nrf91_wrap (NRF91_SHELL, "AT%CMNG=0,1,0,\"a\r\nb\r\n\"");

  ck_assert_str_eq (plain, "AT%CMNG=0,1,0,\"a\r\nb\r\n\"\r\n");
  ck_assert_str_eq (shell, "at 'AT%CMNG=0,1,0,\"a\\nb\\n\"'\r\n");
}
END_TEST

START_TEST (prompts_colours_and_control_bytes_are_taken_off)
{
  static const struct {
    const char *raw;
    const char *clean;
  } cases[] = {
    { "OK", "OK" },
    { "\x1b[1;32muart:~$ \x1b[mat 'AT'", "at 'AT'" },
    { "\x1b[8D\x1b[JOK\r", "OK" },
    { "uart:~$ \x1b[m\x1b[1;31mAT: command not found\x1b[m", "AT: command not found" },
    { "mosh:~$ 352656109480783", "352656109480783" },
    { "\x1b", "" },
    { "\x1b[", "" },
    { "\x1b[12;", "" },
    { "\a\b\t", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *clean = nrf91_clean_line (cases[i].raw);

    ck_assert_str_eq (clean, cases[i].clean);
  }
}
END_TEST

START_TEST (only_whole_lines_end_an_answer)
{
  guint code = 0;

  ck_assert_int_eq (nrf91_result_of ("OK", &code), NRF91_OK);
  ck_assert_int_eq (nrf91_result_of ("ERROR", &code), NRF91_ERROR);
  ck_assert_int_eq (nrf91_result_of ("+CME ERROR: 513", &code), NRF91_CME_ERROR);
  ck_assert_uint_eq (code, 513);
  ck_assert_int_eq (nrf91_result_of ("+CMS ERROR: 21", &code), NRF91_CME_ERROR);
  ck_assert_int_eq (nrf91_result_of ("+CME ERROR: 99999999999999999999", &code), NRF91_ERROR);
  ck_assert_int_eq (nrf91_result_of ("OKAY", &code), NRF91_GOES_ON);
  ck_assert_int_eq (nrf91_result_of ("NOT OK", &code), NRF91_GOES_ON);
  ck_assert_int_eq (nrf91_result_of ("ERRORS", &code), NRF91_GOES_ON);
  ck_assert_int_eq (nrf91_result_of ("", &code), NRF91_GOES_ON);
}
END_TEST

START_TEST (firmware_before_1_3_0_can_not_make_keys)
{
  ck_assert (nrf91_firmware_has_keygen ("mfw_nrf9160_1.3.5"));
  ck_assert (nrf91_firmware_has_keygen ("mfw_nrf9160_1.3.0"));
  ck_assert (nrf91_firmware_has_keygen ("mfw_nrf91x1_2.0.1"));
  ck_assert (nrf91_firmware_has_keygen ("mfw_nrf9160_1.10.0"));
  ck_assert (nrf91_firmware_has_keygen ("mfw_nrf9151-ntn_1.0.0"));
  ck_assert (!nrf91_firmware_has_keygen ("mfw_nrf9160_1.2.7"));
  ck_assert (!nrf91_firmware_has_keygen ("mfw_nrf9160_0.9.9"));
  ck_assert (!nrf91_firmware_has_keygen ("mfw_nrf9160"));
  ck_assert (!nrf91_firmware_has_keygen ("mfw_nrf9160_"));
  ck_assert (!nrf91_firmware_has_keygen ("mfw_nrf9160_2"));
  ck_assert (!nrf91_firmware_has_keygen ("1.3.5"));
  ck_assert (!nrf91_firmware_has_keygen (""));
}
END_TEST

START_TEST (an_imei_is_fifteen_digits_not_all_the_same)
{
  ck_assert (nrf91_is_imei ("352656109480783"));
  ck_assert (!nrf91_is_imei ("35265610948078"));
  ck_assert (!nrf91_is_imei ("3526561094807834"));
  ck_assert (!nrf91_is_imei ("35265610948078x"));
  ck_assert (!nrf91_is_imei ("000000000000000"));
  ck_assert (!nrf91_is_imei (""));
  ck_assert (nrf91_imei_checks_out ("490154203237518")); /* the usual example of the standard */
  ck_assert (!nrf91_imei_checks_out ("490154203237519"));
}
END_TEST

START_TEST (base64url_has_one_form_only)
{
  g_autoptr (GBytes) two = nrf91_base64url_decode ("-_8", 3);

  ck_assert_uint_eq (g_bytes_get_size (two), 2);
  ck_assert_ptr_null (nrf91_base64url_decode ("-_9", 3)); /* bits that mean nothing */
  ck_assert_ptr_null (nrf91_base64url_decode ("-_8=", 4));
  ck_assert_ptr_null (nrf91_base64url_decode ("+/8", 3));
  ck_assert_ptr_null (nrf91_base64url_decode ("A", 1));
  ck_assert_ptr_null (nrf91_base64url_decode ("AA AA", 5));
  ck_assert_ptr_null (nrf91_base64url_decode ("", 0));
}
END_TEST

START_TEST (every_cme_error_has_words_and_a_kind)
{
  static const struct {
    guint code;
    DriverError kind;
  } cases[] = {
    { 0, DRIVER_ERROR_UNSUPPORTED },      { 513, DRIVER_ERROR_REFUSED },
    { 514, DRIVER_ERROR_REFUSED },        { 515, DRIVER_ERROR_REFUSED },
    { 518, DRIVER_ERROR_REFUSED },        { 519, DRIVER_ERROR_REFUSED },
    { 523, DRIVER_ERROR_KEY_GENERATION }, { 527, DRIVER_ERROR_REFUSED },
    { 528, DRIVER_ERROR_REFUSED },        { 9999, DRIVER_ERROR_REFUSED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    nrf91_set_cme_error (&error, cases[i].code, "make a key");
    ck_assert (g_error_matches (error, DRIVER_ERROR, (int)cases[i].kind));
    ck_assert (g_str_has_prefix (error->message, "the modem did not make a key"));
  }
}
END_TEST

static char *
jwt_line (EVP_PKEY *key, const char *header, const char *payload)
{
  g_autofree char *jwt = device_key_jwt (key, header, payload);

  return g_strdup_printf ("%%JWT: \"%s\"", jwt);
}

START_TEST (a_jwt_about_the_nonce_is_a_proof_by_its_key)
{
  EVP_PKEY *key = device_key_new ();
  g_autofree char *line = jwt_line (key, "{\"typ\":\"JWT\",\"alg\":\"ES256\"}  ",
                                    "{\"iss\":\"nRF9160\",\"aud\": \"" NONCE_HEX "\"} ");
  g_auto (Proof) proof = { 0 };
  g_autoptr (GError) error = NULL;

  ck_assert (nrf91_parse_jwt (line, NONCE_HEX, &proof, &error));
  ck_assert (device_key_made (key, &proof));
  ck_assert_ptr_nonnull (g_strstr_len (g_bytes_get_data (proof.claims, NULL),
                                       (gssize)g_bytes_get_size (proof.claims), NONCE_HEX));
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (a_jwt_about_something_else_is_no_proof)
{
  static const struct {
    const char *header;
    const char *payload;
  } cases[] = {
    { "{\"alg\":\"ES256\"}", "{\"aud\":\"ffff\"}" },
    { "{\"alg\":\"ES256\"}", "{\"sub\":\"" NONCE_HEX "\"}" },
    { "{\"alg\":\"ES256\"}", "{\"aud\":\"" NONCE_HEX "0\"}" },
    { "{\"alg\":\"none\"}", "{\"aud\":\"" NONCE_HEX "\"}" },
    { "ES256", "{\"aud\":\"" NONCE_HEX "\"}" },
  };
  EVP_PKEY *key = device_key_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *line = jwt_line (key, cases[i].header, cases[i].payload);
    g_auto (Proof) proof = { 0 };
    g_autoptr (GError) error = NULL;

    ck_assert (!nrf91_parse_jwt (line, NONCE_HEX, &proof, &error));
    ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_PROOF));
    ck_assert_ptr_null (proof.message);
  }
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (a_jwt_that_is_cut_off_anywhere_is_no_proof)
{
  EVP_PKEY *key = device_key_new ();
  g_autofree char *line = jwt_line (key, "{\"alg\":\"ES256\"}", "{\"aud\":\"" NONCE_HEX "\"}");

  for (gsize length = 0; length + 1 < strlen (line); length++) {
    g_autofree char *cut = g_strndup (line, length);
    g_autofree char *quoted = g_strconcat (cut, "\"", NULL);
    g_auto (Proof) proof = { 0 };

    ck_assert (!nrf91_parse_jwt (quoted, NONCE_HEX, &proof, NULL));
  }
  EVP_PKEY_free (key);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-nrf91-proto");
  TCase *answers = tcase_create ("answers");
  TCase *words = tcase_create ("words");
  TCase *proofs = tcase_create ("proofs");

  tcase_add_test (answers, a_real_modems_request_is_taken_out_of_its_answer);
  tcase_add_test (answers, an_answer_for_another_security_tag_is_refused);
  tcase_add_test (answers, a_changed_letter_of_the_request_is_refused);
  tcase_add_test (answers, an_answer_that_is_cut_off_anywhere_is_refused);
  tcase_add_test (answers, a_cose_message_of_another_form_is_refused);
  tcase_add_test (answers, cbor_lengths_that_lie_are_refused);
  tcase_add_test (answers, a_real_modems_digest_is_that_of_the_text_it_was_sent);
  tcase_add_test (words, certificates_go_out_with_cr_lf_one_behind_the_other);
  tcase_add_test (words, a_shell_gets_one_line_in_single_quotes);
  tcase_add_test (words, prompts_colours_and_control_bytes_are_taken_off);
  tcase_add_test (words, only_whole_lines_end_an_answer);
  tcase_add_test (words, firmware_before_1_3_0_can_not_make_keys);
  tcase_add_test (words, an_imei_is_fifteen_digits_not_all_the_same);
  tcase_add_test (words, base64url_has_one_form_only);
  tcase_add_test (words, every_cme_error_has_words_and_a_kind);
  tcase_add_test (proofs, a_jwt_about_the_nonce_is_a_proof_by_its_key);
  tcase_add_test (proofs, a_jwt_about_something_else_is_no_proof);
  tcase_add_test (proofs, a_jwt_that_is_cut_off_anywhere_is_no_proof);
  suite_add_tcase (suite, answers);
  suite_add_tcase (suite, words);
  suite_add_tcase (suite, proofs);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
