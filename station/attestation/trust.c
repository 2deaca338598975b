/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whom to believe, read from the files that a profile names.
 */
#include <string.h>

#include "base/encode.h"
#include "station/attestation/attestation.h"
#include "station/error.h"

AttestationTrust *
attestation_trust_new (void)
{
  AttestationTrust *trust = g_new0 (AttestationTrust, 1);

  trust->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  trust->keys = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  return trust;
}

void
attestation_trust_free (AttestationTrust *trust)
{
  if (trust == NULL)
    return;
  g_ptr_array_unref (trust->certificates);
  g_ptr_array_unref (trust->keys);
  g_free (trust);
}

/* How many blocks of that kind `text` has; FALSE where one of them is damaged: a root that is
 * passed over in silence would be missed only by the devices that it stands for. */
static gboolean
take_blocks (const char *text, const char *label, GPtrArray *into)
{
  g_autofree char *begin = g_strdup_printf ("-----BEGIN %s-----", label);
  guint before = into->len, wanted = 0;
  GBytes *der;

  for (const char *at = text; (at = strstr (at, begin)) != NULL; at += strlen (begin))
    wanted++;
  for (const char *rest = text; (der = pem_decode (rest, label, &rest)) != NULL;)
    g_ptr_array_add (into, der);
  return into->len - before == wanted;
}

static gboolean
load_file (AttestationTrust *trust, const char *path, GError **error)
{
  const guint before = trust->certificates->len + trust->keys->len;
  g_autofree char *text = NULL;
  g_autoptr (GError) failure = NULL;
  gboolean whole;

  if (!g_file_get_contents (path, &text, NULL, &failure)) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_CONFIG, "attestation roots: %s",
                 failure->message);
    return FALSE;
  }
  whole = take_blocks (text, "CERTIFICATE", trust->certificates)
          && take_blocks (text, "PUBLIC KEY", trust->keys);
  if (whole && trust->certificates->len + trust->keys->len > before)
    return TRUE;
  g_set_error (error, STATION_ERROR, STATION_ERROR_CONFIG, "attestation roots: %s %s", path,
               whole ? "holds neither certificate nor public key in PEM" : "is damaged");
  return FALSE;
}

AttestationTrust *
attestation_trust_load (const char *const *paths, GError **error)
{
  g_autoptr (AttestationTrust) trust = attestation_trust_new ();

  for (; paths != NULL && *paths != NULL; paths++)
    if (!load_file (trust, *paths, error))
      return NULL;
  return g_steal_pointer (&trust);
}
