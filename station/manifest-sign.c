/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-sign.h.
 */
#include "station/manifest-sign.h"

#include "base/jws.h"
#include "ca/wire/client-jws.h"

#define PATIENCE 5000 /* milliseconds */

char *
manifest_sign (gpointer data, const char *payload, const char *unique_id, GError **error)
{
  g_autoptr (GPtrArray) payloads = g_ptr_array_new ();
  g_autoptr (GPtrArray) signatures = NULL;
  g_autofree char *header = NULL;

  g_ptr_array_add (payloads, (gpointer)payload);
  signatures = signer_client_jws (data, payloads, PATIENCE, &header, error);
  if (signatures == NULL)
    return NULL;
  return jws_flattened (payload, header, unique_id, g_ptr_array_index (signatures, 0));
}
