/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Learning which port belongs to a slot: wait for a device that no slot claims. And devices that
 * are refused.
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
  detector_learn (station->detector, 0);
  if (learning.timer != 0)
    g_source_remove (learning.timer);
  learning.learned (path, error, learning.data);
  g_free (learning.refused);
  g_free (learning.actor);
}

static gboolean
handle_learning_timeout (gpointer data)
{
  Station *station = data;
  const Learning *learning = &station->learning;
  g_autoptr (GError) error = NULL;

  if (learning->refused != NULL)
    error = g_error_new (STATION_ERROR, STATION_ERROR_SLOT,
                         "what came can't be a device of slot %u: %s", learning->slot,
                         learning->refused);
  else
    error = g_error_new (STATION_ERROR, STATION_ERROR_SLOT,
                         "no new device of a known kind came: unplug it, start again and plug it "
                         "into the place of slot %u",
                         learning->slot);
  station->learning.timer = 0;
  end_learning (station, NULL, error);
  return G_SOURCE_REMOVE;
}

static gboolean
record_learned (Station *station, const char *place, GError **error)
{
  const Learning *learning = &station->learning;
  g_autofree char *subject = g_strdup_printf ("slot %u", learning->slot);

  return ledger_record_event (station->ledger, learning->actor, "slot-learn", subject, place,
                              error);
}

void
station_take_unclaimed (Station *station, const char *place)
{
  guint number = station->learning.slot;
  g_autoptr (GError) error = NULL;

  if (number == 0)
    return;
  if (!config_may_learn (station->config, number, place, &error)
      || !record_learned (station, place, &error)
      || !config_learn (station->config, number, place, &error))
  {
    end_learning (station, NULL, error);
    return;
  }
  log_slot (G_LOG_LEVEL_MESSAGE, number, NULL, "learned: %s", place);
  end_learning (station, place, NULL);
  detector_rebind (station->detector, number);
}

/* On record once for each device and reason, however often it comes: a cable may flap. */
static void
record_refusal (Station *station, Slot *slot, const char *reason)
{
  g_autofree char *subject = g_strdup_printf ("slot %u", slot->config->number);
  g_autoptr (GError) error = NULL;

  if (g_strcmp0 (slot->recorded_refusal, reason) == 0)
    return;
  g_free (slot->recorded_refusal);
  slot->recorded_refusal = g_strdup (reason);
  log_slot (G_LOG_LEVEL_WARNING, slot->config->number, NULL, "refused: %s", reason);
  if (!ledger_record_event (station->ledger, "station", "device-refused", subject, reason, &error))
    log_slot (G_LOG_LEVEL_WARNING, slot->config->number, NULL, "that can't be recorded: %s",
              error->message);
}

void
station_take_refused (guint number, const char *reason, gpointer data)
{
  Station *station = data;
  Slot *slot = number != 0 ? station_slot (station, number, NULL) : NULL;

  if (slot != NULL) {
    record_refusal (station, slot, reason);
    slot_device_refused (slot, reason);
  }
  else if (station->learning.slot != 0) {
    g_free (station->learning.refused);
    station->learning.refused = g_strdup (reason);
    log_slot (G_LOG_LEVEL_MESSAGE, station->learning.slot, NULL, "not learned: %s", reason);
  }
}

gboolean
station_learn_slot (Station *station, guint number, guint seconds, const char *actor,
                    StationLearned learned, gpointer data, GError **error)
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
  station->learning.actor = g_strdup (actor);
  station->learning.data = data;
  station->learning.timer =
      g_timeout_add_seconds (CLAMP (seconds, 1, 3600), handle_learning_timeout, station);
  detector_learn (station->detector, number);
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
