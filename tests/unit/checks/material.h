/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A root, an issuing CA below it, devices' certificates and revocation lists, made by OpenSSL.
 */
#pragma once

#include <check.h>
#include <openssl/x509v3.h>

#include "checks/authorities.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

typedef struct {
  EVP_PKEY *root_key, *key;
  X509 *root, *authority;
} Material;

void material_make (Material *material);
void material_clear (Material *material);

/* The chain of the issuing CA, as checked authorities. */
CheckedAuthorities *material_authorities (const Material *material);

/* What a test wants otherwise than usual; zero is the usual. */
typedef struct {
  const char *basic_constraints; /* "critical,CA:FALSE" */
  const char *key_usage;         /* "critical,digitalSignature" */
  const char *more;              /* "OID=VALUE" of an extension, or NULL */
  int days;                      /* 30 */
  int begins;                    /* days from now: -1 */
  EVP_PKEY *signer;              /* the issuing CA's */
  EVP_PKEY *key;                 /* a new P-256 one */
  long version;                  /* 2 */
} Wanted;

/* A device's certificate, DER. */
GBytes *material_leaf (const Material *material, const Wanted *wanted);

/* A list by the issuing CA (or with `by_root` the one above it) that revokes `certificate`. */
GBytes *material_crl (const Material *material, gboolean by_root, const X509 *certificate,
                      EVP_PKEY *signer);

GBytes *der_of (X509 *certificate);
X509 *certificate_of (GBytes *der);
EVP_PKEY *p256_key (void);

/* One bit turned. */
GBytes *turned (GBytes *bytes, gsize bit);

int run_suite (Suite *suite);
