/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The log, read again from its first entry behind a start that went by the index. What the entries
 * say is gathered anew in a second log in memory, by the same code, and held against the index as
 * it was at the start. What does not fit ends issuing: either the log was changed since it was
 * written, or what was issued since the start went by an index that was.
 */
#include "ca/log/log-settle.h"
#include "ca/log/log-view.h"

#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define STRETCH 1024 /* entries */

typedef struct {
  IssuanceLog *log;
  LogReader *index;
  LogStoreState state; /* where the index ended */
  IssuanceLog again;   /* `edge`, `end`, `newest` and `tail` alone are used */
  LogStoreCounts counts;
  guint64 wrong; /* the first entry that the index has otherwise */
  char *problem;
  gboolean paced; /* it rests as long as it works, */
  gint64 begun;   /* which it does since then */
} Verification;

static gboolean
is_closing (IssuanceLog *log)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return log->closing || log->dead != NULL;
}

/* ---- entries against the index ---- */

static void
note_wrong (Verification *verification, guint64 entry)
{
  verification->wrong = MIN (verification->wrong, entry);
}

static void
check_offsets (Verification *verification)
{
  const LogTail *tail = verification->again.tail;
  guint64 offset;

  for (guint i = 0; i < tail->offsets->len; i++)
    if (!log_reader_offset (verification->index, tail->first + i, &offset)
        || offset != g_array_index (tail->offsets, guint64, i))
      note_wrong (verification, tail->first + i);
}

static void
check_nodes (Verification *verification, guint level)
{
  const LogTail *tail = verification->again.tail;
  const GArray *nodes = tail->nodes[level];
  guint8 hash[LOG_HASH];

  for (guint i = 0; i < nodes->len; i++) {
    const guint64 index = (tail->first >> level) + i;

    if (!log_reader_node (verification->index, level, index, hash)
        || memcmp (hash, &g_array_index (nodes, LogHash, i), LOG_HASH) != 0)
      note_wrong (verification, ((index + 1) << level) - 1);
  }
}

static void
check_key (const guint8 *prefix, guint64 place, gpointer data)
{
  Verification *verification = data;

  verification->counts.keys++;
  if (!log_reader_has_key (verification->index, prefix, place))
    note_wrong (verification, place);
}

static void
check_places (Verification *verification, LogEntryType type)
{
  const GArray *places = verification->again.tail->places[type];

  verification->counts.places += places->len;
  for (guint i = 0; i < places->len; i++) {
    const guint64 place = g_array_index (places, guint64, i);

    if (!log_reader_has_place (verification->index, type, place))
      note_wrong (verification, place);
  }
}

/* And begins the next stretch; the accounts go on. */
static void
check_tail (Verification *verification)
{
  IssuanceLog *again = &verification->again;
  LogTail *next = log_tail_new (again->edge.size);
  GHashTable *accounts = next->accounts;

  check_offsets (verification);
  for (guint level = 1; level < LOG_LEVELS; level++)
    check_nodes (verification, level);
  log_index_each (again->tail->keys, check_key, verification);
  for (int type = LOG_ENTRY_CERTIFICATE; type <= LOG_ENTRY_LAST; type++)
    check_places (verification, (LogEntryType)type);
  next->accounts = again->tail->accounts;
  again->tail->accounts = accounts;
  log_tail_free (again->tail);
  again->tail = next;
}

/* ---- the log ---- */

static char *
differs (guint64 entry)
{
  return g_strdup_printf ("entry %" G_GUINT64_FORMAT
                          " of the issuance log is not what the index says that was made of it: "
                          "one of both was changed",
                          entry);
}

/* NULL, or what is wrong with the stretch that was read last. */
static char *
check_stretch (Verification *verification)
{
  check_tail (verification);
  if (log_reader_problem (verification->index) != NULL)
    return g_strdup_printf ("the issuance log's index can't be read: %s",
                            log_reader_problem (verification->index));
  return verification->wrong != G_MAXUINT64 ? differs (verification->wrong) : NULL;
}

