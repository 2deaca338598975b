/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about what is plugged in: why something is in a slot or not, and udev's rules for
 * what the site's own match files name.
 */
#include "station/api-private.h"

#include "drivers/match-rules.h"

/* "in-slot", "refused", "unclaimed" (it would do, but no slot is there), "unknown". */
static const char *
state_of (const DetectorView *view)
{
  const VerdictKind kind = view->verdict->kind;
  const gboolean would_do = kind == VERDICT_ACCEPTED || kind == VERDICT_NOTHING;

  if (view->slot != 0)
    return would_do ? "in-slot" : "refused";
  return would_do ? "unclaimed" : "unknown";
}

static void
record_nodes (GVariantDict *record, const SeenDevice *device)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();

  for (guint i = 0; i < device->ways->len; i++) {
    const DeviceWay *way = g_ptr_array_index (device->ways, i);

    if (way->channel != CHANNEL_USB)
      g_ptr_array_add (nodes, way->address);
  }
  g_ptr_array_add (nodes, NULL);
  record_words (record, "nodes", (const char *const *)nodes->pdata);
}

static void
record_drivers (GVariantDict *record, const Verdict *verdict)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; verdict->drivers != NULL && i < verdict->drivers->len; i++)
    g_ptr_array_add (names, (char *)((const Driver *)verdict->drivers->pdata[i])->name);
  g_ptr_array_add (names, NULL);
  record_words (record, "drivers", (const char *const *)names->pdata);
}

static void
add_view (const DetectorView *view, gpointer list)
{
  g_autofree char *what = seen_device_text (view->device);
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "place", view->device->place);
  record_text (&record, "device", what);
  record_text (&record, "state", state_of (view));
  if (view->slot != 0)
    g_variant_dict_insert (&record, "slot", "u", view->slot);
  record_text (&record, "reason", view->verdict->reason);
  record_text (&record, "port", view->verdict->address);
  record_drivers (&record, view->verdict);
  record_nodes (&record, view->device);
  g_variant_builder_add_value (list, g_variant_dict_end (&record));
}

static gboolean
handle_list_ports (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  detector_survey (station->detector, add_view, &list);
  return api_return (invocation, g_variant_builder_end (&list));
}

static gboolean
handle_get_udev_rules (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  g_autoptr (GString) rules = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (AllowList) allowed = allow_list_load (station->config->match_folder, &error);

  if (allowed == NULL)
    return api_refuse (invocation, error);
  match_rules_begin (rules, "What this site's match files name for Keycradle.");
  for (const Driver *const *driver = driver_list (); *driver != NULL; driver++) {
    const GPtrArray *matches = allow_list_of_site (allowed, *driver);

    if (matches != NULL)
      match_rules_append (rules, (*driver)->name, matches);
  }
  match_rules_end (rules);
  return api_return (invocation, g_variant_new_string (rules->str));
}

void
api_connect_ports (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-list-ports", G_CALLBACK (handle_list_ports), station);
  g_signal_connect (skeleton, "handle-get-udev-rules", G_CALLBACK (handle_get_udev_rules), station);
}
