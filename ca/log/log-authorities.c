/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-authorities.h.
 */
#include "ca/log/log-authorities.h"

#include <string.h>

static gboolean
is_entry_of (IssuanceLog *log, guint64 index, const Authority *authority)
{
  g_autoptr (GBytes) bytes = issuance_log_read (log, index, NULL);
  LogEntry entry;
  gsize length;
  const guint8 *data;

  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &length);
  return log_entry_decode (data, length, &entry, NULL) && entry.type == LOG_ENTRY_AUTHORITY
         && memcmp (entry.spki_sha256, authority->origin, LOG_HASH) == 0;
}

static gboolean
knows (IssuanceLog *log, const Authority *authority)
{
  g_autoptr (GArray) places = issuance_log_find (log, authority->origin);

  if (memcmp (issuance_log_origin (log), authority->origin, LOG_HASH) == 0)
    return TRUE;
  for (guint i = 0; i < places->len; i++)
    if (is_entry_of (log, g_array_index (places, guint64, i), authority))
      return TRUE;
  return FALSE;
}

gboolean
log_knows_one_of (IssuanceLog *log, GPtrArray *authorities, GError **error)
{
  for (guint i = 0; i < authorities->len; i++)
    if (knows (log, g_ptr_array_index (authorities, i)))
      return TRUE;
  g_set_error_literal (error, CA_ERROR, CA_ERROR_LOG,
                       "the issuance log belongs to other CAs; for a change keep the old [ca ...] "
                       "beside the new one for the first start");
  return FALSE;
}

static gboolean
enter (IssuanceLog *log, const Authority *authority, GError **error)
{
  LogEntry entry = { .type = LOG_ENTRY_AUTHORITY,
                     .signed_at = g_get_real_time (),
                     .device = span_of_text (authority->name) };
  GBytes *certificate = g_ptr_array_index (authority->chain, 0);
  gsize length;
  guint64 index;

  memcpy (entry.spki_sha256, authority->origin, LOG_HASH);
  entry.certificate.data = g_bytes_get_data (certificate, &length);
  entry.certificate.length = length;
  if (!issuance_log_append (log, &entry, &index, error))
    return FALSE;
  g_message ("the CA '%s' (%s) begins to issue here: entry %" G_GUINT64_FORMAT, authority->name,
             authority->subject_text, index);
  return TRUE;
}

gboolean
log_enter_authorities (IssuanceLog *log, GPtrArray *authorities, GError **error)
{
  for (guint i = 0; i < authorities->len; i++) {
    const Authority *authority = g_ptr_array_index (authorities, i);

    if (!knows (log, authority) && !enter (log, authority, error))
      return FALSE;
  }
  return TRUE;
}
