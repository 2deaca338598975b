/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Learning which port belongs to a slot: wait for a device that no slot claims.
 */
#include <string.h>

#include "station/error.h"
#include "station/log.h"
#include "station/station-private.h"

static void
end_learning (Station *station, const char *path, const GError *error)
{
  Learning learning = station->learning;

  memset (&station->learning, 0, sizeof station->learning);
  detector_learn (station->detector, FALSE);
  if (learning.timer != 0)
    g_source_remove (learning.timer);
  learning.learned (path, error, learning.data);
}

static gboolean
handle_learning_timeout (gpointer data)
{
  Station *station = data;
  g_autoptr (GError) error =
      g_error_new (STATION_ERROR, STATION_ERROR_SLOT,
                   "no new device of a known kind came: unplug it, start again and plug it into "
                   "the place of slot %u",
                   station->learning.slot);

  station->learning.timer = 0;
  end_learning (station, NULL, error);
  return G_SOURCE_REMOVE;
}

void
station_take_unclaimed (Station *station, const char *id_path)
{
  guint number = station->learning.slot;
  g_autoptr (GError) error = NULL;

  if (number == 0)
    return;
  if (!config_learn (station->config, number, id_path, &error)) {
    end_learning (station, NULL, error);
    return;
  }
  log_slot (G_LOG_LEVEL_MESSAGE, number, NULL, "learned: %s", id_path);
  end_learning (station, id_path, NULL);
  detector_rebind (station->detector, number);
}

gboolean
station_learn_slot (Station *station, guint number, guint seconds, StationLearned learned,
                    gpointer data, GError **error)
{
  const Slot *slot = station_slot (station, number, error);

  if (slot == NULL)
    return FALSE;
  if (slot->config->port != NULL) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_SLOT,
                 "slot %u is bound to %s by the configuration: delete that Port first", number,
                 slot->config->port);
    return FALSE;
  }
  if (station->learning.slot != 0) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_SLOT, "slot %u is being learned already",
                 station->learning.slot);
    return FALSE;
  }
  station->learning.slot = number;
  station->learning.learned = learned;
  station->learning.data = data;
  station->learning.timer =
      g_timeout_add_seconds (CLAMP (seconds, 1, 3600), handle_learning_timeout, station);
  detector_learn (station->detector, TRUE);
  return TRUE;
}

gboolean
station_cancel_learn (Station *station, GError **error)
{
  g_autoptr (GError) cancelled = NULL;

  if (station->learning.slot == 0) {
    g_set_error_literal (error, STATION_ERROR, STATION_ERROR_SLOT, "no slot is being learned");
    return FALSE;
  }
  cancelled =
      g_error_new (STATION_ERROR, STATION_ERROR_SLOT,
                   "learning slot %u was cancelled; its port is as it was", station->learning.slot);
  end_learning (station, NULL, cancelled);
  return TRUE;
}
