/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See http.h.
 */
#include "courier/http.h"

#include <curl/curl.h>

#include "base/text.h"
#include "courier/error.h"

#define CONNECT_SECONDS 15L
#define REQUEST_SECONDS 60L
#define MOST_ANSWER (4u << 20)
#define MOST_PROBLEM 300

struct HttpPool {
  CURLM *multi;
  const CourierSettings *settings;
  struct curl_slist *instead; /* where to connect in place of the cloud */
  GPtrArray *exchanges;       /* of Exchange, those under way */
};

/* One request under way. */
typedef struct {
  CURL *easy;
  struct curl_slist *headers;
  GString *sent;
  Answer answer;
  char problem[CURL_ERROR_SIZE];
  HttpDone done;
  gpointer data;
} Exchange;

static void
exchange_free (gpointer data)
{
  Exchange *exchange = data;

  curl_easy_cleanup (exchange->easy);
  curl_slist_free_all (exchange->headers);
  g_string_free (exchange->sent, TRUE);
  answer_clear (&exchange->answer);
  g_free (exchange);
}

HttpPool *
http_pool_new (const CourierSettings *settings, GError **error)
{
  g_autoptr (HttpPool) pool = g_new0 (HttpPool, 1);

  if (curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK
      || (pool->multi = curl_multi_init ()) == NULL)
  {
    g_set_error (error, COURIER_ERROR, COURIER_FAILED, "libcurl can't be used here.");
    return NULL;
  }
  pool->settings = settings;
  pool->exchanges = g_ptr_array_new_with_free_func (exchange_free);
  if (settings->address != NULL) {
    g_autofree char *instead = g_strconcat ("::", settings->address, NULL);

    pool->instead = curl_slist_append (NULL, instead);
  }
  curl_multi_setopt (pool->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)settings->connections);
  return g_steal_pointer (&pool);
}

static void
forget (HttpPool *pool, guint place)
{
  Exchange *exchange = g_ptr_array_index (pool->exchanges, place);

  curl_multi_remove_handle (pool->multi, exchange->easy);
  g_ptr_array_remove_index_fast (pool->exchanges, place);
}

void
http_pool_free (HttpPool *pool)
{
  if (pool == NULL)
    return;
  while (pool->exchanges != NULL && pool->exchanges->len > 0)
    forget (pool, 0);
  g_clear_pointer (&pool->exchanges, g_ptr_array_unref);
  curl_slist_free_all (pool->instead);
  if (pool->multi != NULL)
    curl_multi_cleanup (pool->multi);
  g_free (pool);
}

/* ---- what comes ---- */

static size_t
take_body (char *data, size_t size, size_t count, void *user_data)
{
  Exchange *exchange = user_data;

  if (exchange->answer.body->len + size * count > MOST_ANSWER)
    return 0;
  g_string_append_len (exchange->answer.body, data, (gssize)(size * count));
  return size * count;
}

/* The value of the header called `name`, or NULL. */
static char *
value_of (const char *line, const char *name)
{
  const gsize length = strlen (name);

  if (g_ascii_strncasecmp (line, name, length) != 0 || line[length] != ':')
    return NULL;
  return g_strstrip (g_strdup (line + length + 1));
}

static size_t
take_header (char *data, size_t size, size_t count, void *user_data)
{
  Exchange *exchange = user_data;
  g_autofree char *line = g_strndup (data, size * count);
  char *type = value_of (line, "x-amzn-errortype");

  if (type != NULL) {
    g_free (exchange->answer.error_type);
    exchange->answer.error_type = type;
  }
  return size * count;
}

/* ---- what goes ---- */

