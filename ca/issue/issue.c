/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See issue.h. The order is: build, judge (ca/issue/lint.h), sign, verify and compare
 * (ca/issue/issue-check.h); who called logs it and only then lets it out. The to-be-signed part is
 * written directly (RFC 5280, 4.1): issuer and key go in byte for byte as CA certificate and
 * request have them, and OpenSSL's X509 object, whose key setter costs more than the signature, is
 * not needed. OpenSSL signs.
 */
#include "ca/issue/issue.h"

#include "base/der-write.h"
#include "ca/issue/compressed.h"
#include "ca/issue/extensions.h"
#include "ca/issue/issue-check.h"
#include "ca/issue/lint.h"
#include "ca/issue/matter.h"
#include "ca/judge/keycheck.h"
#include "ca/openssl.h"

#include <openssl/rand.h>
#include <string.h>

#define CONTEXT_3 0xa3
#define SERIAL_BYTES 20
#define SHA1_BYTES 20

struct IssueTemplate {
  const Authority *authority;
  const Profile *profile;
  GByteArray *extensions; /* all but the subject's key identifier, encoded */
  EVP_MD *sha1;           /* RFC 5280 names keys by it; no security rests on it */
};

/* What is settled anew for each certificate. */
typedef struct {
  guint8 serial[SERIAL_BYTES];
  gsize serial_length;
  gint64 not_before;
  gint64 not_after;
} Parts;

static gboolean
refuse (GError **error, const char *message)
{
  return openssl_refuse (error, CA_ERROR_INTERNAL, message);
}

IssueTemplate *
issue_template_new (const Authority *authority, const Profile *profile, GError **error)
{
  g_autoptr (IssueTemplate) plan = g_new0 (IssueTemplate, 1);

  if (profile->kind == KIND_MATTER_DAC && !matter_check_authority (authority, profile, error))
    return NULL;
  if (profile->form == FORM_COMPRESSED && !compressed_check_authority (authority, profile, error))
    return NULL;
  plan->authority = authority;
  plan->profile = profile;
  plan->extensions = g_byte_array_new ();
  plan->sha1 = EVP_MD_fetch (NULL, "SHA1", NULL);
  if (plan->sha1 == NULL) {
    refuse (error, "OpenSSL has no SHA-1");
    return NULL;
  }
  extensions_put_fixed (plan->extensions, profile);
  extensions_put_authority_key_id (plan->extensions, authority->key_id);
  return g_steal_pointer (&plan);
}

void
issue_template_free (IssueTemplate *plan)
{
  if (plan == NULL)
    return;
  g_clear_pointer (&plan->extensions, g_byte_array_unref);
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
  guint8 hash[SHA1_BYTES];

  if (!EVP_Digest (csr->key_bits.data, csr->key_bits.length, hash, NULL, plan->sha1, NULL))
    return refuse (error, "the key's identifier can't be computed");
  extensions_put_subject_key_id (out, hash, sizeof hash);
  return TRUE;
}

/* The first byte is 0x01 to 0x7f, so the serial is positive and has 20 octets (RFC 5280, 4.1.2.2).
 * No earlier serial is looked up: of 2^40 certificates with 158 random bits each, two are equal
 * with probability 2^-79, far below that of any memory's failing. Every try draws anew: the serial
 * of what the lint refuses is gone. */
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

/* A serial that follows from key and dates comes again where both do; that none stands in the log
 * twice is for who logs it (ca/signer/signer.c). */
static gboolean
plan_serial (const IssueTemplate *plan, const Csr *csr, Parts *parts, GError **error)
{
  if (plan->profile->form == FORM_FULL) {
    parts->serial_length = SERIAL_BYTES;
    return draw_serial (parts->serial, error);
  }
  parts->serial_length = COMPRESSED_SERIAL_BYTES;
  return compressed_make_serial (parts->serial, csr->key_bits, parts->not_before,
                                 plan->profile->years, error);
}

/* By the calendar: what begins on 29 February may end on the 28th. */
static gint64
years_after (gint64 begin, guint years)
{
  g_autoptr (GDateTime) from = g_date_time_new_from_unix_utc (begin);
  g_autoptr (GDateTime) to = g_date_time_add_years (from, (int)years);

  return g_date_time_to_unix (to);
}

static gint64
wanted_end (const IssueTemplate *plan, gint64 begin, gint64 now)
{
  switch (plan->profile->validity) {
  case VALIDITY_DAYS:
    return now + (gint64)plan->profile->days * 86400;
  case VALIDITY_YEARS:
    return years_after (begin, plan->profile->years);
  case VALIDITY_UNTIL:
    return plan->profile->until;
  case VALIDITY_UNTIL_CA:
    return plan->authority->not_after;
  }
  return 0;
}

/* No certificate promises more than its CA can keep. An IDevID whose profile says that it has no
 * end promises nothing: 99991231235959Z is no date (RFC 5280, 4.1.2.5), it is what IEEE 802.1AR
 * wants in a device that keeps its identity for life, and who verifies looks at the CA's own
 * validity too. */
static gboolean
may_end (const IssueTemplate *plan, gint64 not_after)
{
  return not_after <= plan->authority->not_after
         || (plan->profile->kind == KIND_IDEVID && not_after == NO_END);
}

