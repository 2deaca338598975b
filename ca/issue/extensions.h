/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The extensions of a device's certificate (RFC 5280, 4.2), written directly: a profile's words
 * become bytes once and are never parsed again.
 */
#pragma once

#include "ca/profile/profile.h"
#include "ca/profile/values.h"

/* Appends those that are the same in every certificate of a profile: basicConstraints, keyUsage,
 * extendedKeyUsage, certificatePolicies. */
void extensions_put_fixed (GByteArray *out, const Profile *profile);

/* authorityKeyIdentifier and subjectKeyIdentifier. */
void extensions_put_authority_key_id (GByteArray *out, GBytes *key_id);
void extensions_put_subject_key_id (GByteArray *out, const guint8 *key_id, gsize length);

/* Appends those that may hold what is known of one device: subjectAltName, which is critical where
 * nothing else names the device, cRLDistributionPoints, authorityInfoAccess, the MASA's URL.
 * CA_ERROR_SUBJECT. */
gboolean extensions_put_filled (GByteArray *out, const Profile *profile,
                                const SubjectValues *values, GError **error);
