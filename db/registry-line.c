/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the line does to registrations by itself, within its own transactions: a unit that passes is
 * registered where its batch goes, a certificate that becomes void is taken out of use wherever it
 * is registered. Nothing that the rules refuse holds up a unit: it stays for people to see.
 */
#include "db/registry-private.h"

/* ---- PASS ---- */

typedef struct {
  char *target;
  RegistrationStatus status;
} Destination;

static void
destination_free (gpointer data)
{
  Destination *destination = data;

  g_free (destination->target);
  g_free (destination);
}

static gpointer
load_destination (Statement *statement)
{
  Destination *destination = g_new0 (Destination, 1);

  destination->target = statement_dup_text (statement);
  registration_status_from_word (statement_text (statement), &destination->status);
  return destination;
}

static GPtrArray *
destinations_of (Database *database, gint64 certificate_id, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT targets.name, batch_targets.status FROM certificates"
      " JOIN batch_targets ON batch_targets.batch = certificates.batch"
      " JOIN targets ON targets.id = batch_targets.target WHERE certificates.id = ?",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, certificate_id);
  return load_rows (select, load_destination, destination_free, error);
}

static gboolean
judge_and_apply (Registrar *registrar, const Candidate *candidate, GError **error)
{
  g_auto (RegistryVerdict) verdict = { 0 };

  if (!candidate_judge (registrar, candidate, &verdict, error))
    return FALSE;
  if (verdict.allowed)
    return registrar_apply (registrar, candidate, &verdict, error);
  registrar_note_refused (registrar, candidate, verdict.refusal);
  return TRUE;
}

static gboolean
register_unit (Database *database, gint64 certificate_id, const Destination *destination,
               gint64 event, GError **error)
{
  const RegistryRequest request = { .operation = REGISTRY_REGISTER, .status = destination->status };
  g_autoptr (Target) target = target_read (database, destination->target, error);
  g_autoptr (Candidate) candidate = NULL;
  g_auto (Registrar) registrar = { 0 };

  if (target == NULL || !registrar_init (&registrar, database, target, &request, error))
    return FALSE;
  candidate = candidate_of_certificate (&registrar, certificate_id, error);
  return candidate != NULL && judge_and_apply (&registrar, candidate, error)
         && registrar_write_deeds (&registrar, event, error);
}

gboolean
registry_unit_passed (Database *database, gint64 certificate_id, gint64 event, GError **error)
{
  g_autoptr (GPtrArray) destinations = destinations_of (database, certificate_id, error);

  if (destinations == NULL)
    return FALSE;
  for (guint i = 0; i < destinations->len; i++)
    if (!register_unit (database, certificate_id, g_ptr_array_index (destinations, i), event,
                        error))
      return FALSE;
  return TRUE;
}

/* ---- void ---- */

static gpointer
load_name (Statement *statement)
{
  return statement_dup_text (statement);
}

static GPtrArray *
targets_of (Database *database, gint64 certificate_id, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT targets.name FROM registrations JOIN targets ON targets.id = registrations.target"
      " WHERE registrations.certificate = ? AND registrations.ended IS NULL ORDER BY targets.id",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, certificate_id);
  return load_rows (select, load_name, g_free, error);
}

/* The cloud takes no other status before the transfer is answered or cancelled. */
static gboolean
tell_pending (Database *database, const Target *target, const Candidate *candidate,
              gboolean superseded, const char *actor, GError **error)
{
  g_autofree char *detail = g_strdup_printf (
      "%s in target %s while a transfer to account %s waits: cancel that, then %s it", //
      superseded ? "superseded" : "void", target->name, candidate->transferred_to,
      superseded ? "deactivate" : "revoke");

  return audit_add (database, actor, "registry-pending", candidate->device, detail, NULL, error);
}

static gboolean
take_out_of_use (Registrar *registrar, const Candidate *candidate, gboolean superseded,
                 GError **error)
{
  const RegistryVerdict verdict = { .allowed = TRUE,
                                    .changes = TRUE,
                                    .status =
                                        superseded ? REGISTRATION_INACTIVE : REGISTRATION_REVOKED };

  if (candidate->status == REGISTRATION_REVOKED || candidate->status == verdict.status)
    return TRUE;
  return registrar_apply (registrar, candidate, &verdict, error);
}

static gboolean
void_in_target (Database *database, gint64 certificate_id, const char *name, gboolean superseded,
                const char *actor, gint64 event, GError **error)
{
  const RegistryRequest request = { .operation =
                                        superseded ? REGISTRY_DEACTIVATE : REGISTRY_REVOKE };
  g_autoptr (Target) target = target_read (database, name, error);
  g_autoptr (Candidate) candidate = NULL;
  g_auto (Registrar) registrar = { 0 };

  if (target == NULL || !registrar_init (&registrar, database, target, &request, error))
    return FALSE;
  candidate = candidate_of_certificate (&registrar, certificate_id, error);
  if (candidate == NULL)
    return FALSE;
  if (candidate->status == REGISTRATION_PENDING_TRANSFER)
    return tell_pending (database, target, candidate, superseded, actor, error);
  return take_out_of_use (&registrar, candidate, superseded, error)
         && registrar_write_deeds (&registrar, event, error);
}

gboolean
registry_certificate_voided (Database *database, gint64 certificate_id, gboolean superseded,
                             const char *actor, gint64 event, GError **error)
{
  g_autoptr (GPtrArray) names = targets_of (database, certificate_id, error);

  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    if (!void_in_target (database, certificate_id, g_ptr_array_index (names, i), superseded, actor,
                         event, error))
      return FALSE;
  return TRUE;
}
