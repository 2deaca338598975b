/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The subject template of a profile, such as "CN=${serial},O=Example\, Inc": attributes in the
 * order in which they stand in the certificate, each of them an RDN of its own. Values are put
 * into the finished pieces, see ca/profile/values.h. Errors are CA_ERROR_SUBJECT.
 */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/profile/profile-kind.h"
#include "ca/profile/values.h"

typedef struct {
  const char *text; /* may be empty: then the name is */
  ProfileKind kind; /* whose rules the values must keep */
  /* Matter's ids, four digits of upper-case hex each, or NULL; they follow all others. */
  const char *vendor_id;
  const char *product_id;
} SubjectPattern;

/* TRUE where `pattern` can be filled with suitable values. */
gboolean subject_check (const SubjectPattern *pattern, GError **error);

/* Appends the Name (DER, RFC 5280, 4.1.2.4) to `out`. */
gboolean subject_put (GByteArray *out, const SubjectPattern *pattern, const SubjectValues *values,
                      GError **error);

/* The name of a custom `text` as OpenSSL holds it; free with X509_NAME_free(). */
X509_NAME *subject_fill (const char *text, const SubjectValues *values, GError **error);
