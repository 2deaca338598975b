/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The API's records, a{sv}, from the structs of ledger, signer and station; docs/api.md names the
 * keys. A key that does not apply is left out, and no text reaches a client that could
 * upset its terminal. Each function returns a floating variant.
 */
#pragma once

#include "ca/profile/profile.h"
#include "ca/wire/client.h"
#include "db/ledger-approval.h"
#include "db/ledger-attestation.h"
#include "db/ledger-evidence.h"
#include "db/manifest.h"
#include "station/slot.h"
#include "station/ticket-book.h"

/* For records made elsewhere: NULL leaves the key out. */
void record_text (GVariantDict *record, const char *key, const char *value);

/* 0 leaves the key out. */
void record_time (GVariantDict *record, const char *key, gint64 value);
/* NULL is an empty list. */
void record_words (GVariantDict *record, const char *key, const char *const *words);

GVariant *record_slot (const Slot *slot);
GVariant *record_driver (const Driver *driver);
GVariant *record_profile (const Profile *profile);
typedef struct {
  BatchRate hour;    /* of the last hour */
  BatchRate pace;    /* of what of it the batch has been at work */
  gint64 pace_since; /* 0 where it never was */
} BatchRecordRate;

/* `failures` (of FailureCount) is NULL in lists. */
GVariant *record_batch (const Batch *batch, const BatchRecordRate *rate, const TicketRest *ticket,
                        GPtrArray *failures);
/* What was shown of its key last, or NULL: also in lists. */
GVariant *record_device (const Device *device, const AttestationRecord *attestation);
/* `transcript` is the text, which the steps are read from, or NULL; `attestation` what it brought,
 * or NULL. */
GVariant *record_attempt (const Attempt *attempt, const char *transcript,
                          const AttestationRecord *attestation);
/* The keys of evidence that stand in other records; none where `attestation` is NULL. */
void record_attested (GVariantDict *record, const AttestationRecord *attestation);
GVariant *record_attestation (const AttestationRecord *attestation);
GVariant *record_certificate (const Certificate *certificate, gboolean with_pem);
/* `status` is NULL where the signer did not answer; `profiles` (name → Profile) are for warnings;
 * both they and `problem` may be NULL. */
GVariant *record_ca (const SignerStatus *status, GHashTable *profiles, Acceptance *acceptance,
                     const char *problem);
GVariant *record_event (const AuditEvent *event);
GVariant *record_finding (const KeyFinding *finding);
GVariant *record_operator (const Operator *who);
GVariant *record_approval (const Approval *approval);
GVariant *record_export_line (const ExportRecord *line);
/* Of `statement` and `missing` (why there is none) one is NULL. */
GVariant *record_export (const ManifestSummary *summary, const ManifestFormat *format,
                         GBytes *statement, const char *missing);
GVariant *record_check (const ManifestSummary *summary);
/* `count` is NULL where no batch was named. */
GVariant *record_format (const ManifestFormat *format, const char *batch, const ExportCount *count);
GVariant *record_verdict (const ManifestVerdict *verdict);

GVariant *record_ticket (const TicketState *ticket);
/* The keys of a batch's ticket that stand in its record; none where it has none. */
void record_ticket_rest (GVariantDict *record, const TicketRest *rest);
/* With the report itself, and its text. */
GVariant *record_report (const BatchReport *report, gboolean with_der);
/* What stands in a CA's record of the station's key, of tickets and of counting. */
void record_signer_evidence (GVariantDict *record, const SignerStatus *status);
void record_bytes (GVariantDict *record, const char *key, GBytes *bytes);

/* aa{sv} of all records that `make` makes of `items`. */
GVariant *record_list (GPtrArray *items, GVariant *(*make) (gconstpointer item));
