/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See evidence.h.
 */
#include "evidence.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

EVP_PKEY *
evidence_key (void)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");

  ck_assert_ptr_nonnull (key);
  return key;
}

GBytes *
evidence_spki (EVP_PKEY *key)
{
  guint8 *der = NULL;
  int length = i2d_PUBKEY (key, &der);
  GBytes *bytes;

  ck_assert_int_gt (length, 0);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

GBytes *
evidence_der (X509 *certificate)
{
  guint8 *der = NULL;
  int length = i2d_X509 (certificate, &der);
  GBytes *bytes;

  ck_assert_int_gt (length, 0);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

X509 *
evidence_certificate (const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer,
                      gboolean authority, gint64 now, int days)
{
  X509 *certificate = X509_new ();
  X509_NAME *subject = X509_get_subject_name (certificate);
  static int serial = 1;
  time_t at = (time_t)now;

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), serial++);
  X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_UTF8, (const guint8 *)name, -1, -1, 0);
  X509_set_issuer_name (certificate, issuer != NULL ? X509_get_subject_name (issuer) : subject);
  X509_time_adj_ex (X509_getm_notBefore (certificate), -1, 0, &at);
  X509_time_adj_ex (X509_getm_notAfter (certificate), days, 0, &at);
  X509_set_pubkey (certificate, key);
  if (authority) {
    X509_EXTENSION *basic =
        X509V3_EXT_conf_nid (NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");

    X509_add_ext (certificate, basic, -1);
    X509_EXTENSION_free (basic);
  }
  ck_assert_int_gt (X509_sign (certificate, signer, EVP_sha256 ()), 0);
  return certificate;
}

void
evidence_extend (X509 *certificate, const char *oid, const void *data, gsize length,
                 EVP_PKEY *signer)
{
  ASN1_OBJECT *object = OBJ_txt2obj (oid, 1);
  ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new ();
  X509_EXTENSION *extension;

  ASN1_OCTET_STRING_set (value, data, (int)length);
  extension = X509_EXTENSION_create_by_OBJ (NULL, object, 0, value);
  X509_add_ext (certificate, extension, -1);
  X509_EXTENSION_free (extension);
  ASN1_OCTET_STRING_free (value);
  ASN1_OBJECT_free (object);
  ck_assert_int_gt (X509_sign (certificate, signer, EVP_sha256 ()), 0);
}

void
evidence_begin (Evidence *evidence, AttestationFormat format)
{
  *evidence = (Evidence){ 0 };
  ck_assert (attestation_challenge_init (&evidence->challenge, NULL));
  evidence->trust = attestation_trust_new ();
  evidence->evidence.format = format;
  evidence->evidence.parts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  evidence->claim = (AttestationCase){ .evidence = &evidence->evidence,
                                       .challenge = &evidence->challenge,
                                       .trust = evidence->trust,
                                       .now = g_get_real_time () / G_USEC_PER_SEC };
}

void
evidence_add (Evidence *evidence, GBytes *part)
{
  g_ptr_array_add (evidence->evidence.parts, part);
}

void
evidence_trust (Evidence *evidence, X509 *root)
{
  g_ptr_array_add (evidence->trust->certificates, evidence_der (root));
}

void
evidence_end (Evidence *evidence)
{
  attestation_challenge_clear (&evidence->challenge);
  attestation_clear (&evidence->evidence);
  attestation_trust_free (evidence->trust);
}

void
evidence_is (const Evidence *evidence, AttestationVerdict wanted, const char *words)
{
  g_autofree char *detail = NULL;
  AttestationVerdict verdict = attestation_judge (&evidence->claim, &detail);

  ck_assert_msg (verdict == wanted && detail != NULL && strstr (detail, words) != NULL,
                 "%s: %s; wanted %s: ...%s...", attestation_verdict_word (verdict),
                 detail != NULL ? detail : "(nothing)", attestation_verdict_word (wanted), words);
}

static void
is_not_verified (const Evidence *evidence, guint part, gsize at, const char *what)
{
  g_autofree char *detail = NULL;

  ck_assert_msg (attestation_judge (&evidence->claim, &detail) != ATTESTATION_VERIFIED,
                 "verified although part %u is %s at %" G_GSIZE_FORMAT ": %s", part, what, at,
                 detail);
}

/* Puts `bytes` in the place of a part for one judgement. */
static void
judge_with (Evidence *evidence, guint part, GBytes *bytes, gsize at, const char *what)
{
  GPtrArray *parts = evidence->evidence.parts;
  GBytes *before = g_ptr_array_index (parts, part);

  g_ptr_array_index (parts, part) = bytes;
  is_not_verified (evidence, part, at, what);
  g_ptr_array_index (parts, part) = before;
}

void
evidence_flips (Evidence *evidence, guint step)
{
  for (guint part = 0; part < evidence->evidence.parts->len; part++) {
    gsize length;
    const guint8 *data =
        g_bytes_get_data (g_ptr_array_index (evidence->evidence.parts, part), &length);

    for (gsize at = 0; at < length; at += step) {
      g_autofree guint8 *copy = g_memdup2 (data, length);
      g_autoptr (GBytes) flipped = NULL;

      if (part > 0 && evidence->free_at != 0 && at == evidence->free_at)
        continue;
      copy[at] ^= (guint8)(1 << at % 8);
      flipped = g_bytes_new (copy, length);
      judge_with (evidence, part, flipped, at, "flipped");
    }
  }
}

void
evidence_cuts (Evidence *evidence)
{
  for (guint part = 0; part < evidence->evidence.parts->len; part++) {
    gsize length;
    const guint8 *data =
        g_bytes_get_data (g_ptr_array_index (evidence->evidence.parts, part), &length);
    g_autofree guint8 *longer = g_malloc0 (length + 1);

    memcpy (longer, data, length);
    for (gsize cut = 0; cut < length; cut += 1 + length / 16) {
      g_autoptr (GBytes) shorter = g_bytes_new (data, cut);

      judge_with (evidence, part, shorter, cut, "cut");
    }
    g_autoptr (GBytes) more = g_bytes_new (longer, length + 1);
    judge_with (evidence, part, more, length, "longer");
  }
}
