/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against cards out of lists, and a recording from the simulated token. With
 * KEYCRADLE_RECORD=FILE and KEYCRADLE_PORT=PTY of `keycradle-sim one piv` the recording is written
 * instead of replayed.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "drivers/piv/dialogue.h"
#include "drivers/piv/test-list.h"
#include "tests/unit/drivers/journey.h"

#define SOON deadline_in (20000)
#define RECORDING DRIVER_FOLDER "/recording.txt"

extern const Driver piv_driver;

/* ---- answers ---- */

START_TEST (an_answer_in_pieces_is_fetched)
{
  static const Turn turns[] = { { "00cb3fff055c035fc10200", "6c02" },
                                { "00cb3fff055c035fc10202", "aa6101" },
                                { "00c0000001", "bb9000" },
                                { 0 } };
  g_autoptr (Transport) card = list_card (turns);
  g_auto (PivAnswer) answer = { 0 };

  ck_assert (piv_get_data (card, 0x5fc102, &answer, SOON, NULL));
  ck_assert_uint_eq (answer.status, PIV_STATUS_DONE);
  ck_assert_uint_eq (answer.data->len, 2);
  ck_assert_mem_eq (answer.data->data, "\xaa\xbb", 2);
}
END_TEST

START_TEST (an_answer_that_never_ends_is_refused)
{
  Turn turns[1000];
  PivAnswer answer = { 0 };
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (turns); i++)
    turns[i] = (Turn){ "*", "6110" };
  g_autoptr (Transport) card = list_card (turns);
  ck_assert (!piv_get_data (card, 0x5fc102, &answer, SOON, &error));
  list_expect_error (error, DRIVER_ERROR_GARBLED, "never ends");
  ck_assert_uint_lt (list_card_taken (), 300);
}
END_TEST

START_TEST (a_chain_that_is_refused_stops)
{
  static const Turn turns[] = { { "*", "6a84" }, { 0 } };
  guint8 data[600] = { 0 };
  const PivCommand command = { .instruction = PIV_PUT_DATA, .data = data, .length = sizeof data };
  g_autoptr (Transport) card = list_card (turns);
  PivAnswer answer = { 0 };
  GError *error = NULL;

  ck_assert (!piv_run (card, &command, DRIVER_ERROR_REFUSED, "it", &answer, SOON, &error));
  list_expect_error (error, DRIVER_ERROR_REFUSED, "no room");
  ck_assert_uint_eq (list_card_taken (), 1);
}
END_TEST

static gboolean
is_spoken_by (const char *says)
{
  const Turn turns[] = { { "00a4040005a00000030800", says }, { 0 } };
  g_autoptr (Transport) card = list_card (turns);
  gboolean speaks = TRUE;

  ck_assert (piv_driver.probe (card, &speaks, SOON, NULL));
  return speaks;
}

START_TEST (only_a_piv_application_is_its_own)
{
  ck_assert (is_spoken_by ("61114f0600001000010079074f05a0000003089000"));
  ck_assert (is_spoken_by ("610d4f0ba00000030800001000010"
                           "09000"));
  ck_assert (!is_spoken_by ("61114f0600002000010079074f05a0000003089000"));
  ck_assert (!is_spoken_by ("6f114f0600001000010079074f05a0000003089000"));
  ck_assert (!is_spoken_by ("6a82"));
  ck_assert (!is_spoken_by ("9000"));
  ck_assert (!is_spoken_by (""));
}
END_TEST

#define SELECTED                                                                                   \
  {                                                                                                \
    "00a4040005a00000030800", "61114f0600001000010079074f05a0000003089000"                         \
  }
#define NO_VERSION                                                                                 \
  {                                                                                                \
    "00fd000000", "6d00"                                                                           \
  }
#define GET_CHUID "00cb3fff055c035fc10200"

static DeviceIdentity *
identify (const Turn *turns, GError **error)
{
  g_autoptr (Transport) card = list_card (turns);
  g_autoptr (Session) session = session_open (&piv_driver, card, NULL, SOON, NULL);

  return piv_driver.identify (session, SOON, error);
}

START_TEST (a_token_has_its_number)
{
  static const Turn turns[] = {
    SELECTED, { "00fd000000", "0504039000" }, { "00f8000000", "00bc614e9000" }, { 0 }
  };
  g_autoptr (DeviceIdentity) identity = identify (turns, NULL);

  ck_assert_str_eq (identity->serial, "12345678");
  ck_assert_str_eq (identity->chip_id, "12345678");
  ck_assert_str_eq (identity->firmware, "5.4.3");
  ck_assert_uint_eq (identity->key_kinds & 1u << KEY_KIND_RSA_4096, 0);
  ck_assert_uint_ne (identity->key_kinds & 1u << KEY_KIND_P384, 0);
}
END_TEST

