/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The calls of AWS IoT's control plane: method, path, query, headers and body of each as the API
 * Reference has them, and how many a second an account may make (AWS IoT Core quotas).
 */
#include "courier/aws-private.h"

#include "base/encode.h"
#include "courier/json.h"

#define JSON_TYPE "application/json"

char *
aws_host (const CloudTarget *target)
{
  return g_strdup_printf ("iot.%s.amazonaws.com%s", target->region,
                          g_str_has_prefix (target->region, "cn-") ? ".cn" : "");
}

char *
aws_arn (const CloudTarget *target, const char *kind, const char *id)
{
  const char *partition = g_str_has_prefix (target->region, "cn-")       ? "aws-cn"
                          : g_str_has_prefix (target->region, "us-gov-") ? "aws-us-gov"
                                                                         : "aws";

  return g_strdup_printf ("arn:%s:iot:%s:%s:%s/%s", partition, target->region, target->account,
                          kind, id);
}

gboolean
aws_is_sni_only (const CloudTarget *target)
{
  return g_str_equal (target->mode, "sni-only");
}

/* `path` with `name` in the place of "{}", percent-encoded. */
static Request *
new_request (const char *api, double per_second, const char *method, const char *path,
             const char *name)
{
  g_autofree char *encoded = percent_encode (name, NULL);
  g_auto (GStrv) parts = g_strsplit (path, "{}", 2);
  g_autofree char *whole = g_strjoinv (encoded, parts);

  return request_new (api, per_second, method, whole);
}

static void
set_json (Request *request, JsonObject *object)
{
  JsonNode *node = json_node_init_object (json_node_alloc (), object);

  json_object_unref (object);
  request_set_body (request, JSON_TYPE, json_write (node));
}

static void
set_pem (JsonObject *object, const char *name, GBytes *der)
{
  gsize length = 0;
  const guint8 *bytes = g_bytes_get_data (der, &length);
  g_autofree char *pem = pem_encode ("CERTIFICATE", bytes, length);

  json_object_set_string_member (object, name, pem);
}

static Request *
register_request (const CloudTarget *target, const CloudOperation *operation)
{
  const gboolean with_ca = g_str_equal (target->mode, "registered-ca") || aws_is_sni_only (target);
  JsonObject *body = json_object_new ();
  Request *request =
      with_ca
          ? request_new ("RegisterCertificate", 10, "POST", "/certificate/register")
          : request_new ("RegisterCertificateWithoutCA", 10, "POST", "/certificate/register-no-ca");

  set_pem (body, "certificatePem", operation->certificate);
  if (with_ca && operation->authority != NULL)
    set_pem (body, "caCertificatePem", operation->authority);
  json_object_set_string_member (body, "status", operation->to_status);
  set_json (request, body);
  return request;
}

static Request *
target_request (const char *api, const char *method, const CloudTarget *target,
                const CloudOperation *operation)
{
  g_autofree char *arn = aws_arn (target, "cert", operation->sha256);
  JsonObject *body = json_object_new ();
  Request *request = new_request (api, 15, method, "/target-policies/{}", target->policy);

  json_object_set_string_member (body, "target", arn);
  set_json (request, body);
  return request;
}

static Request *
thing_request (const CloudTarget *target, const CloudOperation *operation)
{
  JsonObject *body = json_object_new ();
  Request *request = new_request ("CreateThing", 15, "POST", "/things/{}", operation->device);

  if (*target->thing_type != '\0')
    json_object_set_string_member (body, "thingTypeName", target->thing_type);
  set_json (request, body);
  return request;
}

static Request *
principal_request (const char *api, const char *method, const CloudTarget *target,
                   const CloudOperation *operation)
{
  g_autofree char *arn = aws_arn (target, "cert", operation->sha256);
  Request *request = new_request (api, 15, method, "/things/{}/principals", operation->device);

  request_add_header (request, "x-amzn-principal", arn);
  return request;
}

static Request *
group_request (const CloudTarget *target, const CloudOperation *operation)
{
  JsonObject *body = json_object_new ();
  Request *request =
      request_new ("AddThingToThingGroup", 60, "PUT", "/thing-groups/addThingToThingGroup");

  json_object_set_string_member (body, "thingGroupName", target->thing_group);
  json_object_set_string_member (body, "thingName", operation->device);
  set_json (request, body);
  return request;
}

/* `message` goes into the body under `name`, where there is one. */
static Request *
transfer_request (const char *api, const char *path, const CloudOperation *operation,
                  const char *name)
{
  Request *request = new_request (api, 10, "PATCH", path, operation->sha256);
  g_autofree char *message = cloud_operation_argument (operation, "message");
  JsonObject *body;

  if (name == NULL || message == NULL)
    return request;
  body = json_object_new ();
  json_object_set_string_member (body, name, message);
  set_json (request, body);
  return request;
}

