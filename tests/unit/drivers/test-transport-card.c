/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The card transport against a PC/SC that is played here, so that a card can hang for as long as a
 * test likes. The real one is in tests/line/cards.py.
 */
#include <check.h>
#include <string.h>
#include <winscard.h>

#include "drivers/driver.h"

#define SOON deadline_in (20000)

static GMutex mutex;
static GCond changed;
/* Under the mutex: */
static gboolean hangs;   /* SCardTransmit and SCardConnect wait until it is FALSE */
static gboolean entered; /* one of them does */
static LONG connect_result;
static LONG transmit_result;
static DWORD protocol_given;
static gboolean card_gone;
static guint8 answer[300];
static gsize answer_length;
static guint8 heard[300];
static gsize heard_length;
static guint contexts;
static guint connections;
static guint resets;

static void
hang (void)
{
  entered = TRUE;
  g_cond_broadcast (&changed);
  while (hangs)
    g_cond_wait (&changed, &mutex);
}

LONG
SCardEstablishContext (DWORD scope, LPCVOID first, LPCVOID second, LPSCARDCONTEXT context)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  *context = 7;
  contexts++;
  return SCARD_S_SUCCESS;
}

LONG
SCardReleaseContext (SCARDCONTEXT context)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  contexts--;
  g_cond_broadcast (&changed);
  return SCARD_S_SUCCESS;
}

LONG
SCardConnect (SCARDCONTEXT context, LPCSTR reader, DWORD share, DWORD protocols,
              LPSCARDHANDLE handle, LPDWORD protocol)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  ck_assert_str_eq (reader, "Reader");
  ck_assert_uint_eq (share, SCARD_SHARE_EXCLUSIVE);
  ck_assert_uint_eq (protocols, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1);
  if (connect_result == SCARD_S_SUCCESS)
    connections++;
  else
    hang ();
  *handle = 8;
  *protocol = protocol_given;
  return connect_result;
}

LONG
SCardDisconnect (SCARDHANDLE handle, DWORD disposition)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  connections--;
  resets += disposition == SCARD_RESET_CARD;
  return SCARD_S_SUCCESS;
}

LONG
SCardTransmit (SCARDHANDLE handle, const SCARD_IO_REQUEST *send, LPCBYTE command, DWORD length,
               SCARD_IO_REQUEST *received, LPBYTE into, LPDWORD into_length)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  ck_assert_uint_le (length, sizeof heard);
  memcpy (heard, command, length);
  heard_length = length;
  hang ();
  memcpy (into, answer, answer_length);
  *into_length = answer_length;
  return transmit_result;
}

LONG
SCardGetStatusChange (SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD count)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  if (!card_gone && timeout > 0)
    return SCARD_E_TIMEOUT;
  states[0].dwEventState = card_gone ? SCARD_STATE_EMPTY : SCARD_STATE_PRESENT;
  return SCARD_S_SUCCESS;
}

const SCARD_IO_REQUEST g_rgSCardT0Pci = { SCARD_PROTOCOL_T0, sizeof (SCARD_IO_REQUEST) };
const SCARD_IO_REQUEST g_rgSCardT1Pci = { SCARD_PROTOCOL_T1, sizeof (SCARD_IO_REQUEST) };

const char *
pcsc_stringify_error (LONG result)
{
  return "something else";
}

/* ---- */

static void
set_up (void)
{
  connect_result = transmit_result = SCARD_S_SUCCESS;
  protocol_given = SCARD_PROTOCOL_T1;
  hangs = entered = card_gone = FALSE;
  memcpy (answer, "\x90\x00", 2);
  answer_length = 2;
  contexts = connections = resets = 0;
}

static void
set_hanging (gboolean on)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  hangs = on;
  entered = entered && !on;
  g_cond_broadcast (&changed);
}

static void
wait_entered (void)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  while (!entered)
    g_cond_wait (&changed, &mutex);
}

/* Until whoever was left behind has given everything back. */
static void
wait_given_back (void)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  while (contexts > 0)
    g_cond_wait (&changed, &mutex);
  ck_assert_uint_eq (connections, 0);
}

static void
expect_error (GError *error, DriverError code, const char *part)
{
  ck_assert_msg (error != NULL && g_error_matches (error, DRIVER_ERROR, (int)code)
                     && strstr (error->message, part) != NULL,
                 "%s: %s", part, error != NULL ? error->message : "no error");
  g_error_free (error);
}

static Transport *
open_card (void)
{
  Transport *card = transport_open_card ("Reader", SOON, NULL);

  ck_assert_ptr_nonnull (card);
  return card;
}

static gboolean
ask (Transport *card, const char *frame, gsize length, guint milliseconds, GError **error)
{
  g_autoptr (GByteArray) head = NULL;

  if (!transport_write (card, frame, length, deadline_in (milliseconds), error))
    return FALSE;
  head = transport_read_exactly (card, 4, deadline_in (milliseconds), error);
  if (head != NULL)
    ck_assert_mem_eq (head->data, "\x00\x02\x90\x00", 4);
  return head != NULL;
}

static const char question[] = "\x00\x08\x00\xa4\x04\x00\x02\xaa\xbb\x00";

