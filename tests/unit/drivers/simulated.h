/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device that keycradle-sim plays, and the station's end of its line.
 */
#pragma once

#include <gio/gio.h>

#include "tests/unit/drivers/journey.h"

typedef struct {
  GSubprocess *simulator;
  char *port;
  Journey journey;
} SimulatedLine;

/* Starts `keycradle-sim one ARGUMENTS` (separated by blanks) and opens its port. The simulator is
 * named by KEYCRADLE_SIM. */
SimulatedLine simulated_line_open (const char *arguments);

/* Gives the port back and opens it again, for another session. */
void simulated_line_reopen (SimulatedLine *line);

void simulated_line_clear (SimulatedLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SimulatedLine, simulated_line_clear)

/* With RECORD=FOLDER in the environment: writes the transcript there as NAME.txt, in the form of
 * drivers/NAME/recording.txt. */
void simulated_line_record (SimulatedLine *line, const char *name);

/* From the first question to the proof; a failed assertion names `what`. */
void simulated_line_go_all_the_way (SimulatedLine *line, const char *what);

/* The driver called `asks` asks a device of another dialect: it must see that, and that one's own
 * driver must get through afterwards. */
void simulated_line_check_stranger (const char *asks, const char *arguments);

/* Plays the transcript at `path` back to the driver called `name`, which must go all the way. */
void replay_all_the_way (const char *name, const char *path);
