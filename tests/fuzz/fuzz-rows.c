/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as a manifest's file: the first one says which format the statement tells of. What is
 * a row names a certificate or a key, and says nothing twice.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audit/manifest-rows.h"
#include "base/files.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static const char *const names[] = { "aws",         "aws-no-ca",  "aws-csr",  "aws-calls",
                                     "azure-hub",   "azure-dps",  "nrfcloud", "microchip",
                                     "thingsboard", "clearblade", "csv",      "jsonl",
                                     "spki" };

static void
check_row (const ManifestRow *row, guint64 number, gsize length)
{
  static const guint8 nothing[AUDIT_HASH];

  /* A row takes a byte at least, and one problem may stand where the next row should. */
  if (row->number != number || number > length + 1)
    g_abort ();
  if (row->problem == NULL
      && (memcmp (row->hash, nothing, AUDIT_HASH) == 0
          || (row->said[SAYS_DEVICE] == NULL && row->said[SAYS_NAME] == NULL
              && row->said[SAYS_UNIQUE_ID] == NULL)))
    g_abort ();
  for (guint i = 0; i < SAYS_COUNT; i++) {
    const Span said = manifest_row_said (row, (RowSays)i);

    if (said.length > length || (said.length > 0 && memchr (said.data, '\0', said.length) != NULL))
      g_abort ();
  }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  int fd = memfd_create ("manifest", MFD_CLOEXEC);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (ManifestRows) rows = NULL;
  const ManifestRow *row;
  guint64 number = 0;

  if (fd < 0 || (size > 1 && !fd_write_all (fd, data + 1, size - 1, NULL)))
    g_abort ();
  if (size > 0)
    rows = manifest_rows_open (path, names[data[0] % G_N_ELEMENTS (names)], "B-1", NULL, NULL);
  while (rows != NULL && manifest_rows_next (rows, &row, NULL))
    check_row (row, ++number, size);
  close (fd);
  return 0;
}
