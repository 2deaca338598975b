/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which CAs may have signed what stands in a log: the one in its header, and those of its entries
 * of type 2. A certificate's CA is told by its issuer and, where it has one, its
 * authorityKeyIdentifier; a CA has as many names as it has certificates. The header has the CA's
 * key only as a hash; where no certificate for it was given, every issuer that no other CA is may
 * be it.
 */
#pragma once

#include <openssl/x509.h>

#include "audit/digest.h"
#include "base/certificate.h"

typedef struct {
  guint8 spki_sha256[AUDIT_HASH];
  GPtrArray *names;   /* private to authorities.c; empty where only the header tells of it */
  X509 *certificate;  /* the newest one that OpenSSL can read, or NULL */
  guint64 signatures; /* that stand in the log */
  guint64 lost;       /* that its TPM counted and that stand nowhere */
} AuditAuthority;

typedef struct AuditAuthorities AuditAuthorities;

/* `origin`: the log's header. */
AuditAuthorities *audit_authorities_new (const guint8 origin[AUDIT_HASH]);
void audit_authorities_free (AuditAuthorities *authorities);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditAuthorities, audit_authorities_free)

/* A CA's certificate. FALSE where it can't be read as one. */
gboolean audit_authorities_add (AuditAuthorities *authorities, Span certificate,
                                const guint8 spki_sha256[AUDIT_HASH]);

/* The certificates for the header's CA among all those in a PEM file; what else stands there is not
 * looked at. FALSE where none is. */
gboolean audit_authorities_load_origin (AuditAuthorities *authorities, const char *pem);

/* The CA whose issuer and key identifier a certificate names, lent; NULL where no known CA is it.
 */
AuditAuthority *audit_authorities_find (AuditAuthorities *authorities,
                                        const CertificateParts *parts);

AuditAuthority *audit_authorities_of_key (AuditAuthorities *authorities,
                                          const guint8 spki_sha256[AUDIT_HASH]);
