/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PIN and management key: what is sent, and above all what is not.
 */
#include <check.h>
#include <string.h>

#include "drivers/piv/management.h"
#include "drivers/piv/pin.h"
#include "drivers/piv/test-list.h"

#define SOON deadline_in (20000)

#define ASK_TRIES "00200080"
#define SEND_1234                                                                                  \
  "00200080083132"                                                                                 \
  "3334ffffffff"
#define PIN_METADATA "00f7008000"

START_TEST (the_pin_is_sent_where_all_tries_are_left)
{
  static const Turn fresh[] = { { ASK_TRIES, "63c3" },
                                { PIN_METADATA, "6d00" },
                                { SEND_1234, "9000" },
                                { SEND_1234, "9000" },
                                { 0 } };
  static const Turn verified[] = { { ASK_TRIES, "9000" }, { SEND_1234, "9000" }, { 0 } };
  static const Turn of_five[] = { { ASK_TRIES, "63c5" },
                                  { PIN_METADATA, "06020505"
                                                  "9000" },
                                  { SEND_1234, "9000" },
                                  { 0 } };
  static const Turn *const cards[] = { fresh, verified, of_five };

  for (guint i = 0; i < G_N_ELEMENTS (cards); i++) {
    g_autoptr (Transport) card = list_card (cards[i]);
    gboolean good = FALSE;

    ck_assert (pin_verify (card, "1234", &good, SOON, NULL) && good);
    if (i > 0)
      continue;
    ck_assert (pin_verify (card, "1234", &good, SOON, NULL));
    g_autofree char *transcript = transport_transcript (card);
    ck_assert_ptr_null (strstr (transcript, "1234"));
    ck_assert_ptr_nonnull (strstr (transcript, "secret PIN"));
  }
}
END_TEST

START_TEST (the_pin_is_not_sent_after_a_wrong_one)
{
  static const Turn last[] = { { ASK_TRIES, "63c1" }, { PIN_METADATA, "6d00" }, { 0 } };
  static const Turn used[] = { { ASK_TRIES, "63c2" }, { PIN_METADATA, "6d00" }, { 0 } };
  static const Turn told[] = { { ASK_TRIES, "63c4" }, { PIN_METADATA, "060205049000" }, { 0 } };
  static const Turn only_one[] = { { ASK_TRIES, "63c1" }, { PIN_METADATA, "060201019000" }, { 0 } };
  static const Turn blocked[] = { { ASK_TRIES, "6983" }, { 0 } };
  static const Turn silent[] = { { ASK_TRIES, "6a88" }, { 0 } };
  static const Turn *const cards[] = { last, used, told, only_one, blocked, silent };

  for (guint i = 0; i < G_N_ELEMENTS (cards); i++) {
    g_autoptr (Transport) card = list_card (cards[i]);
    gboolean good = FALSE;
    GError *error = NULL;

    ck_assert (!pin_verify (card, "1234", &good, SOON, &error));
    list_expect_error (error, DRIVER_ERROR_REFUSED, "the card");
    ck_assert (!good);
  }
}
END_TEST

START_TEST (a_wrong_pin_is_sent_once)
{
  static const Turn turns[] = { { ASK_TRIES, "63c3" },    { PIN_METADATA, "6d00" },
                                { SEND_1234, "63c2" },    { ASK_TRIES, "63c2" },
                                { PIN_METADATA, "6d00" }, { 0 } };
  g_autoptr (Transport) card = list_card (turns);
  gboolean good = FALSE;
  GError *error = NULL;

  ck_assert (!pin_verify (card, "1234", &good, SOON, &error));
  list_expect_error (error, DRIVER_ERROR_REFUSED, "2 tries left");
  error = NULL;
  ck_assert (!pin_verify (card, "1234", &good, SOON, &error));
  list_expect_error (error, DRIVER_ERROR_REFUSED, "was not sent");
}
END_TEST

START_TEST (what_is_no_pin_is_not_sent)
{
  static const Turn nothing[] = { { 0 } };
  static const char *const pins[] = { "", "123", "123456789", "12 34", "12\xc3\xa4" };

  for (guint i = 0; i < G_N_ELEMENTS (pins); i++) {
    g_autoptr (Transport) card = list_card (nothing);
    gboolean good = FALSE;
    GError *error = NULL;

    ck_assert (!pin_verify (card, pins[i], &good, SOON, &error));
    list_expect_error (error, DRIVER_ERROR_REFUSED, "4 to 8");
  }
}
END_TEST

/* ---- the management key ---- */

#define KEY_128 "000102030405060708090a0b0c0d0e0f"
#define ASK_WITNESS "0087089b047c02800000"
#define WITNESS                                                                                    \
  "7c128010"                                                                                       \
  "69c4e0d86a7b0430d8cdb78070b4c55a"                                                               \
  "9000"

static GError *
authenticate_with (const char *key, const char *metadata, const char *last)
{
  const Turn turns[] = {
    { "00f7009b00", metadata }, { ASK_WITNESS, WITNESS }, { "*", last }, { 0 }
  };
  g_autoptr (Transport) card = list_card (turns);
  GError *error = NULL;
  gboolean done;

  /* as in a recording, so that the card's answer is known */
  transport_note (card, "management-challenge", "00112233445566778899aabbccddeeff");
  done = management_authenticate (card, key, "auto", SOON, &error);
  ck_assert (done == (error == NULL));
  return error;
}

START_TEST (card_and_station_show_each_other_the_key)
{
  static const char right[] = "7c128210"
                              "69c4e0d86a7b0430d8cdb78070b4c55a"
                              "9000";
  static const char wrong[] = "7c128210"
                              "69c4e0d86a7b0430d8cdb78070b4c55b"
                              "9000";
  static const char short_one[] = "7c04820269c49000";

  ck_assert_ptr_null (authenticate_with (KEY_128, "0101089000", right));
  ck_assert_uint_eq (list_card_taken (), 3);
  ck_assert_ptr_null (authenticate_with (KEY_128, "6d00", right));
  list_expect_error (authenticate_with (KEY_128, "0101089000", wrong), DRIVER_ERROR_REFUSED,
                     "does not have it");
  list_expect_error (authenticate_with (KEY_128, "0101089000", "6982"), DRIVER_ERROR_REFUSED,
                     "management key");
  list_expect_error (authenticate_with (KEY_128, "0101089000", short_one), DRIVER_ERROR_GARBLED,
                     "dialogue");
}
END_TEST

START_TEST (a_key_that_can_not_fit_is_not_tried)
{
  list_expect_error (authenticate_with (KEY_128, "0101039000", ""), DRIVER_ERROR_REFUSED,
                     "not tried");
  ck_assert_uint_eq (list_card_taken (), 1);
  list_expect_error (authenticate_with (KEY_128, "0101ff9000", ""), DRIVER_ERROR_REFUSED,
                     "not tried");
  list_expect_error (authenticate_with ("0011", "0101089000", ""), DRIVER_ERROR_REFUSED,
                     "16, 24 or 32");
  ck_assert_uint_eq (list_card_taken (), 0);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-piv-secrets");
  TCase *tcase = tcase_create ("secrets");

  tcase_add_test (tcase, the_pin_is_sent_where_all_tries_are_left);
  tcase_add_test (tcase, the_pin_is_not_sent_after_a_wrong_one);
  tcase_add_test (tcase, a_wrong_pin_is_sent_once);
  tcase_add_test (tcase, what_is_no_pin_is_not_sent);
  tcase_add_test (tcase, card_and_station_show_each_other_the_key);
  tcase_add_test (tcase, a_key_that_can_not_fit_is_not_tried);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
