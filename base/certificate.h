/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the parts of an X.509 certificate (RFC 5280, 4.1) stand. OpenSSL's d2i_X509() decodes
 * the public key too, which costs more than verifying a signature; who needs one field need not
 * pay for that. It judges nothing: certificates that come here were made or accepted by our CA.
 */
#pragma once

#include <glib.h>

/* A stretch of the certificate's bytes. */
typedef struct {
  const guint8 *data;
  gsize length;
} CertificatePart;

typedef struct {
  CertificatePart serial;     /* INTEGER, content only */
  CertificatePart issuer;     /* Name with its header */
  CertificatePart not_before; /* UTCTime or GeneralizedTime with its header */
  CertificatePart not_after;
  CertificatePart subject;    /* Name with its header */
  CertificatePart spki;       /* SubjectPublicKeyInfo with its header */
  CertificatePart extensions; /* all, one behind the other; empty where it has none */
} CertificateParts;

/* FALSE where `der` is not exactly one certificate in DER. The parts point into `der`. */
gboolean certificate_split (const guint8 *der, gsize length, CertificateParts *parts);

/* What makes a key this key, however it is encoded. */
typedef struct {
  const char *type;       /* "rsa", "p-256", "p-384", "p-521" */
  CertificatePart number; /* RSA: the modulus without leading zero; EC: X and Y at full width */
} CertificateKey;

/* Reads a SubjectPublicKeyInfo (RFC 3279, 2.3.1; RFC 5480, 2). FALSE where it is none of an RSA key
 * or an uncompressed point of these curves. */
gboolean certificate_part_key (CertificatePart spki, CertificateKey *key);

/* SHA-256 of the RSA modulus or of the EC point's X: neither another exponent nor the negated point
 * makes another key. The same as csr_key_number_sha256() of the judge. Free with g_bytes_unref().
 */
GBytes *certificate_key_sha256 (const CertificateKey *key);

/* The key identifier of its issuer (RFC 5280, 4.2.1.1), and of its own key (4.2.1.2). FALSE, and
 * empty, where it has none. */
gboolean certificate_authority_key_id (const CertificateParts *parts, CertificatePart *id);
gboolean certificate_subject_key_id (const CertificateParts *parts, CertificatePart *id);

gboolean certificate_part_equal (CertificatePart part, const void *data, gsize length);

/* TRUE where the key is an RSA key (rsaEncryption). */
gboolean certificate_part_is_rsa_key (CertificatePart spki);
