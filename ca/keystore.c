/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See keystore.h. A new kind of store is a file of its own and a line in the table.
 */
#include "ca/keystore.h"

#include <string.h>

typedef struct {
  const char *scheme;
  EVP_PKEY *(*open) (const char *rest, const PassphraseSource *source, gboolean demo,
                     GError **error);
} Keystore;

static const Keystore keystores[] = {
  { "file:", keystore_file_open },
};

EVP_PKEY *
keystore_open (const char *uri, const PassphraseSource *source, gboolean demo, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (keystores); i++)
    if (g_str_has_prefix (uri, keystores[i].scheme))
      return keystores[i].open (uri + strlen (keystores[i].scheme), source, demo, error);
  g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY,
               "the key '%s' is of no kind that this signer knows; write file:/PATH", uri);
  return NULL;
}
