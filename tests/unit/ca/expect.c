/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See expect.h.
 */
#include "tests/unit/ca/expect.h"

#include <check.h>
#include <string.h>

gboolean
judge_request (GBytes *request, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  /* Memory of exactly this size, so that a sanitizer sees a read behind it. */
  g_autofree guint8 *copy = g_memdup2 (data, length);
  Csr csr;

  return csr_judge (copy, length, NULL, &csr, NULL, error);
}

void
expect_refused (GBytes *request, CaError code, const char *says)
{
  g_autoptr (GError) problem = NULL;

  ck_assert_msg (!judge_request (request, &problem), "accepted, but wanted %s",
                 ca_error_word (code));
  ck_assert_msg (problem->domain == CA_ERROR && problem->code == (int)code, "%s: %s, wanted %s",
                 ca_error_word ((CaError)problem->code), problem->message, ca_error_word (code));
  ck_assert_msg (says == NULL || strstr (problem->message, says) != NULL, "\"%s\" without \"%s\"",
                 problem->message, says);
  g_bytes_unref (request);
}

void
expect_accepted (GBytes *request)
{
  g_autoptr (GError) problem = NULL;

  ck_assert_msg (judge_request (request, &problem), "%s", problem != NULL ? problem->message : "");
  g_bytes_unref (request);
}
