/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See azure.h and azure-private.h.
 */
#include "courier/azure-private.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"

#define MOST_WORDS 300

typedef struct {
  Course course;
  const AzureService *service;
  gboolean create;    /* the next request creates all without verdict */
  guint place;        /* else: of the operation under way */
  JsonNode *found;    /* what the cloud has under its name, looked at */
  const char *method; /* of the change that follows; NULL: look first */
} AzureCourse;

char *
azure_signature (const char *host, const char *key_name, const char *shared_key, gint64 expiry)
{
  g_autoptr (GBytes) key = base64_read (shared_key, strlen (shared_key));
  g_autofree char *resource = percent_encode (host, NULL);
  g_autofree char *text = g_strdup_printf ("%s\n%" G_GINT64_FORMAT, resource, expiry);
  guint8 digest[32];
  gsize length = sizeof digest;

  if (key == NULL)
    return NULL;
  GHmac *hmac =
      g_hmac_new (G_CHECKSUM_SHA256, g_bytes_get_data (key, NULL), g_bytes_get_size (key));
  g_hmac_update (hmac, (const guchar *)text, -1);
  g_hmac_get_digest (hmac, digest, &length);
  g_hmac_unref (hmac);

  g_autofree char *signature = g_base64_encode (digest, length);
  g_autofree char *signature_encoded = percent_encode (signature, NULL);
  g_autofree char *name = percent_encode (key_name, NULL);
  return g_strdup_printf ("SharedAccessSignature sr=%s&sig=%s&se=%" G_GINT64_FORMAT "&skn=%s",
                          resource, signature_encoded, expiry, name);
}

gboolean
azure_is_enabled_by (const CloudOperation *operation)
{
  return g_str_equal (operation->to_status, "ACTIVE");
}

char *
azure_sha1 (const CloudOperation *operation)
{
  if (operation->certificate == NULL)
    return g_strdup ("");
  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA1, operation->certificate);
}

gboolean
azure_names_certificates (const CloudTarget *target)
{
  return !g_str_equal (target->mode, "registered-ca");
}

/* ---- requests ---- */

static const CloudOperation *
operation_at (const AzureCourse *azure, guint place)
{
  return g_ptr_array_index (azure->course.operations, place);
}

static Request *
create_request (AzureCourse *azure)
{
  g_autoptr (GPtrArray) open = g_ptr_array_new ();

  for (guint i = 0; i < azure->course.operations->len; i++)
    if (azure->course.verdicts[i].kind == VERDICT_NONE)
      g_ptr_array_add (open, azure->course.operations->pdata[i]);
  return azure->service->create (azure->course.target, open);
}

/* RFC 9110, 8.8.3; the Device Provisioning Service hands it out in its quotes. */
static char *
quoted (const char *etag)
{
  return *etag == '"' || *etag == '*' ? g_strdup (etag) : g_strdup_printf ("\"%s\"", etag);
}

/* Look, change or delete. */
static Request *
single_request (AzureCourse *azure)
{
  const CloudOperation *operation = operation_at (azure, azure->place);
  const char *method = azure->method == NULL ? "GET" : azure->method;
  g_autofree char *name = azure->service->name_of (operation);
  g_autofree char *encoded = percent_encode (name, NULL);
  g_autofree char *path = g_strconcat (azure->service->folder, encoded, NULL);
  Request *request = request_new (NULL, 0, method, path);
  AzureFound found = { 0 };

  if (azure->method == NULL)
    return request;
  azure->service->found (azure->course.target, operation, json_object_of (azure->found), &found);
  g_autofree char *match = quoted (found.etag == NULL ? "*" : found.etag);
  request_add_header (request, "If-Match", match);
  if (g_str_equal (method, "PUT")) {
    azure->service->edit (azure->course.target, operation, found.object,
                          azure_is_enabled_by (operation));
    request_set_body (request, "application/json", json_to_string (azure->found, FALSE));
  }
  return request;
}

static Request *
next (Course *course)
{
  AzureCourse *azure = (AzureCourse *)course;
  Request *request;

  if (course_is_over (course))
    return NULL;
  while (course->verdicts[azure->place].kind != VERDICT_NONE)
    azure->place++;
  request = azure->create ? create_request (azure) : single_request (azure);
  request->api = azure->service->name; /* one throttle for all of them */
  request->per_second = azure->service->per_second;
  request_add_query (request, "api-version", azure->service->api_version);
  return request;
}

