/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One question to an SMP device and its answer: sequence numbers, console text in
 * between, and the device's own errors turned into DRIVER_ERROR.
 */
#pragma once

#include "drivers/driver.h"
#include "drivers/smp/proto.h"

/* The number of the provisioning group. A house that needs another one sets it here (or with
 * -Dc_args=-DSMP_PROVISIONING_GROUP=...) and in its firmware. */
#ifndef SMP_PROVISIONING_GROUP
#define SMP_PROVISIONING_GROUP 0x4b43
#endif

/* Commands of the provisioning group; docs/smp-provisioning-group.md tells each one's map. */
typedef enum {
  SMP_PROVISION_IDENTIFY,
  SMP_PROVISION_CAPABILITIES,
  SMP_PROVISION_GENERATE_KEY,
  SMP_PROVISION_READ_CSR,
  SMP_PROVISION_INSTALL,
  SMP_PROVISION_READ_BACK,
  SMP_PROVISION_PROVE,
  SMP_PROVISION_LOCK,
} SmpProvisionCommand;

/* Errors of the provisioning group. */
typedef enum {
  SMP_PROVISION_OK,
  SMP_PROVISION_ERROR_UNKNOWN,
  SMP_PROVISION_ERROR_LOCKED,
  SMP_PROVISION_ERROR_KEY_KIND,
  SMP_PROVISION_ERROR_KEY_GENERATION,
  SMP_PROVISION_ERROR_NO_KEY,
  SMP_PROVISION_ERROR_CSR,
  SMP_PROVISION_ERROR_OBJECT,
  SMP_PROVISION_ERROR_TOO_LARGE,
  SMP_PROVISION_ERROR_OFFSET,
  SMP_PROVISION_ERROR_DIGEST,
  SMP_PROVISION_ERROR_STORAGE,
  SMP_PROVISION_ERROR_NOT_STORED,
  SMP_PROVISION_ERROR_WRONG_KEY,
  SMP_PROVISION_ERROR_SIGNING,
  SMP_PROVISION_ERROR_VALUE,
} SmpProvisionError;

/* Sends one command of the provisioning group and waits for its answer, passing over console text
 * and answers to other questions. `body` is left to the caller. `sequence` is counted on. Free the
 * answer with cbor_intermediate_decref(). NULL with a DRIVER_ERROR, also where the device said no.
 */
cbor_item_t *smp_exchange (Transport *transport, guint8 *sequence, SmpOperation operation,
                           SmpProvisionCommand command, const cbor_item_t *body, Deadline deadline,
                           GError **error);

/* Asks any SMP device for its parameters. *speaks where it answered in SMP, whatever it said. FALSE
 * only where the port died or flooded. */
gboolean smp_probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error);
