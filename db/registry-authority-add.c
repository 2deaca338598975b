/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Registering a CA in a target, and what may stand against it there.
 */
#include <string.h>

#include "db/registry-authority.h"

#define MOST_OF_ONE_SUBJECT 10 /* AWS IoT Core quotas, "CA certificates with the same subject" */

static gboolean
invalid (GError **error, const char *sentence)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, sentence);
  return FALSE;
}

typedef struct {
  const AuthorityOrder *order;
  const char *actor;
} Registering;

static gboolean
check_mode (const Target *target, const AuthorityOrder *order, GError **error)
{
  if (strcmp (target->kind, "aws") != 0
      || (target->mode != TARGET_REGISTERED_CA && target->mode != TARGET_SNI_ONLY))
    return invalid (error, "CAs are registered in targets of kind aws with mode registered-ca or "
                           "sni-only: this one needs none");
  if (target->mode == TARGET_REGISTERED_CA && order->verification == NULL)
    return invalid (error, "mode registered-ca asks for a verification certificate: have the CA "
                           "certify the account's registration code");
  return target->mode == TARGET_REGISTERED_CA || order->verification == NULL
         || invalid (error, "mode sni-only takes no verification certificate: leave it out");
}

/* The name of a target for which `query` finds something (parameters: authority, kind, account,
 * region); NULL without error where there is none. */
static gboolean
read_conflict (Database *database, const char *query, const Target *target, gint64 authority,
               char **name, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (database, query, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, authority);
  statement_bind_text (select, target->account);
  statement_bind_text (select, target->region);
  if (!statement_step (select, &row, error))
    return FALSE;
  *name = row ? statement_dup_text (select) : NULL;
  return TRUE;
}

#define CONFLICT                                                                                   \
  "SELECT targets.name FROM authority_registrations JOIN targets"                                  \
  " ON targets.id = authority_registrations.target WHERE NOT ended AND authority = ?1"             \
  " AND targets.kind = 'aws' AND targets.region = ?3"
#define SAME_ACCOUNT CONFLICT " AND targets.account = ?2 LIMIT 1"
#define OTHER_ACCOUNT CONFLICT " AND targets.account <> ?2 AND certificate_mode = 'DEFAULT' LIMIT 1"

static gboolean
check_alone (Database *database, const Target *target, const KnownAuthority *authority,
             GError **error)
{
  g_autofree char *same = NULL;
  g_autofree char *other = NULL;

  if (!read_conflict (database, SAME_ACCOUNT, target, authority->id, &same, error))
    return FALSE;
  if (same != NULL) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_EXISTS,
                 "CA %s is registered in that account and region already, by target %s",
                 authority->name, same);
    return FALSE;
  }
  if (target->mode != TARGET_REGISTERED_CA)
    return TRUE;
  if (!read_conflict (database, OTHER_ACCOUNT, target, authority->id, &other, error))
    return FALSE;
  if (other != NULL)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "CA %s is registered in target %s with mode registered-ca, which AWS IoT lets one "
                 "account of a region do: use mode sni-only",
                 authority->name, other);
  return other == NULL;
}

/* Subjects are compared byte for byte, as they stand in the certificates. */
static gboolean
count_subject (Database *database, const Target *target, GBytes *der, guint *count, GError **error)
{
  CertificateParts parts;
  CertificateParts other;
  gboolean row = TRUE;
  g_autoptr (Statement) select =
      statement_prepare (database,
                         "SELECT chain FROM authority_registrations"
                         " JOIN authorities ON authorities.id = authority_registrations.authority"
                         " JOIN targets ON targets.id = authority_registrations.target"
                         " WHERE NOT ended AND kind = 'aws' AND account = ? AND region = ?",
                         error);

  *count = 0;
  if (select == NULL
      || !certificate_split (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &parts))
    return FALSE;
  statement_bind_text (select, target->account);
  statement_bind_text (select, target->region);
  while (row) {
    if (!statement_step (select, &row, error))
      return FALSE;
    gsize length = 0;
    const guint8 *chain = row ? statement_blob (select, &length) : NULL;
    g_autoptr (GBytes) first = chain_first (chain, length);
    if (first != NULL
        && certificate_split (g_bytes_get_data (first, NULL), g_bytes_get_size (first), &other)
        && certificate_part_equal (other.subject, parts.subject.data, parts.subject.length))
      (*count)++;
  }
  return TRUE;
}

static gboolean
check_quota (Database *database, const Target *target, GBytes *der, GError **error)
{
  guint count;

  if (!count_subject (database, target, der, &count, error))
    return FALSE;
  return count < MOST_OF_ONE_SUBJECT
         || invalid (error, "ten CAs of this subject are registered in that account and region, "
                            "more are not taken: delete one that signs nothing any more");
}

static gboolean
insert_authority (Database *database, const Target *target, const KnownAuthority *authority,
                  const AuthorityOrder *order, gint64 *id, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO authority_registrations (target, authority, certificate_mode, status,"
      " auto_registration, registered_at, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, target->id);
  statement_bind_int64 (insert, authority->id);
  statement_bind_text (insert, target->mode == TARGET_REGISTERED_CA ? "DEFAULT" : "SNI_ONLY");
  statement_bind_text (insert, order->active ? "ACTIVE" : "INACTIVE");
  statement_bind_int64 (insert, order->auto_registration ? 1 : 0);
  statement_bind_int64 (insert, g_get_real_time ());
  if (!statement_run (insert, error))
    return FALSE;
  *id = database_last_id (database);
  return TRUE;
}

static gboolean
register_authority (Database *database, gpointer data, GError **error)
{
  const Registering *registering = data;
  const AuthorityOrder *order = registering->order;
  g_autoptr (Target) target = target_read (database, order->target, error);
  g_auto (KnownAuthority) authority = { 0 };
  gint64 id;

  if (target == NULL || !check_mode (target, order, error)
      || !known_authority_find (database, order->authority, &authority, error)
      || !authority_check (authority.der, error)
      || (order->verification != NULL
          && !verification_check (order->verification, authority.der, error))
      || !check_alone (database, target, &authority, error)
      || !check_quota (database, target, authority.der, error)
      || !insert_authority (database, target, &authority, order, &id, error))
    return FALSE;
  const AuthorityDeed deed = { .operation = "register-ca",
                               .to = order->active ? "ACTIVE" : "INACTIVE",
                               .verification = order->verification,
                               .auto_registration = order->auto_registration ? 1 : 0,
                               .actor = registering->actor };
  return authority_record (database, target, authority.name, id, &deed, error);
}

gboolean
ledger_register_authority (Ledger *ledger, const AuthorityOrder *order, const char *actor,
                           GError **error)
{
  Registering registering = { .order = order, .actor = actor };

  return ledger_write (ledger, register_authority, &registering, error);
}
