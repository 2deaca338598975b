/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See aws.h. Each operation has its plan of steps. Where AWS answers that something is there, or is
 * not, or is in another state, it may be that it was told before and the answer was lost: then the
 * course asks how it stands, and only what is not as it shall be is refused or an alarm.
 */
#include "courier/aws-private.h"

#include <string.h>

#include "courier/json.h"

#define MOST_STEPS 6

static const struct {
  const char *operation;
  AwsStep steps[MOST_STEPS]; /* ended by AWS_END */
} plans[] = {
  { "register", { AWS_REGISTER, AWS_POLICY, AWS_THING, AWS_PRINCIPAL, AWS_GROUP, AWS_END } },
  { "activate", { AWS_UPDATE, AWS_END } },
  { "deactivate", { AWS_UPDATE, AWS_END } },
  { "revoke", { AWS_UPDATE, AWS_END } },
  /* AWS transfers and deletes nothing that is attached to something. */
  { "transfer", { AWS_DETACH_POLICY, AWS_DETACH_THING, AWS_TRANSFER, AWS_END } },
  { "accept-transfer", { AWS_ACCEPT, AWS_POLICY, AWS_THING, AWS_PRINCIPAL, AWS_GROUP, AWS_END } },
  { "reject-transfer", { AWS_REJECT, AWS_END } },
  /* It is ours again, with what it had. */
  { "cancel-transfer", { AWS_CANCEL, AWS_POLICY, AWS_THING, AWS_PRINCIPAL, AWS_GROUP, AWS_END } },
  { "delete", { AWS_DETACH_POLICY, AWS_DETACH_THING, AWS_DELETE, AWS_END } },
  { "register-ca", { AWS_REGISTER_CA, AWS_END } },
  { "update-ca", { AWS_UPDATE_CA, AWS_END } },
  { "delete-ca", { AWS_DELETE_CA, AWS_END } },
};

typedef struct {
  Course course;
  const AwsStep *steps;
  AwsStep detour;  /* asked in between; AWS_END: none */
  char *objection; /* what AWS said before the detour */
  const char *api; /* of the last request */
  gboolean was_there;
} AwsCourse;

static const CloudOperation *
operation_of (const AwsCourse *aws)
{
  return g_ptr_array_index (aws->course.operations, 0);
}

static void
judge (AwsCourse *aws, VerdictKind kind, char *words)
{
  course_judge (&aws->course, 0, kind, words);
}

/* ---- the order of steps ---- */

static gboolean
wants_thing (const CloudTarget *target)
{
  return target->things || *target->thing_type != '\0' || *target->thing_group != '\0';
}

/* A revoked certificate needs neither policy nor thing. */
static gboolean
step_applies (const AwsCourse *aws, AwsStep step)
{
  const CloudTarget *target = aws->course.target;
  const gboolean revoked = g_str_equal (operation_of (aws)->to_status, "REVOKED");

  if (step == AWS_POLICY)
    return !revoked && *target->policy != '\0';
  if (step == AWS_DETACH_POLICY)
    return *target->policy != '\0';
  if (step == AWS_THING || step == AWS_PRINCIPAL)
    return !revoked && wants_thing (target);
  if (step == AWS_GROUP)
    return !revoked && *target->thing_group != '\0';
  if (step == AWS_DETACH_THING)
    return wants_thing (target);
  return TRUE;
}

static AwsStep
step_of (const AwsCourse *aws)
{
  return aws->detour != AWS_END ? aws->detour : *aws->steps;
}

/* Past the steps that this target has not; at the end it is done. */
static void
settle (AwsCourse *aws)
{
  while (*aws->steps != AWS_END && !step_applies (aws, *aws->steps))
    aws->steps++;
  if (*aws->steps == AWS_END)
    judge (aws, VERDICT_DONE, aws->was_there ? g_strdup ("AWS had it so already.") : NULL);
}

static void
go_on (AwsCourse *aws)
{
  aws->detour = AWS_END;
  aws->steps++;
  settle (aws);
}

static Request *
next (Course *course)
{
  AwsCourse *aws = (AwsCourse *)course;
  Request *request;

  if (course_is_over (course))
    return NULL;
  request = aws_request (step_of (aws), course->target, operation_of (aws));
  aws->api = request->api;
  return request;
}

/* ---- what AWS took ---- */

/* An ARN has the account in its fifth field. */
static gboolean
is_of_account (const char *arn, const char *account)
{
  g_auto (GStrv) fields = g_strsplit (arn, ":", 6);

  return g_strv_length (fields) == 6 && g_str_equal (fields[4], account);
}

