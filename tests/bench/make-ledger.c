/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * make-ledger FOLDER COUNT [BATCHES]: writes FOLDER/station.db with so many units that have passed,
 * spread over batches "b1", "b2" and so on (one, unless told), each with a certificate that
 * verifies against FOLDER/ca.pem. FOLDER is made where it is not there, with a demo CA of a signer;
 * a CA that is there already signs. Some five minutes a million on one core.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/ca/make.h"
#include "tests/unit/db/fill-ledger.h"

int
main (int argc, char **argv)
{
  const guint64 count = argc < 3 ? 0 : g_ascii_strtoull (argv[2], NULL, 10);
  const guint64 batches = argc < 4 ? 1 : g_ascii_strtoull (argv[3], NULL, 10);

  if (argc < 3 || argc > 4 || count == 0 || batches == 0 || count < batches) {
    fprintf (stderr, "usage: make-ledger FOLDER COUNT [BATCHES]\n");
    return 2;
  }
  g_autofree char *authority = g_build_filename (argv[1], "ca.pem", NULL);
  g_autofree char *path = g_build_filename (argv[1], "station.db", NULL);
  if (g_mkdir_with_parents (argv[1], 0700) != 0) {
    perror (argv[1]);
    return EXIT_FAILURE;
  }
  if (!g_file_test (authority, G_FILE_TEST_EXISTS))
    folder_fill (argv[1], "p-256");
  if (g_file_test (path, G_FILE_TEST_EXISTS)) {
    fprintf (stderr, "%s is there already: choose another folder\n", path);
    return EXIT_FAILURE;
  }
  g_autoptr (EntryMaker) maker = entry_maker_new (argv[1], TRUE);
  for (guint64 i = 0; i < batches; i++) {
    g_autofree char *name = g_strdup_printf ("b%" G_GUINT64_FORMAT, i + 1);
    const guint64 first = count * i / batches;

    ledger_fill (path, maker, name, first, count * (i + 1) / batches - first);
  }
  return EXIT_SUCCESS;
}
