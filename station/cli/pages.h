/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists that come page by page: shown as they come, in the memory of one page.
 */
#pragma once

#include "station/cli/output.h"

/* One page of the API: `filter` (floating) with its limit and marker; records aa{sv}, and the next
 * page's marker ("": none). */
typedef gboolean (*PageCall) (ApiStation1 *api, GVariant *filter, GVariant **records, char **next,
                              GError **error);

typedef struct {
  PageCall call;
  GVariant *filter; /* a{sv} without limit and marker; borrowed */
  const Field *fields;
  /* Or NULL: only records of which it is TRUE. */
  gboolean (*keep) (GVariant *record, gconstpointer data);
  gconstpointer data;
} PagedList;

/* Prints all pages, or --limit records behind --marker: tables, or one JSON array. Where there is
 * more, its marker goes to stderr. */
gboolean pages_print (const Cli *cli, const PagedList *list, GError **error);

/* Calls `take` with each record of all pages; FALSE from it stops, with its error. */
gboolean pages_each (const Cli *cli, const PagedList *list,
                     gboolean (*take) (GVariant *record, gpointer data, GError **error),
                     gpointer data, GError **error);

/* All records of all pages as one aa{sv}: for lists that are known to be short. Floating. */
GVariant *pages_gather (const Cli *cli, const PagedList *list, GError **error);
