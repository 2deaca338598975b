/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See issue-check.h. It shares no code with the writer but the plan, so that a mistake there
 * shows here.
 */
#include "ca/issue-check.h"

#include "ca/der-write.h"
#include "ca/openssl.h"

#include <string.h>

#define CONTEXT_3 0xa3
#define BOOLEAN 0x01
#define OCTET_STRING 0x04

static const guint8 version_3[] = { 0xa0, 0x03, 0x02, 0x01, 0x02 };
static const guint8 oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };
static const guint8 oid_key_usage[] = { 0x55, 0x1d, 0x0f };
static const guint8 no_ca[] = { 0x30, 0x00 };

static gboolean
wrong (const char *what, GError **error)
{
  g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL,
               "the certificate just made is not what was planned: %s", what);
  return FALSE;
}

static gboolean
expect_bytes (DerReader *reader, guint8 tag, const char *what, const void *data, gsize length,
              GError **error)
{
  Span whole;

  if (!der_read (reader, tag, what, NULL, &whole, error))
    return FALSE;
  return span_equal (whole, data, length) || wrong (what, error);
}

/* At most 20 octets, positive, and the one that was drawn (RFC 5280, 4.1.2.2). */
static gboolean
check_serial (DerReader *tbs, const IssuePlan *plan, GError **error)
{
  Span content;

  if (!der_read (tbs, DER_INTEGER, "serial", &content, NULL, error))
    return FALSE;
  if (content.length < 8 || content.length > 20 || (content.data[0] & 0x80) != 0
      || content.data[0] == 0)
    return wrong ("serial", error);
  return span_equal (content, plan->serial.data, plan->serial.length) || wrong ("serial", error);
}

static gboolean
check_validity (const Authority *authority, DerReader *tbs, const IssuePlan *plan, GError **error)
{
  g_autoptr (GByteArray) wanted = g_byte_array_new ();

  if (plan->not_before < authority->not_before || plan->not_after > authority->not_after
      || plan->not_before >= plan->not_after)
    return wrong ("validity lies outside the CA's", error);
  der_put_time (wanted, plan->not_before);
  der_put_time (wanted, plan->not_after);
  der_wrap (wanted, 0, DER_SEQUENCE);
  return expect_bytes (tbs, DER_SEQUENCE, "validity", wanted->data, wanted->len, error);
}

/* The two that must be there, once each. */
typedef struct {
  guint basic_constraints;
  guint key_usage;
} Seen;

static gboolean
check_extension (DerReader *list, Seen *seen, GError **error)
{
  DerReader extension;
  Span oid, value;
  gboolean critical = FALSE;

  if (!der_enter (list, DER_SEQUENCE, "extension", &extension, error)
      || !der_read (&extension, DER_OID, "extension", &oid, NULL, error))
    return FALSE;
  if (!der_at_end (&extension) && *extension.next == BOOLEAN) {
    if (!der_read (&extension, BOOLEAN, "critical", NULL, NULL, error))
      return FALSE;
    critical = TRUE;
  }
  if (!der_read (&extension, OCTET_STRING, "extension", &value, NULL, error)
      || !der_expect_end (&extension, "extension", error))
    return FALSE;
  if (span_equal (oid, oid_basic_constraints, sizeof oid_basic_constraints)) {
    seen->basic_constraints++;
    return (critical && span_equal (value, no_ca, sizeof no_ca))
           || wrong ("basicConstraints", error);
  }
  if (span_equal (oid, oid_key_usage, sizeof oid_key_usage)) {
    seen->key_usage++;
    return critical || wrong ("keyUsage", error);
  }
  return TRUE;
}

static gboolean
check_extensions (DerReader *tbs, GError **error)
{
  DerReader outer, list;
  Seen seen = { 0, 0 };

  if (!der_enter (tbs, CONTEXT_3, "extensions", &outer, error)
      || !der_enter (&outer, DER_SEQUENCE, "extensions", &list, error)
      || !der_expect_end (&outer, "extensions", error))
    return FALSE;
  while (!der_at_end (&list))
    if (!check_extension (&list, &seen, error))
      return FALSE;
  return (seen.basic_constraints == 1 && seen.key_usage == 1)
         || wrong ("basicConstraints or keyUsage is missing or doubled", error);
}

static gboolean
check_tbs (const Authority *authority, const IssuePlan *plan, DerReader *tbs, GError **error)
{
  gsize subject_length;
  const void *subject = g_bytes_get_data (authority->subject, &subject_length);

  return expect_bytes (tbs, DER_CONTEXT_0, "version", version_3, sizeof version_3, error)
         && check_serial (tbs, plan, error)
         && expect_bytes (tbs, DER_SEQUENCE, "signature algorithm",
                          authority->signature->identifier.data,
                          authority->signature->identifier.length, error)
         && expect_bytes (tbs, DER_SEQUENCE, "issuer", subject, subject_length, error)
         && check_validity (authority, tbs, plan, error)
         && der_read (tbs, DER_SEQUENCE, "subject", NULL, NULL, error)
         && expect_bytes (tbs, DER_SEQUENCE, "public key", plan->spki.data, plan->spki.length,
                          error)
         && check_extensions (tbs, error) && der_expect_end (tbs, "certificate", error);
}

static gboolean
check_signature (const Authority *authority, Span tbs, Span signature, GError **error)
{
  if (signature_verify (authority->signature, authority->public_key, tbs, signature, error))
    return TRUE;
  g_prefix_error_literal (error, "the certificate just made does not verify with the CA's key: ");
  return FALSE;
}

static gboolean
check (const Authority *authority, const IssuePlan *plan, const guint8 *der, gsize length,
       GError **error)
{
  DerReader all = der_reader (der, length);
  DerReader certificate, tbs;
  Span whole, content, signature;

  if (!der_enter (&all, DER_SEQUENCE, "certificate", &certificate, error)
      || !der_expect_end (&all, "certificate", error)
      || !der_read (&certificate, DER_SEQUENCE, "certificate info", &content, &whole, error))
    return FALSE;
  if (!span_equal (whole, plan->tbs.data, plan->tbs.length))
    return wrong ("the signed part", error);
  tbs = der_reader_within (&certificate, content);
  return check_tbs (authority, plan, &tbs, error)
         && expect_bytes (&certificate, DER_SEQUENCE, "signature algorithm",
                          authority->signature->identifier.data,
                          authority->signature->identifier.length, error)
         && der_read_bytes (&certificate, "signature", &signature, error)
         && der_expect_end (&certificate, "certificate", error)
         && check_signature (authority, whole, signature, error);
}

/* The reader speaks of requests; here whatever is wrong is the signer's own fault. */
gboolean
issue_check (const Authority *authority, const IssuePlan *plan, const guint8 *der, gsize length,
             GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (check (authority, plan, der, length, &problem))
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL, "%s", problem->message);
  return FALSE;
}
