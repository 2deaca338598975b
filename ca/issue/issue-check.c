/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See issue-check.h. What stands in the certificate was judged before it was signed
 * (ca/issue/lint.h); here it must be those bytes and no others, signed by that CA.
 */
#include "ca/issue/issue-check.h"

static gboolean
wrong (const char *what, GError **error)
{
  g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL,
               "the certificate just made is not what was planned: %s", what);
  return FALSE;
}

static gboolean
check_signature (const Authority *authority, Span tbs, Span signature, GError **error)
{
  if (signature_verify (authority->signature, authority->public_key, tbs, signature, error))
    return TRUE;
  g_prefix_error_literal (error, "the certificate just made does not verify with the CA's key: ");
  return FALSE;
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280, 4.1);
 * the signature is verified over the bytes as they stand in the certificate. */
static gboolean
check (const Authority *authority, Span planned, const guint8 *der, gsize length, GError **error)
{
  const Span wanted = authority->signature->identifier;
  DerReader all = der_reader (der, length);
  Span tbs, identifier, signature;
  DerReader certificate;

  if (!der_enter (&all, DER_SEQUENCE, "certificate", &certificate, error)
      || !der_expect_end (&all, "certificate", error)
      || !der_read (&certificate, DER_SEQUENCE, "certificate info", NULL, &tbs, error)
      || !der_read (&certificate, DER_SEQUENCE, "signature algorithm", NULL, &identifier, error)
      || !der_read_bytes (&certificate, "signature", &signature, error)
      || !der_expect_end (&certificate, "certificate", error))
    return FALSE;
  if (!span_equal (tbs, planned.data, planned.length))
    return wrong ("the signed part", error);
  if (!span_equal (identifier, wanted.data, wanted.length))
    return wrong ("the signature algorithm", error);
  return check_signature (authority, tbs, signature, error);
}

/* The reader speaks of requests; here whatever is wrong is the signer's own fault. */
gboolean
issue_check (const Authority *authority, Span tbs, const guint8 *der, gsize length, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (check (authority, tbs, der, length, &problem))
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL, "%s", problem->message);
  return FALSE;
}
