/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a batch may be, before it is one.
 */
#include <string.h>

#include "base/text.h"
#include "db/ledger-private.h"

#define LONGEST_PATTERN 200 /* as in the schema */
#define LONGEST_NAME 200    /* bytes */

static gboolean
invalid (const char *message, GError **error)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, message);
  return FALSE;
}

static gboolean
check_range (const Batch *batch, GError **error)
{
  if (batch->serial_prefix == NULL)
    return TRUE;
  if (batch->serial_first > batch->serial_last || batch->serial_last >= G_MAXINT64)
    return invalid ("the serial range ends before it begins, or is out of all bounds", error);
  if (batch->serial_width > 20)
    return invalid ("a serial number can't be wider than 20 digits", error);

  g_autofree char *last =
      serial_format (batch->serial_prefix, batch->serial_width, batch->serial_last);
  if (serial_is_valid (last))
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "%s is no valid serial: 1 to 64 letters, digits and . : _ -, the first one a letter "
               "or digit",
               last);
  return FALSE;
}

static gboolean
check_pattern (const char *pattern, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (pattern[0] == '\0')
    return invalid ("an empty pattern fits no serial: leave it out where any serial will do",
                    error);
  if (g_utf8_strlen (pattern, -1) > LONGEST_PATTERN)
    return invalid ("a serial pattern is at most 200 characters long", error);
  if (serial_pattern_check (pattern, &reason))
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "the serial pattern is no regular expression: %s", reason->message);
  return FALSE;
}

static gboolean
check_scanning (const Batch *batch, GError **error)
{
  if (batch->serial_scan && batch->serial_prefix != NULL)
    return invalid ("a batch either scans its serials or has a prefix to number them, not both",
                    error);
  if (!batch->serial_scan && batch->serial_pattern != NULL)
    return invalid ("a serial pattern is for serials that are scanned: let the batch scan them, or "
                    "leave the pattern out",
                    error);
  return batch->serial_pattern == NULL || check_pattern (batch->serial_pattern, error);
}

gboolean
batch_is_sound (const Batch *batch, GError **error)
{
  if (batch->name == NULL || !serial_is_valid (batch->name))
    return invalid ("a batch's name is 1 to 64 letters, digits and . : _ -, the first one a letter "
                    "or digit",
                    error);
  if (batch->profile == NULL || batch->profile[0] == '\0')
    return invalid ("a batch needs a profile", error);
  if (strlen (batch->profile) > LONGEST_NAME
      || (batch->product != NULL && strlen (batch->product) > LONGEST_NAME))
    return invalid ("the names of profile and product have at most 200 bytes", error);
  if (batch->kind != BATCH_NEW && batch->serial_prefix != NULL)
    return invalid ("devices that come back keep their serials: leave the range out", error);
  if (batch->kind == BATCH_NEW && batch->listed)
    return invalid ("a list of units is for a batch that takes devices back", error);
  return check_range (batch, error) && check_scanning (batch, error);
}
