/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the publisher of revocation lists tells the station.
 */
#include "station/station-private.h"

static gboolean
tell_publisher (gpointer data)
{
  station_status_changed (data);
  return G_SOURCE_REMOVE;
}

/* In some thread. */
static void
handle_publisher_changed (gpointer data)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, tell_publisher, data, NULL);
}

void
station_publish_crls (Station *station)
{
  station->publisher =
      crl_publisher_new (station->ledger, station->issuer, station->config->crl_folder,
                         handle_publisher_changed, station);
}

void
station_unpublish_crls (Station *station)
{
  g_clear_pointer (&station->publisher, crl_publisher_free);
  while (g_idle_remove_by_data (station))
    ;
}
