/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What ends the courier: the codes are its exit statuses, which are those of keycradle(1).
 */
#pragma once

#include <glib.h>

typedef enum {
  COURIER_OK = 0,
  COURIER_FAILED = 1, /* also: the cloud does not take the credentials */
  COURIER_USAGE = 2,
  COURIER_NOT_FOUND = 3,     /* no such target */
  COURIER_UNREACHABLE = 4,   /* keycradled does not answer */
  COURIER_NOT_PERMITTED = 5, /* at the station */
  COURIER_PARTIAL = 8,       /* something was refused, or is an alarm */
  COURIER_TRY_AGAIN = 75,    /* something still waits: for its next try, or for what was refused */
} CourierExit;

#define COURIER_ERROR (courier_error_quark ())
GQuark courier_error_quark (void);
