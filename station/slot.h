/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One place in the fixture: is a device in it, and how far is it? Only the main loop touches
 * a Slot; its worker reports there.
 */
#pragma once

#include "station/worker.h"

typedef enum {
  SLOT_EMPTY,
  SLOT_WAITING, /* a device is there, but something is missing: slot_waits_for() */
  SLOT_WORKING,
  SLOT_PASS, /* until the device leaves */
  SLOT_FAIL, /* until it is acknowledged, or the next device is enough */
  SLOT_DISABLED,
} SlotState;

const char *slot_state_word (SlotState state);

typedef struct Slot Slot;

/* What all slots of a station share. */
typedef struct {
  Ledger *ledger;
  Issuer *issuer;
  char *transcript_folder;
  const GPtrArray *driver_settings; /* [driver NAME] of the configuration; may be NULL */
  guint attempt_seconds;
  const char *operator_name;     /* who works at the line, or NULL */
  gboolean acknowledge_failures; /* a FAIL keeps the next device waiting until somebody saw it */
  Order *order;                  /* of the running batch, or NULL: slots wait */
  guint64 arrivals;              /* of devices, since the daemon's start */
  char *next_serial;             /* scanned for the next device that comes, or NULL */
  gboolean authority_waits;      /* the CA that the order needs was not accepted yet: slots wait */
  gboolean stopping;             /* nothing new is begun */
  void (*next_serial_taken) (gpointer data); /* may be NULL */
  void (*changed) (const Slot *slot, gpointer data);
  void (*ended) (const Slot *slot, const GError *failure, gpointer data);
  void (*checked) (const Slot *slot, gpointer data); /* see slot_restore_pass(); may be NULL */
  gpointer data;
} SlotSite;

struct Slot {
  SlotSite *site;
  const SlotConfig *config;
  SlotState state;
  gboolean enabled;
  char *disabled_reason;
  char *path;              /* of the device that is there now, or NULL */
  GPtrArray *drivers;      /* of const Driver: who may ask it; NULL: any */
  char *refusal;           /* why what is there now is not worked with, or NULL */
  gboolean arrived;        /* it has not been worked with yet */
  char *recorded_refusal;  /* the last that went on record, or NULL */
  guint64 arrival;         /* its place among all that came: who waits longest has the least */
  char *bound_serial;      /* scanned for the device that is there, or NULL */
  gboolean failure_stands; /* a FAIL that nobody has acknowledged */
  Attempt *last_pass;      /* before the daemon's start, until its unit was looked for; or NULL */
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

/* `drivers` (of const Driver, or NULL) are those that may be asked; see DetectorCallbacks. */
void slot_device_added (Slot *slot, const char *path, GPtrArray *drivers);
void slot_device_removed (Slot *slot);

/* What came must not be worked with: a FAIL without an attempt, which stands like any other. */
void slot_device_refused (Slot *slot, const char *reason);

/* A batch was started or paused, or the station stops: devices that wait go to work, or wait. */
void slot_order_changed (Slot *slot);

/* "batch", "ca", "serial" or "stopping"; NULL where the slot does not wait. */
const char *slot_waits_for (const Slot *slot);

/* The serial of the device that waits for one in this slot: it goes to work. */
void slot_bind_serial (Slot *slot, const char *serial);

/* The FAIL, if one stands, was seen: the next device may come, and one that came since is worked
 * with at once. A device that failed and is still there shows its FAIL until it leaves. */
void slot_acknowledge (Slot *slot);

/* The two slots have exchanged their ports: devices, and what is shown of them, go with these.
 * Neither may work. */
void slot_swap (Slot *first, Slot *second);

/* After a restart: `attempt` failed in this slot, and nobody has acknowledged it. */
void slot_restore_failure (Slot *slot, const Attempt *attempt);

/* After a restart: the slot's last attempt passed. If the first device that comes is that unit and
 * proves it, the slot shows its PASS again; anything else runs as usual. Takes `attempt` over. */
void slot_restore_pass (Slot *slot, Attempt *attempt);

void slot_set_enabled (Slot *slot, gboolean enabled, const char *reason);

/* Runs the device once more, whatever the slot shows; a FAIL is acknowledged by it. With the serial
 * that was scanned for it in this batch, or it waits for one. STATION_ERROR_SLOT where that can't
 * be. */
gboolean slot_may_start (const Slot *slot, GError **error);
gboolean slot_start (Slot *slot, GError **error);
