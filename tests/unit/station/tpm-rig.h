/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A TPM 2.0 of software (swtpm), with an endorsement certificate of a CA of its own, and tpm2-tools
 * to speak with it.
 */
#pragma once

#include <glib.h>

typedef struct {
  char *folder;
} TpmRig;

/* Has this machine swtpm and tpm2-tools? */
gboolean tpm_rig_possible (void);
TpmRig *tpm_rig_new (void);
void tpm_rig_free (TpmRig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TpmRig, tpm_rig_free)

/* Runs `script` by sh in the rig's folder, with TPM2TOOLS_TCTI set; it must succeed. */
void tpm_rig_run (const TpmRig *rig, const char *script);

/* A file of the folder, without its first `skip` bytes. */
GBytes *tpm_rig_read (const TpmRig *rig, const char *name, gsize skip);
void tpm_rig_write (const TpmRig *rig, const char *name, const void *data, gsize length);
