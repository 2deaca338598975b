/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lint, over whatever might be about to be signed. The first byte chooses the profile. It must
 * survive anything, and what it lets pass OpenSSL must read: as a version 3 certificate that is no
 * CA's, with sound extensions and times.
 */
#include "base/der-write.h"
#include "ca/issue/lint.h"
#include "ca/openssl.h"

#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t length);

/* CN=Fuzz */
static const guint8 issuer[] = { 0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55,
                                 0x04, 0x03, 0x0c, 0x04, 'F',  'u',  'z',  'z' };
static const guint8 key_id[] = "authority's key id!!";

/* P-256's generator: a point that OpenSSL knows to be on the curve. */
static const guint8 spki[] = {
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
  0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1,
  0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
  0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
  0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b,
  0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5
};

static char a_host[] = "a";
static char *nothing[] = { NULL };
static char *signs[] = { (char *)"digitalSignature", NULL };
static char *is_client[] = { (char *)"clientAuth", NULL };
static char *all_names[] = { (char *)"dns:a",     (char *)"uri:a:b",           (char *)"ip:1.2.3.4",
                             (char *)"email:a@b", (char *)"hardware-module:a", NULL };
static char *module[] = { (char *)"hardware-module:a", NULL };
static char *policies[] = { (char *)"2.23.133.11.1.1", (char *)"1.2.3", NULL };
static char *urls[] = { (char *)"http://a/b", (char *)"http://c", NULL };

#define FUZZED(of_kind, purposes, names, listed, points, masa, named)                              \
  {                                                                                                \
    .kind = of_kind, .key_usage = signs, .extended_key_usage = purposes,                           \
    .alternative_names = names, .hardware_type = (char *)"1.2.3", .policies = listed,              \
    .crl_urls = points, .issuer_urls = points, .masa_url = masa, .subject_key_id = named,          \
    .vendor_id = (char *)"FFF1", .product_id = (char *)"8000"                                      \
  }

static const Profile profiles[] = {
  FUZZED (KIND_CUSTOM, is_client, nothing, nothing, nothing, NULL, TRUE),
  FUZZED (KIND_CUSTOM, is_client, all_names, policies, urls, a_host, TRUE),
  FUZZED (KIND_AWS_IOT, is_client, nothing, nothing, nothing, NULL, TRUE),
  FUZZED (KIND_AZURE_DPS, is_client, nothing, nothing, nothing, NULL, TRUE),
  FUZZED (KIND_IDEVID, nothing, module, policies, nothing, a_host, FALSE),
  FUZZED (KIND_MATTER_DAC, nothing, nothing, nothing, nothing, NULL, TRUE),
};

static const Authority *
the_authority (void)
{
  static Authority authority = { .not_before = 1577836800, .not_after = 2840140800 };

  if (authority.subject == NULL) {
    authority.subject = g_bytes_new_static (issuer, sizeof issuer);
    authority.key_id = g_bytes_new_static (key_id, sizeof key_id - 1);
    authority.signature = signature_find ("ecdsa-sha256");
  }
  return &authority;
}

static void
expect (gboolean true_here)
{
  if (!true_here)
    abort ();
}

static void
check_times (const X509 *certificate)
{
  struct tm parts;

  expect (ASN1_TIME_to_tm (X509_get0_notBefore (certificate), &parts) == 1);
  expect (ASN1_TIME_to_tm (X509_get0_notAfter (certificate), &parts) == 1);
}

static void
check_extensions (const X509 *certificate)
{
  for (int i = 0; i < X509_get_ext_count (certificate); i++) {
    X509_EXTENSION *extension = X509_get_ext (certificate, i);
    const X509V3_EXT_METHOD *method = X509V3_EXT_get (extension);
    void *value;

    if (method == NULL) /* the MASA's URL */
      continue;
    value = X509V3_EXT_d2i (extension);
    expect (value != NULL);
    if (method->it != NULL)
      ASN1_item_free (value, ASN1_ITEM_ptr (method->it));
    else
      method->ext_free (value);
  }
}

/* `tbs` with an outer algorithm and some signature. */
static void
expect_openssl_reads (Span tbs)
{
  const Span identifier = the_authority ()->signature->identifier;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (X509) certificate = NULL;
  const guint8 *at;

  g_byte_array_append (out, tbs.data, (guint)tbs.length);
  g_byte_array_append (out, identifier.data, (guint)identifier.length);
  der_put (out, DER_BIT_STRING, "\0abc", 4);
  der_wrap (out, 0, DER_SEQUENCE);
  at = out->data;
  certificate = d2i_X509 (NULL, &at, (long)out->len);
  expect (certificate != NULL && at == out->data + out->len);
  expect (X509_get_version (certificate) == X509_VERSION_3);
  expect (X509_check_purpose (certificate, -1, 0) == 1);
  expect ((X509_get_extension_flags (certificate) & (EXFLAG_INVALID | EXFLAG_CA)) == 0);
  expect (X509_get0_pubkey (certificate) != NULL);
  check_times (certificate);
  check_extensions (certificate);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t length)
{
  g_autofree guint8 *copy = NULL; /* so that a byte too far is seen */
  g_autoptr (GError) problem = NULL;
  LintScope scope = { .authority = the_authority (), .spki = { spki, sizeof spki } };
  Span tbs;

  if (length < 1)
    return 0;
  copy = g_memdup2 (data + 1, length - 1);
  tbs = (Span){ copy, length - 1 };
  scope.profile = &profiles[data[0] % G_N_ELEMENTS (profiles)];
  if (lint_check (&scope, tbs, &problem))
    expect_openssl_reads (tbs);
  else
    expect (g_error_matches (problem, CA_ERROR, CA_ERROR_LINT));
  return 0;
}
