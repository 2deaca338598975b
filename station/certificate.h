/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The little that the station itself reads in a certificate.
 */
#pragma once

#include <glib.h>

/* TRUE where the certificate's SubjectPublicKeyInfo is `spki`, byte for byte. */
gboolean certificate_has_key (GBytes *certificate, GBytes *spki);

gboolean certificate_key_is_rsa (GBytes *certificate);

/* Who signed it, as RFC 2253 writes names, and its key as "EC P-256" or "RSA 2048"; NULL where it
 * is not readable. Free with g_free(). */
char *certificate_issuer (GBytes *certificate);
char *certificate_key_text (GBytes *certificate);

/* TRUE where `authority` signed it: names and key identifiers fit, and so does the signature. */
gboolean certificate_is_issued_by (GBytes *certificate, GBytes *authority);

/* TRUE where subject and issuer are the same: the end of a chain. */
gboolean certificate_is_self_issued (GBytes *certificate);

/* What a device gets of `chain` (of GBytes DER, the CA first): without the root, which it does not
 * need. Unref with g_ptr_array_unref(). */
GPtrArray *certificate_chain_for_devices (const GPtrArray *chain);

gboolean certificate_chains_equal (const GPtrArray *a, const GPtrArray *b);
