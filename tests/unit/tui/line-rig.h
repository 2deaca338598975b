/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A real daemon with two slots on a real signer, for the screen to look at.
 */
#pragma once

#include <gio/gio.h>

#include "tests/unit/station/rig.h"

typedef struct {
  Rig *rig;
  char *config;
  char *socket;
  GSubprocess *daemon; /* or NULL */
} LineRig;

/* The daemon is not started yet. */
LineRig *line_rig_new (void);
void line_rig_free (LineRig *line);

/* Returns when the socket takes calls. */
void line_rig_start (LineRig *line);
void line_rig_stop (LineRig *line, int signal_number);
void line_rig_signal (LineRig *line, int signal_number);

/* A call as the supervisor who sits at the station himself, not by way of the screen. The first
 * value of the answer, or NULL. Free with g_variant_unref(). */
GVariant *line_rig_call (LineRig *line, const char *method, GVariant *parameters, GError **error);

/* A batch of `target` units, running unless `state` is NULL. */
void line_rig_batch (LineRig *line, const char *name, guint target, const char *state);

/* Runs the default main loop until `is_so` or some seconds have passed: FALSE. */
gboolean wait_until (gboolean (*is_so) (void), guint seconds);
