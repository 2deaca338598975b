/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Run by the build: prints 70-keycradle.rules, the udev rules for all that the drivers' match files
 * name.
 */
#include <stdio.h>

#include "drivers/driver.h"
#include "drivers/match-rules.h"

int
main (void)
{
  g_autoptr (GString) rules = g_string_new ("# SPDX-License-Identifier: LGPL-2.1-or-later\n");

  match_rules_begin (rules,
                     "The devices that Keycradle's drivers know; made from their match files.");
  for (const Driver *const *driver = driver_list (); *driver != NULL; driver++)
    match_rules_append (rules, (*driver)->name, driver_matches (*driver));
  match_rules_end (rules);
  return fputs (rules->str, stdout) < 0 || fflush (stdout) != 0;
}
