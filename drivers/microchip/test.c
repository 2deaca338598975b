/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver for Microchip's chips: compressed certificates, the whole way by a recording, and what
 * a chip may refuse.
 */
#include <check.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/microchip/certificate.h"
#include "drivers/microchip/proto.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/journey.h"
#include "tests/unit/drivers/scripted.h"

#define SOON deadline_in (20000)

/* ---- certificates ---- */

static char *
recording_path (void)
{
  return g_build_filename (DRIVER_FOLDER, "recording.txt", NULL);
}

static GBytes *
recorded_certificate (void)
{
  g_autofree char *path = recording_path ();
  g_autoptr (Transport) transport = transport_open_replay (path, NULL);

  return hex_decode (transport_replay_note (transport, "certificate"));
}

START_TEST (test_a_certificate_comes_back_byte_for_byte)
{
  g_autoptr (GBytes) certificate = recorded_certificate ();
  guint8 compressed[COMPRESSED_LENGTH], point[POINT_LENGTH];
  const char *problem;

  ck_assert (certificate_compress (certificate, (CompressedIds){ 3, 5 }, compressed, &problem));
  ck_assert_mem_eq (compressed + 64, "\xd0\x84\x01\0\0\x35\xa0\0", 8);
  ck_assert (certificate_point (certificate, point));
  g_autoptr (GBytes) again = certificate_rebuild (certificate, compressed, point);
  ck_assert (again != NULL && g_bytes_equal (again, certificate));
  /* What is a device's own comes from the chip: any other byte there makes another certificate. */
  for (guint i = 0; i < 67; i++) {
    compressed[i] ^= 1;
    g_autoptr (GBytes) other = certificate_rebuild (certificate, compressed, point);
    ck_assert (other == NULL || !g_bytes_equal (other, certificate));
    compressed[i] ^= 1;
  }
  point[63] ^= 1;
  g_autoptr (GBytes) of_other = certificate_rebuild (certificate, compressed, point);
  ck_assert (of_other != NULL && !g_bytes_equal (of_other, certificate));
}
END_TEST

static GBytes *
make_certificate (const char *key_name, const char *begins, const char *ends, gboolean rsa_signs)
{
  EVP_PKEY *key = EVP_EC_gen (key_name);
  EVP_PKEY *issuer = rsa_signs ? EVP_RSA_gen (2048) : EVP_EC_gen ("P-256");
  X509 *certificate = X509_new ();
  unsigned char *der = NULL;

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 7);
  ASN1_TIME_set_string (X509_getm_notBefore (certificate), begins);
  ASN1_TIME_set_string (X509_getm_notAfter (certificate), ends);
  X509_set_pubkey (certificate, key);
  X509_sign (certificate, issuer, EVP_sha256 ());
  int length = i2d_X509 (certificate, &der);
  GBytes *bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  X509_free (certificate);
  EVP_PKEY_free (key);
  EVP_PKEY_free (issuer);
  return bytes;
}

START_TEST (test_what_72_bytes_do_not_hold_is_named)
{
  static const struct {
    const char *key;
    const char *begins;
    const char *ends;
    gboolean rsa_signs;
    const char *words; /* NULL: it fits */
  } cases[] = {
    { "P-256", "260101000000Z", "270101000000Z", FALSE, NULL },
    { "P-256", "310101230000Z", "20620101230000Z", FALSE, NULL },
    { "P-256", "260101000001Z", "270101000001Z", FALSE, "full hour" },
    { "P-256", "260101003000Z", "270101003000Z", FALSE, "full hour" },
    { "P-256", "260101000000Z", "270102000000Z", FALSE, "whole years" },
    { "P-256", "260101000000Z", "20580101000000Z", FALSE, "whole years" },
    { "P-256", "320101000000Z", "330101000000Z", FALSE, "2031" },
    { "P-256", "990101000000Z", "000101000000Z", FALSE, "2000" },
    { "P-384", "260101000000Z", "270101000000Z", FALSE, "P-256 key" },
    { "P-256", "260101000000Z", "270101000000Z", TRUE, "signature" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) certificate =
        make_certificate (cases[i].key, cases[i].begins, cases[i].ends, cases[i].rsa_signs);
    guint8 compressed[COMPRESSED_LENGTH];
    const char *problem = NULL;
    gboolean fits =
        certificate_compress (certificate, (CompressedIds){ 0, 0 }, compressed, &problem);

    ck_assert_msg (fits == (cases[i].words == NULL), "%s %s: %s", cases[i].begins, cases[i].ends,
                   problem);
    ck_assert_msg (fits || strstr (problem, cases[i].words) != NULL, "%s", problem);
  }
}
END_TEST

