/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See issue.h. The to-be-signed part is written directly (RFC 5280, 4.1): issuer and key go
 * in byte for byte as CA certificate and request have them, and OpenSSL's X509 object, whose
 * key setter costs more than the signature, is not needed. OpenSSL signs; issue-check.c and the
 * tests, with OpenSSL's own parser, judge the result.
 */
#include "ca/issue.h"

#include "ca/der-write.h"
#include "ca/issue-check.h"
#include "ca/openssl.h"

#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#define CONTEXT_3 0xa3
#define OCTET_STRING 0x04
#define SERIAL_BYTES 20
#define SHA1_BYTES 20

struct IssueTemplate {
  const Authority *authority;
  const Profile *profile;
  GByteArray *extensions; /* all but the subject's key identifier, encoded */
  EVP_MD *sha1;           /* RFC 5280 names keys by it; no security rests on it */
};

static gboolean
refuse (GError **error, const char *message)
{
  return openssl_refuse (error, CA_ERROR_INTERNAL, message);
}

/* OpenSSL's words for an extension's value, encoded. */
static gboolean
put_extension (GByteArray *out, int nid, const char *value, GError **error)
{
  g_autoptr (X509_EXTENSION) extension = X509V3_EXT_conf_nid (NULL, NULL, nid, value);
  guint8 *der = NULL;
  int length = extension != NULL ? i2d_X509_EXTENSION (extension, &der) : -1;

  if (length <= 0)
    return refuse (error, "an extension can't be made");
  g_byte_array_append (out, der, (guint)length);
  OPENSSL_free (der);
  return TRUE;
}

static gboolean
put_usages (IssueTemplate *plan, GError **error)
{
  g_autofree char *usage = g_strjoinv (",", plan->profile->key_usage);
  g_autofree char *critical_usage = g_strconcat ("critical,", usage, NULL);
  g_autofree char *extended = g_strjoinv (",", plan->profile->extended_key_usage);

  return put_extension (plan->extensions, NID_basic_constraints, "critical,CA:FALSE", error)
         && put_extension (plan->extensions, NID_key_usage, critical_usage, error)
         && (*extended == '\0'
             || put_extension (plan->extensions, NID_ext_key_usage, extended, error));
}

/* AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] } */
static void
put_authority_key_id (IssueTemplate *plan)
{
  static const guint8 oid[] = { 0x55, 0x1d, 0x23 };
  GByteArray *out = plan->extensions;
  guint start = out->len;
  guint value;
  gsize length;
  const void *id = g_bytes_get_data (plan->authority->key_id, &length);

  der_put (out, DER_OID, oid, sizeof oid);
  value = out->len;
  der_put (out, 0x80, id, length);
  der_wrap (out, value, DER_SEQUENCE);
  der_wrap (out, value, OCTET_STRING);
  der_wrap (out, start, DER_SEQUENCE);
}

IssueTemplate *
issue_template_new (const Authority *authority, const Profile *profile, GError **error)
{
  g_autoptr (IssueTemplate) plan = g_new0 (IssueTemplate, 1);

  plan->authority = authority;
  plan->profile = profile;
  plan->extensions = g_byte_array_new ();
  plan->sha1 = EVP_MD_fetch (NULL, "SHA1", NULL);
  if (plan->sha1 == NULL || !put_usages (plan, error))
    return NULL;
  put_authority_key_id (plan);
  return g_steal_pointer (&plan);
}

void
issue_template_free (IssueTemplate *plan)
{
  if (plan == NULL)
    return;
  g_byte_array_unref (plan->extensions);
  EVP_MD_free (plan->sha1);
  g_free (plan);
}

const Profile *
issue_template_profile (const IssueTemplate *plan)
{
  return plan->profile;
}

const Authority *
issue_template_authority (const IssueTemplate *plan)
{
  return plan->authority;
}

/* RFC 5280, 4.2.1.2, method 1: SHA-1 of the key bits. */
static gboolean
put_subject_key_id (GByteArray *out, const IssueTemplate *plan, const Csr *csr, GError **error)
{
  static const guint8 oid[] = { 0x55, 0x1d, 0x0e };
  guint start = out->len;
  guint value;
  guint8 hash[SHA1_BYTES];

  if (!EVP_Digest (csr->key_bits.data, csr->key_bits.length, hash, NULL, plan->sha1, NULL))
    return refuse (error, "the key's identifier can't be computed");
  der_put (out, DER_OID, oid, sizeof oid);
  value = out->len;
  der_put (out, OCTET_STRING, hash, sizeof hash);
  der_wrap (out, value, OCTET_STRING);
  der_wrap (out, start, DER_SEQUENCE);
  return TRUE;
}

/* 158 random bits and positive: the first byte is 0x01 to 0x7f, so the length is always 20. */
static gboolean
draw_serial (guint8 serial[SERIAL_BYTES], GError **error)
{
  do {
    if (RAND_bytes (serial, SERIAL_BYTES) != 1)
      return refuse (error, "no random bytes for a serial number");
    serial[0] &= 0x7f;
  } while (serial[0] == 0);
  return TRUE;
}

