/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Markers between two pages. A marker is base64 of kind, row and a check that only this ledger
 * makes, so it goes where AWS's nextMarker goes, and what somebody made up is refused instead of
 * being taken for a place.
 */
#include <string.h>

#include "base/encode.h"
#include "db/ledger-evidence.h"
#include "db/registry-private.h"

#define CHECK 8
#define MARKER (1 + 8 + CHECK)

static gboolean
fill (Database *database, char kind, gint64 id, guint8 marker[MARKER], GError **error)
{
  const guint64 row = GUINT64_TO_BE ((guint64)id);
  guint8 checked[LEDGER_IDENTITY + 1 + 8];

  if (!identity_read (database, checked, error))
    return FALSE;
  marker[0] = (guint8)kind;
  memcpy (marker + 1, &row, sizeof row);
  memcpy (checked + LEDGER_IDENTITY, marker, 1 + sizeof row);
  g_autoptr (GBytes) digest = sha256_of (checked, sizeof checked);
  memcpy (marker + 1 + sizeof row, g_bytes_get_data (digest, NULL), CHECK);
  return TRUE;
}

static gboolean
marker_read (Database *database, char kind, const char *marker, gint64 *id, GError **error)
{
  g_autoptr (GBytes) given = base64_read (marker, strlen (marker));
  guint8 ours[MARKER];
  guint64 row;

  if (given != NULL && g_bytes_get_size (given) == MARKER) {
    memcpy (&row, (const guint8 *)g_bytes_get_data (given, NULL) + 1, sizeof row);
    *id = (gint64)GUINT64_FROM_BE (row);
    if (!fill (database, kind, *id, ours, error))
      return FALSE;
    if (memcmp (ours, g_bytes_get_data (given, NULL), MARKER) == 0)
      return TRUE;
  }
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "this marker is of no page of this list: begin without one");
  return FALSE;
}

gboolean
page_begin (Page *page, Database *database, const char *marker, GError **error)
{
  if (page->most < 1 || page->most > LARGEST_PAGE) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "a page has 1 to %u rows: ask for these", LARGEST_PAGE);
    return FALSE;
  }
  return marker == NULL || marker_read (database, page->kind, marker, &page->behind, error);
}

gboolean
page_end (const Page *page, Database *database, char **next, GError **error)
{
  guint8 marker[MARKER];

  *next = NULL;
  if (page->ended)
    return TRUE;
  if (!fill (database, page->kind, page->last, marker, error))
    return FALSE;
  *next = g_base64_encode (marker, sizeof marker);
  return TRUE;
}
