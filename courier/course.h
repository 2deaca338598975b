/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How operations of the registry are told to a cloud: a course is the conversation about one
 * operation, or about as many as the cloud takes in one call. It says which request comes next and
 * is told the answer, until there is a verdict on each operation. Courses are pure: no network, no
 * clock, no credentials.
 */
#pragma once

#include "courier/request.h"

/* A registry of a cloud, as the station tells it; "" where nothing is set. */
typedef struct {
  char *name;
  char *kind;
  char *mode;
  char *account;
  char *region;
  char *policy;
  char *thing_type;
  char *thing_group;
  gboolean things; /* courier.conf: a thing for each device, whatever is set */
  guint64 waiting;
} CloudTarget;

CloudTarget *cloud_target_new (void);
void cloud_target_free (CloudTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CloudTarget, cloud_target_free)

/* What the cloud is to be told; "" where nothing is set. */
typedef struct {
  gint64 id;
  char *operation; /* "register", "activate", ..., "register-ca", "update-ca", "delete-ca" */
  char *device;
  char *sha256;        /* of the certificate, or of the CA's */
  GBytes *certificate; /* DER; NULL where it is not needed */
  GBytes *authority;   /* DER of the CA that signed it, or NULL */
  char *to_status;
  char *arguments; /* JSON */
  guint tries;     /* before this one */
} CloudOperation;

CloudOperation *cloud_operation_new (void);
void cloud_operation_free (CloudOperation *operation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CloudOperation, cloud_operation_free)

/* A member of the arguments, or NULL. Free with g_free(). */
char *cloud_operation_argument (const CloudOperation *operation, const char *name);
/* PEM of the certificate. Free with g_free(). */
char *cloud_operation_pem (const CloudOperation *operation);
gboolean cloud_operation_is_of_authority (const CloudOperation *operation);

typedef enum {
  VERDICT_NONE,    /* not yet */
  VERDICT_DONE,    /* the cloud has it so */
  VERDICT_REFUSED, /* the cloud said no, and would again */
  VERDICT_ALARM,   /* the cloud has something else under that name */
  VERDICT_LATER,   /* the cloud could not just now */
  VERDICT_AWAY,    /* the cloud was not there, or wants us all to be slower */
  VERDICT_STOP,    /* the credentials are no good: no operation will do better */
} VerdictKind;

typedef struct {
  VerdictKind kind;
  char *words; /* a sentence, NULL only with DONE */
} Verdict;

typedef struct Course Course;
struct Course {
  const CloudTarget *target;
  GPtrArray *operations; /* of CloudOperation */
  Verdict *verdicts;     /* of each */
  /* The next request; NULL when there is a verdict on each. */
  Request *(*next) (Course *course);
  void (*take) (Course *course, const Answer *answer);
  void (*clear) (Course *course); /* frees what a cloud's own course has beside this; or NULL */
};

/* For those that embed it; takes a reference of `operations`. */
void course_init (Course *course, const CloudTarget *target, GPtrArray *operations);
void course_free (Course *course);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Course, course_free)

/* Takes `words`. The first verdict on an operation stands. */
void course_judge (Course *course, guint place, VerdictKind kind, char *words);
/* Of all that have none yet. */
void course_judge_rest (Course *course, VerdictKind kind, const char *words);
gboolean course_is_over (const Course *course);
