/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See client-evidence.h.
 */
#include "ca/wire/client-evidence.h"

#include "base/encode.h"
#include "ca/proof/statement.h"
#include "ca/wire/client-private.h"

static gboolean
check_text (const char *text, GError **error)
{
  return g_utf8_validate (text, -1, NULL)
         || ca_refuse (error, CA_ERROR_PROOF, "that is not UTF-8 text");
}

static GVariant *
hash_value (const guint8 hash[MERKLE_HASH])
{
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, hash, MERKLE_HASH, 1);
}

/* ---- tickets ---- */

void
ticket_state_free (TicketState *state)
{
  if (state == NULL)
    return;
  g_free (state->batch);
  g_free (state->profile);
  g_free (state->sha256);
  g_free (state->note);
  g_free (state);
}

/* NULL where the hash is none. */
static TicketState *
ticket_state_of (GVariant *value)
{
  g_autoptr (TicketState) state = g_new0 (TicketState, 1);
  g_autoptr (GVariant) digest = NULL;
  const guint8 *data;
  gsize length;

  g_variant_get (value, "(ttssuuxx@aybs)", &state->place, &state->number, &state->batch,
                 &state->profile, &state->count, &state->issued, &state->not_before,
                 &state->not_after, &digest, &state->newest, &state->note);
  data = g_variant_get_fixed_array (digest, &length, 1);
  if (length != MERKLE_HASH)
    return NULL;
  state->sha256 = hex_encode (data, length);
  return g_steal_pointer (&state);
}

TicketState *
signer_client_load_ticket (SignerClient *client, GBytes *ticket, Deadline deadline, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  TicketState *state;

  if (g_bytes_get_size (ticket) > STATEMENT_MOST) {
    ca_refuse (error, CA_ERROR_TICKET_INVALID, "the ticket is longer than %d bytes",
               STATEMENT_MOST);
    return NULL;
  }
  reply = signer_client_call (client, WIRE_TICKET, g_variant_new ("(@ay)", wire_bytes (ticket)),
                              deadline, error);
  if (reply == NULL)
    return NULL;
  state = ticket_state_of (reply);
  if (state == NULL)
    signer_client_refuse (client, error, "the signer's answer is no ticket's state");
  return state;
}

GPtrArray *
signer_client_tickets (SignerClient *client, Deadline deadline, GError **error)
{
  g_autoptr (GPtrArray) tickets =
      g_ptr_array_new_with_free_func ((GDestroyNotify)ticket_state_free);
  g_autoptr (GVariant) reply = signer_client_call (
      client, WIRE_TICKETS, g_variant_new (WIRE_TICKETS_REQUEST), deadline, error);

  if (reply == NULL)
    return NULL;
  for (gsize i = 0; i < g_variant_n_children (reply); i++) {
    g_autoptr (GVariant) value = g_variant_get_child_value (reply, i);
    TicketState *state = ticket_state_of (value);

    if (state == NULL) {
      signer_client_refuse (client, error, "the signer's answer is no ticket's state");
      return NULL;
    }
    g_ptr_array_add (tickets, state);
  }
  return g_steal_pointer (&tickets);
}

/* ---- statements ---- */

static GVariant *
ledger_value (const char *id, guint64 event, const guint8 event_hash[MERKLE_HASH])
{
  return g_variant_new ("(st@ay)", id, event, hash_value (event_hash));
}

/* Sinks `request`. */
static GBytes *
call_for_statement (SignerClient *client, WireKind kind, GVariant *request, guint64 *place,
                    Deadline deadline, GError **error)
{
  g_autoptr (GVariant) reply = signer_client_call (client, kind, request, deadline, error);
  g_autoptr (GVariant) statement = NULL;
  guint64 index;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(t@ay)", &index, &statement);
  if (g_variant_n_children (statement) == 0) {
    signer_client_refuse (client, error, "the signer's answer holds no statement");
    return NULL;
  }
  if (place != NULL)
    *place = index;
  return wire_bytes_of (statement);
}

