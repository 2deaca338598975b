/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the ledger keeps of a certificate beside its bytes: read once, when it is stored.
 */
#pragma once

#include "base/certificate.h"

typedef struct {
  GBytes *serial_number; /* big-endian, no leading zeros */
  GBytes *sha256;
  GBytes *sha1;
  GBytes *spki_sha256;
  CertificateKey key;            /* its number points into the certificate */
  CertificatePart issuer;        /* this and the next: within the certificate */
  CertificatePart issuer_key_id; /* empty where it has none */
  char *subject;                 /* RFC 2253 */
  char *common_name;             /* or NULL */
  gint64 not_before;             /* seconds since 1970 */
  gint64 not_after;
} CertificateFields;

/* LEDGER_ERROR_INVALID where `der` is not exactly one certificate of an RSA or EC key. `der` must
 * outlive the fields. */
CertificateFields *certificate_fields_read (GBytes *der, GError **error);
void certificate_fields_free (CertificateFields *fields);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CertificateFields, certificate_fields_free)

/* Of any certificate: when it ends (seconds since 1970), and where `subject` is not NULL whose it
 * is (RFC 2253, free with g_free()). FALSE where it can't be read. */
gboolean certificate_read_end (GBytes *der, gint64 *not_after, char **subject);
