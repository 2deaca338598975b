/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The clouds that the courier knows, a row each: how many operations go into one call, where they
 * are sent, and how a request is signed.
 */
#pragma once

#include "courier/course.h"
#include "courier/credentials.h"

typedef struct {
  const char *kind; /* of the target */
  guint most;       /* registrations in one course; all else goes alone */
  Course *(*course_new) (const CloudTarget *target, GPtrArray *operations);
  /* Free with g_free(). NULL with a sentence where the credentials are of another account. */
  char *(*host) (const CloudTarget *target, const Credentials *credentials, GError **error);
  /* Just before it is sent; `now`: seconds since 1970. */
  gboolean (*sign) (Request *request, const CloudTarget *target, const Credentials *credentials,
                    const char *host, gint64 now, GError **error);
} Cloud;

/* NULL where the courier can't reach that kind. */
const Cloud *cloud_find (const char *kind);
