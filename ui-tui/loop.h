/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The running program: terminal, scanner, app and client on one main loop.
 */
#pragma once

#include "ui-tui/display.h"
#include "ui-tui/model.h"
#include "ui-tui/preferences.h"

typedef struct {
  const Preferences *preferences;
  Display *display;
  const char *socket; /* the daemon's */
  ViewKind view;      /* to begin with */
  const char *save;   /* for tests: each drawing is written there as text; or NULL */
} LoopPlan;

/* Until the operator leaves, the terminal goes, or a signal says so. */
void loop_run (const LoopPlan *plan);
