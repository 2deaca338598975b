/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * As much of a TPM's own language as the tools on a device leave to us: TPM2_Certify with
 * qualifying data (TPM 2.0 Library, part 3, 18.2; structures in part 2). Pure: bytes in, bytes out.
 */
#pragma once

#include <glib.h>

/* The command that has the object at handle `key` certified by the one at `signer`, both with an
 * empty password, over `nonce` of `length` bytes (at most 64), in the signer's own scheme. */
GBytes *tpm_certify_command (guint32 key, guint32 signer, const guint8 *nonce, gsize length);

/* TPMS_ATTEST and TPMT_SIGNATURE out of the response. FALSE where it is an error of the TPM or no
 * such response. */
gboolean tpm_certify_response (GBytes *response, GBytes **attest, GBytes **signature);

/* The TPMT_PUBLIC in a file with a TPM2B_PUBLIC, or NULL. */
GBytes *tpm_public_area (GBytes *file);

/* What tpm2_activatecredential reads: tpm2-tools' header, then TPM2B_ID_OBJECT and
 * TPM2B_ENCRYPTED_SECRET as they are. */
GBytes *tpm_credential_file (GBytes *credential);
