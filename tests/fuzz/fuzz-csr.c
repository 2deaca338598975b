/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as a certificate request. What the gate lets through must lie within the input,
 * satisfy the key rules' assumptions, and be what OpenSSL's own parser sees in it.
 */
#include "ca/judge/csr.h"
#include "ca/judge/keycheck.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
expect_within (Span span, const guint8 *data, size_t size)
{
  if (span.length > 0 && (span.data < data || span.data + span.length > data + size))
    g_abort ();
}

static void
compare_with_openssl (const Csr *csr)
{
  const guint8 *at = csr->whole.data;
  X509_REQ *request = d2i_X509_REQ (NULL, &at, (long)csr->whole.length);
  guint8 *der = NULL;
  int length;

  if (request == NULL) {
    ERR_clear_error ();
    return;
  }
  if (at != csr->whole.data + csr->whole.length)
    g_abort ();
  length = i2d_X509_PUBKEY (X509_REQ_get_X509_PUBKEY (request), &der);
  if (length > 0 && !span_equal (csr->spki, der, (gsize)length))
    g_abort ();
  OPENSSL_free (der);
  if (X509_REQ_get_signature_nid (request) != csr->signature_nid)
    g_abort ();
  X509_REQ_free (request);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  EVP_PKEY *key = NULL;
  char *name;
  Csr csr;

  if (!csr_parse (data, size, &csr, NULL))
    return 0;
  if (csr.whole.length != size)
    g_abort ();
  expect_within (csr.info, data, size);
  expect_within (csr.spki, data, size);
  expect_within (csr.modulus, data, size);
  expect_within (csr.exponent, data, size);
  expect_within (csr.point, data, size);
  expect_within (csr.algorithm, data, size);
  expect_within (csr.signature, data, size);
  compare_with_openssl (&csr);
  name = csr_describe_key (&csr);
  g_free (name);
  name = csr_describe_signature (&csr);
  g_free (name);
  if (csr_judge (data, size, NULL, &csr, &key, NULL))
    EVP_PKEY_free (key);
  return 0;
}
