/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An element of Microchip's manifest: a JWS by the station's key, and its payload. Its readers look
 * at nothing else, so neither may say more than the other, nor be anybody else's.
 */
#include <string.h>

#include "audit/manifest-forms.h"
#include "base/encode.h"
#include "base/jws.h"

enum { PAYLOAD, PROTECTED, UNIQUE_ID, SIGNATURE }; /* as the form has them */

static char *
dup_value (const JsonLine *line, guint key)
{
  return g_strndup ((const char *)line->values[key].text.data, line->values[key].text.length);
}

static const char *
read_payload (ManifestRow *row, GBytes *payload)
{
  JsonLine line;
  gsize length;
  const char *text = g_bytes_get_data (payload, &length);
  const char *problem;

  json_line_init (&line);
  problem = json_line_read_flat (&line, &manifest_payload, text, length);
  if (problem == NULL)
    problem = manifest_row_say_line (row, &line);
  json_line_clear (&line);
  return problem;
}

const char *
manifest_read_element (ManifestRow *row, const JsonLine *line, GBytes *station)
{
  const char *problem = manifest_row_say_line (row, line);
  g_autofree char *encoded = dup_value (line, PAYLOAD);
  g_autofree char *header = dup_value (line, PROTECTED);
  g_autofree char *signature = dup_value (line, SIGNATURE);
  g_autoptr (GBytes) payload = problem != NULL ? NULL : base64url_decode (encoded);

  if (problem != NULL)
    return problem;
  if (station != NULL && !jws_es256_verify (station, header, encoded, signature))
    return "its signature is not the station's";
  return payload != NULL ? read_payload (row, payload) : "its payload is no base64url";
}