START_TEST (a_question_has_its_answer)
{
  Transport *card = open_card ();

  ck_assert (transport_write (card, question, 3, SOON, NULL)); /* not whole: nothing is said */
  ck_assert (ask (card, question + 3, 7, 20000, NULL));
  ck_assert_uint_eq (heard_length, 8);
  ck_assert_mem_eq (heard, question + 2, 8);
  transport_free (card);
  ck_assert_uint_eq (contexts + connections, 0);
  ck_assert_uint_eq (resets, 1);
}
END_TEST

START_TEST (t0_gets_no_second_length)
{
  protocol_given = SCARD_PROTOCOL_T0;
  Transport *card = open_card ();

  ck_assert (ask (card, question, 10, 20000, NULL));
  ck_assert_uint_eq (heard_length, 7);
  transport_free (card);
}
END_TEST

START_TEST (a_card_that_hangs_is_left_behind)
{
  Transport *card = open_card ();
  GError *error = NULL;

  set_hanging (TRUE);
  ck_assert (!ask (card, question, 10, 50, &error));
  expect_error (error, DRIVER_ERROR_NO_ANSWER, "no answer in time");
  wait_entered ();
  gint64 before = g_get_monotonic_time ();
  transport_free (card);
  ck_assert_int_lt (g_get_monotonic_time () - before, 2 * G_TIME_SPAN_SECOND);
  ck_assert_uint_eq (contexts, 1);
  set_hanging (FALSE);
  wait_given_back ();
  ck_assert_uint_eq (resets, 1);
}
END_TEST

START_TEST (a_connect_that_hangs_is_left_behind)
{
  GError *error = NULL;

  connect_result = SCARD_E_NO_SMARTCARD;
  set_hanging (TRUE);
  ck_assert_ptr_null (transport_open_card ("Reader", deadline_in (50), &error));
  expect_error (error, DRIVER_ERROR_NO_ANSWER, "no answer in time");
  set_hanging (FALSE);
  wait_given_back ();
}
END_TEST

START_TEST (an_answer_that_came_too_late_is_not_the_next_ones)
{
  Transport *card = open_card ();

  memcpy (answer, "\x6a\x82", 2);
  set_hanging (TRUE);
  ck_assert (!ask (card, question, 10, 50, NULL));
  wait_entered ();
  transport_discard_input (card);
  /* the next question waits behind the old one, which now ends */
  ck_assert (!transport_write (card, question, 10, deadline_in (50), NULL));
  set_hanging (FALSE);
  transport_discard_input (card);
  g_usleep (20000);
  g_mutex_lock (&mutex);
  memcpy (answer, "\x90\x00", 2);
  g_mutex_unlock (&mutex);
  transport_discard_input (card);
  ck_assert (ask (card, question, 10, 20000, NULL));
  transport_free (card);
}
END_TEST

START_TEST (what_pcsc_says_becomes_a_drivers_word)
{
  static const struct {
    LONG result;
    gboolean gone;
    DriverError code;
  } cases[] = {
    { SCARD_W_REMOVED_CARD, FALSE, DRIVER_ERROR_UNPLUGGED },
    { SCARD_E_NOT_TRANSACTED, TRUE, DRIVER_ERROR_UNPLUGGED },
    { SCARD_E_NOT_TRANSACTED, FALSE, DRIVER_ERROR_PORT },
    { SCARD_E_NO_SERVICE, FALSE, DRIVER_ERROR_PORT },
    { SCARD_E_READER_UNAVAILABLE, FALSE, DRIVER_ERROR_UNPLUGGED },
    { SCARD_S_SUCCESS, TRUE, DRIVER_ERROR_UNPLUGGED }, /* with an answer of no bytes */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Transport *card = open_card ();
    GError *error = NULL;

    transmit_result = cases[i].result;
    card_gone = cases[i].gone;
    answer_length = 0;
    ck_assert (!ask (card, question, 10, 20000, &error));
    expect_error (error, cases[i].code, "card reader Reader: ");
    transport_free (card);
  }
}
END_TEST

START_TEST (a_reader_that_is_not_there_is_said_so)
{
  static const struct {
    LONG result;
    DriverError code;
    const char *part;
  } cases[] = {
    { SCARD_E_UNKNOWN_READER, DRIVER_ERROR_PORT, "no reader of this name" },
    { SCARD_E_NO_SMARTCARD, DRIVER_ERROR_UNPLUGGED, "no card" },
    { SCARD_E_SHARING_VIOLATION, DRIVER_ERROR_PORT, "another program" },
    { SCARD_F_INTERNAL_ERROR, DRIVER_ERROR_PORT, "something else" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;

    connect_result = cases[i].result;
    ck_assert_ptr_null (transport_open_card ("Reader", SOON, &error));
    expect_error (error, cases[i].code, cases[i].part);
    wait_given_back ();
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-transport-card");
  TCase *tcase = tcase_create ("card");

  tcase_add_checked_fixture (tcase, set_up, NULL);
  tcase_add_test (tcase, a_question_has_its_answer);
  tcase_add_test (tcase, t0_gets_no_second_length);
  tcase_add_test (tcase, a_card_that_hangs_is_left_behind);
  tcase_add_test (tcase, a_connect_that_hangs_is_left_behind);
  tcase_add_test (tcase, an_answer_that_came_too_late_is_not_the_next_ones);
  tcase_add_test (tcase, what_pcsc_says_becomes_a_drivers_word);
  tcase_add_test (tcase, a_reader_that_is_not_there_is_said_so);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
