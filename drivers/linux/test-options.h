/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver's options, for its tests.
 */
#pragma once

#include <check.h>

#include "drivers/driver.h"

/* Names and values by turns, ended by NULL. */
static inline DriverOptions *
options_of (const char *const *settings)
{
  DriverOptions *options = driver_options_new (driver_by_name ("linux")->options);
  g_autoptr (GError) error = NULL;

  for (; *settings != NULL; settings += 2)
    ck_assert_msg (driver_options_set (options, settings[0], settings[1], &error), "%s",
                   error == NULL ? "" : error->message);
  return options;
}
