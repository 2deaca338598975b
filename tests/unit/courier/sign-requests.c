/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signs the requests on standard input, a JSON object a line, for compare-botocore.py: method,
 * path, query and headers (lists of pairs), body, key, secret, token, host, region, service, at.
 * Answers each with a line of Authorization and one of the request's target.
 */
#include <stdio.h>

#include "courier/json.h"
#include "courier/sigv4.h"

static char *
text (JsonObject *order, const char *name)
{
  return g_strdup (json_text_of (order, name));
}

static void
add_pairs (Request *request, JsonArray *pairs, void (*add) (Request *, const char *, const char *))
{
  for (guint i = 0; i < json_array_get_length (pairs); i++) {
    JsonArray *pair = json_array_get_array_element (pairs, i);

    add (request, json_array_get_string_element (pair, 0), json_array_get_string_element (pair, 1));
  }
}

static void
sign (JsonObject *order)
{
  g_autoptr (Request) request =
      request_new ("test", 0, json_text_of (order, "method"), json_text_of (order, "path"));
  AwsKey key = { text (order, "key"), text (order, "secret"), text (order, "token") };
  const SigningScope scope = { json_text_of (order, "host"), json_text_of (order, "region"),
                               json_text_of (order, "service"), json_number_of (order, "at") };
  g_autofree char *target = NULL;
  const RequestPair *last;

  add_pairs (request, json_list_in (order, "query"), request_add_query);
  add_pairs (request, json_list_in (order, "headers"), request_add_header);
  g_string_assign (request->body, json_text_of (order, "body"));
  sigv4_sign (request, &key, &scope);
  last = g_ptr_array_index (request->headers, request->headers->len - 1);
  target = request_line_target (request);
  printf ("%s\n%s\n", last->value, target);
  fflush (stdout);
  g_free (key.access_key_id);
  g_free (key.secret_access_key);
  g_free (key.session_token);
}

int
main (void)
{
  char *line = NULL;
  size_t size = 0;

  while (getline (&line, &size, stdin) > 0) {
    g_autoptr (JsonNode) node = json_read (line);

    sign (json_object_of (node));
  }
  free (line);
  return 0;
}
