/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See chain.h. What a verifier would refuse later, the signer refuses at its start.
 */
#include "ca/issue/chain.h"

#include "base/encode.h"
#include "ca/clock.h"
#include "ca/judge/keycheck.h"
#include "ca/openssl.h"

#include <openssl/obj_mac.h>
#include <openssl/x509v3.h>
#include <string.h>

#define MOST_CERTIFICATES 8
#define LABEL "CERTIFICATE"

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return openssl_refuse (error, CA_ERROR_CA_CERTIFICATE, message);
}

static gboolean
read_one (STACK_OF (X509) * certificates, const char **at, GError **error)
{
  g_autoptr (GBytes) der = pem_decode (*at, LABEL, at);
  gsize length = 0;
  const guint8 *data = der != NULL ? g_bytes_get_data (der, &length) : NULL;
  const guint8 *end = data;
  X509 *certificate = data != NULL ? d2i_X509 (NULL, &end, (long)length) : NULL;

  if (certificate == NULL || end != data + length) {
    X509_free (certificate);
    return refuse (error, "certificate %d can't be read", sk_X509_num (certificates) + 1);
  }
  sk_X509_push (certificates, certificate);
  return sk_X509_num (certificates) <= MOST_CERTIFICATES
         || refuse (error, "more than %d certificates", MOST_CERTIFICATES);
}

STACK_OF (X509) * chain_read (const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;
  STACK_OF (X509) *certificates = sk_X509_new_null ();
  const char *at;
  gboolean ok = TRUE;

  if (!g_file_get_contents (path, &text, NULL, &problem)) {
    refuse (error, "the CA certificate can't be read: %s", problem->message);
    sk_X509_free (certificates);
    return NULL;
  }
  at = text;
  do
    ok = read_one (certificates, &at, error);
  while (ok && strstr (at, "-----BEGIN ") != NULL);
  if (ok)
    return certificates;
  g_prefix_error (error, "%s: ", path);
  sk_X509_pop_free (certificates, X509_free);
  return NULL;
}

gint64
chain_seconds (const ASN1_TIME *time)
{
  struct tm parts;

  return ASN1_TIME_to_tm (time, &parts) == 1 ? (gint64)timegm (&parts) : 0;
}

static gboolean
check_may_sign (X509 *certificate, int place, GError **error)
{
  guint32 flags = X509_get_extension_flags (certificate);
  long path_length = X509_get_pathlen (certificate);

  if (flags & EXFLAG_INVALID)
    return refuse (error, "certificate %d has damaged extensions", place + 1);
  if (!(flags & EXFLAG_BCONS) || !(flags & EXFLAG_CA))
    return refuse (error, "certificate %d is no CA's (basicConstraints is not CA:TRUE)", place + 1);
  if (!(flags & EXFLAG_KUSAGE) || !(X509_get_key_usage (certificate) & KU_KEY_CERT_SIGN))
    return refuse (error, "certificate %d may not sign certificates (keyUsage)", place + 1);
  if (flags & EXFLAG_CRITICAL)
    return refuse (error, "certificate %d has a critical extension that is not known", place + 1);
  return path_length < 0 || path_length >= place
         || refuse (error, "certificate %d allows fewer CAs below it (pathlen)", place + 1);
}

/* With a clock that can't be right the signer starts, and issues nothing until it is. */
static gboolean
check_times (X509 *certificate, int place, GError **error)
{
  if (!clock_is_plausible (g_get_real_time (), NULL))
    return TRUE;
  if (X509_cmp_current_time (X509_get0_notBefore (certificate)) >= 0)
    return refuse (error, "certificate %d is not valid yet, or this PC's clock is wrong",
                   place + 1);
  return X509_cmp_current_time (X509_get0_notAfter (certificate)) > 0
         || refuse (error, "certificate %d has expired, or this PC's clock is wrong", place + 1);
}

#define LEAST_SECURITY 112 /* bits: RSA 2048, EC 224, SHA-224 */

/* The rules for devices' keys hold for a CA's all the more. What they do not know (DSA, Ed25519 in
 * somebody's root) OpenSSL judges by its strength alone. */