/* Nothing that the environment or a file of the user's says. */
static void
set_rules (const HttpPool *pool, CURL *easy)
{
  const CourierSettings *settings = pool->settings;

  curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt (easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt (easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt (easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt (easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt (easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  curl_easy_setopt (easy, CURLOPT_PROXY, settings->proxy == NULL ? "" : settings->proxy);
  curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
  curl_easy_setopt (easy, CURLOPT_TIMEOUT, REQUEST_SECONDS);
  curl_easy_setopt (easy, CURLOPT_USERAGENT, "keycradle-courier/" KEYCRADLE_VERSION);
  if (pool->instead != NULL) {
    curl_easy_setopt (easy, CURLOPT_CONNECT_TO, pool->instead);
    curl_easy_setopt (easy, CURLOPT_CAINFO, settings->ca_file);
    curl_easy_setopt (easy, CURLOPT_CAPATH, NULL);
  }
}

static void
set_request (Exchange *exchange, const Request *request, const char *host)
{
  g_autofree char *target = request_line_target (request);
  g_autofree char *address = g_strconcat ("https://", host, target, NULL);
  CURL *easy = exchange->easy;

  curl_easy_setopt (easy, CURLOPT_URL, address);
  curl_easy_setopt (easy, CURLOPT_PATH_AS_IS, 1L);
  if (!g_str_equal (request->method, "GET") && !g_str_equal (request->method, "DELETE")) {
    curl_easy_setopt (easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->sent->len);
    curl_easy_setopt (easy, CURLOPT_POSTFIELDS, exchange->sent->str);
  }
  curl_easy_setopt (easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void
add_header (Exchange *exchange, const char *line)
{
  exchange->headers = curl_slist_append (exchange->headers, line);
}

static void
set_headers (Exchange *exchange, const Request *request)
{
  gboolean has_type = FALSE;

  for (guint i = 0; i < request->headers->len; i++) {
    const RequestPair *pair = g_ptr_array_index (request->headers, i);
    g_autofree char *line = g_strdup_printf ("%s: %s", pair->name, pair->value);

    has_type |= g_ascii_strcasecmp (pair->name, "Content-Type") == 0;
    add_header (exchange, line);
    memset (line, 0, strlen (line));
  }
  /* curl's own additions */
  add_header (exchange, "Expect:");
  if (!has_type)
    add_header (exchange, "Content-Type:");
  curl_easy_setopt (exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
}

void
http_pool_start (HttpPool *pool, const Request *request, const char *host, HttpDone done,
                 gpointer data)
{
  Exchange *exchange = g_new0 (Exchange, 1);

  exchange->easy = curl_easy_init ();
  exchange->sent = g_string_new_len (request->body->str, (gssize)request->body->len);
  exchange->answer.body = g_string_new (NULL);
  exchange->done = done;
  exchange->data = data;
  set_rules (pool, exchange->easy);
  set_request (exchange, request, host);
  set_headers (exchange, request);
  curl_easy_setopt (exchange->easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt (exchange->easy, CURLOPT_WRITEDATA, exchange);
  curl_easy_setopt (exchange->easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt (exchange->easy, CURLOPT_HEADERDATA, exchange);
  curl_easy_setopt (exchange->easy, CURLOPT_ERRORBUFFER, exchange->problem);
  curl_easy_setopt (exchange->easy, CURLOPT_PRIVATE, exchange);
  g_ptr_array_add (pool->exchanges, exchange);
  curl_multi_add_handle (pool->multi, exchange->easy);
}

guint
http_pool_busy (const HttpPool *pool)
{
  return pool->exchanges->len;
}

/* ---- moving ---- */

static void
finish (HttpPool *pool, Exchange *exchange, CURLcode result)
{
  Answer *answer = &exchange->answer;
  long status = 0;

  curl_easy_getinfo (exchange->easy, CURLINFO_RESPONSE_CODE, &status);
  answer->status = result == CURLE_OK ? (guint)status : 0;
  if (result != CURLE_OK) {
    const char *problem =
        *exchange->problem != '\0' ? exchange->problem : curl_easy_strerror (result);

    g_autofree char *shown = text_for_display (problem, MOST_PROBLEM);

    answer->problem = g_strconcat (shown, g_str_has_suffix (shown, ".") ? "" : ".", NULL);
  }
  exchange->done (answer, exchange->data);
}

static void
take_finished (HttpPool *pool)
{
  CURLMsg *message;
  int left;

  while ((message = curl_multi_info_read (pool->multi, &left)) != NULL) {
    const CURLcode result = message->data.result;
    Exchange *exchange = NULL;
    guint place = 0;

    if (message->msg != CURLMSG_DONE)
      continue;
    curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
    finish (pool, exchange, result);
    if (g_ptr_array_find (pool->exchanges, exchange, &place))
      forget (pool, place);
  }
}

void
http_pool_run (HttpPool *pool, guint milliseconds)
{
  int running = 0;

  curl_multi_perform (pool->multi, &running);
  take_finished (pool);
  curl_multi_poll (pool->multi, NULL, 0, (int)milliseconds, NULL);
  curl_multi_perform (pool->multi, &running);
  take_finished (pool);
}