START_TEST (test_a_cut_template_makes_nothing)
{
  g_autoptr (GBytes) certificate = recorded_certificate ();
  guint8 compressed[COMPRESSED_LENGTH], point[POINT_LENGTH];
  const char *problem;

  ck_assert (certificate_compress (certificate, (CompressedIds){ 0, 0 }, compressed, &problem));
  ck_assert (certificate_point (certificate, point));
  for (gsize length = 0; length < g_bytes_get_size (certificate); length++) {
    g_autoptr (GBytes) cut = g_bytes_new_from_bytes (certificate, 0, length);

    ck_assert_ptr_null (certificate_rebuild (cut, compressed, point));
  }
}
END_TEST

/* ---- dialogues ---- */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Journey, journey_clear)

START_TEST (test_the_recording_goes_all_the_way)
{
  g_autofree char *path = recording_path ();
  g_auto (Journey) journey = { .driver = driver_by_name ("microchip") };
  JourneyVerdict verdict = { 0 };

  journey.transport = transport_open_replay (path, &journey.error);
  ck_assert_ptr_nonnull (journey.transport);
  journey.certificate = hex_decode (transport_replay_note (journey.transport, "certificate"));
  ck_assert_msg (journey_to_certificate (&journey, SOON)
                     && journey_to_proof (&journey, &verdict, SOON),
                 "%s", journey.error == NULL ? "?" : journey.error->message);
  ck_assert (verdict.shows_what_was_sent && verdict.signed_by_its_key);
}
END_TEST

#define APP                                                                                        \
  "board:app(7b226d6574686f64223a22696e6974222c22706172616d73223a7b2276657273696f6e223a22322e302e" \
  "30227d2c226964223a307d)\n"
#define BEGIN                                                                                      \
  { "board:device(00)\n", "ECC608 TWI 00(C0)\n" }, { APP, "C0()\n" },                              \
  {                                                                                                \
    "E:physical:select(C0)\n", "00()\n"                                                            \
  }
#define WAKE                                                                                       \
  {                                                                                                \
    "E:w()\n", "00(04113343)\n"                                                                    \
  }
#define IDLE                                                                                       \
  {                                                                                                \
    "E:i()\n", "00()\n"                                                                            \
  }
#define READ_CONFIG "E:t(070280000009AD)\n"

/* Opens a session on `steps`, identifies, and gives the error; NULL where it went well. */
static GError *
error_of_identify (const Step *steps, gsize piece, gboolean *through)
{
  g_autoptr (Transport) transport = scripted_transport (steps, piece);
  GError *error = NULL;
  g_autoptr (Session) session =
      session_open (driver_by_name ("microchip"), transport, NULL, SOON, &error);
  G_GNUC_UNUSED g_autoptr (DeviceIdentity) identity =
      session != NULL ? session->driver->identify (session, SOON, &error) : NULL;

  *through = scripted_is_through (transport);
  return error;
}

START_TEST (test_a_chip_that_is_in_trouble_is_woken_again)
{
  static const Step sleepy[] = { BEGIN,
                                 WAKE,
                                 { READ_CONFIG, "00(04EE3141)\n" },
                                 IDLE,
                                 WAKE,
                                 { READ_CONFIG, "F0()\n" },
                                 IDLE,
                                 IDLE,
                                 WAKE,
                                 { READ_CONFIG, "00(040F2342)\n" },
                                 IDLE,
                                 { NULL, NULL } };
  static const Step dead[] = { BEGIN,         { "E:w()\n", "F7()\n" },
                               IDLE,          { "E:w()\n", "F7()\n" },
                               IDLE,          { "E:w()\n", "F7()\n" },
                               { NULL, NULL } };
  static const guint8 watchdog[] = { 0x04, 0xee };
  gboolean through;

  ck_assert_uint_eq (chip_crc (watchdog, 2), 0x4131); /* as the list above has it */
  g_autoptr (GError) refused = error_of_identify (sleepy, 3, &through);
  ck_assert (through);
  ck_assert (g_error_matches (refused, DRIVER_ERROR, DRIVER_ERROR_REFUSED));
  ck_assert_msg (strstr (refused->message, "execution error") != NULL, "%s", refused->message);
  g_autoptr (GError) unreachable = error_of_identify (dead, 1, &through);
  ck_assert (through);
  ck_assert (g_error_matches (unreachable, DRIVER_ERROR, DRIVER_ERROR_REFUSED));
  ck_assert_msg (strstr (unreachable->message, "F7") != NULL, "%s", unreachable->message);
}
END_TEST

