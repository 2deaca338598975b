/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See client-jws.h.
 */
#include "ca/wire/client-jws.h"

#include <string.h>

#include "ca/proof/jws.h"
#include "ca/wire/client-private.h"

#define FRAME_BYTES (WIRE_MOST - 4 * 1024)
#define PAYLOAD_OVERHEAD 8 /* its end and its offset in the frame */

/* How many from `from` on go into one frame; at least one. */
static guint
fitting (const GPtrArray *payloads, guint from)
{
  gsize used = 0;
  guint count = 0;

  for (; from + count < payloads->len && count < WIRE_JWS_MOST; count++) {
    used += strlen (g_ptr_array_index (payloads, from + count)) + PAYLOAD_OVERHEAD;
    if (used > FRAME_BYTES)
      break;
  }
  return MAX (count, 1);
}

static gboolean
check_all (const GPtrArray *payloads, GError **error)
{
  for (guint i = 0; i < payloads->len; i++) {
    const char *payload = g_ptr_array_index (payloads, i);

    if (!jws_payload_check (payload, strlen (payload), error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
sign_some (SignerClient *client, const GPtrArray *payloads, guint from, guint count, guint patience,
           GPtrArray *signatures, char **header, GError **error)
{
  GVariant *request =
      g_variant_new_strv ((const char *const *)payloads->pdata + from, (gssize)count);
  g_autoptr (GVariant) reply =
      signer_client_call (client, WIRE_JWS, request, deadline_in (patience), error);
  g_autofree const char **said = NULL;
  g_autoptr (GVariant) list = NULL;
  gsize n_said;

  if (reply == NULL)
    return FALSE;
  g_free (*header);
  g_variant_get (reply, "(s@as)", header, &list);
  said = g_variant_get_strv (list, &n_said);
  if (n_said != count)
    return signer_client_refuse (client, error, "the signer's answer has other signatures");
  for (gsize i = 0; i < n_said; i++)
    g_ptr_array_add (signatures, g_strdup (said[i]));
  return TRUE;
}

GPtrArray *
signer_client_jws (SignerClient *client, const GPtrArray *payloads, guint patience, char **header,
                   GError **error)
{
  g_autoptr (GPtrArray) signatures = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *protected_header = NULL;
  guint count;

  if (!check_all (payloads, error))
    return NULL;
  for (guint from = 0; from < payloads->len; from += count) {
    count = fitting (payloads, from);
    if (!sign_some (client, payloads, from, count, patience, signatures, &protected_header, error))
      return NULL;
  }
  *header = g_steal_pointer (&protected_header);
  return g_steal_pointer (&signatures);
}
