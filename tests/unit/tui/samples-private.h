/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What samples.c takes from samples-lists.c.
 */
#pragma once

#include "ui-tui/model.h"

void samples_fill_ca (CaHealth *ca);
void samples_fill_export (ExportLine *line, gint64 at, guint64 rows);

/* Batches, events, attempts, exports, operators, profiles, formats and a unit's detail. */
void samples_fill_lists (Model *model);
