/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-settle.h. The newest entries gather in `tail`. Once there are enough, they become
 * `older`, which nobody changes any more, and a thread carries that into the index while a new tail
 * gathers; when it is on the disk, `older` goes.
 *
 * In the index's folder stand, beside what LMDB keeps there: `starts`, a byte for each start since
 * the index was last read to its end (one that makes the signer fall each time is made anew), and
 * `damaged`, where it was found to be.
 */
#include "ca/log/log-settle.h"

#include "base/files.h"
#include "ca/log/log-frame.h"
#include "ca/log/log-view.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_STARTS 3
#define STEPS_WHILE_SCANNING 16
#define MOST_REFUSALS 1024 /* one behind the other; beyond, the index is not believed */

/* ---- marks ---- */

static char *
mark_path (const IssuanceLog *log, const char *name)
{
  return g_build_filename (log->index_folder, name, NULL);
}

static void
clear_mark (const IssuanceLog *log, const char *name)
{
  g_autofree char *path = mark_path (log, name);

  if (unlink (path) < 0 && errno != ENOENT)
    g_warning ("%s: can't be deleted: %s", path, g_strerror (errno));
}

static void
add_mark (const IssuanceLog *log, const char *name)
{
  g_autofree char *path = mark_path (log, name);
  int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);

  if (fd < 0 || !fd_write_all (fd, "x", 1, NULL))
    g_warning ("%s: can't be written: %s", path, g_strerror (errno));
  if (fd >= 0)
    close (fd);
}

static gsize
count_marks (const IssuanceLog *log, const char *name)
{
  g_autofree char *path = mark_path (log, name);
  struct stat info;

  return stat (path, &info) == 0 ? (gsize)info.st_size : 0;
}

void
log_settle_condemn (IssuanceLog *log, const char *why)
{
  if (log->dead == NULL && log->carrier != NULL)
    g_critical ("%s: %s; nothing more is issued until the signer is started again", log->path, why);
  log_die (log, why);
  if (log->store != NULL)
    add_mark (log, "damaged");
}

/* ---- what the index says at the start ---- */

/* TRUE where the last entry that the index covers stands at its place. */
static gboolean
ends_in (const LogStoreState *state, const guint8 *content, gsize length)
{
  LogEntry entry;
  gsize entry_length;

  if (state->edge.size == 0)
    return state->end == LOG_HEADER;
  if (state->end > length || state->last_offset > state->end
      || !log_frame_read (content + state->last_offset, state->end - state->last_offset, &entry))
    return FALSE;
  entry_length = log_read_u32 (content + state->last_offset);
  return state->last_offset + LOG_FRAME + entry_length == state->end
         && memcmp (content + state->end - LOG_HASH, state->last_leaf, LOG_HASH) == 0;
}

/* The time of the last entry that counts; the index may not say an earlier one. */
static gboolean
time_fits (IssuanceLog *log, const LogStoreState *state, const guint8 *content)
{
  guint64 offset;
  LogEntry entry;

  for (guint64 back = 1; back <= MIN (state->edge.size, MOST_REFUSALS); back++) {
    if (!log_view_offset (log, state->edge.size - back, &offset) || offset >= state->end
        || !log_frame_read (content + offset, state->end - offset, &entry))
      return FALSE;
    if (entry.type != LOG_ENTRY_REFUSAL)
      return state->newest >= entry.signed_at;
  }
  return state->edge.size <= MOST_REFUSALS;
}

/* The tree's nodes give the root that the right edge gives. */
static gboolean
root_fits (IssuanceLog *log, const LogStoreState *state)
{
  guint8 root[LOG_HASH], edge_root[LOG_HASH];

  merkle_root (&state->edge, edge_root);
  return merkle_root_at (state->edge.size, log_view_node, log, root)
         && memcmp (root, edge_root, LOG_HASH) == 0;
}

static void
take (IssuanceLog *log, const LogStoreState *state)
{
  log->end = state->end;
  log->newest = state->newest;
  log->edge = state->edge;
  memcpy (log->last_leaf, state->last_leaf, LOG_HASH);
  log_tail_free (log->tail);
  log->tail = log_tail_new (state->edge.size);
}

static gboolean
read_state (IssuanceLog *log, LogStoreState *state)
{
  gboolean found;

  log_reader_begin (log->reader);
  found = log_reader_state (log->reader, state);
  log_reader_end (log->reader);
  return found;
}

