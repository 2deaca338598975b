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
  CertificatePart subject; /* Name with its header */
  CertificatePart spki;    /* SubjectPublicKeyInfo with its header */
} CertificateParts;

/* FALSE where `der` is not exactly one certificate in DER. The parts point into `der`. */
gboolean certificate_split (const guint8 *der, gsize length, CertificateParts *parts);

gboolean certificate_part_equal (CertificatePart part, const void *data, gsize length);

/* TRUE where the key is an RSA key (rsaEncryption). */
gboolean certificate_part_is_rsa_key (CertificatePart spki);
