/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls of AWS IoT's API for the aws CLI, in a text that a POSIX shell can take apart: a line for
 * each certificate or CA, columns with a tab between,
 *
 *   stage name sha256 account region thing (operation json)...
 *
 * where `json` is what `aws iot OPERATION --cli-input-json` takes. All calls of a line stand in
 * order; lines of one stage may be made in any order, and stages one behind the other. No column is
 * empty, and none holds a tab or a line end, whatever a name is: JSON escapes them. Which
 * certificate AWS will know by which id is known beforehand, for its certificateId is the SHA-256
 * of the certificate; so no call needs another's answer. aws-calls.sh reads it.
 */
#pragma once

#include <glib.h>

/* The text of aws-calls.sh, NUL-ended; lives for ever. */
const char *aws_calls_script (void);

/* One account in one region. No member is NULL; "" where nothing is set. */
typedef struct {
  const char *account; /* 12 digits */
  const char *region;
  const char *policy;
  const char *thing_type;
  const char *thing_group;
  gboolean with_authority; /* certificates are registered under their CA */
} AwsAccount;

typedef struct {
  const char *name;        /* the device's serial, or the CA's name */
  const char *thing;       /* the thing's name; NULL for a CA */
  const char *sha256;      /* hex: AWS's certificateId */
  const char *certificate; /* PEM */
  const char *authority;   /* PEM of the certificate's CA; or NULL */
} AwsSubject;

/* What waits for an answer of the cloud: words of db/registry-rules.h, and "register-ca",
 * "update-ca", "delete-ca". Members that do not concern the operation are NULL. */
typedef struct {
  const char *operation;
  const char *to_status;
  const char *account;      /* transfer: to which */
  const char *message;      /* transfer, reject-transfer */
  const char *verification; /* register-ca: PEM */
  int auto_registration;    /* register-ca, update-ca: -1 leaves it */
} AwsOperation;

/* Appends the line of an operation. FALSE, and nothing is appended, where there is no call for it.
 */
gboolean aws_calls_append (GString *text, const AwsAccount *account, const AwsSubject *subject,
                           const AwsOperation *operation);
