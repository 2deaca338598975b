/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the CA's chain lets it issue: name constraints (RFC 5280, 4.2.1.10) and extended key usages
 * (4.2.1.12, as verifiers nest them), held against what a profile would issue. A certificate that
 * no verifier takes is worse than none, so that is found when CA and profile are loaded.
 */
#pragma once

#include "ca/issue/authority.h"
#include "ca/profile/profile.h"

/* CA_ERROR_CA_CERTIFICATE names the certificate of the chain, the profile and the reason. */
gboolean constraints_allow (const Authority *authority, const Profile *profile, GError **error);
