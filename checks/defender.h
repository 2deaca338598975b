/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The nine checks of certificates of AWS IoT Device Defender, by its names, severities, thresholds
 * and reason codes (developer guide, "Audit checks"; API reference, AuditFinding). Pure: what is
 * checked comes from who has it.
 */
#pragma once

#include "ca/judge/csr.h"

typedef enum {
  CHECK_DEVICE_EXPIRING,
  CHECK_CA_EXPIRING,
  CHECK_DEVICE_KEY,
  CHECK_CA_KEY,
  CHECK_DEVICE_SHARED,
  CHECK_CA_REVOKED,
  CHECK_DEVICE_REVOKED,
  CHECK_INTERMEDIATE_REVOKED,
  CHECK_DEVICE_AGE,
} Check;

#define N_CHECKS (CHECK_DEVICE_AGE + 1)

/* AWS's thresholds, in days. */
#define CHECK_DAYS_LEAST 30u
#define CHECK_DAYS_MOST 3652u
#define CHECK_EXPIRING_DAYS 30u
#define CHECK_AGE_DAYS 365u

typedef struct {
  const char *name;     /* "DEVICE_CERTIFICATE_EXPIRING_CHECK" */
  const char *severity; /* "CRITICAL", "MEDIUM", "LOW" */
  gboolean of_devices;  /* else of CAs */
  gboolean by_default;  /* runs where nobody chose */
  gboolean needs_lists; /* revocation lists */
} CheckRule;

const CheckRule *check_rule (Check check);
/* With or without "_CHECK" at its end. */
gboolean check_from_name (const char *name, Check *check);

/* ---- what speaks against a certificate ---- */

/* A reason code of AWS, or one of ours with KEYCRADLE_ before it; `reason` is for people. */
typedef struct {
  const char *code; /* static */
  char *reason;
} CheckReason;

void check_reason_clear (CheckReason *reason);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CheckReason, check_reason_clear)

/* Each is TRUE where nothing speaks against it; else `reason` is filled in. Times are seconds
 * since 1970. */
gboolean check_end (gint64 not_after, gint64 now, guint days, CheckReason *reason);
gboolean check_age (gint64 since, gint64 now, guint days, CheckReason *reason);
/* `spki` with its header; `known` may be NULL. All rules on keys of today, whichever were in force
 * when it was certified. */
gboolean check_key (Span spki, const KnownKeys *known, CheckReason *reason);

/* ---- how it is told ---- */

/* One finding; members may be NULL but for the first five. */
typedef struct {
  Check check;
  const CheckReason *reason;
  const char *sha256; /* AWS's certificateId, of the device's certificate or the CA's */
  const char *next;   /* the command that does something about it */
  gint64 found_at;    /* seconds since 1970 */
  const char *target;
  const char *device;
  const char *batch;
  const char *authority;      /* the CA's name */
  const char *subject;        /* of the certificate */
  const char *serial;         /* hex */
  const char *status;         /* ACTIVE, PENDING_TRANSFER */
  gint64 not_after;           /* 0: left out */
  const char *related_sha256; /* of the CA that was revoked above it */
  const char *other_device;   /* that has the key, too */
  const char *slot;
} CheckFinding;

/* Appends it as one line of JSON with AWS's members; what AWS has no word for stands in
 * additionalInfo. */
void check_finding_append (GString *out, const CheckFinding *finding);
