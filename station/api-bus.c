/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A peer-to-peer connection has no message bus, but gdbus and busctl greet one before they
 * call anything. This is the little of org.freedesktop.DBus that satisfies them.
 */
#include "base/names.h"
#include "station/api-private.h"

static const char bus_xml[] =
    "<node><interface name='org.freedesktop.DBus'>"
    "<method name='Hello'><arg type='s' direction='out'/></method>"
    "<method name='AddMatch'><arg type='s' direction='in'/></method>"
    "<method name='RemoveMatch'><arg type='s' direction='in'/></method>"
    "<method name='ListNames'><arg type='as' direction='out'/></method>"
    "<method name='NameHasOwner'><arg type='s' direction='in'/><arg type='b' direction='out'/>"
    "</method>"
    "<method name='GetNameOwner'><arg type='s' direction='in'/><arg type='s' direction='out'/>"
    "</method>"
    "<method name='StartServiceByName'><arg type='s' direction='in'/>"
    "<arg type='u' direction='in'/><arg type='u' direction='out'/></method>"
    "</interface></node>";

static GVariant *
bus_answer (const char *method)
{
  static const char *const names[] = { STATION_BUS_NAME, NULL };

  if (g_str_equal (method, "Hello"))
    return g_variant_new ("(s)", ":1.1");
  if (g_str_equal (method, "ListNames"))
    return g_variant_new ("(^as)", names);
  if (g_str_equal (method, "NameHasOwner"))
    return g_variant_new ("(b)", TRUE);
  if (g_str_equal (method, "GetNameOwner"))
    return g_variant_new ("(s)", ":1.0");
  if (g_str_equal (method, "StartServiceByName"))
    return g_variant_new ("(u)", 2); /* runs already */
  return NULL;
}

static void
handle_bus_call (GDBusConnection *connection, const char *sender, const char *path,
                 const char *interface, const char *method, GVariant *parameters,
                 GDBusMethodInvocation *invocation, gpointer data)
{
  g_dbus_method_invocation_return_value (invocation, bus_answer (method));
}

static gpointer
parse_bus_interface (gpointer data)
{
  GDBusNodeInfo *node = g_dbus_node_info_new_for_xml (bus_xml, NULL);
  GDBusInterfaceInfo *interface =
      g_dbus_interface_info_ref (g_dbus_node_info_lookup_interface (node, "org.freedesktop.DBus"));

  g_dbus_node_info_unref (node);
  return interface;
}

guint
api_bus_register (GDBusConnection *connection, GError **error)
{
  static const GDBusInterfaceVTable calls = { .method_call = handle_bus_call };
  static GOnce once = G_ONCE_INIT;

  g_once (&once, parse_bus_interface, NULL);
  return g_dbus_connection_register_object (connection, "/org/freedesktop/DBus", once.retval,
                                            &calls, NULL, NULL, error);
}
