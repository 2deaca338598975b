/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See request.h.
 */
#include "courier/request.h"

#include <string.h>

static void
pair_free (gpointer data)
{
  RequestPair *pair = data;

  g_free (pair->name);
  g_free (pair->value);
  g_free (pair);
}

Request *
request_new (const char *api, double per_second, const char *method, const char *path)
{
  Request *request = g_new0 (Request, 1);

  request->api = api;
  request->per_second = per_second;
  request->method = method;
  request->path = g_strdup (path);
  request->query = g_ptr_array_new_with_free_func (pair_free);
  request->headers = g_ptr_array_new_with_free_func (pair_free);
  request->body = g_string_new (NULL);
  return request;
}

void
request_free (Request *request)
{
  if (request == NULL)
    return;
  g_free (request->host);
  g_free (request->path);
  g_ptr_array_unref (request->query);
  g_ptr_array_unref (request->headers);
  g_string_free (request->body, TRUE);
  g_free (request);
}

static void
add_pair (GPtrArray *pairs, const char *name, const char *value)
{
  RequestPair *pair = g_new (RequestPair, 1);

  pair->name = g_strdup (name);
  pair->value = g_strdup (value);
  g_ptr_array_add (pairs, pair);
}

void
request_add_query (Request *request, const char *name, const char *value)
{
  add_pair (request->query, name, value);
}

void
request_add_header (Request *request, const char *name, const char *value)
{
  add_pair (request->headers, name, value);
}

void
request_set_body (Request *request, const char *content_type, char *body)
{
  g_string_assign (request->body, body);
  g_free (body);
  request_add_header (request, "Content-Type", content_type);
}

char *
percent_encode (const char *text, const char *safe)
{
  GString *encoded = g_string_sized_new (strlen (text) + 16);

  for (const char *at = text; *at != '\0'; at++)
    if (g_ascii_isalnum (*at) || strchr ("-._~", *at) != NULL
        || (safe != NULL && strchr (safe, *at) != NULL))
      g_string_append_c (encoded, *at);
    else
      g_string_append_printf (encoded, "%%%02X", (guint8)*at);
  return g_string_free (encoded, FALSE);
}

char *
request_line_target (const Request *request)
{
  GString *target = g_string_new (request->path);

  for (guint i = 0; i < request->query->len; i++) {
    const RequestPair *pair = g_ptr_array_index (request->query, i);
    g_autofree char *name = percent_encode (pair->name, NULL);
    g_autofree char *value = percent_encode (pair->value, NULL);

    g_string_append_printf (target, "%c%s=%s", i == 0 ? '?' : '&', name, value);
  }
  return g_string_free (target, FALSE);
}

void
answer_clear (Answer *answer)
{
  g_free (answer->problem);
  g_free (answer->error_type);
  if (answer->body != NULL)
    g_string_free (answer->body, TRUE);
  *answer = (Answer){ 0 };
}
