/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writes the list of keycradle-errors(7) from the program's own tables, so that
 * page and program can't differ.
 */
#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "db/ledger.h"
#include "drivers/driver.h"
#include "station/error.h"
#include "station/reason.h"

/* scdoc gives a meaning to these. */
static void
print_escaped (const char *text)
{
  for (; *text != '\0'; text++) {
    if (strchr ("\\*_#`", *text) != NULL)
      putchar ('\\');
    putchar (*text);
  }
}

static void
print_reason (GHashTable *seen, const char *word)
{
  if (word == NULL || !g_hash_table_add (seen, g_strdup (word)))
    return;
  printf ("*%s*\n\t", word);
  print_escaped (reason_operator_text (word));
  printf ("\n\n");
}

int
main (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  printf ("# THE DEVICE\n\n");
  for (guint code = 0; code <= DRIVER_ERROR_INTERNAL; code++)
    print_reason (seen, driver_error_word ((DriverError)code));
  printf ("# THE CERTIFICATE\n\n");
  for (guint code = 0; code <= CA_ERROR_INTERNAL; code++)
    print_reason (seen, ca_error_word ((CaError)code));
  printf ("# THE LEDGER\n\n");
  for (guint code = 0; code <= LEDGER_ERROR_INVALID; code++)
    print_reason (seen, ledger_error_word ((LedgerError)code));
  printf ("# THE STATION\n\n");
  for (guint code = 0; code < N_STATION_ERRORS; code++)
    print_reason (seen, station_error_word ((StationError)code));
  return 0;
}
