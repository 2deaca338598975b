/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scripted models: stations as they may stand at 14:32:08 (UTC) on 2026-11-21. Free each with
 * model_free().
 */
#pragma once

#include "ui-tui/model.h"

#define SAMPLE_NOW (G_GINT64_CONSTANT (1795271528) * G_USEC_PER_SEC)

/* A line at work, with as many slots as you like; the states of the first ones are: PASS, FAIL that
 * nobody has seen, signing, empty, identifying, PASS, FAIL that was seen, disabled, waiting for a
 * serial. Batches, events, attempts, exports, a unit's detail, CA, formats and operators are filled
 * in as well, so that every view has something to show. */
Model *sample_line (guint slots);

/* The batch that runs has its target: units stand in the slots still. */
Model *sample_batch_done (guint slots);

/* No batch runs: the newest one is `state` ("created", "paused", "closed"); NULL: there is none. */
Model *sample_no_batch (guint slots, const char *state);

/* keycradled went away while the line was at work. */
Model *sample_disconnected (guint slots);

/* Nobody is signed in. */
Model *sample_locked (guint slots);

/* Something is wrong with everything that the health line shows. */
Model *sample_unhealthy (guint slots);

/* All names in wide letters, as a line in China would give them. */
Model *sample_wide (guint slots);

/* Texts that want to do harm: long, wide, combining, without spaces. */
Model *sample_hostile (guint slots);

/* One tile in place of the one that the line has; to script a state. */
Tile *sample_tile (Model *model, guint number, TileState state);
