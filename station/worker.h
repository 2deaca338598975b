/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The thread of one slot. It lives as long as the slot, waits for jobs, and runs one
 * provision() at a time. What happens is told on the main loop; nothing else crosses over.
 */
#pragma once

#include "station/provision.h"

typedef struct Worker Worker;

/* One attempt, or a look whether an earlier one's unit is still there. */
typedef struct {
  Order *order;
  char *port;
  const Driver *driver; /* or NULL */
  GPtrArray *drivers;   /* of const Driver: who may ask the device; NULL: any */
  guint baud;
  RtsCtsChoice rtscts;
  const GPtrArray *driver_settings; /* borrowed */
  guint seconds;                    /* how long it may take */
  char *serial;                     /* scanned for this device, or NULL */
  char *operator_name;              /* who works at the line, or NULL */
  const Attempt
      *pass; /* only look whether the unit of this one is still there; borrowed, or NULL */
} Job;

void job_free (Job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free)

/* All run on the main loop. */
typedef struct {
  void (*progress) (const ProvisionState *state, gpointer data);
  /* `failure` is NULL on PASS. The port is free again. */
  void (*ended) (const GError *failure, gpointer data);
  /* The end of a look. */
  void (*checked) (gboolean stands, gpointer data);
} WorkerCallbacks;

/* `ledger`, `issuer` and `transcript_folder` are borrowed. */
Worker *worker_new (guint slot, Ledger *ledger, Issuer *issuer, const char *transcript_folder,
                    const WorkerCallbacks *callbacks, gpointer data);

/* Waits for the attempt under way, if any. Its end may still be told afterwards, so run this when
 * the main loop has ended. */
void worker_free (Worker *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Worker, worker_free)

/* Takes the job over. One at a time: give the next one after ended(). */
void worker_run (Worker *worker, Job *job);
