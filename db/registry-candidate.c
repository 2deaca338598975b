/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A certificate as the rules see it in one target: read, and held against them.
 */
#include <string.h>

#include "base/encode.h"
#include "db/manifest-private.h"
#include "db/registry-private.h"

#define SHA256_HEX 64

/* ---- the registrar ---- */

static void
clear_deed (gpointer data)
{
  RegistryDeed *deed = data;

  g_free (deed->answer);
}

static void
add_member (GString *json, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_string_append (json, json->len > 1 ? "," : "");
  append_json_string (json, name);
  g_string_append_c (json, ':');
  append_json_string (json, value);
}

static char *
arguments_of (const RegistryRequest *request)
{
  g_autoptr (GString) json = g_string_new ("{");

  add_member (json, "account", request->account);
  add_member (json, "message", request->message);
  if (json->len == 1)
    return NULL;
  g_string_append_c (json, '}');
  return g_strdup (json->str);
}

static gboolean
asks_for_authority (const Target *target)
{
  return strcmp (target->kind, "aws") == 0
         && (target->mode == TARGET_REGISTERED_CA || target->mode == TARGET_SNI_ONLY);
}

gboolean
registrar_init (Registrar *registrar, Database *database, const Target *target,
                const RegistryRequest *request, GError **error)
{
  *registrar = (Registrar){ .database = database,
                            .target = target,
                            .request = request,
                            .arguments = arguments_of (request),
                            .deeds = g_array_new (FALSE, FALSE, sizeof (RegistryDeed)),
                            .now = g_get_real_time () };
  g_array_set_clear_func (registrar->deeds, clear_deed);
  if (!asks_for_authority (target))
    return TRUE;
  registrar->authorities = registered_authorities (database, target->id, error);
  return registrar->authorities != NULL;
}

void
registrar_clear (Registrar *registrar)
{
  g_free (registrar->arguments);
  g_clear_pointer (&registrar->authorities, g_ptr_array_unref);
  g_clear_pointer (&registrar->deeds, g_array_unref);
}

/* ---- candidates ---- */

void
candidate_free (Candidate *candidate)
{
  if (candidate == NULL)
    return;
  g_free (candidate->device);
  g_free (candidate->sha256);
  g_free (candidate->transferred_to);
  g_free (candidate);
}

static void
read_signer (const Registrar *registrar, Candidate *candidate, const guint8 *der, gsize length)
{
  CertificateParts parts;

  if (der == NULL || !certificate_split (der, length, &parts))
    return;
  candidate->self_signed =
      certificate_part_equal (parts.issuer, parts.subject.data, parts.subject.length);
  if (registrar->authorities != NULL)
    candidate->authority = registered_authority_of (registrar->authorities, &parts);
}

Candidate *
candidate_load (const Registrar *registrar, Statement *statement)
{
  Candidate *candidate = g_new0 (Candidate, 1);
  const char *state;
  const guint8 *der;
  gsize length;

  candidate->place = statement_int64 (statement);
  candidate->id = statement_int64 (statement);
  candidate->batch = statement_int64 (statement);
  candidate->device = statement_dup_text (statement);
  candidate->sha256 = statement_dup_hex (statement);
  state = statement_text (statement);
  candidate->verified = g_strcmp0 (state, "verified") == 0;
  candidate->void_here = g_strcmp0 (state, "void") == 0;
  candidate->not_after = statement_int64 (statement);
  der = statement_blob (statement, &length);
  read_signer (registrar, candidate, der, length);
  candidate->registration = statement_int64 (statement);
  registration_status_from_word (statement_text (statement), &candidate->status);
  candidate->transferred_to = statement_dup_text (statement);
  return candidate;
}

/* The first row; NULL without error where there is none. */
static Candidate *
load_first (const Registrar *registrar, Statement *select, GError **error)
{
  gboolean row;

  if (!statement_step (select, &row, error) || !row)
    return NULL;
  return candidate_load (registrar, select);
}

Candidate *
candidate_of_certificate (const Registrar *registrar, gint64 certificate_id, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      registrar->database,
      CANDIDATE_COLUMNS ("certificates.id") " FROM certificates" CANDIDATE_DEVICE CANDIDATE_HERE
                                            " WHERE certificates.id = ?2",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, registrar->target->id);
  statement_bind_int64 (select, certificate_id);
  return load_first (registrar, select, error);
}

static Candidate *
find_by_digest (const Registrar *registrar, const char *name, GError **error)
{
  g_autoptr (GBytes) digest = strlen (name) == SHA256_HEX ? hex_decode (name) : NULL;

  if (digest == NULL)
    return NULL;
  g_autoptr (Statement) select = statement_prepare (
      registrar->database,
      CANDIDATE_COLUMNS ("certificates.id") " FROM certificates" CANDIDATE_DEVICE CANDIDATE_HERE
                                            " WHERE certificates.sha256 = ?2",
      error);
  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, registrar->target->id);
  statement_bind_bytes (select, digest);
  return load_first (registrar, select, error);
}

/* Of a device that had several certificates: to be registered, the one that lives; else the one
 * that is registered here, or on its way here. */
#define OF_DEVICE(first)                                                                           \
  CANDIDATE_COLUMNS ("certificates.id")                                                            \
  " FROM devices JOIN certificates ON certificates.device = devices.id" CANDIDATE_HERE             \
  " WHERE devices.serial = ?2 ORDER BY " first                                                     \
  "certificates.state <> 'void' DESC, certificates.log_index DESC LIMIT 1"
