/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device that keycradle-sim plays, and the station's end of its line, for tests of drivers.
 */
#pragma once

#include <gio/gio.h>

#include "tests/unit/drivers/journey.h"

typedef struct {
  GSubprocess *simulator;
  Journey journey; /* its transport is open */
} Line;

/* Starts a device with `arguments` (separated by blanks), such as "freertos --serial b-1". The
 * program is the environment's KEYCRADLE_SIM. */
Line line_open (const char *arguments);

void line_clear (Line *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Line, line_clear)

/* From the first question to the proof; a failed assertion names `what`. */
void line_go_all_the_way (Line *line, const char *what);

/* Writes the transcript so far to `path`, in the form of drivers/NAME/recording.txt. */
void line_record (Line *line, const char *path);

/* The driver called `asks` asks a device of another dialect: it must see that, and that one's own
 * driver must get through afterwards. */
void line_check_stranger (const char *asks, const char *arguments);

/* Plays `path` back to the driver called `name`, which must go all the way. */
void line_replay (const char *name, const char *path);
