/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is the same for every row of an export: the CAs, the time, the target, the signer.
 */
#include "db/manifest-private.h"

#define TARGET_QUERY                                                                               \
  "SELECT id, name, kind, mode, account, region, endpoint, policy, thing_type, thing_group"        \
  " FROM targets WHERE name = ?"

static void
free_target (Target *target)
{
  g_free (target->name);
  g_free (target->kind);
  g_free (target->account);
  g_free (target->region);
  g_free (target->endpoint);
  g_free (target->policy);
  g_free (target->thing_type);
  g_free (target->thing_group);
  g_free (target);
}

static gpointer
load_target (Statement *select)
{
  Target *target = g_new0 (Target, 1);

  target->id = statement_int64 (select);
  target->name = statement_dup_text (select);
  target->kind = statement_dup_text (select);
  target_mode_from_word (statement_text (select), &target->mode);
  target->account = statement_dup_text (select);
  target->region = statement_dup_text (select);
  target->endpoint = statement_dup_text (select);
  target->policy = statement_dup_text (select);
  target->thing_type = statement_dup_text (select);
  target->thing_group = statement_dup_text (select);
  return target;
}

static gboolean
find_target (Database *database, const char *name, Target **target, GError **error)
{
  gpointer found = NULL;
  g_autoptr (Statement) select = statement_prepare (database, TARGET_QUERY, error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  if (!load_row (select, load_target, &found, error))
    return FALSE;
  *target = found;
  return found != NULL || ledger_not_found ("target", name, error);
}

gboolean
manifest_context_init (ManifestContext *context, Database *database, GBytes *ca_certificate,
                       const char *target, gint64 now, GError **error)
{
  context->now = now;
  context->failure = g_new0 (GError *, 1);
  context->authorities = manifest_authorities_new (database, ca_certificate, error);
  return context->authorities != NULL
         && (target == NULL || find_target (database, target, &context->target, error));
}

void
manifest_context_clear (ManifestContext *context)
{
  g_clear_pointer (&context->authorities, g_ptr_array_unref);
  g_clear_pointer (&context->target, free_target);
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