typedef enum { INDEX_FITS, INDEX_EMPTY, INDEX_WRONG } IndexVerdict;

static IndexVerdict
wrong (IssuanceLog *log, const char *why)
{
  g_message ("%s: the whole log is read, and its index made anew: %s", log->index_folder, why);
  return INDEX_WRONG;
}

/* INDEX_FITS where it was taken over. */
static IndexVerdict
try_index (IssuanceLog *log, const guint8 *content, gsize length)
{
  LogStoreState state;

  if (!read_state (log, &state))
    return log_reader_is_empty (log->reader) ? INDEX_EMPTY : wrong (log, "it can't be read");
  if (memcmp (state.origin, log->origin, LOG_HASH) != 0)
    return wrong (log, "it is of another log");
  if (!ends_in (&state, content, length))
    return wrong (log, "the log does not end where it says");
  take (log, &state);
  if (root_fits (log, &state) && time_fits (log, &state, content) && log->dead == NULL)
    return INDEX_FITS;
  return wrong (log, "it is damaged");
}

/* ---- opening ---- */

static void
close_store (IssuanceLog *log)
{
  g_clear_pointer (&log->reader, log_reader_free);
  g_clear_pointer (&log->store, log_store_close);
}

static gboolean
open_store (IssuanceLog *log, GError **error)
{
  log->store = log_store_open (log->index_folder, error);
  if (log->store == NULL)
    return FALSE;
  log->reader = log_reader_new (log->store, error);
  if (log->reader == NULL)
    close_store (log);
  return log->reader != NULL;
}

static IndexVerdict
try_store (IssuanceLog *log, const guint8 *content, gsize length)
{
  g_autoptr (GError) problem = NULL;

  if (count_marks (log, "damaged") > 0)
    return wrong (log, "it was found to be damaged");
  if (count_marks (log, "starts") >= MOST_STARTS)
    return wrong (log, "the signer ended early each time that it used it");
  if (!open_store (log, &problem))
    return wrong (log, problem->message);
  add_mark (log, "starts");
  return try_index (log, content, length);
}

static void
make_anew (IssuanceLog *log)
{
  const LogStoreState nothing = { .end = LOG_HEADER };
  g_autoptr (GError) problem = NULL;

  close_store (log);
  log_store_delete (log->index_folder);
  clear_mark (log, "damaged");
  take (log, &nothing);
  g_clear_pointer (&log->dead, g_free); /* the index's fault, and it is gone */
  if (open_store (log, &problem) && log_reader_is_empty (log->reader))
    return;
  close_store (log);
  g_warning ("%s: the log goes on without an index, and is read whole at each start: %s",
             log->index_folder, problem != NULL ? problem->message : "what is there stays there");
}

void
log_settle_open (IssuanceLog *log, const guint8 *content, gsize length)
{
  g_autofree char *folder = g_path_get_dirname (log->path);

  log->index_folder = g_build_filename (folder, "issuance.index", NULL);
  switch (try_store (log, content, length)) {
  case INDEX_FITS:
    log->to_verify = log->edge.size;
    break;
  case INDEX_EMPTY:
    break;
  case INDEX_WRONG:
    make_anew (log);
    break;
  }
}

/* ---- carrying ---- */

static void
fill_state (const IssuanceLog *log, LogStoreState *state)
{
  const GArray *offsets = log->tail->offsets;

  memset (state, 0, sizeof *state);
  memcpy (state->origin, log->origin, LOG_HASH);
  memcpy (state->last_leaf, log->last_leaf, LOG_HASH);
  state->end = log->end;
  state->last_offset = g_array_index (offsets, guint64, offsets->len - 1);
  state->newest = log->newest;
  state->edge = log->edge;
}

/* TRUE where `tail` is in the index now. */
static gboolean
carry (IssuanceLog *log, const LogTail *tail, const LogStoreState *state)
{
  g_autoptr (GError) problem = NULL;

  if (log_store_write (log->store, tail, state, &problem))
    return TRUE;
  g_warning ("%s: %s; the log goes on, and the next start takes longer", log->index_folder,
             problem->message);
  return FALSE;
}

