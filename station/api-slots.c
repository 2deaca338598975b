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

  if (!station_bind_serial (station, number, serial, &bound, api_actor (invocation), &error))
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

/* ---- learning ---- */

/* Who asked: with the connection goes whoever would plug something in. */
typedef struct {
  GDBusMethodInvocation *invocation;
  Station *station;
  gulong closed;
} Lesson;

static void
handle_learned (const char *path, const GError *error, gpointer data)
{
  g_autofree Lesson *lesson = data;

  g_signal_handler_disconnect (g_dbus_method_invocation_get_connection (lesson->invocation),
                               lesson->closed);
  if (error != NULL)
    api_refuse (lesson->invocation, error);
  else
    api_return (lesson->invocation, g_variant_new_string (path));
}

static void
handle_learner_gone (GDBusConnection *connection, gboolean vanished, GError *error, Lesson *lesson)
{
  station_cancel_learn (lesson->station, NULL);
}

static gboolean
handle_learn_slot (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint number,
                   guint seconds, Station *station)
{
  GDBusConnection *connection = g_dbus_method_invocation_get_connection (invocation);
  g_autofree Lesson *lesson = g_new0 (Lesson, 1);
  g_autoptr (GError) error = NULL;

  lesson->invocation = invocation;
  lesson->station = station;
  if (!station_learn_slot (station, number, seconds, api_actor (invocation), handle_learned, lesson,
                           &error))
    return api_refuse (invocation, error);
  lesson->closed =
      g_signal_connect (connection, "closed", G_CALLBACK (handle_learner_gone), lesson);
  g_steal_pointer (&lesson);
  return TRUE;
}

static gboolean
handle_cancel_learn (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_cancel_learn (station, &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
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
  g_signal_connect (skeleton, "handle-cancel-learn", G_CALLBACK (handle_cancel_learn), station);
}
