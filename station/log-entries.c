/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-entries.h.
 */
#include "station/log-entries.h"

#include "base/encode.h"
#include "ca/proof/report.h"
#include "ca/proof/statement.h"
#include "db/ledger-evidence.h"
#include "station/log.h"

static gboolean
store_certificate (Ledger *ledger, const IssuanceEntry *entry, GError **error)
{
  const Issuance issuance = { .log_index = entry->index,
                              .issued_at = entry->signed_at,
                              .batch = entry->batch,
                              .profile = entry->profile,
                              .device = entry->device,
                              .der = entry->certificate };
  g_autoptr (GError) failure = NULL;

  if (ledger_store_certificate (ledger, &issuance, &failure))
    return TRUE;
  if (!g_error_matches (failure, LEDGER_ERROR, LEDGER_ERROR_DUPLICATE_KEY)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  /* Stored as void, on record: nothing that would hold up the entries behind it. */
  log_station (G_LOG_LEVEL_WARNING, "entry %" G_GUINT64_FORMAT " of the signer's log: %s",
               entry->index, failure->message);
  return TRUE;
}

/* ---- what has no row of its own ---- */

/* As what an audit event tells of an entry that is no device's certificate. */
static const char *const notice_kinds[LOG_ENTRY_LAST + 1] = {
  [LOG_ENTRY_AUTHORITY] = "ca-begin",
  [LOG_ENTRY_VERIFICATION] = "ca-verification",
  [LOG_ENTRY_CRL] = "ca-crl",
  [LOG_ENTRY_TICKET] = "ticket",
  [LOG_ENTRY_REPORT] = "report",
  [LOG_ENTRY_MANIFEST] = "manifest-statement",
  [LOG_ENTRY_REFUSAL] = "signer-refusal",
  [LOG_ENTRY_CLOCK] = "clock-reset",
  [LOG_ENTRY_LOST] = "signatures-lost",
};

/* The batch, where the entry is about one; else who or what it is about. */
static const char *
subject_of (const IssuanceEntry *entry)
{
  return entry->type >= LOG_ENTRY_TICKET && *entry->batch != '\0' ? entry->batch : entry->device;
}

/* A refusal has its word where others have the profile. */
static char *
detail_of (const IssuanceEntry *entry)
{
  gboolean bare = log_entry_type_is_bare (entry->type);
  GBytes *what = bare ? entry->csr_sha256 : entry->certificate;
  gsize length;
  const guint8 *data = g_bytes_get_data (what, &length);
  g_autofree char *digest = bare ? hex_encode (data, length) : sha256_hex (data, length);

  switch (entry->type) {
  case LOG_ENTRY_TICKET:
    return g_strdup_printf ("number %s, log index %" G_GUINT64_FORMAT ", SHA-256 %s", entry->device,
                            entry->index, digest);
  case LOG_ENTRY_REFUSAL:
    return g_strdup_printf ("%s, %s, log index %" G_GUINT64_FORMAT, entry->profile, entry->device,
                            entry->index);
  case LOG_ENTRY_CLOCK:
    return g_strdup_printf ("log index %" G_GUINT64_FORMAT, entry->index);
  case LOG_ENTRY_LOST:
    return g_strdup_printf ("%s signatures without an entry, log index %" G_GUINT64_FORMAT,
                            entry->device, entry->index);
  case LOG_ENTRY_CERTIFICATE:
  case LOG_ENTRY_AUTHORITY:
  case LOG_ENTRY_VERIFICATION:
  case LOG_ENTRY_CRL:
  case LOG_ENTRY_REPORT:
  case LOG_ENTRY_MANIFEST:
    break;
  }
  return g_strdup_printf ("log index %" G_GUINT64_FORMAT ", SHA-256 %s", entry->index, digest);
}

static gboolean
note_entry (Ledger *ledger, const IssuanceEntry *entry, GError **error)
{
  g_autofree char *detail = detail_of (entry);
  const LogNotice notice = { notice_kinds[entry->type], subject_of (entry), detail };

  return ledger_pass_log_entry (ledger, entry->index, &notice, error);
}

/* ---- what the station signed ---- */

/* What can't be kept as what it is, because the ledger has lost what it is about, is noted. */
static gboolean
keep_or_note (Ledger *ledger, const IssuanceEntry *entry, gboolean kept, GError *failure,
              GError **error)
{
  g_autoptr (GError) owned = failure;

  if (kept)
    return TRUE;
  if (g_error_matches (owned, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND)
      || g_error_matches (owned, CA_ERROR, CA_ERROR_PROOF))
    return note_entry (ledger, entry, error);
  g_propagate_error (error, g_steal_pointer (&owned));
  return FALSE;
}

static char *
text_of (const IssuanceEntry *entry, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (entry->certificate, &length);

  return statement_peek ((Span){ data, length }, error);
}

static gboolean
keep_report (Ledger *ledger, const IssuanceEntry *entry, GError **error)
{
  g_autofree char *text = text_of (entry, error);
  g_autoptr (Report) report = text != NULL ? report_parse (text, error) : NULL;

  if (report == NULL)
    return FALSE;
  const BatchReport kept = { .batch = entry->batch,
                             .log_index = entry->index,
                             .final = report->final,
                             .der = entry->certificate };
  return ledger_store_report (ledger, &kept, error);
}

static gboolean
keep_statement (Ledger *ledger, const IssuanceEntry *entry, GError **error)
{
  g_autofree char *text = text_of (entry, error);
  g_autofree char *sha256 = NULL;
  g_autoptr (ManifestStatement) parsed =
      text != NULL ? manifest_statement_parse (text, error) : NULL;

  if (parsed == NULL)
    return FALSE;
  sha256 = hex_encode (parsed->sha256, sizeof parsed->sha256);
  const ExportStatement kept = { .batch = entry->batch,
                                 .format = parsed->format,
                                 .sha256 = sha256,
                                 .log_index = entry->index,
                                 .der = entry->certificate };
  return ledger_store_statement (ledger, &kept, error);
}

gboolean
log_entry_store (Ledger *ledger, const IssuanceEntry *entry, GError **error)
{
  GError *failure = NULL;
  gboolean kept;

  switch (entry->type) {
  case LOG_ENTRY_CERTIFICATE:
    return store_certificate (ledger, entry, error);
  case LOG_ENTRY_REPORT:
    kept = keep_report (ledger, entry, &failure);
    return keep_or_note (ledger, entry, kept, failure, error);
  case LOG_ENTRY_MANIFEST:
    kept = keep_statement (ledger, entry, &failure);
    return keep_or_note (ledger, entry, kept, failure, error);
  case LOG_ENTRY_AUTHORITY:
  case LOG_ENTRY_VERIFICATION:
  case LOG_ENTRY_CRL:
  case LOG_ENTRY_TICKET:
  case LOG_ENTRY_REFUSAL:
  case LOG_ENTRY_CLOCK:
  case LOG_ENTRY_LOST:
    break;
  }
  return note_entry (ledger, entry, error);
}