/* A LogEach. */
static gboolean
note (const LogEntry *entry, const guint8 *frame, gpointer data)
{
  Verification *verification = data;
  IssuanceLog *again = &verification->again;

  log_note_entry (again, entry, frame);
  if (log_tail_length (again->tail) < STRETCH)
    return TRUE;
  verification->problem = check_stretch (verification);
  if (verification->problem != NULL || is_closing (verification->log))
    return FALSE;
  log_settle_verified (verification->log, MIN (again->edge.size, verification->log->to_verify - 1));
  if (verification->paced)
    g_usleep ((gulong)(g_get_monotonic_time () - verification->begun));
  verification->begun = g_get_monotonic_time ();
  return TRUE;
}

static char *
miscounts (GBytes *account)
{
  gsize length;
  const char *name = g_bytes_get_data (account, &length);

  if (name[0] != LOG_ACCOUNT_BATCH)
    return g_strdup ("the issuance log's index does not count a CA's signatures as the log does");
  return g_strdup_printf ("the issuance log's index does not count batch %.*s as the log does",
                          (int)length - 1, name + 1);
}

static gboolean
is_account (Verification *verification, GBytes *key, GBytes *value)
{
  const gsize size = g_bytes_get_size (value);
  g_autofree guint8 *said = g_malloc (size);

  return log_reader_account (verification->index, key, said, size)
         && memcmp (said, g_bytes_get_data (value, NULL), size) == 0;
}

/* What only shows at the end: NULL, or what is wrong. */
static char *
check_end (Verification *verification)
{
  const IssuanceLog *again = &verification->again;
  const LogStoreState *state = &verification->state;
  LogStoreCounts counts;
  GHashTableIter iterator;
  gpointer key, value;

  g_hash_table_iter_init (&iterator, again->tail->accounts);
  while (g_hash_table_iter_next (&iterator, &key, &value))
    if (!is_account (verification, key, value))
      return miscounts (key);
  log_reader_counts (verification->index, &counts);
  if (again->edge.size != state->edge.size || again->newest != state->newest
      || memcmp (&again->edge.edge, &state->edge.edge, sizeof again->edge.edge) != 0
      || counts.keys != verification->counts.keys || counts.places != verification->counts.places
      || counts.accounts != g_hash_table_size (again->tail->accounts))
    return differs (state->edge.size - 1);
  return NULL;
}

/* ---- the thread ---- */

/* Orders come first. Where the unit does not let it be polite, it rests instead. */
static void
step_back (Verification *verification)
{
  verification->paced = setpriority (PRIO_PROCESS, (id_t)gettid (), 19) < 0;
}

static char *
check_all (Verification *verification)
{
  IssuanceLog *again = &verification->again;
  guint64 at = LOG_HEADER;
  char *problem;

  if (!log_walk (verification->log->fd, &at, verification->state.end, note, verification)) {
    if (verification->problem != NULL || is_closing (verification->log))
      return g_steal_pointer (&verification->problem);
    return g_strdup_printf ("entry %" G_GUINT64_FORMAT " (at byte %" G_GUINT64_FORMAT
                            ") of the issuance log is damaged: put back a good copy",
                            again->edge.size, at);
  }
  problem = check_stretch (verification);
  return problem != NULL ? problem : check_end (verification);
}

static void
conclude (Verification *verification, const char *problem)
{
  IssuanceLog *log = verification->log;

  if (problem == NULL) {
    if (verification->again.end == verification->state.end)
      log_settle_verified (log, log->to_verify);
    return;
  }
  g_mutex_lock (&log->mutex);
  log_settle_condemn (log, problem);
  g_mutex_unlock (&log->mutex);
}

gpointer
log_verify_thread (gpointer data)
{
  IssuanceLog *log = data;
  Verification verification = { .log = log, .index = log->snapshot, .wrong = G_MAXUINT64 };
  g_autofree char *problem = NULL;

  step_back (&verification);
  verification.begun = g_get_monotonic_time ();
  verification.again.end = LOG_HEADER;
  verification.again.tail = log_tail_new (0);
  if (log_reader_state (log->snapshot, &verification.state))
    problem = check_all (&verification);
  else
    problem = g_strdup ("the issuance log's index can't be read");
  conclude (&verification, problem);
  log_tail_free (verification.again.tail);
  g_clear_pointer (&log->snapshot, log_reader_free);
  log_store_rest (log->store);
  malloc_trim (0); /* what it worked with would stay with the heap */
  return NULL;
}
