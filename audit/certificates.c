/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The certificates in a log, one by one: the key is the one that the entry tells of, and the issuer
 * is a CA that the log knows at that place.
 */
#include <string.h>

#include "audit/run.h"

static gboolean
judge_key (AuditRun *run, guint64 index, const LogEntry *entry, CertificateParts *parts)
{
  guint8 hash[AUDIT_HASH];

  if (!certificate_split (entry->certificate.data, entry->certificate.length, parts)) {
    audit_wrong (run->result, AUDIT_CERTIFICATES, AUDIT_ENTRY (index),
                 "what it holds is no certificate");
    return FALSE;
  }
  audit_digest (run->digest, (Span){ parts->spki.data, parts->spki.length }, (Span){ NULL, 0 },
                hash);
  if (memcmp (hash, entry->spki_sha256, AUDIT_HASH) == 0)
    return TRUE;
  audit_wrong (run->result, AUDIT_CERTIFICATES, AUDIT_ENTRY (index),
               "its certificate has another public key than the entry says");
  return FALSE;
}

/* A CA enters itself before the first thing that it signs. */
static void
enter_authority (AuditRun *run, guint64 index, const LogEntry *entry)
{
  if (!audit_authorities_add (run->authorities, entry->certificate, entry->spki_sha256))
    audit_wrong (run->result, AUDIT_CERTIFICATES, AUDIT_ENTRY (index),
                 "the CA's certificate can't be read");
}

void
audit_certificate_judge (AuditRun *run, guint64 index, const LogEntry *entry,
                         AuditAuthority **signer)
{
  CertificateParts parts;

  *signer = NULL;
  run->result->checked[AUDIT_CERTIFICATES]++;
  if (!judge_key (run, index, entry, &parts))
    return;
  if (entry->type == LOG_ENTRY_AUTHORITY) {
    enter_authority (run, index, entry);
    return;
  }
  *signer = audit_authorities_find (run->authorities, &parts);
  if (*signer == NULL)
    audit_wrong (run->result, AUDIT_CERTIFICATES, AUDIT_ENTRY (index),
                 "its certificate was issued by none of the CAs that the log knows up to there");
}

AuditAuthority *
audit_authority_judge (AuditRun *run, guint64 index, const LogEntry *entry)
{
  AuditAuthority *signer = audit_authorities_of_key (run->authorities, entry->spki_sha256);

  if (signer == NULL)
    audit_wrong (run->result, AUDIT_CERTIFICATES, AUDIT_ENTRY (index),
                 "its spki_sha256 is the key of none of the CAs that the log knows up to there");
  return signer;
}
