/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which devices of a batch share a common name. Clouds that name a device by it would make one
 * device of two. In nearly every batch no name is there twice, and one look at the index tells so;
 * only for those that are there twice is each row asked about.
 */
#pragma once

#include "db/manifest-private.h"

typedef struct {
  Database *database;
  const ManifestWalk *walk;
  gboolean every_row;  /* ask about each: too few rows to look at all names, or too many names */
  GHashTable *several; /* set of the names that are there more than once */
} ManifestNames;

/* `count`: rows that the walk will look at. Does nothing for a writer that does not ask. */
gboolean manifest_names_init (ManifestNames *names, Database *database, const ManifestWalk *walk,
                              guint64 count, GError **error);
void manifest_names_clear (ManifestNames *names);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ManifestNames, manifest_names_clear)

/* Sets the row's `name_taken`. */
gboolean manifest_names_judge (const ManifestNames *names, ManifestRow *row, GError **error);
