/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The steps of a course with AWS IoT, as aws.c orders them, aws-requests.c words them and
 * aws-errors.c reads what comes back.
 */
#pragma once

#include "courier/aws.h"

typedef enum {
  AWS_END,
  AWS_REGISTER,
  AWS_DESCRIBE, /* how does it stand there? After an answer that tells too little */
  AWS_UPDATE,
  AWS_POLICY,
  AWS_THING,
  AWS_PRINCIPAL,
  AWS_GROUP,
  AWS_DETACH_POLICY,
  AWS_DETACH_THING,
  AWS_TRANSFER,
  AWS_ACCEPT,
  AWS_REJECT,
  AWS_CANCEL,
  AWS_DELETE,
  AWS_REGISTER_CA,
  AWS_DESCRIBE_CA,
  AWS_UPDATE_CA,
  AWS_DELETE_CA,
} AwsStep;

Request *aws_request (AwsStep step, const CloudTarget *target, const CloudOperation *operation);

/* A CA of this target is registered with mode SNI_ONLY. */
gboolean aws_is_sni_only (const CloudTarget *target);

typedef struct {
  char *type;        /* "ResourceAlreadyExistsException"; "" where the answer names none */
  char *sentence;    /* what AWS says */
  char *resource_id; /* ResourceAlreadyExistsException has one; else NULL */
} AwsError;

void aws_error_read (AwsError *error, const Answer *answer);
void aws_error_clear (AwsError *error);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AwsError, aws_error_clear)

gboolean aws_error_is (const AwsError *error, const char *type);
/* VERDICT_NONE where the error is about this one request, and for its step to judge. */
VerdictKind aws_error_kind (const AwsError *error, const Answer *answer);
/* "AWS said: ... (RegisterCertificate: LimitExceededException)". Free with g_free(). */
char *aws_error_words (const AwsError *error, const char *api);
