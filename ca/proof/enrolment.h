/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What PC and owner tell each other when a TPM begins to count: the enrolment, which the owner
 * keeps, and the challenge, which is an enrolment that asks to be begun. docs/custody.md has the
 * texts. Pure; errors are CA_ERROR_PROOF.
 */
#pragma once

#include "ca/proof/tpm-policy.h"

typedef struct {
  TpmCounter counter; /* its `owner` is known once enrolment_check() was there */
  guint8 name[TPM_NAME];
  char *ca; /* hex SHA-256 of the CA key's SubjectPublicKeyInfo */
  gboolean has_challenge;
  guint32 limit;
  guint8 nonce[TPM_NONCE];
} Enrolment;

Enrolment *enrolment_new (void);
void enrolment_free (Enrolment *enrolment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Enrolment, enrolment_free)

Enrolment *enrolment_parse (const char *text, GError **error);
/* With the challenge where it has one. Free with g_free(). */
char *enrolment_text (const Enrolment *enrolment);

/* That the counter is one for this owner's key, whose name is then set in it. */
gboolean enrolment_check (Enrolment *enrolment, EVP_PKEY *owner, GError **error);
