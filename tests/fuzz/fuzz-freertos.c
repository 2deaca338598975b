/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what the board sends between a question and a prompt.
 */
#include <string.h>

#include "base/encode.h"
#include "drivers/der.h"
#include "drivers/freertos/proto.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
read_as_every_answer (const char *answer)
{
  g_autofree char *complaint = freertos_complaint (answer);
  g_autofree char *name = freertos_value_of (answer, "thing_name");
  g_autoptr (GBytes) request = pem_decode (answer, "CERTIFICATE REQUEST", NULL);

  if (complaint != NULL && strstr (answer, complaint) == NULL)
    g_abort ();
  freertos_says (answer, "Configuration saved");
  if (name != NULL)
    freertos_is_nonce_name (name);
  if (request != NULL) {
    g_auto (DerRequest) parts = { 0 };

    der_request_split (request, &parts);
  }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *clean = freertos_clean (data, size);
  g_autofree char *answer = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_auto (DerRequest) parts = { 0 };

  if (strlen (clean) > size)
    g_abort ();
  freertos_ends_in_prompt (data, size);
  freertos_line_fits (clean);
  if (freertos_find_answer (clean, "conf get", &answer) == FREERTOS_ECHO_ANSWERED)
    read_as_every_answer (answer);
  read_as_every_answer (clean);
  der_request_split (bytes, &parts);
  return 0;
}
