/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle-signer ca ...: what a person does to a CA by hand, at its beginning and its renewal.
 */
#pragma once

#include <glib.h>

/* `argv[0]` is "ca". Returns the exit status. */
int command_run (int argc, char **argv);

extern const char command_usage[];
