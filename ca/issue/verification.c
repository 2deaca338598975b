/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See verification.h. It goes the way of every certificate: a request, judged, a profile, and the
 * checks of issue_certificate(). Only the profile stands here and not in a file.
 */
#include "ca/issue/verification.h"

#include "base/encode.h"
#include "ca/issue/issue.h"
#include "ca/openssl.h"

#include <string.h>

#define AWS_CODE 64
#define AZURE_CODE 48
#define VALID_SECONDS ((gint64)30 * 86400)
#define BACKDATE_SECONDS 300

gboolean
verification_code_is_valid (const char *code)
{
  const gsize length = strlen (code);

  return (length == AWS_CODE || length == AZURE_CODE)
         && (strspn (code, "0123456789abcdef") == length
             || strspn (code, "0123456789ABCDEF") == length);
}

void
verification_clear (Verification *verification)
{
  g_clear_pointer (&verification->certificate, g_bytes_unref);
}

/* A request by a key that nobody will have when this function has returned. */
static GBytes *
make_request (GError **error)
{
  g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
  X509_REQ *request = X509_REQ_new ();
  guint8 *der = NULL;
  int length = -1;
  GBytes *bytes = NULL;

  if (key != NULL && request != NULL && X509_REQ_set_pubkey (request, key)
      && X509_REQ_sign (request, key, EVP_sha256 ()))
    length = i2d_X509_REQ (request, &der);
  if (length > 0)
    bytes = g_bytes_new (der, (gsize)length);
  else
    openssl_refuse (error, CA_ERROR_INTERNAL, "a request for the code can't be made");
  OPENSSL_free (der);
  X509_REQ_free (request);
  return bytes;
}

static void
take_hash (guint8 hash[32], Span data)
{
  g_autoptr (GBytes) digest = sha256_of (data.data, data.length);

  memcpy (hash, g_bytes_get_data (digest, NULL), 32);
}

/* A purpose stands in it that no server asks of a device: without any, it would be fit for all. */
static GBytes *
issue (const Authority *authority, const Csr *csr, const char *code, gint64 now, GError **error)
{
  static const char *const key_usage[] = { "digitalSignature", NULL };
  static const char *const extended_key_usage[] = { "emailProtection", NULL };
  static const char *const none[] = { NULL };
  const Profile profile = { .name = (char *)"verification",
                            .kind = KIND_CUSTOM,
                            .subject = (char *)"CN=${serial}",
                            .validity = VALIDITY_UNTIL,
                            .until = MIN (now + VALID_SECONDS, authority->not_after),
                            .key_usage = (char **)key_usage,
                            .extended_key_usage = (char **)extended_key_usage,
                            .backdate_seconds = BACKDATE_SECONDS,
                            .alternative_names = (char **)none,
                            .policies = (char **)none,
                            .crl_urls = (char **)none,
                            .issuer_urls = (char **)none,
                            .subject_key_id = TRUE,
                            .keys = (char **)none };
  const SubjectValues values = { .serial = code };
  g_autoptr (IssueTemplate) plan = issue_template_new (authority, &profile, error);

  return plan != NULL ? issue_certificate (plan, csr, &values, now, error) : NULL;
}

gboolean
verification_issue (const Authority *authority, const char *code, gint64 now,
                    Verification *verification, GError **error)
{
  g_autoptr (GBytes) request = NULL;
  gsize length;
  const guint8 *data;
  Csr csr;

  if (!verification_code_is_valid (code)) {
    g_set_error (error, CA_ERROR, CA_ERROR_SUBJECT,
                 "this is no registration code of AWS IoT (%d hex digits) and no verification code "
                 "of Azure (%d hex digits)",
                 AWS_CODE, AZURE_CODE);
    return FALSE;
  }
  request = make_request (error);
  if (request == NULL)
    return FALSE;
  data = g_bytes_get_data (request, &length);
  if (!csr_judge (data, length, NULL, &csr, NULL, error))
    return FALSE;
  take_hash (verification->csr_sha256, csr.whole);
  take_hash (verification->spki_sha256, csr.spki);
  verification->certificate = issue (authority, &csr, code, now, error);
  return verification->certificate != NULL;
}