/* ---- answers ---- */

static void
judge (AzureCourse *azure, VerdictKind kind, char *words)
{
  course_judge (&azure->course, azure->place, kind, words);
  g_clear_pointer (&azure->found, json_node_unref);
  azure->method = NULL;
}

/* "Azure IoT Hub said: ...". */
static char *
said (const AzureCourse *azure, const Answer *answer)
{
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  JsonObject *body = json_object_of (node);
  const char *message = json_text_of (body, "Message");
  g_autofree char *shown = NULL;

  if (message == NULL)
    message = json_text_of (body, "message");
  shown = text_for_display (message == NULL ? "" : message, MOST_WORDS);
  return g_strdup_printf ("%s answered with HTTP status %u. %s", azure->service->name,
                          answer->status, shown);
}

/* What is wrong with all operations alike; FALSE where this answer is about one of them. */
static gboolean
take_trouble (AzureCourse *azure, const Answer *answer)
{
  g_autofree char *words = NULL;

  if (answer->status == 0) {
    words = g_strdup_printf ("%s could not be reached: %s", azure->service->name, answer->problem);
    course_judge_rest (&azure->course, VERDICT_AWAY, words);
    return TRUE;
  }
  words = said (azure, answer);
  if (answer->status == 429 || answer->status >= 500)
    course_judge_rest (&azure->course, VERDICT_AWAY, words);
  else if (answer->status == 401 || answer->status == 403 || answer->status == 407)
    course_judge_rest (&azure->course, VERDICT_STOP, words);
  else
    return FALSE;
  return TRUE;
}

/* How the cloud calls what is there already: 409001 and the like, or in words. */
static gboolean
means_exists (JsonObject *error)
{
  const gint64 number = json_number_of (error, "errorCode");
  const char *code = json_text_of (error, "errorCode");
  const char *status = json_text_of (error, "errorStatus");

  return number / 1000 == 409 || number == 409
         || (code != NULL && strstr (code, "AlreadyExists") != NULL)
         || (status != NULL && strstr (status, "already exists") != NULL)
         || (status != NULL && strstr (status, "AlreadyExists") != NULL);
}

static JsonObject *
error_about (AzureCourse *azure, JsonArray *errors, guint place)
{
  g_autofree char *name = azure->service->name_of (operation_at (azure, place));

  for (guint i = 0; errors != NULL && i < json_array_get_length (errors); i++) {
    JsonObject *error = json_entry (errors, i);
    const char *id = json_text_of (error, azure->service->id_member);

    if (id != NULL && g_ascii_strcasecmp (id, name) == 0)
      return error;
  }
  return NULL;
}

/* One of many: what exists is looked at afterwards, so it has no verdict yet. */
static void
judge_created (AzureCourse *azure, guint place, JsonObject *error)
{
  const char *status = json_text_of (error, "errorStatus");

  if (error == NULL)
    course_judge (&azure->course, place, VERDICT_DONE, NULL);
  else if (!means_exists (error)) {
    g_autofree char *shown = text_for_display (status == NULL ? "no reason" : status, MOST_WORDS);

    course_judge (&azure->course, place, VERDICT_REFUSED,
                  g_strdup_printf ("%s said: %s", azure->service->name, shown));
  }
}

static void
took_created (AzureCourse *azure, const Answer *answer)
{
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  JsonObject *body = json_object_of (node);
  JsonArray *errors = json_list_in (body, "errors");
  const gboolean failed = errors != NULL && json_array_get_length (errors) > 0;

  azure->create = FALSE;
  if (!failed && (body == NULL || answer->status != 200)) {
    g_autofree char *words = said (azure, answer);

    course_judge_rest (&azure->course, answer->status == 200 ? VERDICT_AWAY : VERDICT_REFUSED,
                       words);
    return;
  }
  /* A call that failed as a whole has created none: those without an error come again. */
  for (guint i = 0; i < azure->course.operations->len; i++) {
    JsonObject *error = error_about (azure, errors, i);

    if (error != NULL || answer->status == 200)
      judge_created (azure, i, error);
    else
      course_judge (&azure->course, i, VERDICT_LATER,
                    g_strdup_printf ("%s refused others of the same call.", azure->service->name));
  }
}

