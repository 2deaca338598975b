/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What stands around every view. Each draws into the rows that it is given.
 */
#pragma once

#include "ui-tui/view.h"

#define HEADER_ROWS 2

/* Where, what, who, when; below it how the batch goes. */
void header_draw (const Model *model, Canvas *canvas, Area area);

/* What was done last, or else what is wrong on the line while another view is shown. */
void notice_draw (const Model *model, Canvas *canvas, Area area);
void scan_field_draw (const Model *model, Canvas *canvas, Area area);
void footer_draw (const Model *model, Canvas *canvas, Area area);

/* screen-health.c */
void health_draw (const Model *model, Canvas *canvas, Area area);
/* TRUE where the line of health says more than that all is well. */
gboolean health_has_problem (const Model *model);

/* In front of, or above, the view: the rows that it takes of `area`, from below or above. */
typedef enum { COVER_NONE, COVER_LOCKED, COVER_DISCONNECTED } Cover;
Cover cover_of (const Model *model);
int cover_rows (Cover cover, Area area);
void cover_draw (const Model *model, Canvas *canvas, Area area);

/* The FAIL that is to be dealt with first, in words; NULL. Free with g_free(). */
char *line_failure_text (const Model *model);