static Request *
update_request (const CloudOperation *operation)
{
  Request *request =
      new_request ("UpdateCertificate", 10, "PUT", "/certificates/{}", operation->sha256);

  request_add_query (request, "newStatus", operation->to_status);
  return request;
}

static Request *
start_transfer_request (const CloudOperation *operation)
{
  Request *request = transfer_request ("TransferCertificate", "/transfer-certificate/{}", operation,
                                       "transferMessage");
  g_autofree char *account = cloud_operation_argument (operation, "account");

  request_add_query (request, "targetAwsAccount", account == NULL ? "" : account);
  return request;
}

static Request *
accept_request (const CloudOperation *operation)
{
  Request *request = transfer_request ("AcceptCertificateTransfer",
                                       "/accept-certificate-transfer/{}", operation, NULL);

  request_add_query (request, "setAsActive",
                     g_str_equal (operation->to_status, "ACTIVE") ? "true" : "false");
  return request;
}

/* ---- CAs ---- */

/* `yes` or `no` by the arguments, or NULL where they leave it as it is. */
static const char *
auto_registration (const CloudOperation *operation, const char *yes, const char *no)
{
  g_autoptr (JsonNode) node = json_read (operation->arguments);
  JsonObject *arguments = json_object_of (node);

  if (arguments == NULL || !json_object_has_member (arguments, "auto-registration"))
    return NULL;
  return json_object_get_boolean_member_with_default (arguments, "auto-registration", FALSE) ? yes
                                                                                             : no;
}

static Request *
register_ca_request (const CloudTarget *target, const CloudOperation *operation)
{
  g_autofree char *verification = cloud_operation_argument (operation, "verification");
  const char *allowed = auto_registration (operation, "true", "false");
  JsonObject *body = json_object_new ();
  Request *request = request_new ("RegisterCACertificate", 10, "POST", "/cacertificate");

  request_add_query (request, "setAsActive",
                     g_str_equal (operation->to_status, "ACTIVE") ? "true" : "false");
  request_add_query (request, "allowAutoRegistration", allowed == NULL ? "false" : allowed);
  set_pem (body, "caCertificate", operation->certificate);
  if (!aws_is_sni_only (target) && verification != NULL)
    json_object_set_string_member (body, "verificationCertificate", verification);
  json_object_set_string_member (body, "certificateMode",
                                 aws_is_sni_only (target) ? "SNI_ONLY" : "DEFAULT");
  set_json (request, body);
  return request;
}

static Request *
update_ca_request (const CloudOperation *operation)
{
  Request *request =
      new_request ("UpdateCACertificate", 10, "PUT", "/cacertificate/{}", operation->sha256);
  const char *status = auto_registration (operation, "ENABLE", "DISABLE");

  request_add_query (request, "newStatus", operation->to_status);
  if (status != NULL)
    request_add_query (request, "newAutoRegistrationStatus", status);
  return request;
}

Request *
aws_request (AwsStep step, const CloudTarget *target, const CloudOperation *operation)
{
  switch (step) {
  case AWS_END:
    return NULL;
  case AWS_REGISTER:
    return register_request (target, operation);
  case AWS_DESCRIBE:
    return new_request ("DescribeCertificate", 10, "GET", "/certificates/{}", operation->sha256);
  case AWS_UPDATE:
    return update_request (operation);
  case AWS_POLICY:
    return target_request ("AttachPolicy", "PUT", target, operation);
  case AWS_THING:
    return thing_request (target, operation);
  case AWS_PRINCIPAL:
    return principal_request ("AttachThingPrincipal", "PUT", target, operation);
  case AWS_GROUP:
    return group_request (target, operation);
  case AWS_DETACH_POLICY:
    return target_request ("DetachPolicy", "POST", target, operation);
  case AWS_DETACH_THING:
    return principal_request ("DetachThingPrincipal", "DELETE", target, operation);
  case AWS_TRANSFER:
    return start_transfer_request (operation);
  case AWS_ACCEPT:
    return accept_request (operation);
  case AWS_REJECT:
    return transfer_request ("RejectCertificateTransfer", "/reject-certificate-transfer/{}",
                             operation, "rejectReason");
  case AWS_CANCEL:
    return transfer_request ("CancelCertificateTransfer", "/cancel-certificate-transfer/{}",
                             operation, NULL);
  case AWS_DELETE:
    return new_request ("DeleteCertificate", 10, "DELETE", "/certificates/{}", operation->sha256);
  case AWS_REGISTER_CA:
    return register_ca_request (target, operation);
  case AWS_DESCRIBE_CA:
    return new_request ("DescribeCACertificate", 10, "GET", "/cacertificate/{}", operation->sha256);
  case AWS_UPDATE_CA:
    return update_ca_request (operation);
  case AWS_DELETE_CA:
    return new_request ("DeleteCACertificate", 10, "DELETE", "/cacertificate/{}",
                        operation->sha256);
  }
  return NULL;
}
