/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tree over the log, and its bytes. A path leaves only when it leads from the entry as it
 * stands on the disk to the root.
 */
#include "ca/log/log-view.h"

static gboolean
refuse_size (GError **error, guint64 size)
{
  g_set_error (error, CA_ERROR, CA_ERROR_LOG,
               "the issuance log does not have %" G_GUINT64_FORMAT " entries", size);
  return FALSE;
}

static gboolean
refuse_tree (GError **error)
{
  g_set_error_literal (error, CA_ERROR, CA_ERROR_LOG,
                       "the issuance log's tree can't be read; stop the signer, delete the folder "
                       "issuance.index beside the log, and start it again");
  return FALSE;
}

/* With the mutex held. */
static gboolean
root_of (IssuanceLog *log, guint64 size, guint8 root[LOG_HASH], GError **error)
{
  if (size > log->edge.size)
    return refuse_size (error, size);
  if (size < log->edge.size)
    return merkle_root_at (size, log_view_node, log, root) || refuse_tree (error);
  merkle_root (&log->edge, root);
  return TRUE;
}

gboolean
issuance_log_root (IssuanceLog *log, guint64 size, guint8 root[LOG_HASH], GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return root_of (log, size, root, error);
}

static GByteArray *
read_inclusion (IssuanceLog *log, guint64 index, guint64 size, guint8 root[LOG_HASH],
                GError **error)
{
  GByteArray *path = NULL;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  log_view_hold (log);
  if (root_of (log, size, root, error)) {
    path = merkle_inclusion (index, size, log_view_node, log);
    if (path == NULL)
      refuse_tree (error);
  }
  log_view_release (log);
  return path;
}

GByteArray *
issuance_log_inclusion (IssuanceLog *log, guint64 index, guint64 size, GError **error)
{
  g_autoptr (GByteArray) path = NULL;
  g_autoptr (GBytes) entry = NULL;
  guint8 leaf[LOG_HASH], root[LOG_HASH];

  if (index >= size) {
    g_set_error (error, CA_ERROR, CA_ERROR_LOG,
                 "entry %" G_GUINT64_FORMAT " is not among the log's first %" G_GUINT64_FORMAT
                 " entries",
                 index, size);
    return NULL;
  }
  path = read_inclusion (log, index, size, root, error);
  if (path == NULL || (entry = issuance_log_read (log, index, error)) == NULL)
    return NULL;
  merkle_leaf_hash (g_bytes_get_data (entry, NULL), g_bytes_get_size (entry), leaf);
  if (merkle_verify_inclusion (leaf, index, size, path->data, path->len, root))
    return g_steal_pointer (&path);
  refuse_tree (error);
  return NULL;
}

static GByteArray *
read_consistency (IssuanceLog *log, guint64 from, guint64 to, guint8 from_root[LOG_HASH],
                  guint8 to_root[LOG_HASH], GError **error)
{
  GByteArray *path = NULL;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  log_view_hold (log);
  if (root_of (log, from, from_root, error) && root_of (log, to, to_root, error)) {
    path = merkle_consistency (from, to, log_view_node, log);
    if (path == NULL)
      refuse_tree (error);
  }
  log_view_release (log);
  return path;
}

GByteArray *
issuance_log_consistency (IssuanceLog *log, guint64 from, guint64 to, GError **error)
{
  g_autoptr (GByteArray) path = NULL;
  guint8 from_root[LOG_HASH], to_root[LOG_HASH];

  if (from > to) {
    g_set_error (error, CA_ERROR, CA_ERROR_LOG,
                 "a log of %" G_GUINT64_FORMAT " entries does not go on to %" G_GUINT64_FORMAT,
                 from, to);
    return NULL;
  }
  path = read_consistency (log, from, to, from_root, to_root, error);
  if (path == NULL)
    return NULL;
  if (merkle_verify_consistency (from, from_root, to, to_root, path->data, path->len))
    return g_steal_pointer (&path);
  refuse_tree (error);
  return NULL;
}

static guint64
end_of (IssuanceLog *log)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return log->end;
}

GBytes *
issuance_log_bytes (IssuanceLog *log, guint64 offset, gsize most, guint64 *length, GError **error)
{
  const guint64 end = end_of (log);
  const gsize wanted = offset < end ? (gsize)MIN (most, end - offset) : 0;
  g_autofree guint8 *data = g_malloc (MAX (wanted, 1));

  if (!log_read_at (log->fd, data, wanted, offset)) {
    g_set_error (error, CA_ERROR, CA_ERROR_LOG,
                 "the issuance log can't be read at byte %" G_GUINT64_FORMAT, offset);
    return NULL;
  }
  if (length != NULL)
    *length = end;
  return g_bytes_new_take (g_steal_pointer (&data), wanted);
}
