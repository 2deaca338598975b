/* SPDX-License-Identifier: Apache-2.0
 *
 * The device's identity: its key, what was installed, and who it is. This is the
 * part that a product's firmware writes anew, over its own crypto and flash.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "provision_device.h"

extern const ProvisionCallbacks identity_callbacks;

/* Takes seed and names from the hand-over block and wipes it. */
void identity_init (void);

#endif
