/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the check of the fleet's keys tells the station.
 */
#include "station/station-private.h"

static gboolean
tell_fleet (gpointer data)
{
  Station *station = data;

  g_atomic_int_set (&station->fleet_told, 0);
  station_status_changed (station);
  return G_SOURCE_REMOVE;
}

/* In some thread. */
static void
handle_fleet_changed (gpointer data)
{
  Station *station = data;

  if (g_atomic_int_compare_and_exchange (&station->fleet_told, 0, 1))
    g_idle_add_full (G_PRIORITY_DEFAULT, tell_fleet, station, NULL);
}

void
station_watch_fleet (Station *station)
{
  g_autofree char *folder = g_build_filename (station->config->state_folder, "fleet", NULL);

  station->fleet = fleet_watch_new (station->ledger, folder, handle_fleet_changed, station);
}

void
station_unwatch_fleet (Station *station)
{
  g_clear_pointer (&station->fleet, fleet_watch_free);
  while (g_idle_remove_by_data (station))
    ;
}
