/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * make-log FOLDER COUNT [real]: writes FOLDER/state/issuance.log with so many certificates of the
 * CA in FOLDER (ca.pem, ca.key, ca.passphrase and profiles.d/sensor.profile, as folder_fill()
 * leaves them). Their times end now. With `real` their keys and signatures are real ones, which
 * takes a minute a million.
 */
#include "tests/unit/ca/make-entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MICROSECONDS_APART 20000
#define WRITE_AT (1024 * 1024)

static void
save (FILE *out, GByteArray *frames)
{
  if (fwrite (frames->data, 1, frames->len, out) != frames->len) {
    perror ("make-log");
    exit (EXIT_FAILURE);
  }
  g_byte_array_set_size (frames, 0);
}

static void
save_entries (EntryMaker *maker, guint64 count, FILE *out)
{
  const gint64 begin = g_get_real_time () - (gint64)count * MICROSECONDS_APART;
  g_autoptr (GByteArray) frames = g_byte_array_sized_new (2 * WRITE_AT);

  for (guint64 i = 0; i < count; i++) {
    LogEntry entry;

    entry_make (maker, i, &entry);
    entry.signed_at = begin + (gint64)i * MICROSECONDS_APART;
    entry_frame (&entry, frames);
    if (frames->len >= WRITE_AT)
      save (out, frames);
  }
  save (out, frames);
}

int
main (int argc, char **argv)
{
  g_autoptr (EntryMaker) maker = NULL;
  g_autofree char *path = NULL;
  guint8 header[LOG_HEADER];
  FILE *out;

  if (argc < 3 || argc > 4 || (argc == 4 && strcmp (argv[3], "real") != 0)) {
    fprintf (stderr, "usage: make-log FOLDER COUNT [real]\n");
    return 2;
  }
  maker = entry_maker_new (argv[1], argc == 4);
  path = g_build_filename (argv[1], "state", "issuance.log", NULL);
  out = fopen (path, "w");
  log_header_encode (entry_maker_origin (maker), header);
  if (out == NULL || fwrite (header, 1, sizeof header, out) != sizeof header) {
    perror (path);
    return EXIT_FAILURE;
  }
  save_entries (maker, g_ascii_strtoull (argv[2], NULL, 10), out);
  return fclose (out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