/* What was registered must be what was meant, where it was meant. */
static void
took_registration (AwsCourse *aws, const Answer *answer)
{
  const CloudOperation *operation = operation_of (aws);
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  const char *id = json_text_of (json_object_of (node), "certificateId");
  const char *arn = json_text_of (json_object_of (node), "certificateArn");

  if (id == NULL || arn == NULL)
    judge (aws, VERDICT_AWAY, g_strdup ("What answers there does not answer as AWS IoT does."));
  else if (!is_of_account (arn, aws->course.target->account))
    judge (aws, VERDICT_ALARM,
           g_strdup_printf ("The credentials are of another account than %s: AWS registered it "
                            "as %s.",
                            aws->course.target->account, arn));
  else if (!g_str_equal (id, operation->sha256))
    judge (aws, VERDICT_ALARM,
           g_strdup_printf ("AWS calls what it registered %s, and the certificate is %s.", id,
                            operation->sha256));
  else
    go_on (aws);
}

static void
object_with (AwsCourse *aws, VerdictKind kind, const char *status)
{
  judge (
      aws, kind,
      g_strdup_printf ("%s There it is %s.", aws->objection == NULL ? "" : aws->objection, status));
}

/* ACTIVE and INACTIVE can be set right; what AWS holds as revoked was revoked by somebody. */
static void
set_right (AwsCourse *aws, const char *status, AwsStep update)
{
  const char *wanted = operation_of (aws)->to_status;
  const gboolean can = g_str_equal (status, "ACTIVE") || g_str_equal (status, "INACTIVE");

  aws->was_there = TRUE;
  if (g_str_equal (status, wanted))
    go_on (aws);
  else if (can)
    aws->detour = update;
  else
    object_with (aws, g_str_equal (status, "REVOKED") ? VERDICT_ALARM : VERDICT_REFUSED, status);
}

/* How it stands there, after AWS objected to the step before. */
static void
took_description (AwsCourse *aws, const Answer *answer)
{
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  JsonObject *description = json_inside (json_object_of (node), "certificateDescription");
  const char *status = json_text_of (description, "status");
  const AwsStep step = *aws->steps;

  if (status == NULL)
    judge (aws, VERDICT_AWAY, g_strdup ("What answers there does not answer as AWS IoT does."));
  else if (step == AWS_REGISTER || step == AWS_ACCEPT)
    set_right (aws, status, AWS_UPDATE);
  else if ((step == AWS_TRANSFER && g_str_equal (status, "PENDING_TRANSFER"))
           || (step == AWS_CANCEL && g_str_equal (status, "INACTIVE")))
  {
    aws->was_there = TRUE;
    go_on (aws);
  }
  else
    object_with (aws, VERDICT_REFUSED, status);
}

static void
took_ca_description (AwsCourse *aws, const Answer *answer)
{
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  JsonObject *description = json_inside (json_object_of (node), "certificateDescription");
  const char *mode = json_text_of (description, "certificateMode");
  const char *wanted = aws_is_sni_only (aws->course.target) ? "SNI_ONLY" : "DEFAULT";

  aws->was_there = TRUE;
  if (mode != NULL && !g_str_equal (mode, wanted))
    judge (aws, VERDICT_ALARM,
           g_strdup_printf ("AWS has this CA already, registered with mode %s, not %s.", mode,
                            wanted));
  else
    aws->detour = AWS_UPDATE_CA;
}

static void
took (AwsCourse *aws, const Answer *answer)
{
  const AwsStep step = step_of (aws);

  if (step == AWS_REGISTER || step == AWS_REGISTER_CA)
    took_registration (aws, answer);
  else if (step == AWS_DESCRIBE)
    took_description (aws, answer);
  else if (step == AWS_DESCRIBE_CA)
    took_ca_description (aws, answer);
  else
    go_on (aws);
}

/* ---- what AWS objected to ---- */

static void
take_detour (AwsCourse *aws, AwsStep step, const AwsError *error)
{
  g_free (aws->objection);
  aws->objection = aws_error_words (error, aws->api);
  aws->detour = step;
}

static void
exists (AwsCourse *aws, AwsStep describe, const AwsError *error)
{
  const char *sha256 = operation_of (aws)->sha256;

  if (error->resource_id == NULL || g_ascii_strcasecmp (error->resource_id, sha256) == 0)
    take_detour (aws, describe, error);
  else
    judge (aws, VERDICT_ALARM,
           g_strdup_printf ("AWS has another certificate in its place: %s.", error->resource_id));
}

/* Described, it is not there. */
static void
is_absent (AwsCourse *aws)
{
  if (*aws->steps == AWS_REJECT) {
    aws->was_there = TRUE;
    go_on (aws);
  }
  else
    judge (aws, VERDICT_REFUSED, g_steal_pointer (&aws->objection));
}

