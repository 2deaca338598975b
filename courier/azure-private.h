/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the two services of Azure have in common: create many in one call; look at one, then change
 * or delete it if it is still what was looked at (If-Match).
 */
#pragma once

#include "courier/azure.h"
#include "courier/json.h"

/* What one of the services has under a device's name. */
typedef struct {
  JsonObject *object; /* borrowed */
  const char *etag;
  gboolean enabled;
  gboolean same;        /* it has this very certificate */
  gboolean replaceable; /* Keycradle put another one there, and took it out of use again */
} AzureFound;

/* How the services differ. */
typedef struct {
  const char *name; /* "Azure IoT Hub" */
  const char *api_version;
  double per_second;
  /* The name in paths, free with g_free(). */
  char *(*name_of) (const CloudOperation *operation);
  const char *folder;    /* "/devices/" */
  const char *id_member; /* of an error in the answer to many */
  /* Creates them all. */
  Request *(*create) (const CloudTarget *target, GPtrArray *operations);
  void (*found) (const CloudTarget *target, const CloudOperation *operation, JsonObject *object,
                 AzureFound *found);
  /* Makes of what was found what it shall be: this certificate, enabled or not. */
  void (*edit) (const CloudTarget *target, const CloudOperation *operation, JsonObject *object,
                gboolean enabled);
} AzureService;

Course *azure_course_new (const AzureService *service, const CloudTarget *target,
                          GPtrArray *operations);

/* `status` of what shall be. */
gboolean azure_is_enabled_by (const CloudOperation *operation);
/* Lower-case hex of SHA-1 of the certificate. Free with g_free(). */
char *azure_sha1 (const CloudOperation *operation);
/* TRUE where the cloud finds devices by certificate, not by CA. */
gboolean azure_names_certificates (const CloudTarget *target);
