/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station, as the courier sees it: a client of its API that takes operations and answers them.
 * The connection is made when it is needed, and again when it was lost.
 */
#pragma once

#include "courier/course.h"

typedef struct StationLink StationLink;

/* Takes a copy of the socket's path. Nothing is connected yet. */
StationLink *station_link_new (const char *socket);
void station_link_free (StationLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StationLink, station_link_free)

/* Errors are COURIER_ERROR: UNREACHABLE, NOT_PERMITTED, NOT_FOUND, else FAILED. */

/* The target of that name. */
CloudTarget *station_link_target (StationLink *link, const char *name, GError **error);
/* What is due behind the operation `after`, oldest first: of CloudOperation. */
GPtrArray *station_link_take (StationLink *link, const char *target, guint most, gint64 after,
                              GError **error);

/* What the cloud said of one operation. */
typedef struct {
  gint64 id;
  const char *state; /* static: "done", "refused", "alarm", "waiting" */
  char *words;       /* or NULL */
  gint64 not_before; /* microseconds since 1970; 0 */
} CourierAnswer;

void courier_answer_free (CourierAnswer *answer);
/* `answers`: of CourierAnswer, all in one transaction. */
gboolean station_link_answer (StationLink *link, const GPtrArray *answers, GError **error);
