/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The records of the registry; see records.h and docs/api.md.
 */
#pragma once

#include "db/registry.h"
#include "station/records.h"

GVariant *record_target (const Target *target);
GVariant *record_authority_registration (const AuthorityRegistration *registration);
GVariant *record_registration (const Registration *registration);
/* `with_bytes`: with the certificate and its CA, for who tells the cloud. */
GVariant *record_operation (const Operation *operation, gboolean with_bytes);
GVariant *record_registry_summary (const RegistrySummary *summary);

/* A line of ChangeRegistry's output, as a JSON object with a newline. */
void append_registry_line (GString *text, const RegistryLine *line);
