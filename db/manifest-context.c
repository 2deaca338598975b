/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is the same for every row of an export: the CAs, the time, the target, the signer.
 */
#include "db/manifest-private.h"
#include "db/registry-private.h"

gboolean
manifest_context_init (ManifestContext *context, Database *database, GBytes *ca_certificate,
                       const char *target, gint64 now, GError **error)
{
  context->now = now;
  context->failure = g_new0 (GError *, 1);
  context->authorities = manifest_authorities_new (database, ca_certificate, error);
  if (context->authorities == NULL)
    return FALSE;
  context->target = target == NULL ? NULL : target_read (database, target, error);
  return target == NULL || context->target != NULL;
}

void
manifest_context_clear (ManifestContext *context)
{
  g_clear_pointer (&context->authorities, g_ptr_array_unref);
  g_clear_pointer (&context->target, target_free);
  if (context->failure != NULL)
    g_clear_error (context->failure);
  g_clear_pointer (&context->failure, g_free);
}

void
manifest_append_signed (GString *text, const ManifestContext *context, const char *payload,
                        const char *unique_id)
{
  g_autofree char *statement = NULL;

  if (*context->failure != NULL)
    return;
  if (context->sign != NULL)
    statement = context->sign (context->sign_data, payload, unique_id, context->failure);
  else
    g_set_error_literal (context->failure, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                         "this format is signed by the station, which does not sign here");
  if (statement != NULL)
    g_string_append (text, statement);
}
