/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-view.h. The newest entries are in `tail`; those before, while they are on their way into
 * the index, in `older`; the rest in the index.
 */
#include "ca/log/log-view.h"

#include "ca/log/log-settle.h"

#include <string.h>
#include <unistd.h>

static gboolean
offset_in (const LogTail *tail, guint64 index, guint64 *offset)
{
  if (tail == NULL || index < tail->first || index - tail->first >= tail->offsets->len)
    return FALSE;
  *offset = g_array_index (tail->offsets, guint64, index - tail->first);
  return TRUE;
}

/* ---- the index ---- */

static gboolean
begin (IssuanceLog *log)
{
  if (log->reader == NULL)
    return FALSE;
  if (!log->held)
    log_reader_begin (log->reader);
  return TRUE;
}

/* What can't be read must not look as if it were not there: the log is used no more. */
static gboolean
end (IssuanceLog *log, gboolean found)
{
  const char *problem = log_reader_problem (log->reader);
  g_autofree char *why = NULL;

  if (!log->held)
    log_reader_end (log->reader);
  if (problem == NULL)
    return found;
  why = g_strdup_printf ("its index can't be read: %s", problem);
  log_settle_condemn (log, why);
  return FALSE;
}

void
log_view_hold (IssuanceLog *log)
{
  if (begin (log))
    log->held = TRUE;
}

void
log_view_release (IssuanceLog *log)
{
  if (!log->held)
    return;
  log->held = FALSE;
  end (log, TRUE);
}

/* Where what the memory has begins. */
static guint64
covered (const IssuanceLog *log)
{
  return log->older != NULL ? log->older->first : log->tail->first;
}

/* ---- questions ---- */

gboolean
log_view_offset (IssuanceLog *log, guint64 index, guint64 *offset)
{
  if (index == log->edge.size) {
    *offset = log->end;
    return TRUE;
  }
  return offset_in (log->tail, index, offset) || offset_in (log->older, index, offset)
         || (index < covered (log) && begin (log)
             && end (log, log_reader_offset (log->reader, index, offset)));
}

/* A leaf's hash stands in the file, behind its entry. */
static gboolean
read_leaf (IssuanceLog *log, guint64 index, guint8 hash[LOG_HASH])
{
  guint64 end;

  return log_view_offset (log, index + 1, &end)
         && log_read_at (log->fd, hash, LOG_HASH, end - LOG_HASH);
}

static gboolean
node_in (const LogTail *tail, guint level, guint64 index, guint8 hash[LOG_HASH])
{
  guint64 first;

  if (tail == NULL)
    return FALSE;
  first = tail->first >> level;
  if (index < first || index - first >= tail->nodes[level]->len)
    return FALSE;
  memcpy (hash, &g_array_index (tail->nodes[level], LogHash, index - first), LOG_HASH);
  return TRUE;
}

gboolean
log_view_node (guint level, guint64 index, guint8 hash[LOG_HASH], gpointer data)
{
  IssuanceLog *log = data;

  if (level == 0)
    return index < log->edge.size && read_leaf (log, index, hash);
  return node_in (log->tail, level, index, hash) || node_in (log->older, level, index, hash)
         || (begin (log) && end (log, log_reader_node (log->reader, level, index, hash)));
}

void
log_view_find (IssuanceLog *log, const guint8 *key, GArray *places)
{
  if (begin (log)) {
    log_reader_find (log->reader, key, covered (log), places);
    end (log, TRUE);
  }
  if (log->older != NULL)
    log_index_look (log->older->keys, key, places);
  log_index_look (log->tail->keys, key, places);
}

static void
append_places (GArray *places, const GArray *more)
{
  g_array_append_vals (places, more->data, more->len);
}

void
log_view_places (IssuanceLog *log, LogEntryType type, GArray *places)
{
  if (begin (log)) {
    log_reader_places (log->reader, type, covered (log), places);
    end (log, TRUE);
  }
  if (log->older != NULL)
    append_places (places, log->older->places[type]);
  append_places (places, log->tail->places[type]);
}

/* ---- accounts ---- */

static GBytes *
account_key (LogAccount kind, Span name)
{
  const guint8 first = (guint8)kind;
  GByteArray *key = g_byte_array_sized_new ((guint)name.length + 1);

  g_byte_array_append (key, &first, 1);
  if (name.length > 0)
    g_byte_array_append (key, name.data, (guint)name.length);
  return g_byte_array_free_to_bytes (key);
}

static gboolean
account_in (const LogTail *tail, GBytes *key, void *value, gsize size)
{
  GBytes *found = tail != NULL ? g_hash_table_lookup (tail->accounts, key) : NULL;

  if (found == NULL)
    return FALSE;
  memcpy (value, g_bytes_get_data (found, NULL), size);
  return TRUE;
}

gboolean
log_view_account (IssuanceLog *log, LogAccount kind, Span name, void *value, gsize size)
{
  g_autoptr (GBytes) key = account_key (kind, name);

  if (account_in (log->tail, key, value, size) || account_in (log->older, key, value, size)
      || (begin (log) && end (log, log_reader_account (log->reader, key, value, size))))
    return TRUE;
  memset (value, 0, size);
  return FALSE;
}

void
log_set_account (IssuanceLog *log, LogAccount kind, Span name, const void *value, gsize size)
{
  g_hash_table_replace (log->tail->accounts, account_key (kind, name), g_bytes_new (value, size));
}
