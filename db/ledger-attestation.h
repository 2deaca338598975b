/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What devices brought to show where their keys were made. Rows are added, never changed.
 */
#pragma once

#include "db/ledger.h"

typedef enum {
  ATTESTATION_VERIFIED, /* checked against roots that the profile names */
  ATTESTATION_KEPT,     /* nothing speaks against it, but nobody here could check it */
  ATTESTATION_REFUSED,  /* checked, and wrong */
} AttestationVerdict;

/* "verified", "kept", "refused". */
const char *attestation_verdict_word (AttestationVerdict verdict);

#define ATTESTATION_MOST_PARTS 8
#define ATTESTATION_MOST_BYTES 131072 /* of all parts, with 4 bytes for each */

/* Evidence about one key of one device, brought in one attempt. */
typedef struct {
  gint64 attempt_id;
  const char *format;
  AttestationVerdict verdict;
  GBytes *spki;     /* the key that it is about */
  GBytes *nonce;    /* 32 bytes */
  GBytes *secret;   /* 32 bytes, or NULL */
  GBytes *request;  /* the CSR, or NULL */
  GPtrArray *parts; /* of GBytes */
  const char *detail;
} AttestationEntry;

/* On the disk when it returns TRUE, with an audit event. The attempt must be running and know its
 * device. INVALID where there are too many parts or bytes. */
gboolean ledger_keep_attestation (Ledger *ledger, const AttestationEntry *entry, GError **error);

/* The same, as it is read. */
typedef struct {
  gint64 id;
  gint64 attempt;
  char *device; /* serial */
  char *format;
  char *verdict;
  char *spki_sha256;
  GBytes *nonce;
  GBytes *secret;
  GBytes *request;
  GPtrArray *parts;
  char *detail;
  gint64 at;
} AttestationRecord;

void attestation_record_free (AttestationRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AttestationRecord, attestation_record_free)

/* Of a device: what was kept last of the key in its live certificate, else of any key of its. NULL
 * without error where there is none. */
AttestationRecord *ledger_attestation (Ledger *ledger, const char *serial, GError **error);
/* What an attempt brought last. NULL without error where that is nothing. */
AttestationRecord *ledger_attestation_of_attempt (Ledger *ledger, gint64 attempt_id,
                                                  GError **error);

/* Is there evidence of this device about this very key that was verified? */
gboolean ledger_key_attested (Ledger *ledger, gint64 device_id, GBytes *spki, gboolean *attested,
                              GError **error);
