/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A Matter product attestation intermediate (PAI): whether a CA is one, and the one for a
 * profile's vendor and product.
 */
#pragma once

#include "ca/issue/authority.h"
#include "ca/profile/profile.h"

/* The CA's key and algorithm are P-256 and ecdsa-sha256, its pathLenConstraint is 0, its VID is the
 * profile's, and so is its PID where it has one (Matter 1.0, 6.2.2.4). CA_ERROR_CA_CERTIFICATE. */
gboolean matter_check_authority (const Authority *authority, const Profile *profile,
                                 GError **error);
