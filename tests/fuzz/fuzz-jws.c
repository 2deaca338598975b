/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon may ask the station's key to sign for readers of Microchip manifests: whatever is
 * taken is one JSON object in one line, and nothing that begins or ends like it is.
 */
#include "ca/proof/jws.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t length);

static void
expect (gboolean good)
{
  if (!good)
    abort ();
}

static gboolean
is_taken (const char *text, gsize length)
{
  g_autoptr (GError) problem = NULL;
  const gboolean taken = jws_payload_check (text, length, &problem);

  expect (taken == (problem == NULL));
  expect (taken || g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  return taken;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t length)
{
  g_autofree char *text = g_strndup ((const char *)data, length);
  g_autofree char *twice = NULL;
  const gsize size = strlen (text);

  if (!is_taken (text, size))
    return 0;
  expect (size <= JWS_PAYLOAD_MOST && text[0] == '{' && text[size - 1] == '}');
  expect (strpbrk (text, "\n\r\t\x7f") == NULL);
  for (gsize shorter = 0; shorter < size; shorter++)
    expect (!is_taken (text, shorter));
  twice = g_strconcat (text, text, NULL);
  expect (!is_taken (twice, 2 * size));
  return 0;
}
