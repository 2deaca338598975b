/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A request as it comes in a file: DER, or one PEM block and nothing else. Whoever sends a
 * second request or a private key along has a mistake in the line that must be seen.
 */
#include "ca/judge/csr.h"

#include "base/encode.h"

#include <string.h>

/* PEM is a third larger than its bytes. */
#define FILE_MOST (2 * CSR_MOST)

static GBytes *
refuse (GError **error, CaError code, const char *message)
{
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return NULL;
}

static GBytes *
refuse_rest (const char *rest, GError **error)
{
  if (strstr (rest, "PRIVATE KEY-----") != NULL)
    return refuse (error, CA_ERROR_CSR_TRAILING_DATA,
                   "a private key follows the request: treat that key as leaked");
  if (strstr (rest, "CERTIFICATE REQUEST-----") != NULL)
    return refuse (error, CA_ERROR_CSR_TRAILING_DATA, "a second request follows the first");
  return refuse (error, CA_ERROR_CSR_TRAILING_DATA, "something follows the request");
}

static GBytes *
refuse_start (const char *start, GError **error)
{
  if (strstr (start, "PRIVATE KEY-----") != NULL)
    return refuse (error, CA_ERROR_CSR_MALFORMED,
                   "the file holds a private key: treat that key as leaked");
  if (g_str_has_prefix (start, "-----BEGIN "))
    return refuse (error, CA_ERROR_CSR_MALFORMED, "the PEM block is not a certificate request");
  if (strstr (start, "CERTIFICATE REQUEST-----") != NULL)
    return refuse (error, CA_ERROR_CSR_MALFORMED, "something stands before the request");
  return refuse (error, CA_ERROR_CSR_MALFORMED, "neither DER nor PEM");
}

static GBytes *
from_pem (const char *text, GError **error)
{
  static const char *const labels[] = { "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST" };
  const char *start = text + strspn (text, " \t\r\n");

  for (guint i = 0; i < G_N_ELEMENTS (labels); i++) {
    g_autofree char *begin = g_strdup_printf ("-----BEGIN %s-----", labels[i]);
    g_autoptr (GBytes) der = NULL;
    const char *end = NULL;

    if (!g_str_has_prefix (start, begin))
      continue;
    der = pem_decode (start, labels[i], &end);
    if (der == NULL)
      return refuse (error, CA_ERROR_CSR_MALFORMED, "the PEM block is damaged");
    if (end[strspn (end, " \t\r\n")] != '\0')
      return refuse_rest (end, error);
    return g_steal_pointer (&der);
  }
  return refuse_start (start, error);
}

GBytes *
csr_from_file_bytes (const char *data, gsize length, GError **error)
{
  g_autofree char *text = NULL;

  if (length == 0)
    return refuse (error, CA_ERROR_CSR_MALFORMED, "the file is empty");
  if (length > FILE_MOST)
    return refuse (error, CA_ERROR_CSR_MALFORMED, "the file is too large to be a request");
  if (data[0] == DER_SEQUENCE)
    return g_bytes_new (data, length);
  if (memchr (data, '\0', length) != NULL)
    return refuse (error, CA_ERROR_CSR_MALFORMED, "neither DER nor PEM");
  text = g_strndup (data, length);
  return from_pem (text, error);
}