/* While nobody else uses the log. */
static void
carry_tail (IssuanceLog *log)
{
  LogStoreState state;

  if (log->store == NULL || log->index_stopped || log_tail_length (log->tail) == 0)
    return;
  fill_state (log, &state);
  log->index_stopped = !carry (log, log->tail, &state);
  if (log->index_stopped)
    return;
  log_tail_free (log->tail);
  log->tail = log_tail_new (log->edge.size);
}

void
log_settle_scanned (IssuanceLog *log)
{
  if (log_tail_length (log->tail) >= log->step * STEPS_WHILE_SCANNING)
    carry_tail (log);
}

/* With the mutex held. */
static void
set_aside (IssuanceLog *log)
{
  if (log->store == NULL || log->index_stopped || log->older != NULL
      || log_tail_length (log->tail) < log->step)
    return;
  fill_state (log, &log->older_state);
  log->older = log->tail;
  log->tail = log_tail_new (log->edge.size);
  g_cond_broadcast (&log->work);
}

void
log_settle_noted (IssuanceLog *log)
{
  set_aside (log);
}

/* With the mutex held, which is let go meanwhile. */
static void
carry_older (IssuanceLog *log)
{
  gboolean carried;

  g_mutex_unlock (&log->mutex);
  carried = carry (log, log->older, &log->older_state);
  g_mutex_lock (&log->mutex);
  if (carried)
    g_clear_pointer (&log->older, log_tail_free);
  else
    log->index_stopped = TRUE;
  set_aside (log);
}

static gpointer
carrier_thread (gpointer data)
{
  IssuanceLog *log = data;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  while (!log->closing) {
    if (log->older != NULL && !log->index_stopped)
      carry_older (log);
    else
      g_cond_wait (&log->work, &log->mutex);
  }
  return NULL;
}

/* LMDB keeps what its transactions took; after the large ones it is opened anew. */
static void
shrink (IssuanceLog *log)
{
  g_autoptr (GError) problem = NULL;

  close_store (log);
  malloc_trim (0);
  if (open_store (log, &problem))
    return;
  log_settle_condemn (log, problem->message);
}

static void
start_verifying (IssuanceLog *log)
{
  g_autoptr (GError) problem = NULL;

  log->snapshot = log_reader_new (log->store, &problem);
  if (log->snapshot == NULL) {
    log_settle_condemn (log, problem->message);
    return;
  }
  log_reader_begin (log->snapshot);
  log->verifier = g_thread_new ("log-verify", log_verify_thread, log);
}

void
log_settle_start (IssuanceLog *log)
{
  if (log->store == NULL)
    return;
  if (log->to_verify == 0 && log->edge.size >= log->step) {
    carry_tail (log);
    shrink (log);
  }
  if (log->to_verify == 0)
    clear_mark (log, "starts");
  log->carrier = g_thread_new ("log-index", carrier_thread, log);
  if (log->to_verify > 0)
    start_verifying (log);
}

static void
join (GThread **thread)
{
  if (*thread != NULL)
    g_thread_join (g_steal_pointer (thread));
}

/* ---- what was read again ---- */

void
log_settle_verified (IssuanceLog *log, guint64 entries)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  log->verified = entries;
  if (entries < log->to_verify)
    return;
  clear_mark (log, "starts");
  g_cond_broadcast (&log->work);
}

guint64
issuance_log_verified (IssuanceLog *log)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return log->verified < log->to_verify ? log->verified : log->edge.size;
}

gboolean
issuance_log_wait_verified (IssuanceLog *log, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  while (log->verified < log->to_verify && log->dead == NULL && !log->closing)
    g_cond_wait (&log->work, &log->mutex);
  if (log->dead == NULL && !log->closing)
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_LOG, "the issuance log can't be trusted: %s",
               log->dead != NULL ? log->dead : "it was closed before it was read again");
  return FALSE;
}

void
log_settle_close (IssuanceLog *log)
{
  g_mutex_lock (&log->mutex);
  log->closing = TRUE;
  g_cond_broadcast (&log->work);
  g_mutex_unlock (&log->mutex);
  join (&log->verifier);
  join (&log->carrier);
  g_clear_pointer (&log->snapshot, log_reader_free);
  if (log->store != NULL && log->dead == NULL && log->edge.size >= log->step) {
    if (log->older != NULL && !log->index_stopped && carry (log, log->older, &log->older_state))
      g_clear_pointer (&log->older, log_tail_free);
    if (log->older == NULL)
      carry_tail (log);
    clear_mark (log, "starts");
  }
  close_store (log);
}
