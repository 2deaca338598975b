/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What calls the operator back to the screen: the terminal's bell, and a command for lamp or horn.
 */
#pragma once

#include <glib.h>

#include "ui-tui/model.h"
#include "ui-tui/preferences.h"

typedef struct Alarm Alarm;

typedef struct {
  void (*bell) (gpointer data);
  /* The command can't be run: a sentence, translated. */
  void (*problem) (const char *sentence, gpointer data);
  gpointer data;
} AlarmListener;

Alarm *alarm_new (const Preferences *preferences, const AlarmListener *listener);
/* A command that runs goes on alone. */
void alarm_free (Alarm *alarm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Alarm, alarm_free)

void alarm_fail (Alarm *alarm, const Tile *tile);
void alarm_batch_done (Alarm *alarm, const BatchLine *batch);
