/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A smart card behind PC/SC, by libpcsclite. Its calls block for as long as the card likes and
 * can't be cancelled, so a thread of the card's own makes them; who asks waits no longer than its
 * deadline. A thread whose card never answers is left behind: it owns all that it touches, and when
 * the reader gives up at last it resets the card, gives it back and ends.
 */
#include <string.h>
#include <winscard.h>

#include "drivers/card-frame.h"
#include "drivers/driver.h"
#include "drivers/transport.h"

/* Short APDUs: 256 bytes and a status word; readers may say more (CCID, 6.1.4: 65544). */
#define ANSWER_MAX 65544u

#define STATUS_WORD 2

/* Longer than pcscd needs to see that a card is gone. */
#define REMOVAL_MS 1500

typedef enum {
  WORK_NOTHING,
  WORK_CONNECT,
  WORK_TRANSMIT,
  WORK_END,
} Work;

/* Shared by the transport and the thread; the last one of them frees it. */
typedef struct {
  gint references; /* atomic */
  char *reader;
  GMutex mutex;
  GCond changed;
  /* Under the mutex: */
  Work work;         /* what the thread is to do, or does */
  GBytes *command;   /* for WORK_TRANSMIT */
  LONG result;       /* of what it did last */
  GByteArray *input; /* what came, behind its length, and was not read */
  gboolean stale;    /* nobody wants the answer that is still to come */
  /* The thread's: */
  SCARDCONTEXT context;
  SCARDHANDLE handle;
  gboolean connected;
  DWORD protocol;
  /* The transport's: */
  GThread *thread;
  GByteArray *output; /* written, and not yet a whole APDU */
} Card;

static void
card_unref (Card *card)
{
  if (!g_atomic_int_dec_and_test (&card->references))
    return;
  g_clear_pointer (&card->command, g_bytes_unref);
  g_byte_array_unref (card->input);
  g_byte_array_unref (card->output);
  g_mutex_clear (&card->mutex);
  g_cond_clear (&card->changed);
  g_free (card->reader);
  g_free (card);
}

/* ---- the thread ---- */

static LONG
connect_card (Card *card)
{
  LONG result = SCardEstablishContext (SCARD_SCOPE_SYSTEM, NULL, NULL, &card->context);

  if (result != SCARD_S_SUCCESS)
    return result;
  result = SCardConnect (card->context, card->reader, SCARD_SHARE_EXCLUSIVE,
                         SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card->handle, &card->protocol);
  card->connected = result == SCARD_S_SUCCESS;
  if (!card->connected)
    SCardReleaseContext (card->context);
  return result;
}

/* Many readers say only that nothing came of it where the card was pulled out, and pcscd looks for
 * cards a few times a second: it is given the time to find out. */
static LONG
look_for_removal (Card *card, LONG result)
{
  SCARD_READERSTATE state = { .szReader = card->reader };

  if (result != SCARD_E_NOT_TRANSACTED && result != SCARD_F_COMM_ERROR)
    return result;
  for (guint look = 0; look < 2; look++) {
    state.dwCurrentState = state.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
    if (SCardGetStatusChange (card->context, look * REMOVAL_MS, &state, 1) == SCARD_S_SUCCESS
        && (state.dwEventState & SCARD_STATE_PRESENT) == 0)
      return SCARD_W_REMOVED_CARD;
  }
  return result;
}

static LONG
transmit (Card *card, GBytes *command, guint8 *answer, DWORD *answer_length)
{
  gsize length;
  const guint8 *apdu = g_bytes_get_data (command, &length);
  const gboolean is_t0 = card->protocol == SCARD_PROTOCOL_T0;
  LONG result;

  if (is_t0)
    length = card_command_length_t0 (apdu, length);
  result = SCardTransmit (card->handle, is_t0 ? SCARD_PCI_T0 : SCARD_PCI_T1, apdu, length, NULL,
                          answer, answer_length);
  /* no answer is that short: the reader gave up, and says so in this way */
  if (result == SCARD_S_SUCCESS && *answer_length < STATUS_WORD)
    result = SCARD_E_NOT_TRANSACTED;
  return look_for_removal (card, result);
}

