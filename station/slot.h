/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One place in the fixture: is a device in it, and how far is it? Only the main loop touches
 * a Slot; its worker reports there.
 */
#pragma once

#include "station/worker.h"

typedef enum {
  SLOT_EMPTY,
  SLOT_WAITING, /* a device is there, but no batch runs */
  SLOT_WORKING,
  SLOT_PASS, /* until the device leaves */
  SLOT_FAIL, /* until the next device comes */
  SLOT_DISABLED,
} SlotState;

const char *slot_state_word (SlotState state);

typedef struct Slot Slot;

/* What all slots of a station share. */
typedef struct {
  Ledger *ledger;
  Issuer *issuer;
  char *transcript_folder;
  guint attempt_seconds;
  Order *order;      /* of the running batch, or NULL: slots wait */
  gboolean stopping; /* nothing new is begun */
  void (*changed) (const Slot *slot, gpointer data);
  void (*ended) (const Slot *slot, const GError *failure, gpointer data);
  gpointer data;
} SlotSite;

struct Slot {
  SlotSite *site;
  const SlotConfig *config;
  SlotState state;
  gboolean enabled;
  char *disabled_reason;
  char *path;       /* of the device that is there now, or NULL */
  gboolean arrived; /* it came while the worker was busy with the one before */
  /* the attempt under way, or the last one */
  gint64 attempt_id;
  Step step;
  char *driver;
  char *device;
  char *model;
  char *batch;
  gint64 started_at; /* microseconds since 1970 */
  gint64 ended_at;
  char *reason;
  char *detail;
  /* since the daemon's start */
  guint passed;
  guint failed;
  Worker *worker;
};

Slot *slot_new (SlotSite *site, const SlotConfig *config);
void slot_free (Slot *slot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Slot, slot_free)

void slot_device_added (Slot *slot, const char *path);
void slot_device_removed (Slot *slot);

/* A batch was started or paused: devices that wait go to work, or wait. */
void slot_order_changed (Slot *slot);

void slot_set_enabled (Slot *slot, gboolean enabled, const char *reason);

/* Runs the device once more. STATION_ERROR_SLOT where that can't be. */
gboolean slot_start (Slot *slot, GError **error);
