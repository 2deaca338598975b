/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See jws.h.
 */
#include "base/jws.h"

#include <string.h>

#include "base/encode.h"

char *
jws_flattened (const char *payload, const char *protected_header, const char *unique_id,
               const char *signature)
{
  g_autofree char *encoded = base64url_encode ((const guint8 *)payload, strlen (payload));

  return g_strdup_printf ("{\"payload\":\"%s\",\"protected\":\"%s\",\"header\":{\"uniqueId\":"
                          "\"%s\"},\"signature\":\"%s\"}",
                          encoded, protected_header, unique_id, signature);
}
