/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AWS IoT, one operation a course: the calls of its control plane (AWS IoT API Reference), in the
 * order that makes a second telling harmless wherever the first one was cut off.
 */
#pragma once

#include "courier/course.h"
#include "courier/sigv4.h"

/* `operations` is one. */
Course *aws_course_new (const CloudTarget *target, GPtrArray *operations);

/* "iot.eu-west-1.amazonaws.com"; regions of China end in ".cn". Free with g_free(). */
char *aws_host (const CloudTarget *target);
/* The name of a certificate, "cert" or "cacert", in the target's account. Free with g_free(). */
char *aws_arn (const CloudTarget *target, const char *kind, const char *id);

/* What the API Reference says that the signing name of the control plane is. */
#define AWS_IOT_SERVICE "execute-api"
