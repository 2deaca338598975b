/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The certificate with which a cloud is shown that this CA's key is ours: its common name is the
 * code that the cloud gave (AWS IoT, "Register your CA certificate"; Azure IoT Hub and DPS, "verify
 * X.509 CA certificates"). Its own key is made for it and thrown away, so nobody can ever use it.
 */
#pragma once

#include "ca/issue/authority.h"
#include "ca/judge/csr.h"

/* TRUE for a registration code of AWS IoT (64 hex digits) or a verification code of Azure (48 hex
 * digits), each in capital or in small letters, and for no other text. */
gboolean verification_code_is_valid (const char *code);

typedef struct {
  GBytes *certificate;    /* DER */
  guint8 csr_sha256[32];  /* of the request that it was made from */
  guint8 spki_sha256[32]; /* of its key */
} Verification;

void verification_clear (Verification *verification);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Verification, verification_clear)

/* Makes it, good for 30 days or as long as the CA. `now` is in seconds since 1970. CA_ERROR_SUBJECT
 * where `code` is none; else as issue_certificate(). */
gboolean verification_issue (const Authority *authority, const char *code, gint64 now,
                             Verification *verification, GError **error);
