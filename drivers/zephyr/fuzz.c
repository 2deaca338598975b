/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what a shell sends: the screen must show the same however they are cut, and
 * everything that is read from it must hold.
 */
#include <string.h>

#include "drivers/zephyr/proto.h"
#include "drivers/zephyr/screen.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
read_as_every_answer (const char *answer)
{
  g_autofree char *chip_id = zephyr_chip_id (answer);
  G_GNUC_UNUSED g_autofree char *version = zephyr_version (answer);
  g_autofree char *first = zephyr_first_line (answer);
  G_GNUC_UNUSED g_autoptr (GBytes) request = zephyr_base64_line (answer, "CSR: ");
  g_autoptr (GBytes) shown = zephyr_shown_bytes (answer);
  G_GNUC_UNUSED g_autoptr (GBytes) certificate = shown == NULL ? NULL : zephyr_kept (shown);

  if (chip_id != NULL
      && (strlen (chip_id) > 32 || strspn (chip_id, "0123456789abcdef") != strlen (chip_id)))
    g_abort ();
  if (strstr (answer, first) == NULL)
    g_abort ();
  zephyr_lists (answer, "16842753", "SERV", "AbC=");
  zephyr_knows_no_such_command (answer);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (ZephyrScreen) whole = zephyr_screen_new ();
  g_autoptr (ZephyrScreen) pieces = zephyr_screen_new ();
  g_autofree char *answer = NULL, *same = NULL;
  g_autofree char *text = g_strndup ((const char *)data, size);

  zephyr_screen_feed (whole, data, size);
  for (size_t i = 0; i < size; i++)
    zephyr_screen_feed (pieces, data + i, 1);
  if (zephyr_screen_at_prompt (whole) != zephyr_screen_at_prompt (pieces)
      || zephyr_screen_at_other_prompt (whole) != zephyr_screen_at_other_prompt (pieces))
    g_abort ();
  zephyr_screen_shows (whole, "cred buf");
  if (zephyr_screen_find_answer (whole, "cred buf", &answer)
          != zephyr_screen_find_answer (pieces, "cred buf", &same)
      || g_strcmp0 (answer, same) != 0)
    g_abort ();
  if (answer != NULL)
    read_as_every_answer (answer);
  read_as_every_answer (text);
  zephyr_line_fits (text);
  return 0;
}
