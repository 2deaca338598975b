/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CAs in targets: AWS IoT takes certificates of registered CAs only, in the modes registered-ca
 * (DEFAULT) and sni-only (SNI_ONLY).
 */
#include "db/registry-authority.h"

#include <string.h>

#include "base/encode.h"
#include "db/manifest-private.h"
#include "db/registry-private.h"

#define DIGEST_HEX 64

void
known_authority_clear (KnownAuthority *authority)
{
  g_free (authority->name);
  g_free (authority->sha256);
  g_clear_pointer (&authority->der, g_bytes_unref);
}

static gboolean
invalid (GError **error, const char *sentence)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, sentence);
  return FALSE;
}

static void
load_known (Statement *select, KnownAuthority *authority)
{
  gsize length;

  authority->id = statement_int64 (select);
  authority->name = statement_dup_text (select);
  authority->sha256 = statement_dup_hex (select);
  const guint8 *chain = statement_blob (select, &length);
  authority->der = chain_first (chain, length);
}

gboolean
known_authority_find (Database *database, const char *name, KnownAuthority *authority,
                      GError **error)
{
  g_autoptr (GBytes) digest =
      name != NULL && strlen (name) == DIGEST_HEX ? hex_decode (name) : NULL;
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT id, name, sha256, chain FROM authorities WHERE name = ? OR sha256 = ?",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  statement_bind_bytes (select, digest);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row)
    return ledger_not_found ("CA that issued here", name == NULL ? "" : name, error);
  load_known (select, authority);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (row)
    return invalid (error, "several CAs have had this name: say which by its SHA-256");
  return authority->der != NULL || invalid (error, "the CA's certificate can't be read");
}

/* ---- what is registered ---- */

gboolean
authority_signed (const CertificateParts *authority, const CertificateParts *leaf)
{
  CertificatePart ours;
  CertificatePart theirs;

  if (!certificate_part_equal (leaf->issuer, authority->subject.data, authority->subject.length))
    return FALSE;
  return !certificate_subject_key_id (authority, &ours)
         || !certificate_authority_key_id (leaf, &theirs)
         || certificate_part_equal (theirs, ours.data, ours.length);
}

static void
registered_free (gpointer data)
{
  RegisteredAuthority *authority = data;

  g_clear_pointer (&authority->der, g_bytes_unref);
  g_free (authority);
}

static gpointer
load_registered (Statement *statement)
{
  RegisteredAuthority *authority = g_new0 (RegisteredAuthority, 1);
  gsize length;

  authority->id = statement_int64 (statement);
  registration_status_from_word (statement_text (statement), &authority->status);
  const guint8 *chain = statement_blob (statement, &length);
  authority->der = chain_first (chain, length);
  if (authority->der != NULL)
    certificate_split (g_bytes_get_data (authority->der, NULL), g_bytes_get_size (authority->der),
                       &authority->parts);
  return authority;
}

GPtrArray *
registered_authorities (Database *database, gint64 target_id, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT authority_registrations.id, status, chain FROM authority_registrations"
      " JOIN authorities ON authorities.id = authority_registrations.authority"
      " WHERE target = ? AND NOT ended ORDER BY status = 'ACTIVE' DESC,"
      " authority_registrations.id DESC",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, target_id);
  return load_rows (select, load_registered, registered_free, error);
}

const RegisteredAuthority *
registered_authority_of (GPtrArray *authorities, const CertificateParts *parts)
{
  for (guint i = 0; i < authorities->len; i++) {
    const RegisteredAuthority *authority = g_ptr_array_index (authorities, i);

    if (authority->parts.subject.length > 0 && authority_signed (&authority->parts, parts))
      return authority;
  }
  return NULL;
}

/* ---- operations ---- */

static char *
arguments_of (const AuthorityDeed *deed)
{
  g_autoptr (GString) json = g_string_new ("{");

  if (deed->auto_registration >= 0)
    g_string_append_printf (json, "\"auto-registration\":%s",
                            deed->auto_registration != 0 ? "true" : "false");
  if (deed->verification != NULL) {
    g_string_append (json, json->len > 1 ? ",\"verification\":" : "\"verification\":");
    append_json_string (json, deed->verification);
  }
  g_string_append_c (json, '}');
  return g_strdup (json->str);
}