START_TEST (test_wrong_answers_are_not_believed)
{
  static const struct {
    const char *says;
    DriverError expected;
  } cases[] = { { "00(04113344)\n", DRIVER_ERROR_GARBLED },       /* a wrong CRC */
                { "00(0730000000035D)\n", DRIVER_ERROR_GARBLED }, /* another length */
                { "00(041133)\n", DRIVER_ERROR_GARBLED },
                { "\xff\xfe\n", DRIVER_ERROR_GARBLED },
                { "00(", DRIVER_ERROR_NO_ANSWER } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Step steps[] = { BEGIN, WAKE, { READ_CONFIG, cases[i].says }, IDLE, { NULL, NULL } };
    gboolean through;
    g_autoptr (GError) error = error_of_identify (steps, 7, &through);

    ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)cases[i].expected), "%s: %s",
                   cases[i].says, error == NULL ? "believed" : error->message);
  }
}
END_TEST

/* Reports end in NUL, the zero-touch kit's in 04; a station that was killed has left half a
 * command, and an answer that nobody took. */
START_TEST (test_padding_and_old_answers_are_passed_over)
{
  static const Step steps[] = { { "board:device(00)\n", "C0()\n\004\004\004\004" },
                                { "board:device(00)\n", "\004\004ECC608 TWI 00(C0)\r\n\004\004" },
                                { APP, "ECC608 TWI 00(C0)\r\n\004C0()\n\004" },
                                { "E:physical:select(C0)\n", "\00400()\n" },
                                WAKE,
                                { READ_CONFIG, "\004\00400(040F2342)\n\004\004" },
                                IDLE,
                                { NULL, NULL } };
  gboolean through;
  g_autoptr (GError) error = error_of_identify (steps, 5, &through);

  ck_assert_msg (through, "%s", error == NULL ? "" : error->message);
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED)); /* by the chip */
}
END_TEST

START_TEST (test_other_dialects_are_not_ours)
{
  static const char *const answers[] = { "ERROR\r\n",
                                         "board:device(00)\r\nCommand not recognized.\r\n",
                                         "Password: ", "\xfe\xfd", "{\"speaks\":1}\n" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    const Step steps[] = { { "board:device(00)\n", answers[i] }, { NULL, NULL } };
    g_autoptr (Transport) transport = scripted_transport (steps, 64);
    gboolean speaks = TRUE;

    ck_assert_msg (driver_by_name ("microchip")->probe (transport, &speaks, SOON, NULL), "%s",
                   answers[i]);
    ck_assert_msg (!speaks, "%s", answers[i]);
  }
}
END_TEST

START_TEST (test_a_board_without_a_chip_is_named)
{
  static const Step steps[] = { { "board:device(00)\n", "SHA204 TWI 00(C8)\n" },
                                { APP, "C0()\n" },
                                { "board:device(01)\n", "no_device\n" },
                                { NULL, NULL } };
  gboolean through;
  g_autoptr (GError) error = error_of_identify (steps, 64, &through);

  ck_assert (through);
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-microchip");
  TCase *tcase = tcase_create ("microchip");

  tcase_add_test (tcase, test_a_certificate_comes_back_byte_for_byte);
  tcase_add_test (tcase, test_what_72_bytes_do_not_hold_is_named);
  tcase_add_test (tcase, test_a_cut_template_makes_nothing);
  tcase_add_test (tcase, test_the_recording_goes_all_the_way);
  tcase_add_test (tcase, test_a_chip_that_is_in_trouble_is_woken_again);
  tcase_add_test (tcase, test_wrong_answers_are_not_believed);
  tcase_add_test (tcase, test_padding_and_old_answers_are_passed_over);
  tcase_add_test (tcase, test_other_dialects_are_not_ours);
  tcase_add_test (tcase, test_a_board_without_a_chip_is_named);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
