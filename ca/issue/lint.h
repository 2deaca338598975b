/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The judge of what the CA is about to sign. It reads the to-be-signed bytes alone with the strict
 * reader, and knows nothing of who wrote them: each rule is RFC 5280's, or of the profile's kind,
 * and is named in the refusal. What does not pass is not signed, and its serial is gone.
 */
#pragma once

#include "ca/issue/authority.h"
#include "ca/profile/profile.h"

/* What a certificate is held against. */
typedef struct {
  const Authority *authority; /* whose name, key identifier, algorithm and validity bind it */
  const Profile *profile;     /* which says what must stand in it, and of what kind it is */
  Span spki;                  /* of the judged request, with its header */
} LintScope;

/* TRUE where `tbs` (TBSCertificate, DER) keeps all rules. CA_ERROR_LINT; the message begins with
 * the rule. */
gboolean lint_check (const LintScope *scope, Span tbs, GError **error);
