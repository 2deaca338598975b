/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fleet-watch.h. A check costs by what is stored rather than by what is new, so keys are
 * gathered; and it rests in proportion to what it worked, so that a large ledger does not take a
 * core.
 */
#include "station/fleet-watch.h"

#include <gio/gio.h>
#include <sys/resource.h>

#include "ca/fleet/fleet.h"
#include "station/log.h"

#define LOOK_PAUSE (2 * G_TIME_SPAN_SECOND) /* no new key in this time: the line is idle */
#define LONGEST_WAIT (60 * G_TIME_SPAN_SECOND)
#define BATCH 4096u   /* keys that one check takes; so many that wait are enough */
#define REST_FACTOR 9 /* rests so many times what it worked: at most a tenth of a core */
#define PAUSE_AFTER_FAILURE (60 * G_TIME_SPAN_SECOND)
#define LOW_PRIORITY 10 /* nice */

struct FleetWatch {
  Ledger *ledger;
  char *folder;
  void (*changed) (gpointer data);
  gpointer data;
  GThread *thread;
  GMutex checking; /* held while a batch is checked: one at a time */
  guint64 settled; /* keys up to here are on the disk; of who checks */
  GMutex mutex;    /* guards what follows */
  Fleet *fleet;    /* NULL before the first check; only who checks changes it */
  GCond wake;
  gboolean closing;
  char *problem;
};

static gboolean
is_closing (FleetWatch *watch)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&watch->mutex);

  return watch->closing;
}

static gboolean
refuse_closing (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the station is stopping");
  return FALSE;
}

/* ---- keys, for the fleet ---- */

static gboolean
key_type_from_word (const char *word, CsrKeyType *type)
{
  static const struct {
    const char *word;
    CsrKeyType type;
  } types[] = { { "rsa", CSR_KEY_RSA },
                { "p-256", CSR_KEY_EC_P256 },
                { "p-384", CSR_KEY_EC_P384 },
                { "p-521", CSR_KEY_EC_P521 } };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (types[i].word, word)) {
      *type = types[i].type;
      return TRUE;
    }
  return FALSE;
}

static gboolean
add_key (GPtrArray *keys, const SeenKey *seen, GError **error)
{
  CsrKeyType type;
  gsize length;
  const void *number = g_bytes_get_data (seen->number, &length);

  if (!key_type_from_word (seen->type, &type)) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "key %" G_GUINT64_FORMAT " is of a type that is not known: %s", seen->id,
                 seen->type);
    return FALSE;
  }
  g_ptr_array_add (keys, fleet_key_new (seen->id, type, number, length));
  return TRUE;
}

/* Only those that are on the disk: the fleet's files must not know a key that a power cut takes. */
static GPtrArray *
read_keys (guint64 after, guint most, gpointer data, GError **error)
{
  FleetWatch *watch = data;
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)fleet_key_free);
  g_autoptr (GPtrArray) seen = NULL;

  if (is_closing (watch)) {
    refuse_closing (error);
    return NULL;
  }
  seen = ledger_seen_keys (watch->ledger, after, most, error);
  if (seen == NULL)
    return NULL;
  for (guint i = 0; i < seen->len; i++) {
    const SeenKey *key = g_ptr_array_index (seen, i);

    if (key->id <= watch->settled && !add_key (keys, key, error))
      return NULL;
  }
  return g_steal_pointer (&keys);
}

/* ---- one batch ---- */

static void
tell_findings (const GArray *findings)
{
  for (guint i = 0; i < findings->len; i++) {
    const FleetFinding *finding = &g_array_index (findings, FleetFinding, i);

    log_station (G_LOG_LEVEL_WARNING,
                 "keys %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
                 " give each other away (%s): 'keycradle key findings' names the units",
                 finding->key, finding->partner, ca_error_word (finding->kind));
  }
}

static gboolean
keep_findings (FleetWatch *watch, guint64 checked, const GArray *findings, GError **error)
{
  g_autofree KeyPair *pairs = g_new0 (KeyPair, findings->len + 1);

  for (guint i = 0; i < findings->len; i++) {
    const FleetFinding *finding = &g_array_index (findings, FleetFinding, i);

    pairs[i] = (KeyPair){ finding->key, finding->partner, ca_error_word (finding->kind) };
  }
  return ledger_record_key_check (watch->ledger, checked, pairs, findings->len, error);
}

static gboolean
open_fleet (FleetWatch *watch, GError **error)
{
  Fleet *fleet = watch->fleet;

  if (fleet == NULL)
    fleet = fleet_open (watch->folder, read_keys, watch, error);
  g_mutex_lock (&watch->mutex);
  watch->fleet = fleet;
  if (fleet != NULL && watch->closing)
    fleet_stop (fleet);
  g_mutex_unlock (&watch->mutex);
  return fleet != NULL;
}

static void
close_fleet (FleetWatch *watch)
{
  Fleet *fleet;

  g_mutex_lock (&watch->mutex);
  fleet = g_steal_pointer (&watch->fleet);
  g_mutex_unlock (&watch->mutex);
  g_clear_pointer (&fleet, fleet_close);
}

