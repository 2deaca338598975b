/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A request to a cloud and its answer, as plain data: what decides of them never touches a socket,
 * and what sends them knows nothing of clouds.
 */
#pragma once

#include <glib.h>

/* A header, or a parameter of a query: as it is, not percent-encoded. */
typedef struct {
  char *name;
  char *value;
} RequestPair;

typedef struct {
  const char *api;      /* static: the name of the call, whose throttle it counts against */
  double per_second;    /* the most that the cloud takes of that call; 0: nobody says */
  const char *method;   /* static */
  char *host;           /* NULL: the target's own */
  char *path;           /* percent-encoded, from its first '/' */
  GPtrArray *query;     /* of RequestPair, in the order in which they are sent */
  GPtrArray *headers;   /* of RequestPair, without Host */
  GString *body;        /* "" for none */
  guint after;          /* milliseconds to wait before it is sent: who asks again and again */
  gboolean without_key; /* the address itself is the permission */
} Request;

/* `path` is as it goes over the wire. Free with request_free(). */
Request *request_new (const char *api, double per_second, const char *method, const char *path);
void request_free (Request *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

void request_add_query (Request *request, const char *name, const char *value);
void request_add_header (Request *request, const char *name, const char *value);
/* Takes `body`. */
void request_set_body (Request *request, const char *content_type, char *body);

/* What RFC 3986, 2.3 calls unreserved stays, the rest becomes %XX; characters of `safe` stay, too
 * (NULL: none). Free with g_free(). */
char *percent_encode (const char *text, const char *safe);

/* Path and query as they stand in the request line. Free with g_free(). */
char *request_line_target (const Request *request);

typedef struct {
  guint status;     /* of HTTP; 0: nobody answered, and `problem` says why */
  char *problem;    /* in words, or NULL */
  char *error_type; /* x-amzn-errortype, or NULL */
  GString *body;
} Answer;

void answer_clear (Answer *answer);
