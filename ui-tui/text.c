/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See text.h. The numbers are made of whole tenths, rounded down: 99.96% is not yet 100%, and the
 * C library's decimal point depends on the locale.
 */
#include "ui-tui/text.h"

#include <string.h>
#include <time.h>

int
glyph_width (gunichar glyph)
{
  if (glyph < 0x7f)
    return glyph >= 0x20 ? 1 : 0;
  if (glyph >= 0x2500 && glyph <= 0x259f) /* frames and blocks: most of what is drawn */
    return 1;
  if (!g_unichar_isprint (glyph) || g_unichar_iszerowidth (glyph))
    return 0;
  return g_unichar_iswide (glyph) ? 2 : 1;
}

gunichar *
text_glyphs (const char *text, glong *length)
{
  g_autofree char *valid = NULL, *composed = NULL;

  if (g_str_is_ascii (text))
    return g_utf8_to_ucs4_fast (text, -1, length);
  valid = g_utf8_make_valid (text, -1);
  composed = g_utf8_normalize (valid, -1, G_NORMALIZE_NFC);
  return g_utf8_to_ucs4_fast (composed, -1, length);
}

int
text_width (const char *text)
{
  glong length;
  g_autofree gunichar *glyphs = text_glyphs (text, &length);
  int width = 0;

  for (glong i = 0; i < length; i++)
    width += glyph_width (glyphs[i]);
  return width;
}

/* ---- times and numbers ---- */

char *
duration_words (gint64 microseconds)
{
  const gint64 seconds = MAX (microseconds, 0) / G_USEC_PER_SEC;

  if (seconds < 60)
    return g_strdup_printf ("%d.%d s", (int)seconds,
                            (int)(MAX (microseconds, 0) / (G_USEC_PER_SEC / 10) % 10));
  if (seconds < 3600)
    return g_strdup_printf ("%d min %02d s", (int)(seconds / 60), (int)(seconds % 60));
  return g_strdup_printf ("%" G_GINT64_FORMAT " h %02d min", seconds / 3600,
                          (int)(seconds / 60 % 60));
}

static char *
local_time (gint64 seconds_since_1970, const char *format)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds_since_1970);

  return time != NULL ? g_date_time_format (time, format) : g_strdup ("-");
}

char *
clock_words (gint64 microseconds_since_1970)
{
  const time_t seconds = (time_t)(microseconds_since_1970 / G_USEC_PER_SEC);
  struct tm time;

  /* in each drawing, so not by GDateTime, which looks at the time zone's files each time */
  if (localtime_r (&seconds, &time) == NULL || time.tm_year >= 9999 - 1900)
    return g_strdup ("-");
  return g_strdup_printf ("%02d:%02d:%02d", time.tm_hour, time.tm_min, time.tm_sec);
}

char *
date_words (gint64 microseconds_since_1970)
{
  return local_time (microseconds_since_1970 / G_USEC_PER_SEC, "%Y-%m-%d %H:%M:%S");
}

char *
day_words (gint64 seconds)
{
  return local_time (seconds, "%Y-%m-%d");
}

static gboolean
is_same_day (gint64 one, gint64 other)
{
  g_autofree char *first = day_words (one / G_USEC_PER_SEC);
  g_autofree char *second = day_words (other / G_USEC_PER_SEC);

  return g_str_equal (first, second);
}

char *
minute_words (gint64 at, gint64 now)
{
  return local_time (at / G_USEC_PER_SEC, is_same_day (at, now) ? "%H:%M" : "%Y-%m-%d %H:%M");
}

char *
when_words (gint64 at, gint64 now)
{
  return local_time (at / G_USEC_PER_SEC, is_same_day (at, now) ? "%H:%M:%S" : "%Y-%m-%d %H:%M");
}

char *
percent_words (guint64 part, guint64 whole)
{
  guint64 tenths;

  if (whole == 0)
    return g_strdup ("-");
  tenths = part * 1000 / whole;
  return g_strdup_printf ("%" G_GUINT64_FORMAT ".%u%%", tenths / 10, (guint)(tenths % 10));
}

char *
bytes_words (guint64 bytes)
{
  static const char *const units[] = { "kB", "MB", "GB", "TB" };
  guint64 unit = 1000;
  guint i = 0;

  if (bytes < 1000)
    return g_strdup_printf ("%u B", (guint)bytes);
  for (; i + 1 < G_N_ELEMENTS (units) && bytes / unit >= 1000; i++)
    unit *= 1000;
  return g_strdup_printf ("%" G_GUINT64_FORMAT ".%u %s", bytes / unit,
                          (guint)(bytes % unit / (unit / 10)), units[i]);
}

char *
grouped_words (const char *hex)
{
  GString *grouped;

  if (hex == NULL)
    return NULL;
  grouped = g_string_new (NULL);
  for (guint i = 0; hex[i] != '\0'; i++) {
    if (i > 0 && i % 16 == 0)
      g_string_append_c (grouped, ' ');
    g_string_append_c (grouped, hex[i]);
  }
  return g_string_free (grouped, FALSE);
}

const char *
or_dash (const char *text)
{
  return text != NULL && *text != '\0' ? text : "-";
}
