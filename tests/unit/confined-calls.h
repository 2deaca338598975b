/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls that a confined process has no use for, so that a test can try each.
 */
#pragma once

#include <glib.h>

typedef struct {
  const char *name;
  long (*call) (void);
  gboolean privileged; /* or forbidden by some hosts: says nothing without the sandbox */
  gboolean daemon;     /* refused to keycradled too */
} ConfinedCall;

extern const ConfinedCall confined_calls[];
extern const guint n_confined_calls;

/* Whether `call` fails with EPERM in a process of its own, after `enter` (or NULL). */
gboolean call_is_refused (long (*call) (void), gboolean (*enter) (GError **error));

/* Whether `work` returns TRUE there. */
gboolean work_is_possible (gboolean (*work) (void), gboolean (*enter) (GError **error));
