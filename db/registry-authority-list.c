/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which CAs are registered where.
 */
#include "db/certificate-fields.h"
#include "db/registry-authority.h"

void
authority_registration_free (AuthorityRegistration *registration)
{
  if (registration == NULL)
    return;
  g_free (registration->target);
  g_free (registration->name);
  g_free (registration->sha256);
  g_free (registration->subject);
  g_free (registration->certificate_mode);
  g_free (registration);
}

static void
read_fields (AuthorityRegistration *registration, GBytes *der)
{
  g_autoptr (CertificateFields) fields = der == NULL ? NULL : certificate_fields_read (der, NULL);

  registration->subject = g_strdup (fields == NULL ? "" : fields->subject);
  registration->not_before = fields == NULL ? 0 : fields->not_before;
  registration->not_after = fields == NULL ? 0 : fields->not_after;
}

static gpointer
load_registration (Statement *statement)
{
  AuthorityRegistration *registration = g_new0 (AuthorityRegistration, 1);
  gsize length;

  registration->id = statement_int64 (statement);
  registration->target = statement_dup_text (statement);
  registration->name = statement_dup_text (statement);
  registration->sha256 = statement_dup_hex (statement);
  registration->certificate_mode = statement_dup_text (statement);
  registration_status_from_word (statement_text (statement), &registration->status);
  registration->auto_registration = statement_int64 (statement) != 0;
  registration->registered_at = statement_int64 (statement);
  registration->changed_at = statement_int64 (statement);
  const guint8 *chain = statement_blob (statement, &length);
  g_autoptr (GBytes) der = chain_first (chain, length);
  read_fields (registration, der);
  return registration;
}

GPtrArray *
ledger_authority_registrations (Ledger *ledger, const char *target, GError **error)
{
  Database *database = ledger->list.database;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Target) known = target == NULL ? NULL : target_read (database, target, error);

  if (target != NULL && known == NULL)
    return NULL;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT entry.id, targets.name, authorities.name, authorities.sha256,"
      " entry.certificate_mode, entry.status, entry.auto_registration, entry.registered_at,"
      " entry.changed_at, authorities.chain FROM authority_registrations AS entry"
      " JOIN targets ON targets.id = entry.target"
      " JOIN authorities ON authorities.id = entry.authority"
      " WHERE NOT entry.ended AND (?1 IS NULL OR targets.name = ?1) ORDER BY entry.id",
      error);
  if (select == NULL)
    return NULL;
  statement_bind_text (select, target);
  return load_rows (select, load_registration, (GDestroyNotify)authority_registration_free, error);
}
