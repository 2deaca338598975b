/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cards.h.
 */
#include "station/cards.h"

#include <reader.h>
#include <string.h>
#include <winscard.h>

#include "base/text.h"

/* The name of the reader that stands for all that may still come (pcsc-lite, SCardGetStatusChange).
 */
#define ANY_READER "\\\\?PnP?\\Notification"

/* How often is asked whether pcscd has come. */
#define RETRY_MS 1000

#define READERS_MAX 64u
#define NAME_MOST 128u /* pcsc-lite's MAX_READERNAME */

typedef struct {
  char *name;
  guint bus; /* 0: not known */
  guint device;
  gboolean present;
  DWORD state;   /* as PC/SC told it last */
  gboolean seen; /* in the list that is looked through now */
} Reader;

struct Cards {
  gint references; /* atomic: the owner, the thread, and each message on its way */
  CardsCallbacks callbacks;
  gpointer data;
  GMainContext *context;
  gboolean stopped; /* the main loop's */
  GThread *thread;
  GMutex mutex;
  GCond changed;
  /* Under the mutex: */
  gboolean quit;
  gboolean ended;
  SCARDCONTEXT waiting; /* 0: there is none */
  /* The thread's: */
  GPtrArray *readers; /* of Reader */
  gboolean told;
  gboolean answers;
};

static void
reader_free (gpointer data)
{
  Reader *reader = data;

  g_free (reader->name);
  g_free (reader);
}

static void
cards_unref (Cards *cards)
{
  if (!g_atomic_int_dec_and_test (&cards->references))
    return;
  g_main_context_unref (cards->context);
  g_ptr_array_unref (cards->readers);
  g_mutex_clear (&cards->mutex);
  g_cond_clear (&cards->changed);
  g_free (cards);
}

/* ---- to the main loop ---- */

typedef struct {
  Cards *cards;
  char *reader; /* NULL: it is about pcscd */
  char *why;
  guint bus;
  guint device;
  gboolean good;
} Message;

static void
message_free (gpointer data)
{
  Message *message = data;

  cards_unref (message->cards);
  g_free (message->reader);
  g_free (message->why);
  g_free (message);
}

static gboolean
deliver (gpointer data)
{
  const Message *message = data;
  const Cards *cards = message->cards;

  if (cards->stopped)
    return G_SOURCE_REMOVE;
  if (message->reader != NULL)
    cards->callbacks.card (message->reader, message->bus, message->device, message->good,
                           cards->data);
  else
    cards->callbacks.service (message->good, message->why, cards->data);
  return G_SOURCE_REMOVE;
}

static void
post (Cards *cards, const Message *content)
{
  Message *message = g_memdup2 (content, sizeof *content);
  GSource *source = g_idle_source_new ();

  g_atomic_int_inc (&cards->references);
  message->cards = cards;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver, message, message_free);
  g_source_attach (source, cards->context);
  g_source_unref (source);
}

static void
tell_service (Cards *cards, gboolean answers, const char *why)
{
  if (cards->told && cards->answers == answers)
    return;
  cards->told = TRUE;
  cards->answers = answers;
  post (cards, &(Message){ .good = answers, .why = g_strdup (why) });
}

static void
tell_card (Cards *cards, Reader *reader, gboolean present)
{
  if (reader->present == present)
    return;
  reader->present = present;
  post (cards, &(Message){ .reader = g_strdup (reader->name),
                           .bus = reader->bus,
                           .device = reader->device,
                           .good = present });
}

/* ---- the thread ---- */

/* Where on USB the reader is: CHANNEL_ID is 0020BBDD for USB (PC/SC, part 3, 3.1.2). Asked without
 * touching the card. */
static void
find_on_usb (SCARDCONTEXT context, Reader *reader)
{
  guint8 value[4];
  guint32 channel;
  DWORD length = sizeof value;
  DWORD protocol;
  SCARDHANDLE handle;

  if (SCardConnect (context, reader->name, SCARD_SHARE_DIRECT, 0, &handle, &protocol)
      != SCARD_S_SUCCESS)
    return;
  if (SCardGetAttrib (handle, SCARD_ATTR_CHANNEL_ID, value, &length) == SCARD_S_SUCCESS
      && length == sizeof channel)
  {
    memcpy (&channel, value, sizeof channel);
    reader->bus = channel >> 16 == 0x20 ? channel >> 8 & 0xff : 0;
    reader->device = channel >> 16 == 0x20 ? channel & 0xff : 0;
  }
  SCardDisconnect (handle, SCARD_LEAVE_CARD);
}

static Reader *
reader_called (Cards *cards, SCARDCONTEXT context, const char *name)
{
  for (guint i = 0; i < cards->readers->len; i++) {
    Reader *reader = g_ptr_array_index (cards->readers, i);

    if (g_str_equal (reader->name, name))
      return reader;
  }
  Reader *reader = g_new0 (Reader, 1);
  reader->name = g_strdup (name);
  find_on_usb (context, reader);
  g_ptr_array_add (cards->readers, reader);
  return reader;
}

static void
forget_reader (Cards *cards, guint place)
{
  tell_card (cards, g_ptr_array_index (cards->readers, place), FALSE);
  g_ptr_array_remove_index (cards->readers, place);
}

static void
forget_readers (Cards *cards)
{
  while (cards->readers->len > 0)
    forget_reader (cards, cards->readers->len - 1);
}

/* A reader on USB says itself what it is called; one that would steer a terminal is none. */
static gboolean
is_showable (const char *name)
{
  g_autofree char *shown = text_for_display (name, NAME_MOST);

  return g_str_equal (shown, name);
}

