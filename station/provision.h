/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way of one device, from the open port to PASS: the procedure itself. It blocks, knows no
 * main loop and no bus, and runs on its slot's own thread.
 */
#pragma once

#include "drivers/driver.h"
#include "station/config.h"
#include "station/issuer.h"
#include "station/order.h"
#include "station/step.h"

/* What is known of the attempt so far. Strings are owned by the attempt. */
typedef struct {
  gint64 attempt_id; /* 0 until the ledger has begun it */
  Step step;
  const char *driver;
  const char *device; /* serial */
  const char *model;
} ProvisionState;

typedef void (*ProvisionProgress) (const ProvisionState *state, gpointer data);

/* All borrowed. */
typedef struct {
  Ledger *ledger;
  Issuer *issuer;
  SignerClient *signer; /* this thread's own */
  const Order *order;
  guint slot;
  const char *operator_name; /* who works at the line, or NULL */
  const char *port;
  const GPtrArray *drivers; /* of const Driver: who may ask the device; NULL: any */
  const Driver *driver;     /* the slot's, or NULL: ask the device */
  const Driver **familiar;  /* what spoke in this slot last, or NULL: asked first, then kept here */
  guint baud;               /* or 0: the driver's */
  RtsCtsChoice rtscts;
  const char *serial;               /* scanned for this device, or NULL */
  const GPtrArray *driver_settings; /* the station's; may be NULL */
  const char *transcript_folder;
  Deadline deadline;
  ProvisionProgress progress; /* called on entering each step; may be NULL */
  gpointer data;
} ProvisionContext;

/* Runs the procedure. TRUE is PASS: certificate and key are proven and the ledger says so. On FALSE
 * the ledger has the reason, as far as it can be written. Either way the port is free again and the
 * transcript is kept. */
gboolean provision (const ProvisionContext *context, GError **error);

/* Is the unit in the slot still the one of `pass`, and does it prove the key of its certificate?
 * TRUE is on record as an event, not as an attempt: nothing counts twice. FALSE, for whatever
 * reason, says only that it must run as any other unit. Needs neither order nor signer. */
gboolean provision_check_pass (const ProvisionContext *context, const Attempt *pass);
