/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The subject template of a profile, such as "CN=${serial},O=Example\, Inc": attributes in the
 * order in which they stand in the certificate, each of them an RDN of its own; a backslash takes
 * the meaning from the character behind it. Values are put into the finished pieces, never into
 * the text, so that nothing in a serial can add an attribute. Errors are CA_ERROR_SUBJECT.
 */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

#include "ca/error.h"

/* What ${serial} ${chip} ${batch} ${product} stand for; NULL where there is none, which is an
 * error only in a template that asks for it. */
typedef struct {
  const char *serial;
  const char *chip;
  const char *batch;
  const char *product;
} SubjectValues;

/* TRUE where `pattern` can be filled with suitable values. */
gboolean subject_check (const char *pattern, GError **error);

/* The name; free with X509_NAME_free(). */
X509_NAME *subject_fill (const char *pattern, const SubjectValues *values, GError **error);