static gboolean
is_absent_already (AwsStep step, const AwsError *error)
{
  return aws_error_is (error, "ResourceNotFoundException")
         && (step == AWS_DELETE || step == AWS_DELETE_CA || step == AWS_DETACH_POLICY
             || step == AWS_DETACH_THING);
}

/* An error that may only say that this was told before. */
static gboolean
may_be_told_already (AwsStep step, const AwsError *error)
{
  if (step == AWS_TRANSFER)
    return aws_error_is (error, "CertificateStateException")
           || aws_error_is (error, "TransferConflictException")
           || aws_error_is (error, "InvalidRequestException");
  if (step == AWS_ACCEPT || step == AWS_REJECT || step == AWS_CANCEL)
    return aws_error_is (error, "ResourceNotFoundException")
           || aws_error_is (error, "TransferAlreadyCompletedException")
           || aws_error_is (error, "InvalidRequestException");
  return FALSE;
}

static void
objected (AwsCourse *aws, const AwsError *error)
{
  const AwsStep step = step_of (aws);
  const gboolean there = aws_error_is (error, "ResourceAlreadyExistsException");

  if (there && (step == AWS_REGISTER || step == AWS_REGISTER_CA))
    exists (aws, step == AWS_REGISTER ? AWS_DESCRIBE : AWS_DESCRIBE_CA, error);
  else if (there && step == AWS_THING)
    go_on (aws); /* with other attributes: somebody gave it these */
  else if (is_absent_already (step, error)) {
    aws->was_there = step == AWS_DELETE || step == AWS_DELETE_CA;
    go_on (aws);
  }
  else if (step == AWS_DESCRIBE && aws_error_is (error, "ResourceNotFoundException"))
    is_absent (aws);
  else if (may_be_told_already (step, error))
    take_detour (aws, AWS_DESCRIBE, error);
  else
    judge (aws, VERDICT_REFUSED, aws_error_words (error, aws->api));
}

static char *
trouble_words (const AwsCourse *aws, const AwsError *error, const Answer *answer, VerdictKind kind)
{
  if (answer->status == 0)
    return g_strdup_printf ("AWS could not be reached: %s", answer->problem);
  if (*error->type == '\0')
    return g_strdup_printf ("AWS answered %s with HTTP status %u.", aws->api, answer->status);
  if (kind == VERDICT_STOP)
    return g_strdup_printf ("AWS does not accept the credentials for %s: %s (%s)", aws->api,
                            error->sentence, error->type);
  return aws_error_words (error, aws->api);
}

static void
take (Course *course, const Answer *answer)
{
  AwsCourse *aws = (AwsCourse *)course;
  g_auto (AwsError) error = { 0 };
  VerdictKind kind;

  if (answer->status >= 200 && answer->status < 300) {
    took (aws, answer);
    return;
  }
  aws_error_read (&error, answer);
  kind = aws_error_kind (&error, answer);
  if (kind == VERDICT_NONE)
    objected (aws, &error);
  else
    judge (aws, kind, trouble_words (aws, &error, answer, kind));
}

/* ---- the course ---- */

static void
clear (Course *course)
{
  g_free (((AwsCourse *)course)->objection);
}

/* Why AWS can't be told this at all, or NULL. */
static const char *
impossible (const CloudTarget *target, const CloudOperation *operation)
{
  const gboolean registers = g_str_equal (operation->operation, "register");

  if (registers && g_str_equal (target->mode, "csr"))
    return "In mode csr AWS signs requests itself: register them with its bulk registration task.";
  if ((registers || g_str_equal (operation->operation, "register-ca"))
      && operation->certificate == NULL)
    return "The station did not hand out the certificate.";
  return NULL;
}

Course *
aws_course_new (const CloudTarget *target, GPtrArray *operations)
{
  AwsCourse *aws = g_new0 (AwsCourse, 1);
  const CloudOperation *operation = g_ptr_array_index (operations, 0);
  const char *why_not = impossible (target, operation);

  course_init (&aws->course, target, operations);
  aws->course.next = next;
  aws->course.take = take;
  aws->course.clear = clear;
  for (guint i = 0; i < G_N_ELEMENTS (plans); i++)
    if (g_str_equal (plans[i].operation, operation->operation))
      aws->steps = plans[i].steps;
  if (aws->steps == NULL)
    judge (
        aws, VERDICT_REFUSED,
        g_strdup_printf ("The courier does not know the operation \"%s\".", operation->operation));
  else if (why_not != NULL)
    judge (aws, VERDICT_REFUSED, g_strdup (why_not));
  else
    settle (aws);
  return &aws->course;
}
