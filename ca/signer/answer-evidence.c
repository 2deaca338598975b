/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See answer-evidence.h.
 */
#include "ca/signer/answer-evidence.h"

#include "ca/signer/signer-evidence.h"
#include "ca/wire/wire.h"

#include <string.h>

static gboolean
take_hash (GVariant *value, const char *what, guint8 hash[MERKLE_HASH], GError **error)
{
  gsize length;
  const guint8 *data = g_variant_get_fixed_array (value, &length, 1);

  if (length != MERKLE_HASH)
    return ca_refuse (error, CA_ERROR_PROTOCOL, "%s is no hash", what);
  memcpy (hash, data, MERKLE_HASH);
  return TRUE;
}

static GVariant *
statement_payload (const char *what, const char *batch, guint64 place, GBytes *statement)
{
  g_message ("signed a %s about batch %s: entry %" G_GUINT64_FORMAT, what, batch, place);
  return g_variant_new ("(t@ay)", place, wire_bytes (statement));
}

GVariant *
answer_report (Signer *signer, GVariant *request, GError **error)
{
  LedgerClaim ledger = { 0 };
  const char *batch, *id;
  gboolean final;
  guint64 place;
  g_autoptr (GVariant) event_hash = NULL, voids = NULL;
  g_autoptr (GBytes) statement = NULL;

  g_variant_get (request, "(&sb(&st@ay)ttttt@ay)", &batch, &final, &id, &ledger.event, &event_hash,
                 &ledger.devices, &ledger.verified, &ledger.voided, &ledger.open, &ledger.failed,
                 &voids);
  ledger.id = (char *)id;
  if (!take_hash (event_hash, "the events' hash", ledger.event_hash, error)
      || !take_hash (voids, "the voids' hash", ledger.voids_sha256, error))
    return NULL;
  statement = signer_report (signer, batch, final, &ledger, &place, error);
  return statement != NULL ? statement_payload ("report", batch, place, statement) : NULL;
}

GVariant *
answer_manifest (Signer *signer, GVariant *request, GError **error)
{
  ManifestStatement said = { 0 };
  const char *batch, *format, *id;
  guint64 place;
  g_autoptr (GVariant) sha256 = NULL, event_hash = NULL;
  g_autoptr (GBytes) statement = NULL;

  g_variant_get (request, "(&s&stt@ay(&st@ay))", &batch, &format, &said.rows, &said.bytes, &sha256,
                 &id, &said.event, &event_hash);
  said.batch = (char *)batch;
  said.format = (char *)format;
  said.ledger = (char *)id;
  if (!take_hash (sha256, "the manifest's hash", said.sha256, error)
      || !take_hash (event_hash, "the events' hash", said.event_hash, error))
    return NULL;
  statement = signer_manifest_statement (signer, &said, &place, error);
  return statement != NULL ? statement_payload ("manifest's statement", batch, place, statement)
                           : NULL;
}

GVariant *
answer_checkpoint (Signer *signer, GVariant *request, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *note = NULL;
  gboolean fresh;

  g_variant_get (request, WIRE_CHECKPOINT_REQUEST, &fresh);
  note = signer_checkpoint (signer, fresh, &problem);
  if (problem != NULL) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return NULL;
  }
  return g_variant_new (WIRE_CHECKPOINT_REPLY, note != NULL ? note : "");
}

GVariant *
answer_inclusion (Signer *signer, GVariant *request, GError **error)
{
  g_autoptr (GByteArray) path = NULL;
  g_autofree char *note = NULL;
  g_autoptr (GBytes) entry = NULL;
  guint64 index;

  g_variant_get (request, WIRE_INCLUSION_REQUEST, &index);
  path = signer_inclusion (signer, index, &note, error);
  entry = path != NULL ? issuance_log_read (signer_log (signer), index, error) : NULL;
  if (entry == NULL)
    return NULL;
  return g_variant_new ("(@ays@ay)",
                        g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, path->data, path->len, 1),
                        note, wire_bytes (entry));
}

GVariant *
answer_station (Signer *signer)
{
  GBytes *certificate = signer_station_certificate (signer);

  return certificate != NULL ? wire_bytes (certificate)
                             : g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, NULL, 0, 1);
}
