/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-follower.h. While many units are at work the ledger is always some entries behind the
 * newest answer: those of slots that have yet to store theirs. So the follower waits a moment, and
 * asks the signer only where the gap is still there.
 */
#include "station/log-follower.h"

#include "station/evidence.h"
#include "station/log.h"

#define SETTLE_PAUSE (300 * G_TIME_SPAN_MILLISECOND)
#define PAUSE_AFTER_FAILURE (5 * G_TIME_SPAN_SECOND)
#define PATIENCE 5000 /* milliseconds a question; what is fetched meanwhile stays fetched */

struct LogFollower {
  Ledger *ledger;
  Issuer *issuer;
  void (*reported) (const char *batch, gpointer data);
  gpointer data;
  GThread *thread;
  GMutex mutex; /* guards what follows */
  GCond wake;
  gboolean closing;
  gboolean woken;
  gboolean heard; /* of the entry `newest`, or of one that nobody knows: G_MAXUINT64 */
  guint64 newest;
};

static void
handle_news (guint64 index, gpointer data)
{
  LogFollower *follower = data;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&follower->mutex);

  follower->newest = follower->heard ? MAX (follower->newest, index) : index;
  follower->heard = TRUE;
  g_cond_signal (&follower->wake);
}

void
log_follower_wake (LogFollower *follower)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&follower->mutex);

  follower->woken = TRUE;
  g_cond_signal (&follower->wake);
}

/* What was heard until now, and is forgotten with that. */
typedef struct {
  gboolean heard;
  guint64 newest;
} News;

/* FALSE at the end. `until` is 0 where nothing is left over from before. */
static gboolean
wait_for_news (LogFollower *follower, gint64 until, News *news)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&follower->mutex);
  gboolean over = FALSE;

  while (!follower->closing && !follower->woken && !follower->heard && !over)
    if (until == 0)
      g_cond_wait (&follower->wake, &follower->mutex);
    else
      over = !g_cond_wait_until (&follower->wake, &follower->mutex, until);
  *news = (News){ follower->heard, follower->newest };
  follower->woken = FALSE;
  follower->heard = FALSE;
  return !follower->closing;
}

/* FALSE at the end. */
static gboolean
rest (LogFollower *follower, gint64 pause)
{
  const gint64 until = g_get_monotonic_time () + pause;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&follower->mutex);

  while (!follower->closing && g_cond_wait_until (&follower->wake, &follower->mutex, until))
    ;
  return !follower->closing;
}

/* ---- the log ---- */

static gboolean
follow (LogFollower *follower, SignerClient *client, const News *news, GError **error)
{
  guint64 next;

  if (!news->heard)
    return TRUE;
  if (!ledger_next_log_index (follower->ledger, &next, error))
    return FALSE;
  return next > news->newest
         || issuer_follow (follower->issuer, client, deadline_in (PATIENCE), error);
}

/* ---- reports ---- */

/* A unit that is still at work is no failure: its end wakes us. */
static gboolean
report (LogFollower *follower, SignerClient *client, const char *batch, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (BatchReport) made =
      evidence_report (follower->ledger, follower->issuer, client, batch, &failure);

  if (made != NULL) {
    log_station (G_LOG_LEVEL_MESSAGE, "batch %s: the final report is report %" G_GINT64_FORMAT,
                 batch, made->id);
    follower->reported (batch, follower->data);
    return TRUE;
  }
  if (g_error_matches (failure, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
report_all (LogFollower *follower, SignerClient *client, GError **error)
{
  g_autoptr (GPtrArray) due = ledger_reports_due (follower->ledger, error);

  if (due == NULL)
    return FALSE;
  for (guint i = 0; i < due->len; i++)
    if (!report (follower, client, g_ptr_array_index (due, i), error))
      return FALSE;
  return TRUE;
}

/* ---- both ---- */

static gboolean
work (LogFollower *follower, SignerClient *client, const News *news)
{
  g_autoptr (GError) error = NULL;

  if (follow (follower, client, news, &error) && report_all (follower, client, &error))
    return TRUE;
  log_station (G_LOG_LEVEL_INFO, "the signer's log is followed later: %s", error->message);
  return FALSE;
}

static gpointer
follower_thread (gpointer data)
{
  LogFollower *follower = data;
  g_autoptr (SignerClient) client = signer_client_new (issuer_socket (follower->issuer));
  gboolean done = TRUE;
  News before = { 0 };
  News news;

  while (wait_for_news (follower, done ? 0 : g_get_monotonic_time () + PAUSE_AFTER_FAILURE, &news)
         && rest (follower, SETTLE_PAUSE))
  {
    if (!done && before.heard)
      news = (News){ TRUE, news.heard ? MAX (news.newest, before.newest) : before.newest };
    done = work (follower, client, &news);
    before = news;
  }
  return NULL;
}

LogFollower *
log_follower_new (Ledger *ledger, Issuer *issuer,
                  void (*reported) (const char *batch, gpointer data), gpointer data)
{
  LogFollower *follower = g_new0 (LogFollower, 1);

  follower->ledger = ledger;
  follower->issuer = issuer;
  follower->reported = reported;
  follower->data = data;
  g_mutex_init (&follower->mutex);
  g_cond_init (&follower->wake);
  follower->thread = g_thread_new ("log-follower", follower_thread, follower);
  issuer_watch (issuer, handle_news, follower);
  return follower;
}

void
log_follower_stop (LogFollower *follower)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&follower->mutex);

  follower->closing = TRUE;
  g_cond_signal (&follower->wake);
}

void
log_follower_free (LogFollower *follower)
{
  if (follower == NULL)
    return;
  issuer_watch (follower->issuer, NULL, NULL);
  log_follower_stop (follower);
  g_thread_join (follower->thread);
  g_mutex_clear (&follower->mutex);
  g_cond_clear (&follower->wake);
  g_free (follower);
}
