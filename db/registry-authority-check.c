/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a CA must be to be registered with AWS IoT, and what proves that we have its key: a
 * verification certificate that it signed for the account's registration code (developer guide,
 * "Register a CA certificate"). Pure.
 */
#include <openssl/x509v3.h>
#include <string.h>

#include "base/encode.h"
#include "db/registry-authority.h"

#define CODE_LENGTH 64 /* RegistrationCode, AWS IoT API reference */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, sentence);
  return FALSE;
}

static X509 *
certificate_of (GBytes *der)
{
  gsize length;
  const guint8 *data = der == NULL ? NULL : g_bytes_get_data (der, &length);
  const guint8 *at = data;
  g_autoptr (X509) certificate = data == NULL ? NULL : d2i_X509 (NULL, &at, (long)length);

  return certificate != NULL && at == data + length ? g_steal_pointer (&certificate) : NULL;
}

static gboolean
check_dates (X509 *certificate, const char *early, const char *late, GError **error)
{
  if (X509_cmp_current_time (X509_get0_notBefore (certificate)) > 0)
    return refuse (error, early);
  return X509_cmp_current_time (X509_get0_notAfter (certificate)) > 0 || refuse (error, late);
}

gboolean
authority_check (GBytes *der, GError **error)
{
  g_autoptr (X509) authority = certificate_of (der);

  if (authority == NULL)
    return refuse (error, "the CA's certificate can't be read: have the signer tell it again");
  if (X509_check_ca (authority) != 1)
    return refuse (error, "the certificate is no CA's (basicConstraints CA:TRUE): AWS IoT takes "
                          "only a CA's");
  return check_dates (authority,
                      "the CA is not valid yet: register it when it is, or set the clock",
                      "the CA has expired: register the one that took over", error);
}

/* The only common name, or NULL. Free with g_free(). */
static char *
common_name_of (X509 *certificate)
{
  X509_NAME *name = X509_get_subject_name (certificate);
  const int place = X509_NAME_get_index_by_NID (name, NID_commonName, -1);
  unsigned char *text = NULL;

  if (place < 0 || X509_NAME_get_index_by_NID (name, NID_commonName, place) >= 0)
    return NULL;
  const int length =
      ASN1_STRING_to_UTF8 (&text, X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, place)));
  char *common_name = length < 0 ? NULL : g_strndup ((const char *)text, (gsize)length);
  OPENSSL_free (text);
  return common_name;
}

static gboolean
is_code (const char *text)
{
  if (text == NULL || strlen (text) != CODE_LENGTH)
    return FALSE;
  if (g_str_has_prefix (text, "0x"))
    text += 2;
  return text[strspn (text, "0123456789abcdefABCDEF")] == '\0';
}

gboolean
verification_check (const char *pem, GBytes *authority_der, GError **error)
{
  g_autoptr (GBytes) der = pem_decode (pem, "CERTIFICATE", NULL);
  g_autoptr (X509) verification = certificate_of (der);
  g_autoptr (X509) authority = certificate_of (authority_der);
  g_autofree char *code = NULL;

  if (verification == NULL || authority == NULL)
    return refuse (error, "the verification certificate can't be read: give one certificate as "
                          "PEM, as `keycradle ca verification-certificate` writes it");
  if (X509_NAME_cmp (X509_get_issuer_name (verification), X509_get_subject_name (authority)) != 0
      || X509_verify (verification, X509_get0_pubkey (authority)) != 1)
    return refuse (error, "the verification certificate was not signed by this CA: have this very "
                          "CA certify the code");
  code = common_name_of (verification);
  if (!is_code (code))
    return refuse (error, "the verification certificate's common name is no registration code (64 "
                          "hex digits): have the CA certify the code that `aws iot "
                          "get-registration-code` tells");
  return check_dates (verification,
                      "the verification certificate is not valid yet: set the clock, or wait",
                      "the verification certificate has expired: have the CA certify the code "
                      "again",
                      error);
}
