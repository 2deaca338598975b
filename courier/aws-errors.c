/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What AWS IoT means by an error (API Reference, the errors of each call, and "Common errors").
 */
#include "courier/aws-private.h"

#include <string.h>

#include "base/text.h"
#include "courier/json.h"

#define MOST_WORDS 300

/* The bare name of "com.amazonaws.iot#ThrottlingException:http://internal..." */
static char *
bare_type (const char *type)
{
  const char *hash = strrchr (type, '#');
  const char *begin = hash == NULL ? type : hash + 1;

  return g_strndup (begin, strcspn (begin, ":"));
}

void
aws_error_read (AwsError *error, const Answer *answer)
{
  g_autoptr (JsonNode) node = json_read (answer->body->str);
  JsonObject *body = json_object_of (node);
  const char *type = answer->error_type;
  const char *sentence = json_text_of (body, "message");

  if (type == NULL)
    type = json_text_of (body, "__type");
  if (type == NULL)
    type = json_text_of (body, "code");
  if (sentence == NULL)
    sentence = json_text_of (body, "Message");
  error->type = bare_type (type == NULL ? "" : type);
  error->sentence = text_for_display (sentence == NULL ? "" : sentence, MOST_WORDS);
  error->resource_id = g_strdup (json_text_of (body, "resourceId"));
}

void
aws_error_clear (AwsError *error)
{
  g_free (error->type);
  g_free (error->sentence);
  g_free (error->resource_id);
}

gboolean
aws_error_is (const AwsError *error, const char *type)
{
  return g_str_equal (error->type, type);
}

VerdictKind
aws_error_kind (const AwsError *error, const Answer *answer)
{
  static const char *const slower[] = { "ThrottlingException",
                                        "Throttling",
                                        "TooManyRequestsException",
                                        "RequestLimitExceeded",
                                        "ServiceUnavailableException",
                                        "ServiceUnavailable",
                                        NULL };
  static const char *const later[] = { "InternalFailureException",
                                       "InternalFailure",
                                       "InternalException",
                                       "InternalServerException",
                                       "ConflictingResourceUpdateException",
                                       NULL };
  static const char *const keys[] = { "ExpiredTokenException",
                                      "ExpiredToken",
                                      "UnrecognizedClientException",
                                      "InvalidClientTokenId",
                                      "InvalidSignatureException",
                                      "SignatureDoesNotMatch",
                                      "IncompleteSignature",
                                      "IncompleteSignatureException",
                                      "MissingAuthenticationToken",
                                      "MissingAuthenticationTokenException",
                                      "RequestExpired",
                                      "RequestTimeTooSkewed",
                                      "OptInRequired",
                                      "UnauthorizedException",
                                      "AccessDeniedException",
                                      "AccessDenied",
                                      "NotAuthorized",
                                      "ForbiddenException",
                                      NULL };

  if (answer->status == 0 || answer->status == 429 || g_strv_contains (slower, error->type))
    return VERDICT_AWAY;
  if (g_strv_contains (later, error->type))
    return VERDICT_LATER;
  if (answer->status >= 500)
    return VERDICT_AWAY;
  if (g_strv_contains (keys, error->type) || answer->status == 401 || answer->status == 403)
    return VERDICT_STOP;
  if (answer->status == 407)
    return VERDICT_STOP;
  return VERDICT_NONE;
}

char *
aws_error_words (const AwsError *error, const char *api)
{
  if (*error->sentence == '\0' && *error->type == '\0')
    return g_strdup_printf ("AWS refused %s and gave no reason.", api);
  return g_strdup_printf ("AWS said: %s (%s: %s)", error->sentence, api,
                          *error->type == '\0' ? "no name" : error->type);
}
