/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the station share: station.c (the whole), station-learn.c, station-batch.c.
 */
#pragma once

#include "station/station.h"

/* A device came that no slot claims: it belongs to the slot that is being learned. */
void station_take_unclaimed (Station *station, const char *place);

/* A device came into slot `number` that must not be worked with; 0: while a slot is being learned.
 */
void station_take_refused (guint number, const char *reason, gpointer station);

/* After a restart: a FAIL that nobody has acknowledged stands again, and a PASS is looked for. */
gboolean station_restore_slots (Station *station, GError **error);

/* After a restart: the batch that ran goes on. */
void station_resume_batch (Station *station);

/* The fleet's keys are checked from now on; the end of that, before anything it uses goes. */
void station_watch_fleet (Station *station);
void station_unwatch_fleet (Station *station);

/* Revocation lists are published from now on; the end of that, before anything it uses goes. */
void station_publish_crls (Station *station);
void station_unpublish_crls (Station *station);

/* The signer's log is followed from now on, and batches that are closed get their reports; the end
 * of that, before anything it uses goes. */
void station_follow_log (Station *station);
void station_unfollow_log (Station *station);

/* What was scanned for the next device that comes, or NULL. */
void station_set_next_serial (Station *station, const char *serial);

/* Keeps a copy of `text`, which may be NULL, as one of the station's problems. */
void station_set_problem (char **problem, const char *text);