static gboolean
plan_begin (const IssueTemplate *plan, gint64 now, Parts *parts, GError **error)
{
  const gint64 wanted = now - plan->profile->backdate_seconds;

  if (plan->profile->form == FORM_FULL) {
    parts->not_before = MAX (wanted, plan->authority->not_before);
    return TRUE;
  }
  parts->not_before = compressed_begin (wanted);
  return parts->not_before >= plan->authority->not_before
         || ca_refuse (error, CA_ERROR_VALIDITY,
                       "profile %s (Form=compressed) has certificates begin with a full hour, but "
                       "the CA began only after the last one; start again in the next hour",
                       plan->profile->name);
}

static gboolean
plan_validity (const IssueTemplate *plan, gint64 now, Parts *parts, GError **error)
{
  if (!plan_begin (plan, now, parts, error))
    return FALSE;
  parts->not_after = wanted_end (plan, parts->not_before, now);
  if (!may_end (plan, parts->not_after)) {
    g_set_error (error, CA_ERROR, CA_ERROR_VALIDITY,
                 "profile %s asks for a certificate that outlives its CA; shorten Validity= or "
                 "write until-ca",
                 plan->profile->name);
    return FALSE;
  }
  if (parts->not_after > now)
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_VALIDITY, "profile %s asks for an end in the past",
               plan->profile->name);
  return FALSE;
}

static void
put_validity (GByteArray *out, const Parts *parts)
{
  guint start = out->len;

  der_put_time (out, parts->not_before);
  der_put_time (out, parts->not_after);
  der_wrap (out, start, DER_SEQUENCE);
}

static gboolean
put_extensions (GByteArray *out, const IssueTemplate *plan, const Csr *csr,
                const SubjectValues *values, GError **error)
{
  guint start = out->len;

  g_byte_array_append (out, plan->extensions->data, plan->extensions->len);
  if (plan->profile->subject_key_id && !put_subject_key_id (out, plan, csr, error))
    return FALSE;
  if (!extensions_put_filled (out, plan->profile, values, error))
    return FALSE;
  der_wrap (out, start, DER_SEQUENCE);
  der_wrap (out, start, CONTEXT_3);
  return TRUE;
}

/* TBSCertificate. */
static gboolean
put_tbs (GByteArray *out, const IssueTemplate *plan, const Csr *csr, const SubjectValues *values,
         const Parts *parts, GError **error)
{
  static const guint8 version_3[] = { 0xa0, 0x03, 0x02, 0x01, 0x02 };
  const SubjectPattern pattern = profile_subject (plan->profile);
  const Authority *authority = plan->authority;
  gsize issuer_length;
  const guint8 *issuer = g_bytes_get_data (authority->subject, &issuer_length);

  g_byte_array_append (out, version_3, sizeof version_3);
  der_put (out, DER_INTEGER, parts->serial, parts->serial_length);
  g_byte_array_append (out, authority->signature->identifier.data,
                       (guint)authority->signature->identifier.length);
  g_byte_array_append (out, issuer, (guint)issuer_length);
  put_validity (out, parts);
  if (!subject_put (out, &pattern, values, error))
    return FALSE;
  g_byte_array_append (out, csr->spki.data, (guint)csr->spki.length);
  if (!put_extensions (out, plan, csr, values, error))
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

/* `word` is one of a profile's Key=. */
static gboolean
is_key (const char *word, const Csr *csr)
{
  switch (csr->key_type) {
  case CSR_KEY_RSA:
    return g_str_has_prefix (word, "rsa-")
           && g_ascii_strtoull (word + strlen ("rsa-"), NULL, 10) == keycheck_bits (csr->modulus);
  case CSR_KEY_EC_P256:
    return g_str_equal (word, "p-256");
  case CSR_KEY_EC_P384:
    return g_str_equal (word, "p-384");
  case CSR_KEY_EC_P521:
    return g_str_equal (word, "p-521");
  }
  return FALSE;
}

/* A profile without Key= takes whatever the device has. */
static gboolean
check_key (const Profile *profile, const Csr *csr, GError **error)
{
  g_autofree char *wanted = NULL;
  g_autofree char *found = NULL;

  if (!profile->keys_listed && profile->kind != KIND_MATTER_DAC && profile->form != FORM_COMPRESSED)
    return TRUE;
  for (char **word = profile->keys; *word != NULL; word++)
    if (is_key (*word, csr))
      return TRUE;
  wanted = g_strjoinv (", ", profile->keys);
  found = csr_describe_key (csr);
  g_set_error (error, CA_ERROR, CA_ERROR_PROFILE_KEY,
               "the device's key is %s, but profile %s allows %s", found, profile->name, wanted);
  return FALSE;
}

GBytes *
issue_certificate (const IssueTemplate *plan, const Csr *csr, const SubjectValues *subject,
                   gint64 now, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_sized_new (2048);
  const LintScope scope = { plan->authority, plan->profile, csr->spki };
  g_autofree guint8 *copy = NULL;
  Parts parts;
  Span tbs;

  if (!check_key (plan->profile, csr, error) || !plan_validity (plan, now, &parts, error)
      || !plan_serial (plan, csr, &parts, error)
      || !put_tbs (out, plan, csr, subject, &parts, error))
    return NULL;
  copy = g_memdup2 (out->data, out->len);
  tbs = (Span){ copy, out->len };
  if (!lint_check (&scope, tbs, error) || !sign (out, plan->authority, tbs, error)
      || !issue_check (plan->authority, tbs, out->data, out->len, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
