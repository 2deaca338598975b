/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See openssl.h.
 */
#include "ca/openssl.h"

#include "ca/error.h"

#include <openssl/err.h>

gboolean
openssl_refuse (GError **error, int code, const char *message)
{
  const char *reason = ERR_reason_error_string (ERR_peek_last_error ());

  g_set_error (error, CA_ERROR, code, "%s%s%s", message, reason != NULL ? ": " : "",
               reason != NULL ? reason : "");
  ERR_clear_error ();
  return FALSE;
}
