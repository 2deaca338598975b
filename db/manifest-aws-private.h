/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the formats for AWS IoT share: its rules of names and values (API reference of AWS IoT, as
 * botocore's model has them), and the template of its bulk registration.
 */
#pragma once

#include "db/manifest-device-name.h"

#define AWS_LONGEST_VALUE 4096 /* of a template's parameter (RegisterThing) */

/* Why AWS would refuse this device whatever the form: its thing name, its attribute, another
 * device of that name, a certificate that has expired. NULL where it would not; free with g_free().
 */
char *aws_refuse_device (const ManifestRow *row, const ManifestContext *context);

/* "its certificate is longer than the 4096 characters that AWS takes", or NULL. `length`: of PEM in
 * characters. */
char *aws_refuse_length (const char *what, gsize length);

/* The PEM of so many bytes of DER, in characters. */
gsize aws_pem_length (gsize der_length, const char *label);

/* A parameter of the template, and the certificate's property that refers to it. */
typedef struct {
  const char *parameter;
  const char *property;
} AwsParameter;

/* templateBody of StartThingRegistrationTask for lines with ThingName, SerialNumber and
 * `parameters` (ended by a NULL), with policy, thing type and thing group of the target. INVALID
 * where the target's mode is none of those that the form is for. Free with g_free(). */
char *aws_template (const ManifestContext *context, const AwsParameter *parameters, GError **error);

/* Opens the line: {"ThingName":"...","SerialNumber":"..." */
void aws_append_names (GString *text, const ManifestRow *row);
