/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the client's files share. client.c holds the connection and feels its pulse, client-call.c
 * asks, client-take.c brings what comes into the model, client-fetch.c asks for what views show.
 */
#pragma once

#include "base/output-file.h"
#include "ui-tui/client.h"

struct Client {
  char *socket;
  Model *model;
  ClientListener listener;
  GCancellable *life;          /* ends with the client: whoever sees it cancelled touches nothing */
  GCancellable *device;        /* ends when another device is asked for */
  GDBusConnection *connection; /* NULL while there is none */
  GCancellable *connecting;    /* NULL while nothing tries to connect */
  guint connect_timer;         /* gives up, or tries again */
  guint subscription;
  guint pulse_timer;
  gboolean pulse_asked; /* and not yet answered */
  gboolean heard;       /* a signal came since the last pulse */
  guint pulses_missed;
  guint pulses;
  gboolean status_asked;
  gboolean batch_stale;   /* the failures of the selected batch are older than its counts */
  GHashTable *not_known;  /* methods that this daemon does not have: said once */
  OutputFile export_file; /* that the running export fills */
  gint64 export_id;       /* to be confirmed */
  char *export_batch;
  char *export_format;
};

void client_changed (Client *client);

/* ---- asking for the model ---- */

/* Takes the first value of an answer. */
typedef void (*ClientTake) (Client *client, GVariant *value);

/* Calls for the model's sake: failures are notices, except that of the connection, which the
 * screen shows anyhow. `parameters` floating or NULL. */
void client_ask (Client *client, const char *method, GVariant *parameters, ClientTake take);
/* The same for the Device view: not wanted any more when another device is asked for. `refused`
 * takes the sentence of a failure; NULL: it does not matter. */
void client_ask_device (Client *client, const char *method, GVariant *parameters, ClientTake take,
                        void (*refused) (Client *client, const char *sentence));

/* A GDBus error as one of ours, with a sentence that is safe to show. */
GError *client_error_new (const GError *error, const char *method);
gboolean client_error_is_connection (const GError *error);

/* Everything that is to be known at once: after connecting, and after a silence. */
void client_fetch_all (Client *client);
/* What only that view shows. */
void client_fetch_view (Client *client, ViewKind view);
/* The failures of the batch that the Batch view shows, where they have become stale. */
void client_fetch_stale (Client *client);

/* ---- what comes ---- */

void client_take_signal (Client *client, const char *name, GVariant *record);
void client_take_status (Client *client, GVariant *record);
void client_take_slots (Client *client, GVariant *list);
void client_take_batches (Client *client, GVariant *list);
void client_take_batch (Client *client, GVariant *record);
void client_take_events (Client *client, GVariant *list);
void client_take_attempts (Client *client, GVariant *list);
void client_take_exports (Client *client, GVariant *list);
void client_take_counts (Client *client, GVariant *list);
void client_take_profiles (Client *client, GVariant *list);
void client_take_operators (Client *client, GVariant *list);
void client_take_device (Client *client, GVariant *record);
void client_take_certificate (Client *client, GVariant *record);
void client_take_device_attempts (Client *client, GVariant *list);
void client_take_attempt (Client *client, GVariant *record);
void client_take_export_progress (Client *client, GVariant *record);