GBytes *
signer_client_report (SignerClient *client, const char *batch, gboolean final,
                      const LedgerClaim *ledger, guint64 *place, Deadline deadline, GError **error)
{
  if (!check_text (batch, error) || !check_text (ledger->id, error))
    return NULL;
  return call_for_statement (
      client, WIRE_REPORT,
      g_variant_new ("(sb@(stay)ttttt@ay)", batch, final,
                     ledger_value (ledger->id, ledger->event, ledger->event_hash), ledger->devices,
                     ledger->verified, ledger->voided, ledger->open, ledger->failed,
                     hash_value (ledger->voids_sha256)),
      place, deadline, error);
}

GBytes *
signer_client_manifest_statement (SignerClient *client, const ManifestStatement *statement,
                                  guint64 *place, Deadline deadline, GError **error)
{
  if (!check_text (statement->batch, error) || !check_text (statement->format, error)
      || !check_text (statement->ledger, error))
    return NULL;
  return call_for_statement (
      client, WIRE_MANIFEST,
      g_variant_new ("(sstt@ay@(stay))", statement->batch, statement->format, statement->rows,
                     statement->bytes, hash_value (statement->sha256),
                     ledger_value (statement->ledger, statement->event, statement->event_hash)),
      place, deadline, error);
}

/* ---- checkpoints, proofs, the log ---- */

char *
signer_client_checkpoint (SignerClient *client, gboolean fresh, Deadline deadline, GError **error)
{
  g_autoptr (GVariant) reply = signer_client_call (
      client, WIRE_CHECKPOINT, g_variant_new (WIRE_CHECKPOINT_REQUEST, fresh), deadline, error);
  const char *note;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(&s)", &note);
  return *note != '\0' ? g_strdup (note) : NULL;
}

/* NULL where it is not whole hashes, and not too many. */
static GBytes *
path_of (SignerClient *client, GVariant *value, GError **error)
{
  g_autoptr (GBytes) path = wire_bytes_of (value);
  const gsize size = g_bytes_get_size (path);

  if (size % MERKLE_HASH == 0 && size <= 2 * MERKLE_MOST_PATH * MERKLE_HASH)
    return g_steal_pointer (&path);
  signer_client_refuse (client, error, "the signer's answer is no path");
  return NULL;
}

GBytes *
signer_client_inclusion (SignerClient *client, guint64 index, char **note, GBytes **entry,
                         Deadline deadline, GError **error)
{
  g_autoptr (GVariant) reply = signer_client_call (
      client, WIRE_INCLUSION, g_variant_new (WIRE_INCLUSION_REQUEST, index), deadline, error);
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) bytes = NULL;
  const char *text;
  GBytes *path;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(@ay&s@ay)", &value, &text, &bytes);
  path = path_of (client, value, error);
  if (path == NULL)
    return NULL;
  *note = g_strdup (text);
  *entry = wire_bytes_of (bytes);
  return path;
}

GBytes *
signer_client_consistency (SignerClient *client, guint64 from, guint64 to, Deadline deadline,
                           GError **error)
{
  g_autoptr (GVariant) reply =
      signer_client_call (client, WIRE_CONSISTENCY,
                          g_variant_new (WIRE_CONSISTENCY_REQUEST, from, to), deadline, error);
  g_autoptr (GVariant) value = NULL;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(@ay)", &value);
  return path_of (client, value, error);
}

GBytes *
signer_client_log (SignerClient *client, guint64 offset, guint64 *length, Deadline deadline,
                   GError **error)
{
  g_autoptr (GVariant) reply = signer_client_call (
      client, WIRE_LOG, g_variant_new (WIRE_LOG_REQUEST, offset, (guint32)WIRE_MOST), deadline,
      error);
  g_autoptr (GVariant) bytes = NULL;
  guint64 end;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(t@ay)", &end, &bytes);
  if (length != NULL)
    *length = end;
  return wire_bytes_of (bytes);
}

gboolean
signer_client_reset_clock (SignerClient *client, const char *who, const char *why,
                           Deadline deadline, GError **error)
{
  g_autoptr (GVariant) reply = NULL;

  if (!check_text (who, error) || !check_text (why, error))
    return FALSE;
  reply = signer_client_call (client, WIRE_CLOCK, g_variant_new (WIRE_CLOCK_REQUEST, who, why),
                              deadline, error);
  return reply != NULL;
}
