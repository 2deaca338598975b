/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose signature a certificate carries, as far as it says itself: SHA-256 of its issuer's name and
 * of the authority key identifier. Pure.
 */
#pragma once

#include "ca/log/log-format.h"

/* FALSE where it can't be read. */
gboolean log_tag_of_issued (Span certificate, guint8 tag[LOG_HASH]);

/* The tag of what the CA with this certificate issues, and the SHA-256 of its key. */
gboolean log_tag_of_authority (Span certificate, guint8 tag[LOG_HASH],
                               guint8 spki_sha256[LOG_HASH]);
