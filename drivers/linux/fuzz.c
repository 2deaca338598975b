/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what a console says.
 */
#include <string.h>

#include "drivers/linux/proto.h"
#include "drivers/linux/tpm-wire.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
read_as_every_answer (const char *answer)
{
  g_autofree char *value = linux_value (answer, "chip");
  g_autoptr (GBytes) bytes = linux_bytes (answer, "FILE");

  if (value != NULL && (value[0] == '\0' || strstr (answer, value) == NULL))
    g_abort ();
  if (value != NULL)
    linux_is_placeholder (value);
  if (bytes != NULL && g_bytes_get_size (bytes) > strlen (answer))
    g_abort ();
  linux_is_digest (answer, "00");
  linux_says (answer, "openssl=yes");
}

/* What is quoted is one word: each quote in it is closed, put in and opened again. */
static void
quote (const char *text)
{
  g_autofree char *word = linux_quote (text);
  g_autofree char *inner = g_strndup (word + 1, strlen (word) - 2);
  g_auto (GStrv) parts = g_strsplit (inner, "'\\''", -1);
  g_autofree char *back = g_strjoinv ("'", parts);

  if (!g_str_equal (back, text) || word[0] != '\'' || word[strlen (word) - 1] != '\'')
    g_abort ();
  for (char **part = parts; *part != NULL; part++)
    if (strchr (*part, '\'') != NULL)
      g_abort ();
}

static void
read_as_tpm (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GBytes) attest = NULL, signature = NULL;
  g_autoptr (GBytes) area = tpm_public_area (bytes);

  if (area != NULL && g_bytes_get_size (area) + 2 != size)
    g_abort ();
  if (tpm_certify_response (bytes, &attest, &signature)
      && g_bytes_get_size (attest) + g_bytes_get_size (signature) > size)
    g_abort ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *clean = linux_clean (data, size);
  g_autofree char *answer = NULL;
  int status = 0;

  /* A byte that is no text becomes three. */
  if (strlen (clean) > 3 * size || !g_utf8_validate (clean, -1, NULL)
      || strchr (clean, '\r') != NULL || strchr (clean, '\x1b') != NULL)
    g_abort ();
  linux_waits_for (clean);
  linux_is_booting (data, size);
  if (linux_find_answer (clean, "1", &answer, &status)) {
    if (status < 0 || status > 999 || strlen (answer) > strlen (clean))
      g_abort ();
    read_as_every_answer (answer);
  }
  read_as_every_answer (clean);
  quote (clean);
  read_as_tpm (data, size);
  return 0;
}
