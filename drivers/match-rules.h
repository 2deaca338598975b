/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * udev rules out of matches: the devices that they name are for the daemon's group, and not for
 * programs that open every port. What those programs find out for themselves is undone by a file of
 * its own, data/90-keycradle.rules, which comes after theirs. udev(7).
 */
#pragma once

#include "drivers/match.h"

/* The rules for `matches`, which are `origin`'s. */
void match_rules_append (GString *rules, const char *origin, const GPtrArray *matches);

/* What stands in front of them, and behind. `story` is a comment of one line. */
void match_rules_begin (GString *rules, const char *story);
void match_rules_end (GString *rules);
