/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the library's own files only.
 */
#ifndef PROVISION_COMMANDS_H
#define PROVISION_COMMANDS_H

#include "cbor_small.h"
#include "provision_device.h"

/* Errors of SMP itself that are used here (enum mcumgr_err_t), negative to tell them from the
 * group's. */
#define SMP_UNKNOWN (-1)
#define SMP_INVALID (-3)
#define SMP_NO_ENTRY (-5)
#define SMP_MESSAGE_SIZE (-7)
#define SMP_NOT_SUPPORTED (-8)
#define SMP_ACCESS_DENIED (-11)
#define SMP_TOO_NEW (-13)

/* One request on its way through a command. */
typedef struct {
  const uint8_t *body; /* one well-formed map */
  size_t length;
  CborSmallWriter answer;
} Call;

/* A command reads the request's map and writes the answer's. It returns 0, an error of the group
 * (positive) or an error of SMP itself (negative). */
typedef int (*Command) (ProvisionDevice *device, Call *call);

int command_identify (ProvisionDevice *device, Call *call);
int command_capabilities (ProvisionDevice *device, Call *call);
int command_generate_key (ProvisionDevice *device, Call *call);
int command_read_csr (ProvisionDevice *device, Call *call);
int command_install (ProvisionDevice *device, Call *call);
int command_read_back (ProvisionDevice *device, Call *call);
int command_prove (ProvisionDevice *device, Call *call);
int command_lock (ProvisionDevice *device, Call *call);

#endif