START_TEST (a_card_has_its_guid)
{
  static const Turn turns[] = {
    SELECTED, NO_VERSION, { GET_CHUID, "53143410000102030405060708090a0b0c0d0e0ffe009000" }, { 0 }
  };
  g_autoptr (DeviceIdentity) identity = identify (turns, NULL);

  ck_assert_str_eq (identity->serial, "000102030405060708090a0b0c0d0e0f");
  ck_assert_ptr_null (identity->chip_id);
}
END_TEST

START_TEST (a_card_without_name_is_refused)
{
  static const char *const chuids[] = { "6a82", "9000",
                                        "5314341000000000000000000000000000000000fe009000",
                                        "530534030102039000" };

  for (guint i = 0; i < G_N_ELEMENTS (chuids); i++) {
    const Turn turns[] = { SELECTED, NO_VERSION, { GET_CHUID, chuids[i] }, { 0 } };
    GError *error = NULL;

    ck_assert_ptr_null (identify (turns, &error));
    list_expect_error (error, DRIVER_ERROR_IDENTITY, "GUID");
  }
}
END_TEST

/* ---- the whole way ---- */

typedef Journey Way;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Way, journey_clear)

static gboolean
set_pin (DriverOptions *options, mode_t mode, GError **error)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "keycradle-piv-pin-XXXXXX", NULL);
  int fd = g_mkstemp (path);
  g_autofree char *where = g_strconcat ("file:", path, NULL);

  ck_assert_int_eq (write (fd, "123456\n", 7), 7);
  ck_assert_int_eq (fchmod (fd, mode), 0);
  close (fd);
  gboolean set = driver_options_set (options, "PIN", where, error);
  remove (path);
  return set;
}

static DriverOptions *
options_with_pin (void)
{
  DriverOptions *options = driver_options_new (piv_driver.options);

  ck_assert (set_pin (options, 0600, NULL));
  return options;
}

START_TEST (a_secret_that_others_can_read_is_refused)
{
  static const mode_t modes[] = { 0640, 0604, 0660 };
  g_autoptr (DriverOptions) options = driver_options_new (piv_driver.options);
  g_autoptr (GError) error = NULL;

  ck_assert (!set_pin (options, modes[_i], &error));
  ck_assert_ptr_nonnull (strstr (error->message, "PIN is to come from file:/"));
  ck_assert_ptr_nonnull (strstr (error->message, "group or others; chmod 0600 it"));
  ck_assert_ptr_null (driver_option (options, "PIN"));
  ck_assert (set_pin (options, 0400, NULL));
  ck_assert_str_eq (driver_option (options, "PIN"), "123456");
}
END_TEST

static void
keep_recording (Way *way)
{
  g_autofree char *hex =
      hex_encode (g_bytes_get_data (way->certificate, NULL), g_bytes_get_size (way->certificate));
  g_autofree char *transcript = transport_transcript (way->transport);
  g_autofree char *text = g_strdup_printf ("# certificate %s\n%s", hex, transcript);

  ck_assert (g_file_set_contents (getenv ("KEYCRADLE_RECORD"), text, -1, NULL));
}

START_TEST (the_recorded_token_is_replayed)
{
  const SerialSettings settings = { .baud = 115200 };
  const gboolean record = getenv ("KEYCRADLE_RECORD") != NULL;
  g_autoptr (DriverOptions) options = options_with_pin ();
  g_auto (Way) way = { .driver = &piv_driver, .options = options };
  JourneyVerdict verdict = { 0 };

  way.transport = record ? transport_open_serial (getenv ("KEYCRADLE_PORT"), &settings, &way.error)
                         : transport_open_replay (RECORDING, &way.error);
  ck_assert_msg (way.transport != NULL, "%s", way.error->message);
  if (!record)
    way.certificate = hex_decode (transport_replay_note (way.transport, "certificate"));
  ck_assert_msg (journey_to_certificate (&way, SOON) && journey_to_proof (&way, &verdict, SOON),
                 "%s", way.error != NULL ? way.error->message : "?");
  ck_assert (verdict.shows_what_was_sent);
  ck_assert (verdict.signed_by_its_key);
  g_auto (Attestation) attestation = { 0 };
  const AttestationRequest request = { .nonce = journey_nonce };
  ck_assert (piv_driver.attest (way.session, &request, &attestation, SOON, NULL));
  ck_assert_uint_eq (attestation.parts->len, 2);
  if (record)
    keep_recording (&way);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-piv");
  TCase *cards = tcase_create ("cards");

  tcase_add_loop_test (cards, a_secret_that_others_can_read_is_refused, 0, 3);
  tcase_add_test (cards, an_answer_in_pieces_is_fetched);
  tcase_add_test (cards, an_answer_that_never_ends_is_refused);
  tcase_add_test (cards, a_chain_that_is_refused_stops);
  tcase_add_test (cards, only_a_piv_application_is_its_own);
  tcase_add_test (cards, a_token_has_its_number);
  tcase_add_test (cards, a_card_has_its_guid);
  tcase_add_test (cards, a_card_without_name_is_refused);
  tcase_add_test (cards, the_recorded_token_is_replayed);
  suite_add_tcase (suite, cards);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
