/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ledger's schema through the years. The list of migrations only ever grows at its
 * end; a file's user_version says how many of them it has had.
 */
#pragma once

#include "db/database.h"

/* One step: a script among the resources, or a function, or both (script first). */
typedef struct {
  const char *script; /* "/org/keycradle/db/001.sql", or NULL */
  gboolean (*change) (Database *database, GError **error);
} Migration;

/* The ledger's own list; `count` is the newest schema. */
const Migration *migrations (guint *count);

/* Brings `database` up to `count` in one transaction. An existing older file is copied
 * first, to PATH.vN.bak. */
gboolean migrate (Database *database, const Migration *list, guint count, GError **error);
