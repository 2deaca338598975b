/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Azure: an IoT Hub's identity registry and a Device Provisioning Service's individual enrolments
 * (REST API of the service side). Both know devices, not certificates: a device has one, and what
 * is done to another certificate of it must not touch the device. So what was created here is
 * marked with the certificate's SHA-256, and all but creating looks first.
 */
#pragma once

#include "courier/course.h"

#define AZURE_HUB_MOST 100 /* devices in one call */
#define AZURE_DPS_MOST 10  /* enrolments in one call */

/* `operations`: all "register", of different devices, up to the most; or one of another kind. */
Course *azure_hub_course_new (const CloudTarget *target, GPtrArray *operations);
Course *azure_dps_course_new (const CloudTarget *target, GPtrArray *operations);

/* The Authorization header's value, good until `expiry` (seconds since 1970): a
 * SharedAccessSignature of the whole `host`. NULL where `shared_key` is no base64. Free with
 * g_free(). */
char *azure_signature (const char *host, const char *key_name, const char *shared_key,
                       gint64 expiry);
