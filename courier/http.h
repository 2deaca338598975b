/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HTTPS, several requests at once, over connections that are kept: libcurl's multi interface. Only
 * TLS 1.2 and later, verified with the system's roots; no redirects, no cookies, no .netrc, nothing
 * of the environment.
 */
#pragma once

#include "courier/request.h"
#include "courier/settings.h"

typedef struct HttpPool HttpPool;

/* `answer` lives until the callback returns. */
typedef void (*HttpDone) (const Answer *answer, gpointer data);

HttpPool *http_pool_new (const CourierSettings *settings, GError **error);
/* What is under way is given up, and nobody called. */
void http_pool_free (HttpPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpPool, http_pool_free)

/* Begins to send it to `host`; what it needs of `request` is copied. */
void http_pool_start (HttpPool *pool, const Request *request, const char *host, HttpDone done,
                      gpointer data);
/* How many are under way. */
guint http_pool_busy (const HttpPool *pool);
/* Moves all of them; returns when something happened, or after so many milliseconds. */
void http_pool_run (HttpPool *pool, guint milliseconds);
