/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Views draw a model onto a canvas; they change neither model nor station (but for keeping the
 * selection of their list in sight). One file a view.
 */
#pragma once

#include "ui-tui/canvas.h"
#include "ui-tui/model.h"

typedef struct {
  ViewKind kind;
  const char *name; /* "line": for tests and --view */
  void (*draw) (Model *model, Canvas *canvas, Area area);
  /* How many rows its list has now; NULL where it has none. */
  guint (*rows) (const Model *model);
} View;

extern const View view_line;
extern const View view_batch;
extern const View view_device;
extern const View view_ca;
extern const View view_log;
extern const View view_export;
extern const View view_slots;

const View *view_of_kind (ViewKind kind);

/* The whole screen: two lines of header, the view, notice, scan field, health, footer; a dialog or
 * the lock in front of it; greyed where the daemon is gone. Works from 40x12 up; smaller, it says
 * that it is too small. */
void screen_draw (Model *model, Canvas *canvas);

/* The slots' tiles of `area`: how many fit in a row and below each other, so that tiles are as
 * large as can be; those that do not fit are on further pages, all but the last with `tiles`. */
typedef struct {
  guint columns;
  guint rows;
  guint pages;
  guint tiles; /* on a page */
} TileGrid;
TileGrid tile_grid (Area area, guint tiles);

/* What a row is, where it is not plain: of the Slots view a slot, and the selected one is
 * model->focus; of the Export view a format, and the selected one is model->export_format; of the
 * Health view a check, drawn from the selected one on where not all fit. */

/* dialog.c; the help overlay stands in overlay-help.c: its page is dialog.field, which may count on
 * beyond the last page. */
void dialog_draw (Model *model, Canvas *canvas);
void help_draw (Model *model, Canvas *canvas, Area area);

/* Words for the station's own words, translated: "sign" is "Signing", "fail" is "FAIL". A word that
 * the screen does not know is shown as it is. */
const char *step_label (const char *step);
const char *tile_state_label (TileState state);
const char *batch_state_label (const char *state);
/* "BATCH", or what else it is; and in words, NULL for an ordinary one. */
const char *batch_kind_label (const char *kind);
const char *batch_kind_words (const char *kind);
/* Of an attempt: "PASS" for "passed". */
const char *result_label (const char *result);
/* What is wrong, in a few words: "no answer"; for an unknown reason the operator's text,
 * translated. */
const char *reason_label (const char *reason, const char *operator_text);
