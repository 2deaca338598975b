/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as screen.conf: either one error that begins with the file's name and is text, or
 * preferences that are all within their bounds.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ui-tui/preferences.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
expect_bounds (const Preferences *preferences)
{
  if (preferences->lock_minutes > 1440 || preferences->supervisor_seconds < 5
      || preferences->supervisor_seconds > 600 || preferences->scan_gap < 5
      || preferences->scan_gap > 500)
    g_abort ();
  if (!g_path_is_absolute (preferences->export_folder) || *preferences->scan_suffix == '\0'
      || (preferences->command != NULL && preferences->command[0] == NULL))
    g_abort ();
  for (const char *at = preferences->scan_prefix; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at))
      g_abort ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  const int fd = memfd_create ("screen.conf", MFD_CLOEXEC);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (GError) error = NULL;

  if (fd < 0 || write (fd, data, size) != (gssize)size)
    g_abort ();
  g_autoptr (Preferences) preferences = preferences_load (path, TRUE, &error);
  close (fd);
  if ((preferences == NULL) == (error == NULL))
    g_abort ();
  if (preferences != NULL)
    expect_bounds (preferences);
  else if (!g_str_has_prefix (error->message, path) || !g_utf8_validate (error->message, -1, NULL))
    g_abort ();
  return 0;
}