static gboolean
check_key (X509 *certificate, int place, GError **error)
{
  const EVP_PKEY *key = X509_get0_pubkey (certificate);
  g_autoptr (GError) problem = NULL;
  guint8 *spki = NULL;
  int length = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (certificate), &spki);
  gboolean ok;
  Csr csr;

  if (key == NULL || length <= 0)
    return refuse (error, "the key of certificate %d can't be read", place + 1);
  ok = csr_parse_key (spki, (gsize)length, &csr, &problem) && keycheck_csr (&csr, &problem);
  OPENSSL_free (spki);
  if (!ok && !g_error_matches (problem, CA_ERROR, CA_ERROR_KEY_ALGORITHM))
    return refuse (error, "the key of certificate %d must not be used: %s", place + 1,
                   problem->message);
  return EVP_PKEY_get_security_bits (key) >= LEAST_SECURITY
         || refuse (error, "the key of certificate %d is weaker than RSA with 2048 bits",
                    place + 1);
}

/* A root's signature on itself tells nothing. */
static gboolean
check_digest (X509 *certificate, int place, GError **error)
{
  int strength = 0;

  if (!X509_get_signature_info (certificate, NULL, NULL, &strength, NULL))
    return refuse (error, "certificate %d has an unknown signature", place + 1);
  return strength >= LEAST_SECURITY
         || refuse (error, "certificate %d is signed with SHA-1, MD5 or one as weak", place + 1);
}

static gboolean
check_key_identifiers (X509 *below, X509 *above, int place, GError **error)
{
  const ASN1_OCTET_STRING *named = X509_get0_authority_key_id (below);
  const ASN1_OCTET_STRING *has = X509_get0_subject_key_id (above);

  return named == NULL || has == NULL || ASN1_OCTET_STRING_cmp (named, has) == 0
         || refuse (error,
                    "certificate %d names another key for its issuer (authorityKeyIdentifier) than "
                    "the one behind it has (subjectKeyIdentifier)",
                    place + 1);
}

/* `below` must be signed by `above`, which for a root is itself. */
static gboolean
check_link (X509 *below, X509 *above, int place, GError **error)
{
  g_autoptr (EVP_PKEY) key = X509_get_pubkey (above);

  if (!check_key_identifiers (below, above, place, error))
    return FALSE;
  if (key == NULL || X509_check_issued (above, below) != X509_V_OK)
    return refuse (error, "certificate %d is not issued by the one behind it", place + 1);
  return X509_verify (below, key) == 1
         || refuse (error, "the signature of certificate %d is wrong", place + 1);
}

/* The names of CAs are bound by constraints above them as well. */
static gboolean
check_names (STACK_OF (X509) * certificates, int place, GError **error)
{
  X509 *above = sk_X509_value (certificates, place);
  NAME_CONSTRAINTS *constraints = X509_get_ext_d2i (above, NID_name_constraints, NULL, NULL);
  int bad = -1;

  for (int i = 0; constraints != NULL && bad < 0 && i < place; i++)
    if (NAME_CONSTRAINTS_check (sk_X509_value (certificates, i), constraints) != X509_V_OK)
      bad = i;
  NAME_CONSTRAINTS_free (constraints);
  return bad < 0
         || refuse (error,
                    "the name of certificate %d lies outside the name constraints of "
                    "certificate %d",
                    bad + 1, place + 1);
}

static gboolean
check_one (X509 *certificate, int place, GError **error)
{
  return check_may_sign (certificate, place, error) && check_key (certificate, place, error);
}

static gboolean
check_place (STACK_OF (X509) * certificates, int place, GError **error)
{
  X509 *certificate = sk_X509_value (certificates, place);
  gboolean is_root = X509_check_issued (certificate, certificate) == X509_V_OK;
  X509 *above = is_root ? certificate : sk_X509_value (certificates, place + 1);

  if (is_root && place + 1 < sk_X509_num (certificates))
    return refuse (error, "something stands behind the root");
  return (is_root || check_digest (certificate, place, error))
         && (above == NULL || check_link (certificate, above, place, error))
         && check_names (certificates, place, error);
}

gboolean
chain_check_times (STACK_OF (X509) * certificates, GError **error)
{
  for (int i = 0; i < sk_X509_num (certificates); i++)
    if (!check_times (sk_X509_value (certificates, i), i, error))
      return FALSE;
  return TRUE;
}

gboolean
chain_check (STACK_OF (X509) * certificates, GError **error)
{
  int count = sk_X509_num (certificates);

  for (int i = 0; i < count; i++)
    if (!check_one (sk_X509_value (certificates, i), i, error))
      return FALSE;
  for (int i = 0; i < count; i++)
    if (!check_place (certificates, i, error))
      return FALSE;
  return TRUE;
}
