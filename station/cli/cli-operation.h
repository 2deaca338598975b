/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was done to registrations, and how far the clouds know, as the verbs of registry and outbox
 * show it.
 */
#pragma once

#include "station/cli/pages.h"

extern const Field operation_columns[];

/* ListOperations. */
gboolean operation_page (ApiStation1 *api, GVariant *filter, GVariant **records, char **next,
                         GError **error);

/* The cloud does not know it yet, and it was not dropped; `data` is unused. */
gboolean operation_is_open (GVariant *operation, gconstpointer data);
