/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the device asks for once it is in. AWS IoT Core developer guide, "MQTT" (versions 3.1.1 and
 * 5) and quotas (client id of up to 128 bytes).
 */
#include <string.h>

#include "station/rehearse/judge-private.h"

#define CLIENT_ID_MOST 128u

static gboolean
is_no_connect (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->request.kind != REQUEST_MQTT_WRONG)
    return FALSE;
  return remark_refuse (remark, "mqtt-wrong", "Look at the MQTT library of the device.",
                        "The device's first packet is no CONNECT of MQTT: %s.",
                        one->request.problem);
}

static gboolean
has_other_level (const Terms *terms, const Try *one, Remark *remark)
{
  const Request *request = &one->request;

  if (request->kind != REQUEST_MQTT || request->level == 4 || request->level == 5)
    return FALSE;
  if (request->level == 3)
    return remark_refuse (remark, "mqtt-level", "Have it speak MQTT 3.1.1 or 5.",
                          "The device speaks MQTT 3.1, which AWS IoT does not.");
  return remark_refuse (remark, "mqtt-level", "Have it speak MQTT 3.1.1 or 5.",
                        "The device speaks an MQTT of level %u, which AWS IoT does not.",
                        request->level);
}

/* MQTT 3.1.1, 3.1.3.1: without a name, only in a clean session. */
static gboolean
has_no_client_id (const Terms *terms, const Try *one, Remark *remark)
{
  const Request *request = &one->request;

  if (request->kind != REQUEST_MQTT || *request->client_id != '\0' || request->clean
      || request->level != 4)
    return FALSE;
  return remark_refuse (remark, "client-id-missing", "Give it a client id, best its own name.",
                        "The device wants its session kept, and sends an empty client id.");
}

static gboolean
has_long_client_id (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->request.kind != REQUEST_MQTT || strlen (one->request.client_id) <= CLIENT_ID_MOST)
    return FALSE;
  return remark_refuse (remark, "client-id-long", "Give it a shorter one, best its own name.",
                        "The client id is longer than the 128 bytes that AWS IoT takes.");
}

/* Policies often let a device connect by its own name alone. */
static gboolean
has_other_client_id (const Terms *terms, const Try *one, Remark *remark)
{
  const char *device = one->known.device;

  if (one->request.kind != REQUEST_MQTT || device == NULL
      || g_str_equal (one->request.client_id, device))
    return FALSE;
  return remark_note (remark, "client-id-other",
                      "See whether the policy lets it connect so; most name the thing's own name.",
                      "The client id is not the device's name: %s.",
                      *one->request.client_id == '\0' ? "empty" : one->request.client_id);
}

static gboolean
speaks_something_else (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->request.kind != REQUEST_OTHER)
    return FALSE;
  return remark_note (remark, "request-other", "See what the device sends behind its handshake.",
                      "What the device sent when it was in is neither MQTT nor HTTP.");
}

const Rule request_rules[] = {
  is_no_connect,
  has_other_level,
  has_no_client_id,
  has_long_client_id,
  has_other_client_id,
  speaks_something_else,
  NULL,
};