/* Brings the list up to date. FALSE where pcscd does not answer. */
static gboolean
list_readers (Cards *cards, SCARDCONTEXT context)
{
  DWORD length = 0;
  g_autofree char *names = NULL;
  LONG result = SCardListReaders (context, NULL, NULL, &length);

  if (result == SCARD_S_SUCCESS) {
    names = g_malloc0 (length + 2);
    result = SCardListReaders (context, NULL, names, &length);
  }
  if (result != SCARD_S_SUCCESS && result != SCARD_E_NO_READERS_AVAILABLE)
    return result == SCARD_E_INSUFFICIENT_BUFFER; /* one came in between */
  for (guint i = 0; i < cards->readers->len; i++)
    ((Reader *)g_ptr_array_index (cards->readers, i))->seen = FALSE;
  for (const char *name = names; name != NULL && *name != '\0'; name += strlen (name) + 1)
    if (cards->readers->len < READERS_MAX && is_showable (name))
      reader_called (cards, context, name)->seen = TRUE;
  for (guint i = cards->readers->len; i > 0; i--)
    if (!((Reader *)g_ptr_array_index (cards->readers, i - 1))->seen)
      forget_reader (cards, i - 1);
  return TRUE;
}

/* The high half counts cards that came and went, so that an exchange is seen. */
static void
take_state (Cards *cards, Reader *reader, DWORD state)
{
  const gboolean present = (state & SCARD_STATE_PRESENT) != 0;
  const gboolean exchanged = state >> 16 != reader->state >> 16;

  if (exchanged)
    tell_card (cards, reader, FALSE);
  tell_card (cards, reader, present);
  reader->state = state & ~(DWORD)SCARD_STATE_CHANGED;
}

/* Waits for the next change. FALSE where pcscd does not answer, or the thread is to end. */
static gboolean
wait_for_change (Cards *cards, SCARDCONTEXT context)
{
  SCARD_READERSTATE states[READERS_MAX + 1] = { 0 };
  const guint count = cards->readers->len;

  for (guint i = 0; i < count; i++) {
    const Reader *reader = g_ptr_array_index (cards->readers, i);

    states[i].szReader = reader->name;
    states[i].dwCurrentState = reader->state;
  }
  states[count].szReader = ANY_READER;
  LONG result = SCardGetStatusChange (context, INFINITE, states, count + 1);
  if (result == SCARD_E_UNKNOWN_READER || result == SCARD_E_READER_UNAVAILABLE)
    return TRUE; /* the list is made anew */
  if (result != SCARD_S_SUCCESS)
    return FALSE;
  for (guint i = 0; i < count; i++)
    take_state (cards, g_ptr_array_index (cards->readers, i), states[i].dwEventState);
  return TRUE;
}

/* The context that cards_free() cancels. FALSE where the thread is to end. */
static gboolean
keep_context (Cards *cards, SCARDCONTEXT context)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&cards->mutex);

  cards->waiting = context;
  return !cards->quit;
}

static void
watch (Cards *cards)
{
  SCARDCONTEXT context;
  LONG result = SCardEstablishContext (SCARD_SCOPE_SYSTEM, NULL, NULL, &context);

  if (result != SCARD_S_SUCCESS) {
    tell_service (cards, FALSE, pcsc_stringify_error (result));
    return;
  }
  if (keep_context (cards, context) && list_readers (cards, context)) {
    tell_service (cards, TRUE, "pcscd answers");
    while (wait_for_change (cards, context) && keep_context (cards, context)
           && list_readers (cards, context))
      ;
  }
  keep_context (cards, 0);
  SCardReleaseContext (context);
  forget_readers (cards);
}

/* A moment between two tries. FALSE where the thread is to end. */
static gboolean
rest (Cards *cards)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&cards->mutex);
  const gint64 until = g_get_monotonic_time () + RETRY_MS * G_TIME_SPAN_MILLISECOND;

  while (!cards->quit && g_cond_wait_until (&cards->changed, &cards->mutex, until))
    ;
  return !cards->quit;
}

static gpointer
run (gpointer data)
{
  Cards *cards = data;

  do {
    watch (cards);
    if (cards->answers && keep_context (cards, 0))
      tell_service (cards, FALSE, "pcscd went away");
  } while (rest (cards));
  g_mutex_lock (&cards->mutex);
  cards->ended = TRUE;
  g_cond_broadcast (&cards->changed);
  g_mutex_unlock (&cards->mutex);
  cards_unref (cards);
  return NULL;
}

Cards *
cards_new (const CardsCallbacks *callbacks, gpointer data)
{
  Cards *cards = g_new0 (Cards, 1);

  cards->references = 2;
  cards->callbacks = *callbacks;
  cards->data = data;
  cards->context = g_main_context_ref_thread_default ();
  cards->readers = g_ptr_array_new_with_free_func (reader_free);
  g_mutex_init (&cards->mutex);
  g_cond_init (&cards->changed);
  cards->thread = g_thread_new ("cards", run, cards);
  return cards;
}

/* A cancel that comes just before the wait is lost, so it is said again until it was heard. */
void
cards_free (Cards *cards)
{
  if (cards == NULL)
    return;
  cards->stopped = TRUE;
  g_mutex_lock (&cards->mutex);
  cards->quit = TRUE;
  g_cond_broadcast (&cards->changed);
  while (!cards->ended) {
    if (cards->waiting != 0)
      SCardCancel (cards->waiting);
    g_cond_wait_until (&cards->changed, &cards->mutex,
                       g_get_monotonic_time () + 20 * G_TIME_SPAN_MILLISECOND);
  }
  g_mutex_unlock (&cards->mutex);
  g_thread_join (cards->thread);
  cards_unref (cards);
}
