/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station: ledger, signer, slots and the running batch, put together. Everything here runs on
 * the main loop; the API calls it, and is told of changes through StationListener.
 */
#pragma once

#include "station/config.h"
#include "station/crl-publisher.h"
#include "station/detect.h"
#include "station/fleet-watch.h"
#include "station/log-follower.h"
#include "station/signer-child.h"
#include "station/slot.h"
#include "station/ticket-book.h"

/* What somebody outside wants to know. */
typedef struct {
  void (*slot_changed) (const Slot *slot, gpointer data);
  void (*batch_changed) (const char *batch, gpointer data);
  void (*attempt_ended) (gint64 attempt_id, gpointer data);
  void (*status_changed) (gpointer data);
  gpointer data;
} StationListener;

/* `path` is NULL where `error` says why none was learned. */
typedef void (*StationLearned) (const char *path, const GError *error, gpointer data);

typedef struct {
  guint slot; /* 0 while nothing is being learned */
  guint timer;
  StationLearned learned;
  gpointer data;
  char *actor;   /* who asked */
  char *refused; /* why the last device that came was not taken, or NULL */
} Learning;

typedef struct {
  Config *config;
  Ledger *ledger;
  char *ledger_path;
  Issuer *issuer;
  SignerChild *signer_child; /* or NULL */
  Detector *detector;
  FleetWatch *fleet;
  CrlPublisher *publisher;
  LogFollower *follower;
  TicketBook *tickets;
  GAsyncQueue *reported; /* of char *: batches whose final report was made, to be told */
  gint fleet_told;       /* atomic: the main loop will look at what the fleet's check says */
  SlotSite site;
  GPtrArray *slots;    /* of Slot, by number */
  Operator *signed_in; /* who works at the line, or NULL */
  StationListener listener;
  Learning learning;
  gint64 started_at;
  char *storage_problem;        /* the ledger failed, and has not worked since; or NULL */
  char *order_problem;          /* why the running batch can't run; or NULL */
  char *authority_problem;      /* nobody has accepted the CA that would issue; or NULL */
  int lock;                     /* held: one daemon a state folder */
  guint errands;                /* background threads that use ledger or issuer */
  guint files;                  /* clients' open files that some of them write or read */
  void (*idle) (gpointer data); /* set by station_stop() */
  gpointer idle_data;
} Station;

/* Opens everything; takes `config` over. Nothing is plugged in yet for it. */
Station *station_new (Config *config, GError **error);
void station_free (Station *station);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Station, station_free)

/* Goes on with the batch that ran, catches up with the signer, and looks what is plugged in. */
void station_start (Station *station);

/* Begins nothing new; calls `idle` on the main loop when no slot works any more and no errand is
 * under way. */
void station_stop (Station *station, void (*idle) (gpointer data), gpointer data);

/* Runs `work` in a thread with a signer client of its own, while the station stays: ledger, issuer
 * and configuration may be used in it. `done` follows on the main loop. */
void station_run_errand (Station *station,
                         void (*work) (Station *station, SignerClient *client, gpointer data),
                         void (*done) (Station *station, gpointer data), gpointer data);

/* The slot called `number`; NULL with STATION_ERROR_SLOT. */
Slot *station_slot (const Station *station, guint number, GError **error);

guint station_busy_slots (const Station *station);

gboolean station_set_slot_enabled (Station *station, guint number, gboolean enabled,
                                   const char *reason, const char *actor, GError **error);

/* Runs the slot's device (again); the FAIL that it shows is acknowledged by it, on record. */
gboolean station_start_slot (Station *station, guint number, const char *actor, GError **error);

/* The slot's FAIL was seen, on record; 0: that of every slot. STATION_ERROR_SLOT where slot
 * `number` has none. */
gboolean station_acknowledge_slot (Station *station, guint number, const char *actor,
                                   GError **error);

/* `serial` was scanned for the device in slot `number`; 0: in the slot that waits longest for one
 * (*bound receives its number), or else for the next device that comes (*bound is 0), where an
 * empty `serial` takes an earlier scan back. What can't be right is refused with a sentence for the
 * operator (LEDGER_ERROR). */
gboolean station_bind_serial (Station *station, guint number, const char *serial, guint *bound,
                              const char *actor, GError **error);

/* Two slots exchange their port paths, durably and on record: the fixture's cables were swapped.
 * What is shown of a device goes with it. */
gboolean station_swap_slots (Station *station, guint first, guint second, const char *actor,
                             GError **error);

/* Waits up to `seconds` for an unclaimed device and binds its path to the slot. `learned` is called
 * once, unless this returns FALSE. */
gboolean station_learn_slot (Station *station, guint number, guint seconds, const char *actor,
                             StationLearned learned, gpointer data, GError **error);

/* Ends that at once: `learned` is told so. STATION_ERROR_SLOT where nothing is being learned. */
gboolean station_cancel_learn (Station *station, GError **error);

gboolean station_create_batch (Station *station, const Batch *batch, const char *actor,
                               GError **error);
gboolean station_set_batch_state (Station *station, const char *name, BatchState state,
                                  const char *actor, GError **error);

/* Lets a device run once more that has passed, and runs it where it is plugged in. */
gboolean station_retry_device (Station *station, const char *serial, const char *actor,
                               GError **error);

/* Whose the attempts are that begin from now on; takes `who` over, NULL for nobody. Told to those
 * who follow the status. Nobody works at the line after a start: who stands there then may be
 * another. */
void station_set_operator (Station *station, Operator *who);

/* FALSE where station_void_device() would refuse. `certificate` (may be NULL) receives the SHA-256
 * of the one that it would void; free with g_free(). Any thread may call. */
gboolean station_may_void (Station *station, const char *serial, const char *reason,
                           char **certificate, GError **error);

/* A reason of 1 to 200 characters: LEDGER_ERROR_INVALID for any other. */
gboolean station_check_reason (const char *reason, GError **error);

/* Voids the live certificate of a device that is not at work. */
gboolean station_void_device (Station *station, const char *serial, const char *reason,
                              const char *actor, GError **error);

/* The CA that would issue may have changed, or was accepted: slots wait for that, or go to work. On
 * the main loop. */
void station_look_at_authority (Station *station);

/* Something that the status tells has changed. */
void station_status_changed (const Station *station);

/* What a supervisor should know, as sentences, NULL-ended. Free with g_strfreev(). */
char **station_warnings (const Station *station);

/* Those of them for which nothing is issued. */
char **station_alarms (const Station *station);

/* TRUE where the ledger can be read: what the watchdog wants to know. */
gboolean station_is_alive (Station *station);
