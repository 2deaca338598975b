/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See api-signals.h. All runs on the main loop, but for handle_events_added().
 */
#include "station/api-signals.h"

#include <string.h>

#include "station/api-private.h"
#include "station/api-status.h"
#include "station/line-signals.h"
#include "station/log.h"
#include "station/slot-signals.h"

#define BATCH_PAUSE 100 /* milliseconds between two signals about one batch */
#define LOOK_PAUSE 1000 /* milliseconds between two looks at the station's health */
#define EVENTS_AT_ONCE 200u

struct ApiSignals {
  ApiStation1 *skeleton;
  Station *station;
  GPtrArray *connections;
  SlotSignals *slots;
  LineSignals *line;
  GHashTable *batches; /* name → BatchNews */
  gint64 last_event;   /* the newest audit event that was told */
  gint events_added;   /* atomic: a look into the ledger is on its way */
  guint look_timer;
  gboolean looking[2]; /* an errand gathers the status, without and with the signer */
  gboolean again;      /* and something has changed meanwhile */
  GVariant *told;      /* the status as it was told last, or NULL */
};

static gboolean
nobody_listens (const ApiSignals *signals)
{
  return signals->connections->len == 0;
}

static void tell_batches (ApiSignals *signals);

/* ---- slots and attempts ---- */

static void
tell_slot (const Slot *slot, gpointer data)
{
  ApiSignals *signals = data;

  api_tell (signals->skeleton, "SlotChanged", record_slot (slot));
}

/* What a unit changed of its batch comes along, so that a screen draws once. */
static void
tell_line (GVariant *records, gpointer data)
{
  ApiSignals *signals = data;

  tell_batches (signals);
  if (g_variant_n_children (records) > 0)
    api_tell (signals->skeleton, "SlotsChanged", records);
}

static void
handle_slot_changed (const Slot *slot, gpointer data)
{
  ApiSignals *signals = data;

  if (api_is_heard (signals->skeleton, "SlotChanged"))
    slot_signals_changed (signals->slots, slot);
  if (api_is_heard (signals->skeleton, "SlotsChanged"))
    line_signals_changed (signals->line, slot);
  else
    line_signals_forget (signals->line);
}

/* Before the handler that answers. */
static gboolean
handle_list_slots (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, ApiSignals *signals)
{
  line_signals_flush (signals->line);
  return FALSE;
}

static void gather (ApiSignals *signals, gboolean with_signer);

/* A warning came or went: cheap enough to be asked often. */
static gboolean
warnings_changed (const ApiSignals *signals)
{
  g_auto (GStrv) now = station_warnings (signals->station);
  g_autofree const char **told = NULL;

  if (signals->told == NULL || !g_variant_lookup (signals->told, "warnings", "^a&s", &told))
    return TRUE;
  return !g_strv_equal ((const char *const *)now, told);
}

static void
tell_attempt (const ApiSignals *signals, gint64 id)
{
  g_autoptr (Attempt) attempt = ledger_attempt (signals->station->ledger, id, NULL);

  if (attempt != NULL)
    api_tell (signals->skeleton, "AttemptEnded", record_attempt (attempt, NULL, NULL));
}

static void
handle_attempt_ended (gint64 id, gpointer data)
{
  ApiSignals *signals = data;

  if (api_is_heard (signals->skeleton, "AttemptEnded"))
    tell_attempt (signals, id);
  if (!nobody_listens (signals) && warnings_changed (signals))
    gather (signals, FALSE);
}

/* ---- batches ---- */

typedef struct {
  ApiSignals *signals;
  char *name;
  guint timer;      /* runs since the last signal */
  gboolean changed; /* since then */
} BatchNews;

static void
batch_news_free (gpointer data)
{
  BatchNews *news = data;

  if (news->timer != 0)
    g_source_remove (news->timer);
  g_free (news->name);
  g_free (news);
}

static void
tell_batch (const BatchNews *news)
{
  const ApiSignals *signals = news->signals;
  GVariant *record = api_batch_record (signals->station, news->name, NULL);

  if (record != NULL)
    api_tell (signals->skeleton, "BatchChanged", record);
}

static void
tell_batch_if_changed (BatchNews *news)
{
  if (!news->changed)
    return;
  news->changed = FALSE;
  tell_batch (news);
}

static void
tell_batches (ApiSignals *signals)
{
  GHashTableIter iterator;
  gpointer news;

  g_hash_table_iter_init (&iterator, signals->batches);
  while (g_hash_table_iter_next (&iterator, NULL, &news))
    tell_batch_if_changed (news);
}

static gboolean
handle_batch_pause_over (gpointer data)
{
  BatchNews *news = data;

  if (news->changed) {
    if (!line_signals_is_waiting (news->signals->line))
      tell_batch_if_changed (news);
    return G_SOURCE_CONTINUE;
  }
  news->timer = 0;
  g_hash_table_remove (news->signals->batches, news->name);
  return G_SOURCE_REMOVE;
}

/* The first change is told at once, those of the next moment together. */
static void
handle_batch_changed (const char *name, gpointer data)
{
  ApiSignals *signals = data;
  BatchNews *news = g_hash_table_lookup (signals->batches, name);

  if (nobody_listens (signals))
    return;
  if (news != NULL) {
    news->changed = TRUE;
    return;
  }
  news = g_new0 (BatchNews, 1);
  news->signals = signals;
  news->name = g_strdup (name);
  news->timer = g_timeout_add (BATCH_PAUSE, handle_batch_pause_over, news);
  g_hash_table_insert (signals->batches, news->name, news);
  tell_batch (news);
}

