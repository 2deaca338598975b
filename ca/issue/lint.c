/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See lint.h. This file walks TBSCertificate (RFC 5280, 4.1) from its beginning to its end:
 *
 *   SEQUENCE { version [0], serialNumber, signature, issuer, validity, subject,
 *              subjectPublicKeyInfo, extensions [3] }
 */
#include "ca/issue/lint-private.h"

#define LEAST_SERIAL 9 /* octets; 64 random bits and a sign */
#define MOST_SERIAL 20
#define VERSION_3 2

gboolean
lint_refuse (GError **error, const char *rule, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, CA_ERROR, CA_ERROR_LINT, "%s: %s", rule, message);
  return FALSE;
}

/* 4.1.2.1: with extensions the version is 3. */
static gboolean
lint_version (DerReader *tbs, GError **error)
{
  DerReader version;
  Span number;

  if (!der_enter (tbs, DER_CONTEXT_0, "version", &version, error)
      || !der_read_unsigned (&version, "version", &number, error)
      || !der_expect_end (&version, "version", error))
    return FALSE;
  return (number.length == 1 && number.data[0] == VERSION_3)
         || lint_refuse (error, "version", "the version is not 3");
}

/* 4.1.2.2: positive, at most 20 octets. The 64 random bits are the CA/Browser Forum's (BR 7.1). */
static gboolean
lint_serial (LintFindings *findings, DerReader *tbs, GError **error)
{
  Span serial;

  if (!der_read (tbs, DER_INTEGER, "serial number", &serial, NULL, error))
    return FALSE;
  findings->serial = serial;
  if (serial.length == 0 || (serial.data[0] & 0x80) != 0)
    return lint_refuse (error, "serial-positive", "the serial number is not positive");
  if (serial.length > 1 && serial.data[0] == 0 && (serial.data[1] & 0x80) == 0)
    return lint_refuse (error, "serial-shortest", "the serial number begins with a needless zero");
  if (serial.length > MOST_SERIAL)
    return lint_refuse (error, "serial-length", "the serial number has %zu octets; at most %d",
                        serial.length, MOST_SERIAL);
  return serial.length >= LEAST_SERIAL
         || lint_refuse (error, "serial-random",
                         "the serial number has %zu octets, too few for 64 "
                         "random bits",
                         serial.length);
}

/* 4.1.2.3: the same identifier that will stand outside. */
static gboolean
lint_algorithm (const LintFindings *findings, DerReader *tbs, GError **error)
{
  const Span wanted = findings->scope->authority->signature->identifier;
  Span identifier;

  if (!der_read (tbs, DER_SEQUENCE, "signature algorithm", NULL, &identifier, error))
    return FALSE;
  return span_equal (identifier, wanted.data, wanted.length)
         || lint_refuse (error, "signature-algorithm", "the inner algorithm is not %s",
                         findings->scope->authority->signature->word);
}

/* 4.1.2.4: byte for byte the CA's subject, so that every verifier chains them. */
static gboolean
lint_issuer (const LintFindings *findings, DerReader *tbs, GError **error)
{
  gsize length;
  const void *wanted = g_bytes_get_data (findings->scope->authority->subject, &length);
  Span issuer;

  if (!der_read (tbs, DER_SEQUENCE, "issuer", NULL, &issuer, error))
    return FALSE;
  if (issuer.length <= 2)
    return lint_refuse (error, "issuer-empty", "the issuer is empty");
  return span_equal (issuer, wanted, length)
         || lint_refuse (error, "issuer", "the issuer is not the CA's subject, byte for byte");
}

/* 4.1.2.7: the judged key and no other. */
static gboolean
lint_key (LintFindings *findings, DerReader *tbs, GError **error)
{
  const Span wanted = findings->scope->spki;
  DerReader inner;
  Span key;

  if (!der_read (tbs, DER_SEQUENCE, "public key", NULL, &key, error))
    return FALSE;
  if (!span_equal (key, wanted.data, wanted.length))
    return lint_refuse (error, "public-key", "the public key is not the request's");
  inner = der_reader_within (tbs, key);
  return der_enter (&inner, DER_SEQUENCE, "public key", &inner, error)
         && der_read (&inner, DER_SEQUENCE, "key algorithm", NULL, NULL, error)
         && der_read_bytes (&inner, "key bits", &findings->key_bits, error)
         && der_expect_end (&inner, "public key", error);
}

static gboolean
walk (LintFindings *findings, GError **error)
{
  DerReader all = der_reader (findings->tbs.data, findings->tbs.length);
  DerReader tbs;

  return der_enter (&all, DER_SEQUENCE, "certificate", &tbs, error)
         && der_expect_end (&all, "certificate", error) && lint_version (&tbs, error)
         && lint_serial (findings, &tbs, error) && lint_algorithm (findings, &tbs, error)
         && lint_issuer (findings, &tbs, error) && lint_validity (findings, &tbs, error)
         && lint_subject (findings, &tbs, error) && lint_key (findings, &tbs, error)
         && lint_extensions (findings, &tbs, error) && der_expect_end (&tbs, "certificate", error)
         && lint_form (findings, error) && lint_kind (findings, error);
}

/* The reader speaks of requests; here it is the rule that all is DER. */
gboolean
lint_check (const LintScope *scope, Span tbs, GError **error)
{
  LintFindings findings = { .scope = scope, .tbs = tbs };
  g_autoptr (GError) problem = NULL;

  if (walk (&findings, &problem))
    return TRUE;
  if (g_error_matches (problem, CA_ERROR, CA_ERROR_LINT))
    g_propagate_error (error, g_steal_pointer (&problem));
  else
    lint_refuse (error, "der", "%s", problem->message);
  return FALSE;
}
