/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The screen put together, and what requests and scans do: to the model at once, to the station by
 * way of the client. Knows no curses.
 */
#pragma once

#include "ui-tui/client.h"
#include "ui-tui/preferences.h"
#include "ui-tui/scan.h"

typedef struct App App;

struct App {
  Model *model;
  Client *client; /* NULL in tests of the model alone */
  const Preferences *preferences;
  gboolean ascii;
  gboolean latin_only; /* the terminal has no Chinese characters */
  void (*quit) (App *app);
  /* What DIALOG_CONFIRM, INPUT, SUPERVISOR, FORM, CHOICE or WAIT is for; called when it is
   * accepted. */
  void (*accept) (App *app);
  void (*cancel) (App *app);
  void (*changed) (App *app); /* something in the dialog's fields is another */
  char *subject;              /* of the dialog: a batch, a serial, a slot */
  char *pending_method;       /* waits for the supervisor */
  GVariant *pending_parameters;
  gint64 last_input_at; /* monotonic */
  /* app*.c's own: */
  char *pending_done; /* what to say when it was done, translated */
  void (*pending_then) (App *app, const char *subject); /* what comes after it, or NULL */
  GVariant *approvals;  /* that are listed, or the chosen one; NULL */
  gint64 approval;      /* that is to be refused */
  char **profile_names; /* that the new batch's form offers */
  struct Act *acts;     /* under way, each once */
  gint64 wait_until;    /* monotonic: when the station stops waiting for a device */
  guint wait_slot;
  gint64 dialog_at;    /* monotonic: when the dialog appeared; keys that came too soon are none */
  guint digit;         /* the first of two digits that name a slot */
  gint64 digit_at;     /* monotonic */
  gboolean was_away;   /* the station, at the last tick */
  gboolean has_met;    /* it, since the start */
  guint calls;         /* how many were made */
  gboolean path_typed; /* the export's file is the operator's own choice */
  char *spoken_to;     /* the operator whose language was taken last, or NULL */
  /* In tests: takes calls in place of the client, and may call `done`. */
  void (*call) (App *app, const char *method, GVariant *parameters, ClientDone done, gpointer data);
};

/* Frees what the dialogs and acts hold, not the rest. */
void app_clear (App *app);

/* The screen is in this language from now on, or says why it can't be. */
void app_use_language (App *app, const char *code);

/* One request, from a key or a control barcode. */
void app_request (App *app, Request request);

/* A key that a hand pressed: a request, or typing into a field. */
void app_key (App *app, gunichar key);

/* A code came from the scanner (or was typed and entered). */
void app_code (App *app, const char *code);

/* The station told something. */
void app_hear (App *app);

/* Time has passed: notices end, the screen locks, another operator is spoken to. */
void app_tick (App *app, gint64 monotonic_now);
