/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See station.h.
 */
#include "courier/station.h"

#include "base/names.h"
#include "base/station-socket.h"
#include "courier/error.h"
#include "station-api.h"

#define CONNECT_MILLISECONDS 5000
#define CALL_MILLISECONDS 60000

struct StationLink {
  char *socket;
  ApiStation1 *api;
};

StationLink *
station_link_new (const char *socket)
{
  StationLink *link = g_new0 (StationLink, 1);

  link->socket = g_strdup (socket);
  return link;
}

void
station_link_free (StationLink *link)
{
  if (link == NULL)
    return;
  g_clear_object (&link->api);
  g_free (link->socket);
  g_free (link);
}

/* ---- errors ---- */

static CourierExit
exit_for (const GError *problem)
{
  g_autofree char *name = NULL;

  if (!g_dbus_error_is_remote_error (problem))
    return COURIER_UNREACHABLE;
  name = g_dbus_error_get_remote_error (problem);
  if (g_strcmp0 (name, "org.keycradle.Error.NotFound") == 0)
    return COURIER_NOT_FOUND;
  if (g_strcmp0 (name, "org.keycradle.Error.NotPermitted") == 0
      || g_strcmp0 (name, "org.freedesktop.DBus.Error.AccessDenied") == 0)
    return COURIER_NOT_PERMITTED;
  return COURIER_FAILED;
}

/* Takes the connection down where it is what failed, so that the next call makes a new one. */
static gboolean
fail (StationLink *link, GError *problem, GError **error)
{
  const CourierExit code = exit_for (problem);

  if (code == COURIER_UNREACHABLE)
    g_clear_object (&link->api);
  g_dbus_error_strip_remote_error (problem);
  g_set_error (error, COURIER_ERROR, (int)code, "%s%s",
               code == COURIER_UNREACHABLE ? "keycradled does not answer: " : "", problem->message);
  g_error_free (problem);
  return FALSE;
}

static gboolean
connect_now (StationLink *link, GError **error)
{
  GError *problem = NULL;
  g_autoptr (GDBusConnection) connection = NULL;

  if (link->api != NULL)
    return TRUE;
  connection = station_connect (link->socket, CONNECT_MILLISECONDS, &problem);
  if (connection == NULL) {
    const gboolean refused = station_silence (problem) == STATION_REFUSES;

    g_set_error (error, COURIER_ERROR, refused ? COURIER_NOT_PERMITTED : COURIER_UNREACHABLE,
                 refused ? "This user may not talk to keycradled at %s: it must be in the group "
                           "keycradle-operator."
                         : "keycradled does not answer at %s.",
                 link->socket);
    g_error_free (problem);
    return FALSE;
  }
  link->api = api_station1_proxy_new_sync (connection, G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES,
                                           NULL, STATION_OBJECT_PATH, NULL, &problem);
  if (link->api == NULL)
    return fail (link, problem, error);
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (link->api), CALL_MILLISECONDS);
  return TRUE;
}

/* ---- records ---- */

/* "" where the record has no such text. */
static void
take_text (GVariant *record, const char *name, char **place)
{
  const char *text = NULL;

  if (!g_variant_lookup (record, name, "&s", &text))
    return;
  g_free (*place);
  *place = g_strdup (text);
}

static GBytes *
bytes_in (GVariant *record, const char *name)
{
  g_autoptr (GVariant) bytes = g_variant_lookup_value (record, name, G_VARIANT_TYPE_BYTESTRING);

  if (bytes == NULL || g_variant_get_size (bytes) == 0)
    return NULL;
  return g_variant_get_data_as_bytes (bytes);
}

static CloudTarget *
read_target (GVariant *record)
{
  CloudTarget *target = cloud_target_new ();

  take_text (record, "name", &target->name);
  take_text (record, "kind", &target->kind);
  take_text (record, "mode", &target->mode);
  take_text (record, "account", &target->account);
  take_text (record, "region", &target->region);
  take_text (record, "policy", &target->policy);
  take_text (record, "thing-type", &target->thing_type);
  take_text (record, "thing-group", &target->thing_group);
  g_variant_lookup (record, "waiting", "t", &target->waiting);
  return target;
}

static CloudOperation *
read_operation (GVariant *record)
{
  CloudOperation *operation = cloud_operation_new ();

  g_variant_lookup (record, "id", "x", &operation->id);
  g_variant_lookup (record, "tries", "u", &operation->tries);
  take_text (record, "operation", &operation->operation);
  take_text (record, "device", &operation->device);
  take_text (record, "sha256", &operation->sha256);
  take_text (record, "to", &operation->to_status);
  take_text (record, "arguments", &operation->arguments);
  operation->certificate = bytes_in (record, "certificate");
  operation->authority = bytes_in (record, "authority");
  if (*operation->sha256 == '\0' && operation->certificate != NULL) { /* of a CA */
    g_free (operation->sha256);
    operation->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, operation->certificate);
  }
  return operation;
}

/* ---- calls ---- */

CloudTarget *
station_link_target (StationLink *link, const char *name, GError **error)
{
  g_autoptr (GVariant) records = NULL;
  GError *problem = NULL;

  if (!connect_now (link, error))
    return NULL;
  if (!api_station1_call_list_targets_sync (link->api, &records, NULL, &problem)) {
    fail (link, problem, error);
    return NULL;
  }
  for (gsize i = 0; i < g_variant_n_children (records); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (records, i);
    g_autoptr (CloudTarget) target = read_target (record);

    if (g_str_equal (target->name, name))
      return g_steal_pointer (&target);
  }
  g_set_error (error, COURIER_ERROR, COURIER_NOT_FOUND,
               "There is no target %s; `keycradle target list` shows them.", name);
  return NULL;
}

static void
free_operation (gpointer operation)
{
  cloud_operation_free (operation);
}

GPtrArray *
station_link_take (StationLink *link, const char *target, guint most, gint64 after, GError **error)
{
  g_autoptr (GPtrArray) operations = g_ptr_array_new_with_free_func (free_operation);
  g_autoptr (GVariant) records = NULL;
  GError *problem = NULL;

  if (!connect_now (link, error))
    return NULL;
  if (!api_station1_call_take_operations_sync (link->api, target, most, after, &records, NULL,
                                               &problem))
  {
    fail (link, problem, error);
    return NULL;
  }
  for (gsize i = 0; i < g_variant_n_children (records); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (records, i);

    g_ptr_array_add (operations, read_operation (record));
  }
  return g_steal_pointer (&operations);
}

void
courier_answer_free (CourierAnswer *answer)
{
  g_free (answer->words);
  g_free (answer);
}

static GVariant *
write_answer (const CourierAnswer *answer)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", answer->id);
  g_variant_dict_insert (&record, "state", "s", answer->state);
  if (answer->words != NULL)
    g_variant_dict_insert (&record, "answer", "s", answer->words);
  if (answer->not_before > 0)
    g_variant_dict_insert (&record, "not-before", "x", answer->not_before);
  return g_variant_dict_end (&record);
}

gboolean
station_link_answer (StationLink *link, const GPtrArray *answers, GError **error)
{
  GVariantBuilder records;
  GError *problem = NULL;

  if (!connect_now (link, error))
    return FALSE;
  g_variant_builder_init (&records, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < answers->len; i++)
    g_variant_builder_add_value (&records, write_answer (g_ptr_array_index (answers, i)));
  if (api_station1_call_answer_operations_sync (link->api, g_variant_builder_end (&records), NULL,
                                                &problem))
    return TRUE;
  return fail (link, problem, error);
}
