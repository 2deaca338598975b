/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the follower of the signer's log tells the station.
 */
#include "station/station-private.h"

static gboolean
tell_reported (gpointer data)
{
  Station *station = data;
  g_autofree char *batch = g_async_queue_try_pop (station->reported);

  if (batch != NULL && station->listener.batch_changed != NULL)
    station->listener.batch_changed (batch, station->listener.data);
  return batch != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* In the follower's thread. */
static void
handle_reported (const char *batch, gpointer data)
{
  Station *station = data;

  g_async_queue_push (station->reported, g_strdup (batch));
  g_idle_add (tell_reported, station);
}

void
station_follow_log (Station *station)
{
  station->tickets = ticket_book_new ();
  station->reported = g_async_queue_new_full (g_free);
  station->follower = log_follower_new (station->ledger, station->issuer, handle_reported, station);
}

void
station_unfollow_log (Station *station)
{
  g_clear_pointer (&station->follower, log_follower_free);
  while (g_idle_remove_by_data (station))
    ;
  g_clear_pointer (&station->reported, g_async_queue_unref);
  g_clear_pointer (&station->tickets, ticket_book_free);
}
