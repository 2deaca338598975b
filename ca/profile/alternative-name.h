/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a certificate names beside its subject: subjectAltName and URLs. Words of a profile such as
 * "dns:${serial}.example.com" become GeneralNames (RFC 5280, 4.2.1.6). Errors are
 * CA_ERROR_SUBJECT.
 */
#pragma once

#include <glib.h>

#include "ca/profile/values.h"

#define HARDWARE_MODULE "hardware-module:"

/* Appends the GeneralName (DER) that `word` stands for: dns:, uri:, ip:, email: or hardware-module:
 * with a value behind it. `hardware_type` is the hwType of a HardwareModuleName (RFC 4108, 5). */
gboolean alternative_name_put (GByteArray *out, const char *word, const char *hardware_type,
                               const SubjectValues *values, GError **error);

/* Appends an http URL as a GeneralName; for revocation lists and issuers, which who verifies must
 * be able to fetch before there is any TLS (RFC 5280, 8). */
gboolean http_url_put (GByteArray *out, const char *pattern, const SubjectValues *values,
                       GError **error);

/* Appends an IA5String with the MASA's URL: https, or without scheme (RFC 8995, 2.3.2). */
gboolean masa_url_put (GByteArray *out, const char *pattern, const SubjectValues *values,
                       GError **error);
