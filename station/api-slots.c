/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about slots.
 */
#include "station/api-private.h"

static GVariant *
make_slot (gconstpointer item)
{
  return record_slot (item);
}

static gboolean
handle_list_slots (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  return api_return (invocation, record_list (station->slots, make_slot));
}

static gboolean
handle_set_slot_enabled (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint number,
                         gboolean enabled, const char *reason, Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_set_slot_enabled (station, number, enabled, reason, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

static gboolean
handle_start_slot (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint number,
                   Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_start_slot (station, number, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

static gboolean
handle_acknowledge_slot (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint number,
                         Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_acknowledge_slot (station, number, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

static gboolean
handle_bind_serial (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint number,
                    const char *serial, Station *station)
{
  g_autoptr (GError) error = NULL;
  guint bound;

  if (!station_bind_serial (station, number, serial, &bound, &error))
    return api_refuse (invocation, error);
  return api_return (invocation, g_variant_new_uint32 (bound));
}

static gboolean
handle_swap_slots (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint first,
                   guint second, Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_swap_slots (station, first, second, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

static void
handle_learned (const char *path, const GError *error, gpointer data)
{
  GDBusMethodInvocation *invocation = data;

  if (error != NULL)
    api_refuse (invocation, error);
  else
    api_return (invocation, g_variant_new_string (path));
}

static gboolean
handle_learn_slot (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint number,
                   guint seconds, Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_learn_slot (station, number, seconds, handle_learned, invocation, &error))
    return api_refuse (invocation, error);
  return TRUE;
}

void
api_connect_slots (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-list-slots", G_CALLBACK (handle_list_slots), station);
  g_signal_connect (skeleton, "handle-set-slot-enabled", G_CALLBACK (handle_set_slot_enabled),
                    station);
  g_signal_connect (skeleton, "handle-start-slot", G_CALLBACK (handle_start_slot), station);
  g_signal_connect (skeleton, "handle-acknowledge-slot", G_CALLBACK (handle_acknowledge_slot),
                    station);
  g_signal_connect (skeleton, "handle-bind-serial", G_CALLBACK (handle_bind_serial), station);
  g_signal_connect (skeleton, "handle-swap-slots", G_CALLBACK (handle_swap_slots), station);
  g_signal_connect (skeleton, "handle-learn-slot", G_CALLBACK (handle_learn_slot), station);
}