/* The next keys behind the mark; `checked` is the mark then. */
static gboolean
check_batch (FleetWatch *watch, guint64 *checked, GError **error)
{
  g_autoptr (GArray) findings = g_array_new (FALSE, FALSE, sizeof (FleetFinding));
  KeyState state;

  if (!open_fleet (watch, error) || !ledger_settle_keys (watch->ledger, &watch->settled, error)
      || !ledger_key_state (watch->ledger, &state, error))
    return FALSE;
  *checked = state.checked;
  if (!fleet_check (watch->fleet, BATCH, checked, findings, error))
    return FALSE;
  if (*checked == state.checked)
    return TRUE;
  if (!keep_findings (watch, *checked, findings, error))
    return FALSE;
  tell_findings (findings);
  return TRUE;
}

static void
set_problem (FleetWatch *watch, const GError *error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&watch->mutex);

  g_free (watch->problem);
  watch->problem = error != NULL ? g_strdup (error->message) : NULL;
}

/* One batch at a time, whoever asks; after a failure the fleet is opened anew. */
static gboolean
check_next (FleetWatch *watch, guint64 *checked, GError **error)
{
  g_autoptr (GError) failure = NULL;

  g_mutex_lock (&watch->checking);
  if (!check_batch (watch, checked, &failure))
    close_fleet (watch);
  g_mutex_unlock (&watch->checking);
  if (!is_closing (watch)) {
    set_problem (watch, failure);
    watch->changed (watch->data);
  }
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
read_mark (FleetWatch *watch, guint64 *checked, GError **error)
{
  KeyState state;

  if (!ledger_key_state (watch->ledger, &state, error))
    return FALSE;
  *checked = state.checked;
  return TRUE;
}

gboolean
fleet_watch_check (FleetWatch *watch, guint64 newest, FleetProgress progress, gpointer data,
                   GError **error)
{
  guint64 checked;

  if (!read_mark (watch, &checked, error))
    return FALSE;
  while (checked < newest) {
    if (is_closing (watch) || (progress != NULL && !progress (checked, newest, data)))
      return refuse_closing (error);
    if (!check_next (watch, &checked, error))
      return FALSE;
  }
  return TRUE;
}

char *
fleet_watch_problem (FleetWatch *watch)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&watch->mutex);

  return g_strdup (watch->problem);
}

/* ---- in the background ---- */

/* What the thread saw when it last looked. */
typedef struct {
  guint64 newest;
  gint64 waiting_since; /* monotonic; 0: nothing waits */
} Look;

/* Nothing new came since the last look, enough is there, or it has waited long. */
static gboolean
is_time (Look *look, const KeyState *state)
{
  const gboolean idle = state->newest == look->newest;
  const gint64 now = g_get_monotonic_time ();

  look->newest = state->newest;
  if (state->newest == state->checked) {
    look->waiting_since = 0;
    return FALSE;
  }
  if (look->waiting_since == 0)
    look->waiting_since = now;
  return idle || state->newest - state->checked >= BATCH
         || now - look->waiting_since >= LONGEST_WAIT;
}

/* Works if it is time to; how long to rest then. */
static gint64
look_after_keys (FleetWatch *watch, Look *look)
{
  g_autoptr (GError) error = NULL;
  KeyState state;
  guint64 checked;

  if (!ledger_key_state (watch->ledger, &state, NULL) || !is_time (look, &state))
    return LOOK_PAUSE;
  const gint64 begun = g_get_monotonic_time ();
  if (!check_next (watch, &checked, &error)) {
    if (is_closing (watch))
      return 0;
    log_station (G_LOG_LEVEL_WARNING, "the fleet's keys can't be checked: %s", error->message);
    return PAUSE_AFTER_FAILURE;
  }
  look->waiting_since = 0;
  return MAX (LOOK_PAUSE, REST_FACTOR * (g_get_monotonic_time () - begun));
}

/* FALSE at the end. */
static gboolean
rest (FleetWatch *watch, gint64 pause)
{
  const gint64 until = g_get_monotonic_time () + pause;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&watch->mutex);

  while (!watch->closing && g_cond_wait_until (&watch->wake, &watch->mutex, until))
    ;
  return !watch->closing;
}

static gpointer
fleet_thread (gpointer data)
{
  FleetWatch *watch = data;
  Look look = { 0 };
  gint64 pause = LOOK_PAUSE;

  setpriority (PRIO_PROCESS, 0, LOW_PRIORITY); /* on Linux: of this thread alone */
  while (rest (watch, pause))
    pause = look_after_keys (watch, &look);
  return NULL;
}

FleetWatch *
fleet_watch_new (Ledger *ledger, const char *folder, void (*changed) (gpointer data), gpointer data)
{
  FleetWatch *watch = g_new0 (FleetWatch, 1);

  watch->ledger = ledger;
  watch->folder = g_strdup (folder);
  watch->changed = changed;
  watch->data = data;
  g_mutex_init (&watch->checking);
  g_mutex_init (&watch->mutex);
  g_cond_init (&watch->wake);
  watch->thread = g_thread_new ("fleet-watch", fleet_thread, watch);
  return watch;
}

void
fleet_watch_stop (FleetWatch *watch)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&watch->mutex);

  watch->closing = TRUE;
  if (watch->fleet != NULL)
    fleet_stop (watch->fleet);
  g_cond_signal (&watch->wake);
}

void
fleet_watch_free (FleetWatch *watch)
{
  if (watch == NULL)
    return;
  fleet_watch_stop (watch);
  g_thread_join (watch->thread);
  g_clear_pointer (&watch->fleet, fleet_close);
  g_mutex_clear (&watch->checking);
  g_mutex_clear (&watch->mutex);
  g_cond_clear (&watch->wake);
  g_free (watch->folder);
  g_free (watch->problem);
  g_free (watch);
}
