/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which devices which driver may be asked about: the drivers' own match files, and the site's in
 * MatchFolder= (NAME.match for driver NAME; see drivers/match.h).
 */
#pragma once

#include "drivers/driver.h"
#include "drivers/match.h"

typedef struct {
  const Driver *driver;
  const Match *match;
} Allowed;

typedef struct {
  GArray *list;     /* of Allowed: the drivers' own first, in the order of probing */
  GPtrArray *sites; /* of GPtrArray of Match, by driver as in driver_list(): NULL where the site
                       says nothing */
} AllowList;

/* The drivers' own, and those in `folder` where it is not NULL. G_KEY_FILE_ERROR or G_FILE_ERROR;
 * the message names file and line. Other files than *.match are left alone. */
AllowList *allow_list_load (const char *folder, GError **error);
void allow_list_free (AllowList *allowed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AllowList, allow_list_free)

/* What the site's file says for `driver`, or NULL. */
const GPtrArray *allow_list_of_site (const AllowList *allowed, const Driver *driver);
