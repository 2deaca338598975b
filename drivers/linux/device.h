/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the driver remembers of a device between steps, and how keys are made, used and shown.
 */
#pragma once

#include "drivers/linux/dialogue.h"

/* Where the device's key lives and what speaks with it. */
typedef enum {
  LINUX_KEY_FILE,     /* OpenSSL, in a file: only where the profile says KeyStore=openssl */
  LINUX_KEY_PROVIDER, /* a TPM through OpenSSL's tpm2 provider */
  LINUX_KEY_TOOLS,    /* a TPM through tpm2-tools, at a persistent handle */
} LinuxKeys;

typedef struct {
  LinuxShell shell;
  gboolean looked; /* the rest is known */
  LinuxKeys keys;
  gboolean has_tools; /* tpm2-tools */
} LinuxDevice;

/* Finds out, once a session, which of them it is; DRIVER_ERROR_UNSUPPORTED where the device has
 * nothing for what is asked. */
gboolean linux_look_at_keys (LinuxDevice *device, Deadline deadline, GError **error);

/* Bits 1 << KeyKind that it can make. 0 with error. */
guint linux_key_kinds (LinuxDevice *device, Deadline deadline, GError **error);

/* As Driver.generate_key, .read_csr, .prove and .attest. */
gboolean linux_generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error);
GBytes *linux_read_csr (Session *session, const char *common_name, Deadline deadline,
                        GError **error);
gboolean linux_prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline,
                      GError **error);

gboolean linux_attest (Session *session, const AttestationRequest *request,
                       Attestation *attestation, Deadline deadline, GError **error);

/* Names the key on a command line of OpenSSL or of tpm2-tools: a quoted path, "handle:0x81000002",
 * "0x81000002". Free with g_free(). */
char *linux_key_reference (LinuxDevice *device);
