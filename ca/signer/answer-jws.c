/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See answer-jws.h.
 */
#include "ca/signer/answer-jws.h"

#include "ca/signer/signer-jws.h"
#include "ca/wire/wire.h"

static gboolean
sign_all (Signer *signer, const char *header, GVariant *request, GPtrArray *signatures,
          GError **error)
{
  GVariantIter iterator;
  const char *payload;

  g_variant_iter_init (&iterator, request);
  while (g_variant_iter_next (&iterator, "&s", &payload)) {
    char *signature = signer_jws_sign (signer, header, payload, error);

    if (signature == NULL)
      return FALSE;
    g_ptr_array_add (signatures, signature);
  }
  return TRUE;
}

GVariant *
answer_jws (Signer *signer, GVariant *request, GError **error)
{
  g_autoptr (GPtrArray) signatures = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *header = NULL;

  if (g_variant_n_children (request) > WIRE_JWS_MOST) {
    ca_refuse (error, CA_ERROR_PROTOCOL, "more than %d payloads in one frame", WIRE_JWS_MOST);
    return NULL;
  }
  header = signer_jws_header (signer, error);
  if (header == NULL || !sign_all (signer, header, request, signatures, error))
    return NULL;
  return g_variant_new (
      "(s@as)", header,
      g_variant_new_strv ((const char *const *)signatures->pdata, (gssize)signatures->len));
}