/* With the mutex; it is let go while the card works. */
static void
work_transmit (Card *card)
{
  g_autoptr (GBytes) command = g_steal_pointer (&card->command);
  g_autofree guint8 *answer = g_malloc (ANSWER_MAX);
  DWORD length = ANSWER_MAX;
  LONG result;

  g_mutex_unlock (&card->mutex);
  result = transmit (card, command, answer, &length);
  g_mutex_lock (&card->mutex);
  card->result = result;
  if (result == SCARD_S_SUCCESS && !card->stale)
    card_frame_put (card->input, answer, MIN (length, CARD_FRAME_MAX));
  explicit_bzero (answer, ANSWER_MAX);
}

static void
work_connect (Card *card)
{
  LONG result;

  g_mutex_unlock (&card->mutex);
  result = connect_card (card);
  g_mutex_lock (&card->mutex);
  card->result = result;
}

/* With a reset, so that the card forgets PIN and management key. */
static void
give_back (Card *card)
{
  if (!card->connected)
    return;
  SCardDisconnect (card->handle, SCARD_RESET_CARD);
  SCardReleaseContext (card->context);
}

static gpointer
run (gpointer data)
{
  Card *card = data;

  g_mutex_lock (&card->mutex);
  while (card->work != WORK_END) {
    const Work work = card->work;

    if (work == WORK_NOTHING) {
      g_cond_wait (&card->changed, &card->mutex);
      continue;
    }
    if (work == WORK_CONNECT)
      work_connect (card);
    else
      work_transmit (card);
    if (card->work == work)
      card->work = WORK_NOTHING;
    card->stale = FALSE;
    g_cond_broadcast (&card->changed);
  }
  g_mutex_unlock (&card->mutex);
  give_back (card);
  card_unref (card);
  return NULL;
}

/* ---- the transport ---- */

/* What PC/SC's result means here. */
static gboolean
fail (const Card *card, LONG result, GError **error)
{
  static const struct {
    LONG result;
    DriverError code;
    const char *text;
  } known[] = {
    { SCARD_W_REMOVED_CARD, DRIVER_ERROR_UNPLUGGED, "the card was taken out" },
    { SCARD_E_NO_SMARTCARD, DRIVER_ERROR_UNPLUGGED, "there is no card in it" },
    { SCARD_E_READER_UNAVAILABLE, DRIVER_ERROR_UNPLUGGED, "the reader was unplugged" },
    { SCARD_W_RESET_CARD, DRIVER_ERROR_UNPLUGGED, "the card was reset, as by taking it out" },
    { SCARD_E_UNKNOWN_READER, DRIVER_ERROR_PORT, "PC/SC knows no reader of this name" },
    { SCARD_E_SHARING_VIOLATION, DRIVER_ERROR_PORT, "another program works with the card" },
    { SCARD_W_UNPOWERED_CARD, DRIVER_ERROR_PORT, "the card has no power" },
    { SCARD_W_UNRESPONSIVE_CARD, DRIVER_ERROR_PORT, "the card does not answer to its reset" },
    { SCARD_E_NO_SERVICE, DRIVER_ERROR_PORT, "pcscd does not run" },
    { SCARD_E_SERVICE_STOPPED, DRIVER_ERROR_PORT, "pcscd was stopped" },
    { SCARD_W_SECURITY_VIOLATION, DRIVER_ERROR_PORT,
      "pcscd does not let this user work with cards" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (known[i].result == result) {
      g_set_error (error, DRIVER_ERROR, (int)known[i].code, "card reader %s: %s", card->reader,
                   known[i].text);
      return FALSE;
    }
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "card reader %s: %s", card->reader,
               pcsc_stringify_error (result));
  return FALSE;
}

static gboolean
fail_late (const Card *card, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "card reader %s: no answer in time",
               card->reader);
  return FALSE;
}

