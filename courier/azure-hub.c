/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An IoT Hub's identity registry: POST /devices with up to 100 devices ("Bulk Registry - Update
 * Registry"), GET, PUT and DELETE /devices/{id}. What Keycradle made says so in statusReason, with
 * the certificate's SHA-256 (128 characters at most).
 */
#include "courier/azure-private.h"

#include <string.h>

#define MARK "Keycradle "
#define API_VERSION "2021-04-12"
/* Identity operations of a unit S1 or S2: 100 a minute. */
#define PER_SECOND (100.0 / 60)

static char *
name_of (const CloudOperation *operation)
{
  return g_strdup (operation->device);
}

static JsonObject *
authentication (const CloudTarget *target, const CloudOperation *operation)
{
  JsonObject *object = json_object_new ();
  JsonObject *thumbprints;

  if (!azure_names_certificates (target)) {
    json_object_set_string_member (object, "type", "certificateAuthority");
    return object;
  }
  thumbprints = json_object_new ();
  json_object_set_string_member (thumbprints, "primaryThumbprint", operation->sha256);
  json_object_set_string_member (object, "type", "selfSigned");
  json_object_set_object_member (object, "x509Thumbprint", thumbprints);
  return object;
}

static void
edit (const CloudTarget *target, const CloudOperation *operation, JsonObject *object,
      gboolean enabled)
{
  g_autofree char *mark = g_strconcat (MARK, operation->sha256, NULL);

  json_object_set_string_member (object, "status", enabled ? "enabled" : "disabled");
  json_object_set_string_member (object, "statusReason", mark);
  json_object_set_object_member (object, "authentication", authentication (target, operation));
}

static Request *
create (const CloudTarget *target, GPtrArray *operations)
{
  Request *request = request_new (NULL, 0, "POST", "/devices");
  JsonArray *devices = json_array_new ();
  JsonNode *node;

  for (guint i = 0; i < operations->len; i++) {
    const CloudOperation *operation = g_ptr_array_index (operations, i);
    JsonObject *device = json_object_new ();

    json_object_set_string_member (device, "id", operation->device);
    json_object_set_string_member (device, "importMode", "create");
    edit (target, operation, device, azure_is_enabled_by (operation));
    json_array_add_object_element (devices, device);
  }
  node = json_node_init_array (json_node_alloc (), devices);
  json_array_unref (devices);
  request_set_body (request, "application/json", json_write (node));
  return request;
}

static void
found (const CloudTarget *target, const CloudOperation *operation, JsonObject *object,
       AzureFound *result)
{
  JsonObject *method = json_inside (object, "authentication");
  const char *thumbprint =
      json_text_of (json_inside (method, "x509Thumbprint"), "primaryThumbprint");
  const char *reason = json_text_of (object, "statusReason");
  const char *marked =
      reason != NULL && g_str_has_prefix (reason, MARK) ? reason + strlen (MARK) : NULL;
  g_autofree char *sha1 = azure_sha1 (operation);

  result->object = object;
  result->etag = json_text_of (object, "etag");
  result->enabled = g_strcmp0 (json_text_of (object, "status"), "enabled") == 0;
  if (azure_names_certificates (target))
    result->same = thumbprint != NULL
                   && (g_ascii_strcasecmp (thumbprint, operation->sha256) == 0
                       || g_ascii_strcasecmp (thumbprint, sha1) == 0);
  else
    result->same = g_strcmp0 (json_text_of (method, "type"), "certificateAuthority") == 0
                   && (marked == NULL || g_str_equal (marked, operation->sha256));
  result->replaceable = marked != NULL && !result->enabled;
}

static const AzureService hub = {
  .name = "Azure IoT Hub",
  .api_version = API_VERSION,
  .per_second = PER_SECOND,
  .name_of = name_of,
  .folder = "/devices/",
  .id_member = "deviceId",
  .create = create,
  .found = found,
  .edit = edit,
};

Course *
azure_hub_course_new (const CloudTarget *target, GPtrArray *operations)
{
  return azure_course_new (&hub, target, operations);
}
