/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A station in a temporary folder: demo CA, real signer, ledger, a batch, and real simulated
 * devices on ptys.
 */
#pragma once

#include <gio/gio.h>

#include "station/provision.h"
#include "station/signer-child.h"

typedef struct {
  char *folder;
  char *socket; /* the signer's */
  SignerChild *signer;
  SignerClient *client;
  Ledger *ledger;
  Issuer *issuer;
  Order *order; /* of batch "B" */
  GString *steps;
  guint milliseconds; /* of an attempt */
  const char *driver; /* whose devices are plugged in: "smp" unless a test says otherwise */
} Rig;

/* A profile called "demo" with `more` in its [device] group; the batch has the serial range
 * `prefix`1 to 99, or none. */
Rig *rig_new (const char *more, const char *prefix);
void rig_free (Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

/* PATH below the rig's folder. Free with g_free(). */
char *rig_path (const Rig *rig, const char *name);

/* A fresh signer with an empty log, as after a lost disk. */
void rig_replace_signer (Rig *rig);

/* The signer goes away, and comes back with its log. */
void rig_stop_signer (Rig *rig);
void rig_start_signer (Rig *rig);

/* Plugs in the device `serial`, whose `settings` (may be NULL) are words of keycradle-sim one. Its
 * port is "port" below the folder. */
GSubprocess *rig_plug (const Rig *rig, const char *serial, const char *const *settings);
void rig_unplug (GSubprocess *device);

/* Runs the procedure on what is plugged in. rig->steps receives "open identify ...". */
gboolean rig_provision (Rig *rig, GError **error);