/* With the mutex: until the thread does nothing. FALSE at the deadline. */
static gboolean
wait_idle (Card *card, Deadline deadline)
{
  while (card->work != WORK_NOTHING)
    if (!g_cond_wait_until (&card->changed, &card->mutex, deadline))
      return card->work == WORK_NOTHING;
  return TRUE;
}

static gboolean
card_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
           GError **error)
{
  Card *card = channel;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&card->mutex);

  if (card->input->len == 0 && !wait_idle (card, deadline))
    return fail_late (card, error);
  if (card->input->len == 0 && card->result != SCARD_S_SUCCESS)
    return fail (card, card->result, error);
  if (card->input->len == 0) /* nothing was asked, so nothing will come */
    return fail_late (card, error);
  *got = MIN (length, card->input->len);
  memcpy (data, card->input->data, *got);
  g_byte_array_remove_range (card->input, 0, (guint)*got);
  return TRUE;
}

/* Hands an APDU to the thread, behind an earlier one that nobody waited for. */
static gboolean
start_transmit (Card *card, GBytes *apdu, Deadline deadline, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&card->mutex);

  if (!wait_idle (card, deadline))
    return fail_late (card, error);
  card->command = g_bytes_ref (apdu);
  card->work = WORK_TRANSMIT;
  g_cond_broadcast (&card->changed);
  return TRUE;
}

static gboolean
card_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  Card *card = channel;
  gboolean started = TRUE;
  GBytes *apdu;

  g_byte_array_append (card->output, data, (guint)length);
  while (started && (apdu = card_frame_take (card->output)) != NULL) {
    started = start_transmit (card, apdu, deadline, error);
    g_bytes_unref (apdu);
  }
  return started;
}

static void
card_discard_input (gpointer channel)
{
  Card *card = channel;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&card->mutex);

  g_byte_array_set_size (card->input, 0);
  card->stale = card->work == WORK_TRANSMIT;
}

/* A thread that has nothing to do gives the card back now. One that waits for a card is not waited
 * for. */
static void
card_close (gpointer channel)
{
  Card *card = channel;
  GThread *thread = card->thread;

  g_mutex_lock (&card->mutex);
  const gboolean idle = card->work == WORK_NOTHING;
  card->work = WORK_END;
  g_cond_broadcast (&card->changed);
  g_mutex_unlock (&card->mutex);
  card_unref (card);
  if (idle)
    g_thread_join (thread);
  else
    g_thread_unref (thread);
}

static const TransportMethods card_methods = {
  .read = card_read,
  .write = card_write,
  .discard_input = card_discard_input,
  .close = card_close,
};

static Card *
card_start (const char *reader, GError **error)
{
  Card *card = g_new0 (Card, 1);

  card->references = 2;
  card->reader = g_strdup (reader);
  g_mutex_init (&card->mutex);
  g_cond_init (&card->changed);
  card->input = g_byte_array_new ();
  card->output = g_byte_array_new ();
  card->work = WORK_CONNECT;
  card->thread = g_thread_try_new ("card", run, card, error);
  if (card->thread != NULL)
    return card;
  card->references = 1;
  card_unref (card);
  return NULL;
}

Transport *
transport_open_card (const char *reader, Deadline deadline, GError **error)
{
  g_autoptr (GError) problem = NULL;
  Card *card = card_start (reader, &problem);
  gboolean in_time;
  LONG result;

  if (card == NULL) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL, "card reader %s: %s", reader,
                 problem->message);
    return NULL;
  }
  g_mutex_lock (&card->mutex);
  in_time = wait_idle (card, deadline);
  result = card->result;
  g_mutex_unlock (&card->mutex);
  if (in_time && result == SCARD_S_SUCCESS)
    return transport_new (CHANNEL_CARD, &card_methods, card, reader);
  if (in_time)
    fail (card, result, error);
  else
    fail_late (card, error);
  card_close (card);
  return NULL;
}
