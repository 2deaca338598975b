/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See visit.h.
 */
#include "visit.h"

#include <check.h>
#include <glib/gstdio.h>

#include "base/names.h"
#include "station/api.h"

const char *visit_dual_control = "none";
Rig *rig;
Station *station;
char *address;

static Api *api;

Config *
visit_config (void)
{
  g_autofree char *path = rig_path (rig, "keycradle.conf");
  g_autofree char *text = g_strdup_printf (
      "[station]\nName=test-line\nMode=demo\nStateFolder=%s/state\nSocket=%s/station.sock\n"
      "ProfileFolder=%s/profiles\nAuditorGroup=nogroup\nOperatorGroup=tty\n"
      "[roles]\nDualControl=%s\n[signer]\nSocket=%s\n[slot 1]\nPort=%s/port\n[slot 2]\n",
      rig->folder, rig->folder, rig->folder, visit_dual_control, rig->socket, rig->folder);
  g_autoptr (GError) error = NULL;
  Config *config;

  ck_assert (g_file_set_contents (path, text, -1, NULL));
  config = config_load (path, &error);
  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  return config;
}

void
visit_set_up (void)
{
  g_autoptr (GError) error = NULL;

  rig = rig_new (NULL, NULL);
  g_chmod (rig->folder, 0755);
  station = station_new (visit_config (), &error);
  ck_assert_msg (station != NULL, "%s", error != NULL ? error->message : "");
  api = api_new (station, &error);
  ck_assert_msg (api != NULL, "%s", error != NULL ? error->message : "");
  address = g_strdup_printf ("unix:path=%s/station.sock", rig->folder);
  station_start (station);
}

static void
quit (gpointer data)
{
  g_main_loop_quit (data);
}

void
visit_tear_down (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  station_stop (station, quit, loop);
  g_main_loop_run (loop);
  api_free (api);
  station_free (station);
  rig_free (rig);
  g_free (address);
}

/* ---- clients ---- */

typedef struct {
  Client client;
  GMainLoop *loop;
} Visit;

ApiStation1 *
visit_connect (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_dbus_connection_new_for_address_sync (
      address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, &error);
  ApiStation1 *proxy;

  ck_assert_msg (connection != NULL, "%s", error != NULL ? error->message : "");
  proxy = api_station1_proxy_new_sync (connection, G_DBUS_PROXY_FLAGS_NONE, NULL,
                                       STATION_OBJECT_PATH, NULL, &error);
  ck_assert_msg (proxy != NULL, "%s", error != NULL ? error->message : "");
  return proxy;
}

static gpointer
visit_main (gpointer data)
{
  Visit *visit = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  {
    g_autoptr (ApiStation1) proxy = visit_connect ();

    visit->client (proxy);
  }
  while (g_main_context_iteration (context, FALSE)) /* the proxy's last words */
    ;
  g_main_context_pop_thread_default (context);
  g_main_loop_quit (visit->loop);
  return NULL;
}

void
run_client (Client client)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Visit visit = { client, loop };
  GThread *thread = g_thread_new ("client", visit_main, &visit);

  g_main_loop_run (loop);
  g_thread_join (thread);
}

void
assert_error (gboolean done, GError **error, const char *name)
{
  g_autofree char *full = g_strconcat ("org.keycradle.Error.", name, NULL);
  g_autofree char *remote = NULL;

  ck_assert (!done);
  remote = g_dbus_error_get_remote_error (*error);
  ck_assert_msg (g_strcmp0 (remote, full) == 0, "%s: %s", remote, (*error)->message);
  g_clear_error (error);
}

GVariant *
batch_options (void)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "profile", "s", "demo");
  g_variant_dict_insert (&options, "product", "s", "Gadget");
  g_variant_dict_insert (&options, "target", "u", 5);
  return g_variant_dict_end (&options);
}

void
start_batch (ApiStation1 *proxy, const char *name)
{
  ck_assert (api_station1_call_create_batch_sync (proxy, name, batch_options (), NULL, NULL));
  ck_assert (api_station1_call_set_batch_state_sync (proxy, name, "running", NULL, NULL));
}

void
wait_for_state (ApiStation1 *proxy, const char *state)
{
  for (gboolean there = FALSE; !there;) {
    g_autoptr (GVariant) slots = NULL;
    g_autoptr (GVariant) slot = NULL;
    const char *now;

    ck_assert (api_station1_call_list_slots_sync (proxy, &slots, NULL, NULL));
    slot = g_variant_get_child_value (slots, 0);
    ck_assert (g_variant_lookup (slot, "state", "&s", &now));
    there = g_str_equal (now, state);
  }
}

void
pass_one (ApiStation1 *proxy, const char *serial)
{
  GSubprocess *device = rig_plug (rig, serial, NULL);

  wait_for_state (proxy, "pass");
  rig_unplug (device);
  wait_for_state (proxy, "empty");
}

GVariant *
no_filter (void)
{
  return g_variant_new ("a{sv}", NULL);
}
