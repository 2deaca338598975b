/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What unit and station said to each other, a page at a time.
 */
#pragma once

#include "ui-tui/canvas.h"
#include "ui-tui/model.h"

/* The selected attempt's transcript from line model->transcript_top on, which is kept within it. */
void transcript_draw (Model *model, Canvas *canvas, Area area);
