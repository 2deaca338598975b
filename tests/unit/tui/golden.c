/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See golden.h.
 */
#include "tests/unit/tui/golden.h"

#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <time.h>

#define STYLES_FOLLOW "---- styles ----\n"

void
golden_setup (void)
{
  g_setenv ("TZ", "UTC", TRUE);
  tzset ();
  g_setenv ("LANGUAGE", "en", TRUE);
  setlocale (LC_ALL, "C.UTF-8");
}

static char *
golden_path (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".txt", NULL);

  return g_build_filename (SCREENS, file, NULL);
}

static void
must_be_ascii (const char *name, const char *text)
{
  for (const char *byte = text; *byte != '\0'; byte++)
    ck_assert_msg ((guchar)*byte < 0x80, "%s: a terminal that has only ASCII would get more", name);
}

static void
compare (const char *name, const char *path, const char *drawn)
{
  g_autofree char *agreed = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_get_contents (path, &agreed, NULL, &error))
    ck_abort_msg ("%s; write it with KEYCRADLE_WRITE_SCREENS=1. It is now:\n%s", error->message,
                  drawn);
  if (g_str_equal (agreed, drawn))
    return;
  fprintf (stderr, "%s was:\n%s\n%s is now:\n%s\n", name, agreed, name, drawn);
  ck_abort_msg ("%s: the screen is another one (both stand above); if that is what you want, write "
                "it anew with KEYCRADLE_WRITE_SCREENS=1",
                name);
}

void
golden_check_canvas (const char *name, const Canvas *canvas)
{
  g_autofree char *path = golden_path (name);
  g_autofree char *text = canvas_to_text (canvas);
  g_autofree char *styles = canvas_styles_to_text (canvas);
  g_autofree char *drawn = g_strconcat (text, STYLES_FOLLOW, styles, NULL);
  g_autoptr (GError) error = NULL;

  if (canvas->ascii)
    must_be_ascii (name, text);
  if (g_getenv ("KEYCRADLE_WRITE_SCREENS") == NULL) {
    compare (name, path, drawn);
    return;
  }
  ck_assert_msg (g_file_set_contents (path, drawn, -1, &error), "%s",
                 error != NULL ? error->message : "");
}

void
golden_check (const char *name, Model *model, int width, int height, GoldenGlyphs glyphs)
{
  g_autoptr (Canvas) canvas = canvas_new (height, width, glyphs == GOLDEN_ASCII);

  screen_draw (model, canvas);
  golden_check_canvas (name, canvas);
}
