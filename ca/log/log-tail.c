/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-tail.h.
 */
#include "ca/log/log-tail.h"

LogTail *
log_tail_new (guint64 first)
{
  LogTail *tail = g_new0 (LogTail, 1);

  tail->first = first;
  tail->offsets = g_array_new (FALSE, FALSE, sizeof (guint64));
  tail->keys = log_index_new ();
  for (guint level = 0; level < LOG_LEVELS; level++)
    tail->nodes[level] = g_array_new (FALSE, FALSE, sizeof (LogHash));
  for (guint type = 0; type <= LOG_ENTRY_LAST; type++)
    tail->places[type] = g_array_new (FALSE, FALSE, sizeof (guint64));
  tail->accounts = g_hash_table_new_full (
      g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, (GDestroyNotify)g_bytes_unref);
  return tail;
}

void
log_tail_free (LogTail *tail)
{
  if (tail == NULL)
    return;
  g_array_unref (tail->offsets);
  log_index_free (tail->keys);
  for (guint level = 0; level < LOG_LEVELS; level++)
    g_array_unref (tail->nodes[level]);
  for (guint type = 0; type <= LOG_ENTRY_LAST; type++)
    g_array_unref (tail->places[type]);
  g_hash_table_unref (tail->accounts);
  g_free (tail);
}

guint64
log_tail_length (const LogTail *tail)
{
  return tail->offsets->len;
}