#define LIVING_FIRST OF_DEVICE ("")
#define REGISTERED_FIRST OF_DEVICE ("here.id IS NOT NULL DESC, ")
#define COMING_FIRST                                                                               \
  OF_DEVICE ("EXISTS (SELECT 1 FROM registrations AS source WHERE"                                 \
             " source.certificate = certificates.id AND source.ended IS NULL"                      \
             " AND source.status = 'PENDING_TRANSFER' AND source.target <> ?1) DESC, ")

static const char *
query_of (const RegistryRequest *request)
{
  if (request->operation == REGISTRY_REGISTER)
    return LIVING_FIRST;
  if ((request->operation == REGISTRY_ACCEPT_TRANSFER
       || request->operation == REGISTRY_REJECT_TRANSFER)
      && !request->elsewhere)
    return COMING_FIRST;
  return REGISTERED_FIRST;
}

static Candidate *
find_by_serial (const Registrar *registrar, const char *name, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (registrar->database, query_of (registrar->request), error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, registrar->target->id);
  statement_bind_text (select, name);
  return load_first (registrar, select, error);
}

static void
say_what_is_missing (const Registrar *registrar, const char *name, GError **error)
{
  gint64 device;
  gboolean found;

  if (!device_find (registrar->database, name, &device, &found, error))
    return;
  if (found)
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND,
                         "the device has no certificate yet: run it until it passes");
  else
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND,
                         "neither a device nor a certificate is called so: look at the line again");
}

Candidate *
candidate_find (const Registrar *registrar, const char *name, GError **error)
{
  g_autoptr (GError) failure = NULL;
  Candidate *candidate = find_by_digest (registrar, name, &failure);

  if (candidate == NULL && failure == NULL)
    candidate = find_by_serial (registrar, name, &failure);
  if (candidate == NULL && failure == NULL)
    say_what_is_missing (registrar, name, &failure);
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return candidate;
}

/* ---- judging ---- */

/* The name of another target of this account and region in which it is registered; NULL without
 * error where there is none. */
static gboolean
read_elsewhere (const Registrar *registrar, const Candidate *candidate, char **name, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      registrar->database,
      "SELECT targets.name FROM registrations JOIN targets ON targets.id = registrations.target"
      " WHERE registrations.certificate = ? AND registrations.ended IS NULL AND targets.id <> ?"
      " AND targets.kind = ? AND targets.account = ? AND targets.region = ?"
      " AND targets.account <> '' LIMIT 1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, candidate->id);
  statement_bind_int64 (select, registrar->target->id);
  statement_bind_text (select, registrar->target->kind);
  statement_bind_text (select, registrar->target->account);
  statement_bind_text (select, registrar->target->region);
  if (!statement_step (select, &row, error))
    return FALSE;
  *name = row ? statement_dup_text (select) : NULL;
  return TRUE;
}

void
transfer_source_clear (TransferSource *source)
{
  g_free (source->name);
  g_free (source->account);
}

gboolean
transfer_source_read (const Registrar *registrar, const Candidate *candidate,
                      TransferSource *source, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      registrar->database,
      "SELECT registrations.id, targets.id, targets.name, targets.account FROM registrations"
      " JOIN targets ON targets.id = registrations.target"
      " WHERE registrations.certificate = ? AND registrations.ended IS NULL"
      " AND registrations.status = 'PENDING_TRANSFER' AND registrations.transferred_to = ?"
      " AND targets.kind = 'aws' AND targets.region = ? LIMIT 1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, candidate->id);
  statement_bind_text (select, registrar->target->account);
  statement_bind_text (select, registrar->target->region);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row)
    return TRUE;
  source->registration = statement_int64 (select);
  source->target = statement_int64 (select);
  source->name = statement_dup_text (select);
  source->account = statement_dup_text (select);
  return TRUE;
}

gboolean
candidate_judge (const Registrar *registrar, const Candidate *candidate, RegistryVerdict *verdict,
                 GError **error)
{
  const RegistryOperation operation = registrar->request->operation;
  const RegisteredAuthority *authority = candidate->authority;
  g_autofree char *elsewhere = NULL;
  g_auto (TransferSource) source = { 0 };

  if ((operation == REGISTRY_REGISTER || operation == REGISTRY_ACCEPT_TRANSFER)
      && candidate->registration == 0 && !read_elsewhere (registrar, candidate, &elsewhere, error))
    return FALSE;
  if ((operation == REGISTRY_ACCEPT_TRANSFER || operation == REGISTRY_REJECT_TRANSFER)
      && !transfer_source_read (registrar, candidate, &source, error))
    return FALSE;
  const RegistryFacts facts = {
    .status = candidate->status,
    .kind = registrar->target->kind,
    .mode = registrar->target->mode,
    .verified = candidate->verified,
    .void_here = candidate->void_here,
    .expired = candidate->not_after < registrar->now / G_USEC_PER_SEC,
    .self_signed = candidate->self_signed,
    .authority_registered = authority != NULL,
    .authority_active = authority != NULL && authority->status == REGISTRATION_ACTIVE,
    .registered_elsewhere = elsewhere,
    .account = registrar->target->account,
    .transferred_to = candidate->transferred_to,
    .source = source.name,
  };
  registry_judge (registrar->request, &facts, verdict);
  return TRUE;
}
