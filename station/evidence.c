/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See evidence.h.
 */
#include "station/evidence.h"

#include <string.h>

#include "base/encode.h"
#include "ca/wire/client-evidence.h"

#define PATIENCE 5000 /* milliseconds a question; what is fetched meanwhile stays fetched */

/* ---- reports ---- */

static gboolean
settle (Ledger *ledger, const char *batch, GError **error)
{
  gboolean settled;

  if (!ledger_settle_batch (ledger, batch, NULL, &settled, error))
    return FALSE;
  if (!settled)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE,
                 "a unit of batch %s is still at work: the final report is made when it has ended",
                 batch);
  return settled;
}

static gboolean
read_claim (Ledger *ledger, const char *batch, LedgerClaim *claim, GError **error)
{
  BatchClaim numbers;

  if (!ledger_claim (ledger, batch, &numbers, error))
    return FALSE;
  *claim = (LedgerClaim){ .id = ledger_identity (ledger, error),
                          .devices = numbers.devices,
                          .verified = numbers.verified,
                          .voided = numbers.voided,
                          .open = numbers.open,
                          .failed = numbers.failed,
                          .event = (guint64)numbers.head.event };
  memcpy (claim->event_hash, numbers.head.hash, sizeof claim->event_hash);
  memcpy (claim->voids_sha256, numbers.voids_sha256, sizeof claim->voids_sha256);
  return claim->id != NULL;
}

static BatchReport *
ask_report (Ledger *ledger, Issuer *issuer, SignerClient *client, const char *batch, gboolean final,
            GError **error)
{
  LedgerClaim claim = { 0 };
  GError *failure = NULL;
  guint64 place;
  g_autoptr (GBytes) der = NULL;

  if (!read_claim (ledger, batch, &claim, error))
    return NULL;
  der =
      signer_client_report (client, batch, final, &claim, &place, deadline_in (PATIENCE), &failure);
  g_free (claim.id);
  if (der == NULL) {
    issuer_heard (issuer, failure);
    g_propagate_error (error, failure);
    return NULL;
  }
  const BatchReport report = {
    .batch = (char *)batch, .log_index = place, .final = final, .der = der
  };
  return ledger_store_report (ledger, &report, error)
             ? ledger_report_of_entry (ledger, place, error)
             : NULL;
}

BatchReport *
evidence_report (Ledger *ledger, Issuer *issuer, SignerClient *client, const char *batch,
                 GError **error)
{
  g_autoptr (Batch) about = ledger_batch (ledger, batch, error);

  /* first: what the signer logged must be in the ledger, so that it can be counted there */
  if (about == NULL || !issuer_follow (issuer, client, deadline_in (PATIENCE), error))
    return NULL;
  const gboolean final = about->state == BATCH_CLOSED;
  if (final && !settle (ledger, batch, error))
    return NULL;
  return ask_report (ledger, issuer, client, batch, final, error);
}

/* ---- statements of exports ---- */

static gboolean
describe (Ledger *ledger, const ExportRecord *record, ManifestStatement *statement, GError **error)
{
  g_autoptr (GBytes) digest = hex_decode (record->sha256);
  LedgerHead head;

  statement->batch = g_strdup (record->batch);
  statement->format = g_strdup (record->format);
  statement->rows = record->rows;
  statement->bytes = record->bytes;
  memcpy (statement->sha256, g_bytes_get_data (digest, NULL), sizeof statement->sha256);
  statement->ledger = ledger_identity (ledger, error);
  if (statement->ledger == NULL || !ledger_export_head (ledger, record->id, &head, error))
    return FALSE;
  statement->event = (guint64)head.event;
  memcpy (statement->event_hash, head.hash, sizeof statement->event_hash);
  return TRUE;
}

static gboolean
keep (Ledger *ledger, const ExportRecord *record, guint64 place, GBytes *der, GError **error)
{
  const ExportStatement kept = { .batch = record->batch,
                                 .format = record->format,
                                 .sha256 = record->sha256,
                                 .log_index = place,
                                 .der = der };
  return ledger_store_statement (ledger, &kept, error);
}

static gboolean
ask_statement (Ledger *ledger, Issuer *issuer, SignerClient *client, const ExportRecord *record,
               GError **error)
{
  g_autoptr (ManifestStatement) statement = manifest_statement_new ();
  GError *failure = NULL;
  guint64 place;
  g_autoptr (GBytes) der = NULL;

  if (!describe (ledger, record, statement, error))
    return FALSE;
  der = signer_client_manifest_statement (client, statement, &place, deadline_in (PATIENCE),
                                          &failure);
  if (der != NULL)
    return keep (ledger, record, place, der, error);
  issuer_heard (issuer, failure);
  g_propagate_error (error, failure);
  return FALSE;
}

GBytes *
evidence_statement (Ledger *ledger, Issuer *issuer, SignerClient *client, gint64 id, GError **error)
{
  g_autoptr (ExportRecord) record = ledger_export (ledger, id, error);
  g_autoptr (GError) failure = NULL;

  if (record == NULL)
    return NULL;
  if (record->stated)
    return ledger_export_statement (ledger, id, error);
  /* An answer that was lost is in the log. */
  if (!issuer_follow (issuer, client, deadline_in (PATIENCE), error))
    return NULL;
  g_autoptr (GBytes) found = ledger_export_statement (ledger, id, &failure);
  if (found == NULL && failure == NULL)
    ask_statement (ledger, issuer, client, record, &failure);
  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
  }
  return found != NULL ? g_steal_pointer (&found) : ledger_export_statement (ledger, id, error);
}
