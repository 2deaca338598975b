/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nRF Cloud: devices are onboarded by a CSV of up to 1000 rows, and how that went is asked for
 * until it is told (REST API, ProvisionDevices and FetchBulkOpsRequest).
 */
#pragma once

#include "courier/course.h"

#define NRFCLOUD_MOST 1000
#define NRFCLOUD_HOST "api.nrfcloud.com"

/* `operations`: all "register", of different devices, up to the most; or one of another kind. */
Course *nrfcloud_course_new (const CloudTarget *target, GPtrArray *operations);
