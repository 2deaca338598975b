/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is a certificate that was stored still the one that its CA signed? Pure but for OpenSSL's
 * signature. Any thread.
 */
#pragma once

#include "checks/authorities.h"
#include "checks/certificate-form.h"

typedef struct {
  guint damages;                     /* bits, 1 << Damage */
  const CheckedAuthority *authority; /* whose name it bears, or NULL */
  char *sentence;                    /* about the first damage; NULL where there is none */
} StoredVerdict;

void stored_verdict_clear (StoredVerdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StoredVerdict, stored_verdict_clear)

/* Reads `der` as a device's certificate, and holds it against the CA that it names: its signature,
 * its dates and marks. Everything that is wrong is in `damages`, as far as it can be read. */
void stored_check (Span der, const CheckedAuthorities *authorities, StoredVerdict *verdict);

/* Adds what somebody else found. */
void stored_verdict_add (StoredVerdict *verdict, Damage damage, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* The words of all damages, with ", " between. Free with g_free(). */
char *stored_verdict_words (const StoredVerdict *verdict);
