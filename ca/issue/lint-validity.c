/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * validity, RFC 5280, 4.1.2.5.
 */
#include "ca/der-time.h"
#include "ca/issue/lint-private.h"

/* A device's certificate lies within its CA's, but for an IDevID that has no end (IEEE 802.1AR; see
 * RFC 5280, 4.1.2.5, on 99991231235959Z). */
static gboolean
lint_within_authority (const LintFindings *findings, GError **error)
{
  const Authority *authority = findings->scope->authority;

  if (findings->not_before < authority->not_before)
    return lint_refuse (error, "validity-ca", "the certificate begins before its CA");
  if (findings->not_after <= authority->not_after)
    return TRUE;
  return (findings->scope->profile->kind == KIND_IDEVID && findings->not_after == NO_END)
         || lint_refuse (error, "validity-ca", "the certificate ends after its CA");
}

gboolean
lint_validity (LintFindings *findings, DerReader *tbs, GError **error)
{
  DerReader times;

  if (!der_enter (tbs, DER_SEQUENCE, "validity", &times, error)
      || !der_read_time (&times, "notBefore", &findings->begins, &findings->not_before, error)
      || !der_read_time (&times, "notAfter", &findings->ends, &findings->not_after, error)
      || !der_expect_end (&times, "validity", error))
    return FALSE;
  if (findings->not_before >= findings->not_after)
    return lint_refuse (error, "validity-order", "notBefore is not before notAfter");
  return lint_within_authority (findings, error);
}
