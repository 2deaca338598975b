/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of lint.c. Each is a stretch of TBSCertificate; a rule's comment says where it stands
 * in RFC 5280.
 */
#pragma once

#include "ca/issue/lint.h"

/* The extensions that a device's certificate may have. */
typedef enum {
  LINT_BASIC_CONSTRAINTS,
  LINT_KEY_USAGE,
  LINT_EXTENDED_KEY_USAGE,
  LINT_POLICIES,
  LINT_AUTHORITY_KEY_ID,
  LINT_SUBJECT_KEY_ID,
  LINT_ALTERNATIVE_NAME,
  LINT_CRL_POINTS,
  LINT_AUTHORITY_ACCESS,
  LINT_MASA_URL,
  N_LINT_EXTENSIONS,
} LintExtension;

#define LINT_MOST_ATTRIBUTES 34

/* One attribute of the subject. */
typedef struct {
  const char *word; /* "CN"; Matter's are "Vid" and "Pid" */
  guint8 tag;       /* of the string */
  Span value;
} LintAttribute;

/* What has been read so far. */
typedef struct {
  const LintScope *scope;
  Span tbs;
  LintAttribute attributes[LINT_MOST_ATTRIBUTES];
  guint attribute_count;
  Span key_bits;
  Span serial; /* the INTEGER's content */
  gint64 not_before;
  gint64 not_after;
  Span begins, ends; /* the same, as text */
  gboolean present[N_LINT_EXTENSIONS];
  gboolean critical[N_LINT_EXTENSIONS];
  Span extensions[N_LINT_EXTENSIONS]; /* extnValue's content */
} LintFindings;

/* Sets CA_ERROR_LINT to "RULE: MESSAGE" and returns FALSE. */
gboolean lint_refuse (GError **error, const char *rule, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Each goes on from `tbs` where the one before has left it. */
gboolean lint_validity (LintFindings *findings, DerReader *tbs, GError **error);
gboolean lint_subject (LintFindings *findings, DerReader *tbs, GError **error);
gboolean lint_extensions (LintFindings *findings, DerReader *tbs, GError **error);

/* GeneralNames and URLs. */
gboolean lint_alternative_name (const LintFindings *findings, Span value, GError **error);
gboolean lint_http_url (const char *rule, Span url, GError **error);
gboolean lint_masa_url (const LintFindings *findings, Span value, GError **error);

/* TRUE where the content of an OBJECT IDENTIFIER is that of "1.2.3". */
gboolean lint_oid_is (Span oid, const char *text);

/* TRUE where extKeyUsage, which has been read before, lists the purpose "1.2.3". */
gboolean lint_has_purpose (const LintFindings *findings, const char *oid);

/* What the form asks of the whole. */
gboolean lint_form (const LintFindings *findings, GError **error);

/* What the kind asks of the whole. */
gboolean lint_kind (const LintFindings *findings, GError **error);
