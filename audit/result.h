/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an audit found: what was checked and how often, and a sentence for each thing that is wrong,
 * that could not be checked, or that the owner should see. Findings of one kind are kept up to a
 * number, the rest is counted.
 */
#pragma once

#include <glib.h>

typedef enum {
  AUDIT_LOG,          /* frames, hashes, encoding */
  AUDIT_TIMES,        /* that they never decrease */
  AUDIT_CHECKPOINTS,  /* of the collection */
  AUDIT_KEPT,         /* what the owner kept */
  AUDIT_CERTIFICATES, /* issuer, key, serial number */
  AUDIT_SIGNATURES,   /* of the CAs over their certificates */
  AUDIT_TICKETS,
  AUDIT_REPORTS,
  AUDIT_STATEMENTS, /* of manifests, in the log */
  AUDIT_LEDGER,
  AUDIT_EVENTS,
  AUDIT_MANIFESTS,
} AuditCheck;
#define AUDIT_CHECKS (AUDIT_MANIFESTS + 1)

typedef enum {
  AUDIT_WRONG,
  AUDIT_UNCHECKED, /* something could not be checked, or rests on trust */
  AUDIT_NOTE,      /* nothing wrong, but for the owner to see */
} AuditWeight;

#define AUDIT_MOST_FINDINGS 20u /* of one check and weight */
#define AUDIT_NO_NUMBER G_MAXUINT64

/* What a finding is about, as docs/evidence.md names it: "log 17", "kept FILE", "header". */
typedef struct {
  const char *word;
  guint64 number;   /* or AUDIT_NO_NUMBER */
  const char *file; /* shown without its folder; or NULL */
} AuditPlace;

#define AUDIT_ENTRY(index) ((AuditPlace){ "log", (index), NULL })
#define AUDIT_AT(word, number) ((AuditPlace){ (word), (number), NULL })
#define AUDIT_FILE(word, file) ((AuditPlace){ (word), AUDIT_NO_NUMBER, (file) })
#define AUDIT_WHOLE(word) ((AuditPlace){ (word), AUDIT_NO_NUMBER, NULL })

typedef struct {
  AuditWeight weight;
  AuditCheck check;
  char *place; /* safe to show */
  char *sentence;
} AuditFinding;

typedef struct {
  guint64 checked[AUDIT_CHECKS]; /* how many things were looked at */
  guint64 found[AUDIT_CHECKS][AUDIT_NOTE + 1];
  GPtrArray *findings; /* of AuditFinding, as they were found */
  guint64 entries;     /* of the log */
  guint8 origin[32];
  guint8 root[32];
} AuditResult;

AuditResult *audit_result_new (void);
void audit_result_free (AuditResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditResult, audit_result_free)

/* Each adds a finding. The sentence must be safe to show: what comes from files goes through
 * base/text.h. */
void audit_wrong (AuditResult *result, AuditCheck check, AuditPlace place, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* Another one of the same, without a sentence of its own. */
void audit_wrong_again (AuditResult *result, AuditCheck check);
void audit_unchecked (AuditResult *result, AuditCheck check, AuditPlace place, const char *format,
                      ...) G_GNUC_PRINTF (4, 5);
void audit_note (AuditResult *result, AuditCheck check, AuditPlace place, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* All checks together. */
guint64 audit_count (const AuditResult *result, AuditWeight weight);

/* The first one that is wrong, in the order of docs/evidence.md; NULL where nothing is. */
const AuditFinding *audit_first_wrong (const AuditResult *result);

/* "checkpoints" and so on: in --json; never changes. */
const char *audit_check_word (AuditCheck check);

/* Both free with g_free(). */
char *audit_result_text (const AuditResult *result);
char *audit_result_json (const AuditResult *result);