static void
decide_register (AzureCourse *azure, const AzureFound *found)
{
  const gboolean right = found->enabled == azure_is_enabled_by (operation_at (azure, azure->place));

  if (found->same && right)
    judge (azure, VERDICT_DONE, g_strdup_printf ("%s had it already.", azure->service->name));
  else if (found->same || found->replaceable)
    azure->method = "PUT";
  else
    judge (azure, VERDICT_ALARM,
           g_strdup_printf ("%s has another certificate under the name of this device.",
                            azure->service->name));
}

/* Status and end of a certificate that the device no longer has are nothing to do. */
static void
decide (AzureCourse *azure, const AzureFound *found)
{
  const CloudOperation *operation = operation_at (azure, azure->place);

  if (g_str_equal (operation->operation, "register"))
    decide_register (azure, found);
  else if (!found->same && !g_str_equal (operation->operation, "activate"))
    judge (azure, VERDICT_DONE,
           g_strdup_printf ("%s has another certificate for this device: there was nothing to do.",
                            azure->service->name));
  else if (!found->same)
    judge (azure, VERDICT_REFUSED,
           g_strdup_printf ("%s has another certificate for this device.", azure->service->name));
  else if (g_str_equal (operation->operation, "delete"))
    azure->method = "DELETE";
  else if (found->enabled == azure_is_enabled_by (operation))
    judge (azure, VERDICT_DONE, g_strdup_printf ("%s had it so already.", azure->service->name));
  else
    azure->method = "PUT";
}

static void
took_absence (AzureCourse *azure)
{
  const char *operation = operation_at (azure, azure->place)->operation;

  if (g_str_equal (operation, "register"))
    judge (azure, VERDICT_LATER, g_strdup ("It was there, and then it was not."));
  else if (g_str_equal (operation, "activate"))
    judge (azure, VERDICT_REFUSED,
           g_strdup_printf ("%s does not know this device.", azure->service->name));
  else
    judge (azure, VERDICT_DONE,
           g_strdup_printf ("%s does not know this device: there was nothing to do.",
                            azure->service->name));
}

static void
took_single (AzureCourse *azure, const Answer *answer)
{
  AzureFound found = { 0 };

  if (azure->method != NULL) {
    judge (azure, VERDICT_DONE, NULL);
    return;
  }
  azure->found = json_read (answer->body->str);
  if (json_object_of (azure->found) == NULL) {
    judge (azure, VERDICT_AWAY, said (azure, answer));
    return;
  }
  azure->service->found (azure->course.target, operation_at (azure, azure->place),
                         json_object_of (azure->found), &found);
  decide (azure, &found);
}

static void
take (Course *course, const Answer *answer)
{
  AzureCourse *azure = (AzureCourse *)course;

  if (take_trouble (azure, answer))
    return;
  if (azure->create)
    took_created (azure, answer);
  else if (answer->status == 200 || answer->status == 204)
    took_single (azure, answer);
  else if (answer->status == 404)
    took_absence (azure);
  else if (answer->status == 409 || answer->status == 412)
    judge (azure, VERDICT_LATER, said (azure, answer));
  else
    judge (azure, VERDICT_REFUSED, said (azure, answer));
}

/* ---- the course ---- */

static void
clear (Course *course)
{
  g_clear_pointer (&((AzureCourse *)course)->found, json_node_unref);
}

static gboolean
knows (const CloudOperation *operation)
{
  static const char *const known[] = { "register", "activate", "deactivate",
                                       "revoke",   "delete",   NULL };

  return g_strv_contains (known, operation->operation);
}

Course *
azure_course_new (const AzureService *service, const CloudTarget *target, GPtrArray *operations)
{
  AzureCourse *azure = g_new0 (AzureCourse, 1);

  course_init (&azure->course, target, operations);
  azure->course.next = next;
  azure->course.take = take;
  azure->course.clear = clear;
  azure->service = service;
  azure->create = g_str_equal (operation_at (azure, 0)->operation, "register");
  for (guint i = 0; i < operations->len; i++)
    if (!knows (operation_at (azure, i)))
      course_judge (&azure->course, i, VERDICT_REFUSED,
                    g_strdup_printf ("%s has no operation \"%s\".", service->name,
                                     operation_at (azure, i)->operation));
    else if (operation_at (azure, i)->certificate == NULL)
      course_judge (&azure->course, i, VERDICT_REFUSED,
                    g_strdup ("The station did not hand out the certificate."));
  return &azure->course;
}
