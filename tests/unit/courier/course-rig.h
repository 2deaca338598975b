/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A course under a test: operations with made-up certificates, and a cloud that is played by hand.
 */
#pragma once

#include <check.h>

#include "courier/course.h"

/* Kind and mode; account 123456789012, region eu-west-1. */
CloudTarget *rig_target (const char *kind, const char *mode);

/* One more of the order. Its certificate is the bytes "certificate of DEVICE". */
CloudOperation *rig_add (GPtrArray *order, const char *operation, const char *device,
                         const char *to_status, const char *arguments);
GPtrArray *rig_order (void);
/* An order of one. */
GPtrArray *rig_order_of (const char *operation, const char *to_status, const char *arguments);
const char *rig_sha256 (const GPtrArray *order, guint place);

/* What the course asks for next, as "PUT /path?query"; "" at its end. The request stays the rig's
 * until the next call. */
const char *rig_next (Course *course);
const Request *rig_request (void);
void rig_answer (Course *course, guint status, const char *type, const char *body, ...)
    G_GNUC_PRINTF (4, 5);

/* The next request must begin so; its answer is given. */
#define expect_request(course, wanted) ck_assert_str_eq (rig_next (course), wanted)
#define expect_verdict(course, place, wanted)                                                      \
  do {                                                                                             \
    ck_assert_str_eq (rig_next (course), "");                                                      \
    ck_assert_int_eq ((course)->verdicts[place].kind, wanted);                                     \
  } while (0)

void rig_clear (void);
