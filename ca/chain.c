/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See chain.h. What a verifier would refuse later, the signer refuses at its start.
 */
#include "ca/chain.h"

#include "base/encode.h"
#include "ca/clock.h"
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

/* 112 bits of security: RSA 2048, EC 224. */
static gboolean
check_key (X509 *certificate, int place, GError **error)
{
  const EVP_PKEY *key = X509_get0_pubkey (certificate);

  return (key != NULL && EVP_PKEY_get_security_bits (key) >= 112)
         || refuse (error, "the key of certificate %d is weaker than RSA with 2048 bits",
                    place + 1);
}

static gboolean
check_digest (X509 *certificate, int place, GError **error)
{
  int digest = NID_undef;

  if (!X509_get_signature_info (certificate, &digest, NULL, NULL, NULL))
    return refuse (error, "certificate %d has an unknown signature", place + 1);
  return (digest != NID_sha1 && digest != NID_md5)
         || refuse (error, "certificate %d is signed with SHA-1 or MD5", place + 1);
}

/* `below` must be signed by `above`, which for a root is itself. */
static gboolean
check_link (X509 *below, X509 *above, int place, GError **error)
{
  g_autoptr (EVP_PKEY) key = X509_get_pubkey (above);

  if (key == NULL || X509_check_issued (above, below) != X509_V_OK)
    return refuse (error, "certificate %d is not issued by the one behind it", place + 1);
  if (below != above && !check_digest (below, place, error))
    return FALSE;
  return X509_verify (below, key) == 1
         || refuse (error, "the signature of certificate %d is wrong", place + 1);
}

gboolean
chain_check (STACK_OF (X509) * certificates, GError **error)
{
  int count = sk_X509_num (certificates);

  for (int i = 0; i < count; i++) {
    X509 *certificate = sk_X509_value (certificates, i);
    gboolean is_root = X509_check_issued (certificate, certificate) == X509_V_OK;
    X509 *above = is_root ? certificate : sk_X509_value (certificates, i + 1);

    if (!check_may_sign (certificate, i, error) || !check_times (certificate, i, error)
        || !check_key (certificate, i, error))
      return FALSE;
    if (above != NULL && !check_link (certificate, above, i, error))
      return FALSE;
    if (is_root && i + 1 < count)
      return refuse (error, "something stands behind the root");
  }
  return TRUE;
}
