/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See nrfcloud.h.
 */
#include "courier/nrfcloud.h"

#include <string.h>

#include "base/text.h"
#include "courier/json.h"

#define MOST_WORDS 300
#define POLL_MILLISECONDS 5000
#define MOST_POLLS 360 /* half an hour */
#define PER_SECOND 2

typedef struct {
  Course course;
  char *bulk_id;    /* of the request under way, or NULL */
  char *error_host; /* where it says what went wrong, or NULL */
  char *error_path;
  guint polls;
} NrfCourse;

/* ---- requests ---- */

/* A cell of RFC 4180, quoted where it must be. */
static void
append_cell (GString *csv, const char *text, char end)
{
  g_auto (GStrv) parts = g_strsplit (text, "\"", -1);
  g_autofree char *doubled = g_strjoinv ("\"\"", parts);
  const gboolean plain = strpbrk (text, ",\"\r\n") == NULL;

  g_string_append_printf (csv, plain ? "%s%c" : "\"%s\"%c", doubled, end);
}

/* deviceId,subType,tags,fwTypes,certPem; no heading. */
static Request *
onboard_request (const NrfCourse *nrf)
{
  const CloudTarget *target = nrf->course.target;
  Request *request = request_new ("ProvisionDevices", PER_SECOND, "POST", "/v1/devices");
  GString *csv = g_string_new (NULL);

  for (guint i = 0; i < nrf->course.operations->len; i++) {
    const CloudOperation *operation = g_ptr_array_index (nrf->course.operations, i);
    g_autofree char *pem = NULL;

    if (nrf->course.verdicts[i].kind != VERDICT_NONE)
      continue;
    pem = cloud_operation_pem (operation);
    append_cell (csv, operation->device, ',');
    append_cell (csv, target->thing_type, ',');
    append_cell (csv, target->thing_group, ',');
    append_cell (csv, "", ',');
    append_cell (csv, pem, '\n');
  }
  request_set_body (request, "text/csv", g_string_free (csv, FALSE));
  return request;
}

static Request *
poll_request (const NrfCourse *nrf)
{
  g_autofree char *encoded = percent_encode (nrf->bulk_id, NULL);
  g_autofree char *path = g_strconcat ("/v1/bulk-ops-requests/", encoded, NULL);
  Request *request = request_new ("FetchBulkOpsRequest", PER_SECOND, "GET", path);

  request->after = nrf->polls == 0 ? POLL_MILLISECONDS / 5 : POLL_MILLISECONDS;
  return request;
}

static Request *
errors_request (const NrfCourse *nrf)
{
  Request *request = request_new ("errors", PER_SECOND, "GET", nrf->error_path);

  request->host = g_strdup (nrf->error_host);
  request->without_key = TRUE;
  return request;
}

static Request *
delete_request (const NrfCourse *nrf)
{
  const CloudOperation *operation = g_ptr_array_index (nrf->course.operations, 0);
  g_autofree char *encoded = percent_encode (operation->device, NULL);
  g_autofree char *path = g_strconcat ("/v1/devices/", encoded, NULL);

  return request_new ("DeleteDevice", PER_SECOND, "DELETE", path);
}

static gboolean
is_register (const NrfCourse *nrf)
{
  const CloudOperation *operation = g_ptr_array_index (nrf->course.operations, 0);

  return g_str_equal (operation->operation, "register");
}

static Request *
next (Course *course)
{
  NrfCourse *nrf = (NrfCourse *)course;

  if (course_is_over (course))
    return NULL;
  if (!is_register (nrf))
    return delete_request (nrf);
  if (nrf->error_path != NULL)
    return errors_request (nrf);
  return nrf->bulk_id == NULL ? onboard_request (nrf) : poll_request (nrf);
}

/* ---- answers ---- */

static char *
said (const Answer *answer)
{
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  const char *message = json_text_of (json_object_of (node), "message");
  g_autofree char *shown = text_for_display (message == NULL ? "" : message, MOST_WORDS);

  return g_strdup_printf ("nRF Cloud answered with HTTP status %u. %s", answer->status, shown);
}

static gboolean
is_plain (const char *address)
{
  for (const char *at = address; at != NULL && *at != '\0'; at++)
    if (!g_ascii_isgraph (*at))
      return FALSE;
  return address != NULL;
}

/* Only to a host of theirs: what stands in an answer must not lead us anywhere. */
static gboolean
take_error_address (NrfCourse *nrf, const char *address)
{
  g_autoptr (GUri) uri =
      is_plain (address) ? g_uri_parse (address, G_URI_FLAGS_ENCODED, NULL) : NULL;
  const char *query = uri == NULL ? NULL : g_uri_get_query (uri);

  if (uri == NULL || g_strcmp0 (g_uri_get_scheme (uri), "https") != 0
      || g_uri_get_host (uri) == NULL || !g_str_has_suffix (g_uri_get_host (uri), ".nrfcloud.com")
      || *g_uri_get_path (uri) != '/')
    return FALSE;
  nrf->error_host = g_strdup (g_uri_get_host (uri));
  nrf->error_path = query == NULL ? g_strdup (g_uri_get_path (uri))
                                  : g_strdup_printf ("%s?%s", g_uri_get_path (uri), query);
  return TRUE;
}

static void
took_onboarding (NrfCourse *nrf, const Answer *answer)
{
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  const char *id = json_text_of (json_object_of (node), "bulkOpsRequestId");

  if (id == NULL)
    course_judge_rest (&nrf->course, VERDICT_AWAY,
                       "What answers there does not answer as nRF Cloud does.");
  else
    nrf->bulk_id = g_strdup (id);
}

