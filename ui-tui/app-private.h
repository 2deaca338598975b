/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the screen's acts share; one file a part of the screen.
 */
#pragma once

#include "ui-tui/app.h"

/* ---- app-act.c: calls and their words ---- */

/* Calls; `done` (translated, may be NULL) is said when it went well, the daemon's sentence when
 * not. Where the daemon wants a supervisor, one is asked and the call made again. */
void app_act (App *app, const char *method, GVariant *parameters, const char *done);
/* The same with the supervisor asked first; `what` is the question. */
void app_act_supervised (App *app, const char *what, const char *method, GVariant *parameters,
                         const char *done);
/* The same: a supervisor's badge lends the role for it; left, it stays a request that waits. */
void app_ask_badge_for (App *app, const char *title, const char *what, const char *method,
                        GVariant *parameters, const char *done);
/* What follows when the act that has just been asked for went well. */
void app_then (App *app, void (*then) (App *app, const char *subject));
/* A call with an answer that matters. */
void app_ask (App *app, const char *method, GVariant *parameters, ClientDone done);
/* FALSE after it was said that there is no contact. */
gboolean app_has_contact (App *app);
void app_deauthorize (App *app);
/* Counts the seconds of DIALOG_WAIT down. */
void app_wait_tick (App *app);

/* ---- app-dialog.c ---- */

/* Closes what is there and opens this; all texts are copied, title and text translated already. */
Dialog *app_open_dialog (App *app, DialogKind kind, const char *title, const char *text);
void app_add_field (App *app, const char *label, const char *value, gboolean hidden,
                    const char *const *choices);
const char *app_field (const App *app, guint number);
void app_close_dialog (App *app);
/* What was typed is wrong: the dialog stays. */
void app_dialog_problem (App *app, const char *sentence);
void app_confirm (App *app, const char *title, const char *text, void (*accept) (App *app));
void app_dialog_key (App *app, gunichar key);
void app_dialog_code (App *app, const char *code);
/* Keys for one line of text; FALSE where the key is none of them. */
gboolean app_edit (GString *text, gunichar key);

/* ---- app-move.c ---- */

void app_move (App *app, Request request);
void app_focus (App *app, guint slot);
void app_digit (App *app, guint digit);
void app_filter_key (App *app, gunichar key);

/* ---- app.c ---- */

void app_show (App *app, ViewKind view);

/* ---- app-say.c ---- */

/* What is to be seen of the screen itself. */
typedef struct {
  ViewKind view;
  DialogKind dialog;
  guint field;
  guint value; /* a hash */
  guint focus;
  guint selected;
  guint transcript;
  guint format;
  gboolean new_only;
  gboolean typing;
  gboolean filtering;
  const char *filter;
  gboolean attempts;
  gboolean follow;
  gboolean locked;
  const char *wanted;
  guint calls;
  guint notices;
} AppLook;

AppLook app_look (const App *app);
gboolean app_looks_same (const AppLook *one, const AppLook *other);
/* Says that `request` changed nothing, where it looks as before. */
void app_say_if_nothing (App *app, Request request, const AppLook *before);
/* A key that the view does not know. */
void app_say_no_such_key (App *app, gunichar key);

/* ---- app-line.c: slots ---- */

void app_line_request (App *app, Request request);

/* ---- app-batch.c ---- */

void app_batch_request (App *app, Request request);
/* A batch's name was scanned. */
void app_batch_code (App *app, const char *name);
void app_select_batch (App *app, const char *name);
/* app-batch-new.c: its form. */
void app_new_batch (App *app);
/* Selects the running batch, where there is one. */
void app_choose_running (App *app);

/* ---- app-device.c: devices and the log ---- */

void app_device_request (App *app, Request request);
void app_log_request (App *app, Request request);
void app_show_device (App *app, const char *serial);
/* The selected attempt is shown: its dialogue is fetched. */
void app_fetch_attempt (App *app);

/* ---- app-approval.c: what takes two supervisors ---- */

/* The station's `sentence` says that a request waits, and its number first: a second supervisor may
 * grant it here and now. */
void app_ask_second (App *app, const char *sentence, const char *done);
void app_approval_request (App *app, Request request);

/* ---- app-export.c ---- */

void app_export_request (App *app, Request request);
/* Proposes a file for the batch and format, unless the operator named one. */
void app_propose_file (App *app);

/* ---- app-people.c: who works here, and the lock ---- */

void app_sign_in (App *app, const char *badge);
void app_lock (App *app);
void app_choose_language (App *app);
/* Who works at the station is read in his own language here too, on whichever screen his badge was
 * scanned, and after a restart of this one. */
void app_speak_to_operator (App *app);
