/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See answer-log.h.
 */
#include "ca/signer/answer-log.h"

#include "ca/wire/wire.h"

/* What an answer has beside the bytes is far less. */
#define MOST_BYTES (WIRE_MOST - 1024)

GVariant *
answer_log (Signer *signer, GVariant *request, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  guint64 offset, length = 0;
  guint32 most;

  g_variant_get (request, WIRE_LOG_REQUEST, &offset, &most);
  bytes = issuance_log_bytes (signer_log (signer), offset, MIN (most, MOST_BYTES), &length, error);
  return bytes != NULL ? g_variant_new ("(t@ay)", length, wire_bytes (bytes)) : NULL;
}

GVariant *
answer_consistency (Signer *signer, GVariant *request, GError **error)
{
  g_autoptr (GByteArray) path = NULL;
  guint64 from, to;

  g_variant_get (request, WIRE_CONSISTENCY_REQUEST, &from, &to);
  if (to == 0)
    to = issuance_log_size (signer_log (signer));
  path = issuance_log_consistency (signer_log (signer), from, to, error);
  if (path == NULL)
    return NULL;
  return g_variant_new ("(@ay)",
                        g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, path->data, path->len, 1));
}