static void
took_state (NrfCourse *nrf, const Answer *answer)
{
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  JsonObject *state = json_object_of (node);
  const char *word = json_text_of (state, "status");

  nrf->polls++;
  if (g_strcmp0 (word, "SUCCEEDED") == 0)
    course_judge_rest (&nrf->course, VERDICT_DONE, NULL);
  else if (g_strcmp0 (word, "FAILED") == 0) {
    if (!take_error_address (nrf, json_text_of (state, "errorSummaryUrl")))
      course_judge_rest (&nrf->course, VERDICT_LATER,
                         "nRF Cloud took not all, and does not tell which.");
  }
  else if (nrf->polls >= MOST_POLLS)
    course_judge_rest (&nrf->course, VERDICT_LATER,
                       "nRF Cloud has not said for half an hour whether it took them.");
}

/* The operation of row `row`; those that had a verdict before were no rows. */
static guint
place_of_row (const NrfCourse *nrf, const gboolean *sent, guint row)
{
  for (guint i = 0; i < nrf->course.operations->len; i++)
    if (sent[i] && row-- == 0)
      return i;
  return G_MAXUINT;
}

/* "[3]: The device certificate is already registered and attached to a different device." */
static gboolean
judge_row (NrfCourse *nrf, const gboolean *sent, const char *text)
{
  char *end = NULL;
  const guint64 row = text == NULL || *text != '[' ? 0 : g_ascii_strtoull (text + 1, &end, 10);
  g_autofree char *shown = NULL;
  guint place;

  if (end == NULL || end == text + 1 || !g_str_has_prefix (end, "]:"))
    return FALSE;
  place = place_of_row (nrf, sent, (guint)MIN (row, NRFCLOUD_MOST));
  if (place == G_MAXUINT)
    return FALSE;
  shown = text_for_display (end + strlen ("]:"), MOST_WORDS);
  course_judge (&nrf->course, place,
                strstr (shown, "already") != NULL ? VERDICT_ALARM : VERDICT_REFUSED,
                g_strdup_printf ("nRF Cloud said:%s", shown));
  return TRUE;
}

static void
took_errors (NrfCourse *nrf, const Answer *answer)
{
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  JsonArray *errors = json_list_in (json_object_of (node), "errors");
  const guint n = errors == NULL ? 0 : json_array_get_length (errors);
  g_autofree gboolean *sent = g_new0 (gboolean, nrf->course.operations->len);
  gboolean all_read = n > 0;

  for (guint i = 0; i < nrf->course.operations->len; i++)
    sent[i] = nrf->course.verdicts[i].kind == VERDICT_NONE;
  for (guint i = 0; i < n; i++) {
    JsonNode *entry = json_array_get_element (errors, i);
    const char *text = JSON_NODE_HOLDS_VALUE (entry) ? json_node_get_string (entry) : NULL;

    all_read = judge_row (nrf, sent, text) && all_read;
  }
  if (all_read)
    course_judge_rest (&nrf->course, VERDICT_DONE, NULL);
  else
    course_judge_rest (&nrf->course, VERDICT_LATER,
                       "nRF Cloud took not all, and what it says of that can't be read.");
}

static void
take (Course *course, const Answer *answer)
{
  NrfCourse *nrf = (NrfCourse *)course;
  g_autofree char *words = NULL;

  if (answer->status == 0) {
    words = g_strdup_printf ("nRF Cloud could not be reached: %s", answer->problem);
    course_judge_rest (course, VERDICT_AWAY, words);
    return;
  }
  words = said (answer);
  if (answer->status == 429 || answer->status >= 500)
    course_judge_rest (course, VERDICT_AWAY, words);
  else if (answer->status == 401 || answer->status == 403 || answer->status == 407)
    course_judge_rest (course, VERDICT_STOP, words);
  else if (!is_register (nrf) && answer->status == 404)
    course_judge_rest (course, VERDICT_DONE, "nRF Cloud does not have it.");
  else if (answer->status >= 300)
    course_judge_rest (course, VERDICT_REFUSED, words);
  else if (!is_register (nrf))
    course_judge_rest (course, VERDICT_DONE, NULL);
  else if (nrf->error_path != NULL)
    took_errors (nrf, answer);
  else if (nrf->bulk_id == NULL)
    took_onboarding (nrf, answer);
  else
    took_state (nrf, answer);
}

/* ---- the course ---- */

static void
clear (Course *course)
{
  NrfCourse *nrf = (NrfCourse *)course;

  g_free (nrf->bulk_id);
  g_free (nrf->error_host);
  g_free (nrf->error_path);
}

/* Why nRF Cloud can't be told this, or NULL. */
static const char *
impossible (const CloudOperation *operation)
{
  if (g_str_equal (operation->operation, "delete"))
    return NULL;
  if (!g_str_equal (operation->operation, "register"))
    return "nRF Cloud knows no status of certificates: delete the device there instead.";
  if (!g_str_equal (operation->to_status, "ACTIVE"))
    return "nRF Cloud knows no status of certificates: what is registered is active.";
  if (operation->certificate == NULL)
    return "The station did not hand out the certificate.";
  return NULL;
}

Course *
nrfcloud_course_new (const CloudTarget *target, GPtrArray *operations)
{
  NrfCourse *nrf = g_new0 (NrfCourse, 1);

  course_init (&nrf->course, target, operations);
  nrf->course.next = next;
  nrf->course.take = take;
  nrf->course.clear = clear;
  for (guint i = 0; i < operations->len; i++) {
    const char *why_not = impossible (g_ptr_array_index (operations, i));

    if (why_not != NULL)
      course_judge (&nrf->course, i, VERDICT_REFUSED, g_strdup (why_not));
  }
  return &nrf->course;
}
