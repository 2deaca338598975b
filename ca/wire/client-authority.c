/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's side of what is asked of a CA itself: codes and revocation lists. See client.h.
 */
#include "ca/wire/client-private.h"

GBytes *
signer_client_certify_code (SignerClient *client, const char *ca, const char *code,
                            Deadline deadline, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) certificate = NULL;
  guint64 index;

  if (!g_utf8_validate (ca, -1, NULL) || !g_utf8_validate (code, -1, NULL)) {
    g_set_error_literal (error, CA_ERROR, CA_ERROR_SUBJECT, "that is not UTF-8 text");
    return NULL;
  }
  reply = signer_client_call (client, WIRE_CODE, g_variant_new (WIRE_CODE_REQUEST, ca, code),
                              deadline, error);
  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(t@ay)", &index, &certificate);
  return wire_bytes_of (certificate);
}

/* ---- revocations ---- */

static GVariant *
revoke_request (const RevokedCertificate *certificates, gsize count)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE (WIRE_REVOKE_REQUEST));
  for (gsize i = 0; i < count; i++)
    g_variant_builder_add (&builder, "(txy)", certificates[i].log_index, certificates[i].revoked_at,
                           certificates[i].reason);
  return g_variant_builder_end (&builder);
}

gboolean
signer_client_revoke (SignerClient *client, const RevokedCertificate *certificates, gsize count,
                      guint *unknown, Deadline deadline, GError **error)
{
  *unknown = 0;
  for (gsize done = 0; done < count; done += WIRE_REVOKE_MOST) {
    const gsize block = MIN (count - done, WIRE_REVOKE_MOST);
    g_autoptr (GVariant) reply = signer_client_call (
        client, WIRE_REVOKE, revoke_request (certificates + done, block), deadline, error);
    guint added, not_ours;

    if (reply == NULL)
      return FALSE;
    g_variant_get (reply, WIRE_REVOKE_REPLY, &added, &not_ours);
    *unknown += not_ours;
  }
  return TRUE;
}

/* ---- a list ---- */

void
signer_crl_free (SignerCrl *crl)
{
  if (crl == NULL)
    return;
  g_clear_pointer (&crl->der, g_bytes_unref);
  g_free (crl);
}

/* Reads what follows `offset`; `size` receives the size of the whole. */
static gboolean
read_part (SignerClient *client, const char *ca, gboolean make, GByteArray *all, SignerCrl *crl,
           guint64 *size, Deadline deadline, GError **error)
{
  g_autoptr (GVariant) reply = signer_client_call (
      client, WIRE_CRL, g_variant_new (WIRE_CRL_REQUEST, ca, make, (guint64)all->len), deadline,
      error);
  g_autoptr (GVariant) part = NULL;
  const guint8 *data;
  gsize length;

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(ttxxuu@ay)", &crl->number, size, &crl->this_update, &crl->next_update,
                 &crl->count, &crl->waiting, &part);
  data = g_variant_get_fixed_array (part, &length, 1);
  if (length > 0)
    g_byte_array_append (all, data, (guint)length);
  if (all->len <= *size && (length > 0 || all->len == *size))
    return TRUE;
  return signer_client_refuse (client, error, "the signer's revocation list ends before its end");
}

static gboolean
read_rest (SignerClient *client, const char *ca, GByteArray *all, SignerCrl *crl, guint64 size,
           Deadline deadline, GError **error)
{
  const guint64 number = crl->number;

  while (all->len < size && crl->number == number)
    if (!read_part (client, ca, FALSE, all, crl, &size, deadline, error))
      return FALSE;
  if (crl->number == number)
    return TRUE;
  g_set_error_literal (error, CA_ERROR, CA_ERROR_CRL,
                       "another revocation list was made while one was read; read it again");
  return FALSE;
}

SignerCrl *
signer_client_crl (SignerClient *client, const char *ca, SignerCrlMode mode, Deadline deadline,
                   GError **error)
{
  g_autoptr (SignerCrl) crl = g_new0 (SignerCrl, 1);
  g_autoptr (GByteArray) all = g_byte_array_new ();
  guint64 size = 0;

  if (!read_part (client, ca, mode == CRL_MAKE, all, crl, &size, deadline, error)
      || (mode != CRL_LOOK && !read_rest (client, ca, all, crl, size, deadline, error)))
    return NULL;
  if (mode != CRL_LOOK && size > 0)
    crl->der = g_byte_array_free_to_bytes (g_steal_pointer (&all));
  return g_steal_pointer (&crl);
}