static gboolean
insert_operation (Database *database, gint64 target, gint64 id, const AuthorityDeed *deed,
                  gint64 event, GError **error)
{
  g_autofree char *arguments = arguments_of (deed);
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO registry_operations (target, authority, operation, from_status, to_status,"
      " arguments, at, event, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, target);
  statement_bind_int64 (insert, id);
  statement_bind_text (insert, deed->operation);
  statement_bind_text (insert, deed->from);
  statement_bind_text (insert, deed->to);
  statement_bind_text (insert, arguments);
  statement_bind_int64 (insert, g_get_real_time ());
  statement_bind_int64 (insert, event);
  return statement_run (insert, error);
}

gboolean
authority_record (Database *database, const Target *target, const char *authority, gint64 id,
                  const AuthorityDeed *deed, GError **error)
{
  gint64 event;
  g_autofree char *kind = g_strconcat ("registry-", deed->operation, NULL);
  g_autofree char *detail =
      g_strdup_printf ("CA %s, %s to %s%s", authority, deed->from == NULL ? "none" : deed->from,
                       deed->to == NULL ? "none" : deed->to,
                       deed->auto_registration < 0    ? ""
                       : deed->auto_registration != 0 ? ", registers devices by itself"
                                                      : ", does not register devices by itself");

  return audit_add (database, deed->actor, kind, target->name, detail, &event, error)
         && insert_operation (database, target->id, id, deed, event, error);
}

/* ---- changing ---- */

typedef struct {
  const char *target;
  const char *authority;
  RegistrationStatus status;
  int auto_registration;
  const char *actor;
} AuthorityChange;

/* What is registered now. */
typedef struct {
  gint64 id;
  RegistrationStatus status;
  gboolean auto_registration;
} Present;

static gboolean
read_present (Database *database, const Target *target, const KnownAuthority *authority,
              Present *present, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select =
      statement_prepare (database,
                         "SELECT id, status, auto_registration FROM authority_registrations"
                         " WHERE target = ? AND authority = ? AND NOT ended",
                         error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, target->id);
  statement_bind_int64 (select, authority->id);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND,
                 "CA %s is not registered in target %s: register it first", authority->name,
                 target->name);
    return FALSE;
  }
  present->id = statement_int64 (select);
  registration_status_from_word (statement_text (select), &present->status);
  present->auto_registration = statement_int64 (select) != 0;
  return TRUE;
}

static gboolean
update_authority (Database *database, const Present *present, const AuthorityChange *change,
                  GError **error)
{
  const gboolean ends = change->status == REGISTRATION_NONE;
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE authority_registrations SET status = ?, auto_registration = ?, changed_at = ?,"
      " ended = ? WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, registration_status_word (ends ? present->status : change->status));
  statement_bind_int64 (update, change->auto_registration < 0 ? present->auto_registration
                                                              : change->auto_registration != 0);
  statement_bind_int64 (update, g_get_real_time ());
  statement_bind_int64 (update, ends ? 1 : 0);
  statement_bind_int64 (update, present->id);
  return statement_run (update, error);
}

static gboolean
is_so_already (const Present *present, const AuthorityChange *change)
{
  return change->status == present->status
         && (change->auto_registration < 0
             || (change->auto_registration != 0) == present->auto_registration);
}

static gboolean
change_authority (Database *database, gpointer data, GError **error)
{
  const AuthorityChange *change = data;
  g_autoptr (Target) target = target_read (database, change->target, error);
  g_auto (KnownAuthority) authority = { 0 };
  Present present;

  if (target == NULL || !known_authority_find (database, change->authority, &authority, error)
      || !read_present (database, target, &authority, &present, error))
    return FALSE;
  if (is_so_already (&present, change))
    return TRUE;
  if (change->status == REGISTRATION_NONE && present.status == REGISTRATION_ACTIVE)
    return invalid (error, "the CA is ACTIVE in this target: deactivate it first");
  const gboolean ends = change->status == REGISTRATION_NONE;
  const AuthorityDeed deed = { .operation = ends ? "delete-ca" : "update-ca",
                               .from = registration_status_word (present.status),
                               .to = ends ? NULL : registration_status_word (change->status),
                               .auto_registration = ends ? -1 : change->auto_registration,
                               .actor = change->actor };
  return update_authority (database, &present, change, error)
         && authority_record (database, target, authority.name, present.id, &deed, error);
}

gboolean
ledger_change_authority (Ledger *ledger, const char *target, const char *authority,
                         RegistrationStatus status, int auto_registration, const char *actor,
                         GError **error)
{
  AuthorityChange change = { .target = target,
                             .authority = authority,
                             .status = status,
                             .auto_registration = auto_registration,
                             .actor = actor };

  if (status != REGISTRATION_ACTIVE && status != REGISTRATION_INACTIVE
      && status != REGISTRATION_NONE)
    return invalid (error, "a CA is ACTIVE or INACTIVE, or deleted: say which");
  return ledger_write (ledger, change_authority, &change, error);
}