/* ---- audit events ---- */

static void
tell_event (const ApiSignals *signals, const AuditEvent *event)
{
  if (api_is_heard (signals->skeleton, "EventRecorded"))
    api_tell (signals->skeleton, "EventRecorded", record_event (event));
}

static gboolean
tell_events (gpointer data)
{
  ApiSignals *signals = data;
  g_autoptr (GPtrArray) events = NULL;

  g_atomic_int_set (&signals->events_added, 0);
  events =
      ledger_events_after (signals->station->ledger, signals->last_event, EVENTS_AT_ONCE, NULL);
  for (guint i = 0; events != NULL && i < events->len; i++) {
    const AuditEvent *event = g_ptr_array_index (events, i);

    signals->last_event = event->id;
    tell_event (signals, event);
  }
  return events != NULL && events->len == EVENTS_AT_ONCE ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* In the ledger's thread. */
static void
handle_events_added (gpointer data)
{
  ApiSignals *signals = data;

  if (g_atomic_int_compare_and_exchange (&signals->events_added, 0, 1))
    g_idle_add_full (G_PRIORITY_DEFAULT, tell_events, signals, NULL);
}

static void
follow_events (ApiSignals *signals)
{
  Ledger *ledger = signals->station->ledger;
  g_autoptr (GPtrArray) newest = NULL;

  ledger_watch_events (ledger, handle_events_added, signals);
  newest = ledger_events (ledger, 1, NULL);
  if (newest != NULL && newest->len > 0)
    signals->last_event = ((const AuditEvent *)g_ptr_array_index (newest, 0))->id;
}

/* ---- the status ---- */

static void
tell_status (ApiSignals *signals, GVariant *gathered)
{
  g_autoptr (GVariant) status =
      g_variant_ref_sink (api_status_for_signal (signals->station, gathered));

  if (nobody_listens (signals))
    return;
  if (signals->told != NULL && !api_status_differs (signals->told, status))
    return;
  g_clear_pointer (&signals->told, g_variant_unref);
  signals->told = g_variant_ref (status);
  api_tell (signals->skeleton, "StatusChanged", status);
}

typedef struct {
  ApiSignals *signals;
  gboolean with_signer;
  GVariant *gathered;
} Look;

static void
do_look (Station *station, SignerClient *client, gpointer data)
{
  Look *look = data;

  look->gathered =
      g_variant_ref_sink (api_status_gather (station, look->with_signer ? client : NULL));
}

static void
look_done (Station *station, gpointer data)
{
  g_autofree Look *look = data;
  ApiSignals *signals = look->signals;

  signals->looking[look->with_signer] = FALSE;
  tell_status (signals, look->gathered);
  g_variant_unref (look->gathered);
  if (!look->with_signer && signals->again) {
    signals->again = FALSE;
    gather (signals, FALSE);
  }
}

static void
gather (ApiSignals *signals, gboolean with_signer)
{
  Look *look;

  if (nobody_listens (signals))
    return;
  if (signals->looking[with_signer]) {
    signals->again |= !with_signer;
    return;
  }
  look = g_new0 (Look, 1);
  look->signals = signals;
  look->with_signer = with_signer;
  signals->looking[with_signer] = TRUE;
  station_run_errand (signals->station, do_look, look_done, look);
}

static void
handle_status_changed (gpointer data)
{
  gather (data, FALSE);
}

/* While a signer that hangs is waited for, what is known already is told. */
static gboolean
look_after (gpointer data)
{
  ApiSignals *signals = data;

  if (nobody_listens (signals) || signals->station->site.stopping)
    return G_SOURCE_CONTINUE;
  gather (signals, TRUE);
  if (warnings_changed (signals))
    gather (signals, FALSE);
  return G_SOURCE_CONTINUE;
}

ApiSignals *
api_signals_new (ApiStation1 *skeleton, Station *station, GPtrArray *connections)
{
  ApiSignals *signals = g_new0 (ApiSignals, 1);

  signals->skeleton = skeleton;
  signals->station = station;
  signals->connections = connections;
  signals->slots = slot_signals_new (tell_slot, signals);
  signals->line = line_signals_new (tell_line, signals);
  g_signal_connect (skeleton, "handle-list-slots", G_CALLBACK (handle_list_slots), signals);
  signals->batches = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, batch_news_free);
  signals->look_timer = g_timeout_add (LOOK_PAUSE, look_after, signals);
  station->listener = (StationListener){ .slot_changed = handle_slot_changed,
                                         .batch_changed = handle_batch_changed,
                                         .attempt_ended = handle_attempt_ended,
                                         .status_changed = handle_status_changed,
                                         .data = signals };
  follow_events (signals);
  return signals;
}

void
api_signals_free (ApiSignals *signals)
{
  if (signals == NULL)
    return;
  memset (&signals->station->listener, 0, sizeof signals->station->listener);
  ledger_watch_events (signals->station->ledger, NULL, NULL);
  while (g_idle_remove_by_data (signals))
    ;
  g_source_remove (signals->look_timer);
  slot_signals_free (signals->slots);
  line_signals_free (signals->line);
  g_signal_handlers_disconnect_by_data (signals->skeleton, signals);
  g_hash_table_unref (signals->batches);
  g_clear_pointer (&signals->told, g_variant_unref);
  g_free (signals);
}
