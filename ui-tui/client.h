/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's API, brought into the model: connects by itself again and again, keeps tiles,
 * batches, health and log fresh by signals, and asks for what a view needs. Nothing here blocks;
 * answers arrive on the main loop and end in changed().
 */
#pragma once

#include <gio/gio.h>

#include "ui-tui/model.h"

typedef struct Client Client;

typedef struct {
  /* The model changed. */
  void (*changed) (gpointer data);
  /* A slot went to FAIL; the running batch reached its target. */
  void (*failed) (const Tile *tile, gpointer data);
  void (*batch_done) (const BatchLine *batch, gpointer data);
  gpointer data;
} ClientListener;

/* Starts connecting at once. `model` is borrowed. The connection takes the operator's role. */
Client *client_new (const char *socket, Model *model, const ClientListener *listener);
void client_free (Client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

/* From now on what that view shows is heard. */
void client_listen (Client *client, ViewKind view);
/* ... and fetched: what the view shows is kept fresh while it is shown. */
void client_watch_view (Client *client, ViewKind view);
/* What the station says of itself and of this connection. */
void client_ask_status (Client *client);
void client_fetch_device (Client *client, const char *serial);
void client_fetch_attempt (Client *client, gint64 id);
void client_fetch_batch (Client *client, const char *name);

#define CLIENT_ERROR (client_error_quark ())
GQuark client_error_quark (void);

typedef enum {
  CLIENT_ERROR_FAILED,
  CLIENT_ERROR_NOT_PERMITTED,
  CLIENT_ERROR_NEEDS_APPROVAL,
  CLIENT_ERROR_NOT_FOUND,
  CLIENT_ERROR_STATE,
  CLIENT_ERROR_NOT_KNOWN,  /* a daemon that is older than the screen */
  CLIENT_ERROR_CONNECTION, /* there is none, or it ended before the answer */
} ClientError;

/* How an act ended: `error` is NULL on success; a CLIENT_ERROR, its message a sentence.
 * NOT_PERMITTED tells that a supervisor is needed. */
typedef void (*ClientDone) (Client *client, GVariant *answer, const GError *error, gpointer data);
gboolean client_error_is_not_permitted (const GError *error);
/* The act waits as a request: the message has its number first. */
gboolean client_error_needs_approval (const GError *error);

/* Calls `method` with `parameters` (floating, a tuple; NULL for none). `done` may be NULL: then a
 * failure becomes a notice. Calls have no deadline but the connection's end. */
void client_call (Client *client, const char *method, GVariant *parameters, ClientDone done,
                  gpointer data);

/* Streams a manifest into `path` (by way of a temporary file beside it); model->run tells how it
 * goes. */
void client_export (Client *client, const char *format, const char *batch, gboolean new_only,
                    const char *path);
