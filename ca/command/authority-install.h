/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an offline root sent back becomes the CA's ca.pem.
 */
#pragma once

#include "ca/issue/authority.h"

typedef struct {
  const char *folder; /* with ca.csr of authority_request() */
  const char *chain;  /* PEM: the CA's certificate and those above it, in any order */
  gboolean replace;   /* a ca.pem that is there already may be another one */
} AuthorityInstall;

/* Finds the certificate of ca.csr's key in the file, puts the others in their order above it,
 * checks it all as the signer will, and writes ca.pem. Free what it returns with authority_free().
 * CA_ERROR_CA_CERTIFICATE. */
Authority *authority_install (const AuthorityInstall *wanted, GError **error);

/* What is allowed, but should be known: as lines for a person. Free with g_strfreev(). */
char **authority_warnings (const Authority *authority);