static gint64
wanted_end (const IssueTemplate *plan, gint64 now)
{
  switch (plan->profile->validity) {
  case VALIDITY_DAYS:
    return now + (gint64)plan->profile->days * 86400;
  case VALIDITY_UNTIL:
    return plan->profile->until;
  case VALIDITY_UNTIL_CA:
    return plan->authority->not_after;
  }
  return 0;
}

static gboolean
plan_validity (const IssueTemplate *plan, gint64 now, IssuePlan *result, GError **error)
{
  result->not_before = MAX (now - plan->profile->backdate_seconds, plan->authority->not_before);
  result->not_after = wanted_end (plan, now);
  if (result->not_after > plan->authority->not_after) {
    g_set_error (error, CA_ERROR, CA_ERROR_VALIDITY,
                 "profile %s asks for a certificate that outlives its CA; shorten Validity= or "
                 "write until-ca",
                 plan->profile->name);
    return FALSE;
  }
  if (result->not_after > now)
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_VALIDITY, "profile %s asks for an end in the past",
               plan->profile->name);
  return FALSE;
}

static gboolean
put_subject (GByteArray *out, const IssueTemplate *plan, const SubjectValues *values,
             GError **error)
{
  g_autoptr (X509_NAME) name = subject_fill (plan->profile->subject, values, error);
  guint8 *der = NULL;
  int length = name != NULL ? i2d_X509_NAME (name, &der) : -1;

  if (name == NULL)
    return FALSE;
  if (length <= 0)
    return refuse (error, "the subject can't be encoded");
  g_byte_array_append (out, der, (guint)length);
  OPENSSL_free (der);
  return TRUE;
}

static void
put_validity (GByteArray *out, const IssuePlan *result)
{
  guint start = out->len;

  der_put_time (out, result->not_before);
  der_put_time (out, result->not_after);
  der_wrap (out, start, DER_SEQUENCE);
}

static gboolean
put_extensions (GByteArray *out, const IssueTemplate *plan, const Csr *csr, GError **error)
{
  guint start = out->len;

  g_byte_array_append (out, plan->extensions->data, plan->extensions->len);
  if (!put_subject_key_id (out, plan, csr, error))
    return FALSE;
  der_wrap (out, start, DER_SEQUENCE);
  der_wrap (out, start, CONTEXT_3);
  return TRUE;
}

/* TBSCertificate. */
static gboolean
put_tbs (GByteArray *out, const IssueTemplate *plan, const Csr *csr, const SubjectValues *subject,
         const IssuePlan *result, GError **error)
{
  static const guint8 version_3[] = { 0xa0, 0x03, 0x02, 0x01, 0x02 };
  const Authority *authority = plan->authority;
  gsize issuer_length;
  const guint8 *issuer = g_bytes_get_data (authority->subject, &issuer_length);

  g_byte_array_append (out, version_3, sizeof version_3);
  der_put (out, DER_INTEGER, result->serial.data, result->serial.length);
  g_byte_array_append (out, authority->signature->identifier.data,
                       (guint)authority->signature->identifier.length);
  g_byte_array_append (out, issuer, (guint)issuer_length);
  put_validity (out, result);
  if (!put_subject (out, plan, subject, error))
    return FALSE;
  g_byte_array_append (out, csr->spki.data, (guint)csr->spki.length);
  if (!put_extensions (out, plan, csr, error))
    return FALSE;
  der_wrap (out, 0, DER_SEQUENCE);
  return TRUE;
}

/* Appends algorithm and signature to the finished TBS, and wraps it all up. */
static gboolean
sign (GByteArray *out, const Authority *authority, Span tbs, GError **error)
{
  const Span identifier = authority->signature->identifier;
  guint start;

  g_byte_array_append (out, identifier.data, (guint)identifier.length);
  start = out->len;
  g_byte_array_append (out, (const guint8 *)"", 1); /* a BIT STRING's count of unused bits */
  if (!keystore_sign (authority->keystore, authority->signature, tbs, out, error))
    return FALSE;
  der_wrap (out, start, DER_BIT_STRING);
  der_wrap (out, 0, DER_SEQUENCE);
  return TRUE;
}

GBytes *
issue_certificate (const IssueTemplate *plan, const Csr *csr, const SubjectValues *subject,
                   gint64 now, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_sized_new (2048);
  g_autofree guint8 *tbs = NULL;
  guint8 serial[SERIAL_BYTES];
  IssuePlan result = { .serial = { serial, sizeof serial }, .spki = csr->spki };

  if (!draw_serial (serial, error) || !plan_validity (plan, now, &result, error)
      || !put_tbs (out, plan, csr, subject, &result, error))
    return NULL;
  tbs = g_memdup2 (out->data, out->len);
  result.tbs = (Span){ tbs, out->len };
  if (!sign (out, plan->authority, result.tbs, error)
      || !issue_check (plan->authority, &result, out->data, out->len, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
