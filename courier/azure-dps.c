/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A Device Provisioning Service's individual enrolments: POST /enrollments with up to 10
 * ("Individual Enrollment - Run Bulk Operation"), GET, PUT and DELETE /enrollments/{id}. What
 * Keycradle made says so in optionalDeviceInformation, with the certificate's SHA-256.
 */
#include "courier/azure-private.h"

#define MARK "keycradle"
#define API_VERSION "2021-10-01"
/* Service operations: 200 a minute. */
#define PER_SECOND (200.0 / 60)

/* The service compares without case, and its documentation writes lower case. */
static char *
name_of (const CloudOperation *operation)
{
  return g_ascii_strdown (operation->device, -1);
}

static JsonObject *
attestation (const CloudOperation *operation)
{
  g_autofree char *pem = cloud_operation_pem (operation);
  JsonObject *primary = json_object_new (), *certificates = json_object_new ();
  JsonObject *x509 = json_object_new (), *object = json_object_new ();

  json_object_set_string_member (primary, "certificate", pem);
  json_object_set_object_member (certificates, "primary", primary);
  json_object_set_object_member (x509, "clientCertificates", certificates);
  json_object_set_string_member (object, "type", "x509");
  json_object_set_object_member (object, "x509", x509);
  return object;
}

static void
edit (const CloudTarget *target, const CloudOperation *operation, JsonObject *object,
      gboolean enabled)
{
  JsonObject *mark = json_object_new ();

  json_object_set_string_member (mark, MARK, operation->sha256);
  json_object_set_object_member (object, "attestation", attestation (operation));
  json_object_set_string_member (object, "provisioningStatus", enabled ? "enabled" : "disabled");
  json_object_set_object_member (object, "optionalDeviceInformation", mark);
}

static Request *
create (const CloudTarget *target, GPtrArray *operations)
{
  Request *request = request_new (NULL, 0, "POST", "/enrollments");
  JsonArray *enrollments = json_array_new ();
  JsonObject *body = json_object_new ();
  JsonNode *node;

  for (guint i = 0; i < operations->len; i++) {
    const CloudOperation *operation = g_ptr_array_index (operations, i);
    g_autofree char *name = name_of (operation);
    JsonObject *enrollment = json_object_new ();

    json_object_set_string_member (enrollment, "registrationId", name);
    json_object_set_string_member (enrollment, "deviceId", operation->device);
    edit (target, operation, enrollment, azure_is_enabled_by (operation));
    json_array_add_object_element (enrollments, enrollment);
  }
  json_object_set_string_member (body, "mode", "create");
  json_object_set_array_member (body, "enrollments", enrollments);
  node = json_node_init_object (json_node_alloc (), body);
  json_object_unref (body);
  request_set_body (request, "application/json", json_write (node));
  return request;
}

static void
found (const CloudTarget *target, const CloudOperation *operation, JsonObject *object,
       AzureFound *result)
{
  JsonObject *x509 = json_inside (json_inside (object, "attestation"), "x509");
  JsonObject *primary = json_inside (json_inside (x509, "clientCertificates"), "primary");
  const char *thumbprint = json_text_of (json_inside (primary, "info"), "sha256Thumbprint");
  const char *marked = json_text_of (json_inside (object, "optionalDeviceInformation"), MARK);

  result->object = object;
  result->etag = json_text_of (object, "etag");
  result->enabled = g_strcmp0 (json_text_of (object, "provisioningStatus"), "disabled") != 0;
  result->same = thumbprint != NULL && g_ascii_strcasecmp (thumbprint, operation->sha256) == 0;
  result->replaceable = !result->enabled && marked != NULL && thumbprint != NULL
                        && g_ascii_strcasecmp (marked, thumbprint) == 0;
}

static const AzureService provisioning = {
  .name = "Azure DPS",
  .api_version = API_VERSION,
  .per_second = PER_SECOND,
  .name_of = name_of,
  .folder = "/enrollments/",
  .id_member = "registrationId",
  .create = create,
  .found = found,
  .edit = edit,
};

Course *
azure_dps_course_new (const CloudTarget *target, GPtrArray *operations)
{
  return azure_course_new (&provisioning, target, operations);
}
