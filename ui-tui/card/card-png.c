/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The card as pages to be printed: cairo draws, pango sets the words. Measures are pixels of A4 at
 * 200 dpi, so three of them make a module of 0.38 mm.
 */
#include <gio/gio.h>
#include <pango/pangocairo.h>
#include <string.h>

#include "base/files.h"
#include "ui-tui/card/card.h"

#define MODULE 3
#define BAR_HEIGHT 96
#define LABEL_SIZE 36
#define HELP_SIZE 18
#define HELP_LINES 2
#define HELP_HEIGHT 54
#define CODE_SIZE 26
#define MARK_SIZE 20
#define TITLE_SIZE 26
#define HEADING_SIZE 34

static const CardSheet a4 = { .width = 1654,
                              .height = 2339,
                              .margin = 71,
                              .columns = 3,
                              .title_height = 50,
                              .heading_height = 62,
                              .entry_height = 250 };

/* The sheet that is being drawn. */
typedef struct {
  const Card *card;
  cairo_surface_t *surface;
  cairo_t *cairo;
  GError **error;
  gboolean failed; /* nothing more is drawn: `error` says why */
} Sheet;

/* ---- words ---- */

typedef struct {
  const char *text;
  int size;
  gboolean bold;
  int most_width; /* 0: as wide as it likes */
  int lines;      /* more than one: broken into so many */
} Words;

static PangoLayout *
layout_words (Sheet *sheet, const Words *words)
{
  PangoLayout *layout = pango_cairo_create_layout (sheet->cairo);
  PangoFontDescription *font =
      pango_font_description_from_string (words->bold ? "Sans Bold" : "Sans");

  pango_context_set_language (pango_layout_get_context (layout),
                              pango_language_from_string (sheet->card->language));
  pango_font_description_set_absolute_size (font, words->size * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_text (layout, words->text, -1);
  if (words->lines > 1) {
    pango_layout_set_width (layout, words->most_width * PANGO_SCALE);
    pango_layout_set_height (layout, -words->lines);
    pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  }
  return layout;
}

/* A font that lacks a character would draw a box with a number in it. */
static void
check_glyphs (Sheet *sheet, PangoLayout *layout)
{
  if (sheet->failed || pango_layout_get_unknown_glyphs_count (layout) == 0)
    return;
  sheet->failed = TRUE;
  g_set_error (sheet->error, G_IO_ERROR, G_IO_ERROR_FAILED,
               "No font on this machine has the characters of \"%s\". Install one that has "
               "(fonts-dejavu-core; for Chinese fonts-noto-cjk), or choose another language with "
               "--language.",
               pango_layout_get_text (layout));
}

/* One line is made smaller until it fits. */
static PangoLayout *
fit_words (Sheet *sheet, Words words, int *width)
{
  PangoLayout *layout = layout_words (sheet, &words);

  pango_layout_get_pixel_size (layout, width, NULL);
  while (words.most_width > 0 && *width > words.most_width && words.size > HELP_SIZE) {
    words.size--;
    g_object_unref (layout);
    layout = layout_words (sheet, &words);
    pango_layout_get_pixel_size (layout, width, NULL);
  }
  check_glyphs (sheet, layout);
  return layout;
}

/* By its first baseline, because fonts of different scripts begin at different heights. */
static void
show_words (Sheet *sheet, int x, int baseline, PangoLayout *layout)
{
  cairo_move_to (sheet->cairo, x, baseline - pango_layout_get_baseline (layout) / PANGO_SCALE);
  pango_cairo_show_layout (sheet->cairo, layout);
}

/* With the upper left corner at about x, y. */
static void
draw_words (Sheet *sheet, int x, int y, Words words)
{
  int width;
  g_autoptr (PangoLayout) layout = fit_words (sheet, words, &width);

  show_words (sheet, x, y + words.size, layout);
}

/* ---- one code ---- */

/* On whole pixels and without smoothing: edges are where the scanner looks. */
static void
draw_bars (Sheet *sheet, int x, int y, const char *modules)
{
  cairo_set_antialias (sheet->cairo, CAIRO_ANTIALIAS_NONE);
  for (const char *at = strchr (modules, '#'); at != NULL; at = strchr (at, '#')) {
    const int width = (int)strspn (at, "#");
    cairo_rectangle (sheet->cairo, x + (int)(at - modules) * MODULE, y, width * MODULE, BAR_HEIGHT);
    at += width;
  }
  cairo_fill (sheet->cairo);
  cairo_set_antialias (sheet->cairo, CAIRO_ANTIALIAS_DEFAULT);
}

/* White on black at the right end of the label's line; returns the room that it takes. */
static int
draw_mark (Sheet *sheet, const CardPlace *place)
{
  const Words words = { sheet->card->supervisor_mark, MARK_SIZE, TRUE, place->width / 2, 1 };
  int width;
  g_autoptr (PangoLayout) layout = fit_words (sheet, words, &width);
  const int x = place->x + place->width - width - 40;

  cairo_rectangle (sheet->cairo, x - 8, place->y + 8, width + 16, MARK_SIZE + 12);
  cairo_fill (sheet->cairo);
  cairo_set_source_rgb (sheet->cairo, 1, 1, 1);
  show_words (sheet, x, place->y + 10 + MARK_SIZE - 2, layout);
  cairo_set_source_rgb (sheet->cairo, 0, 0, 0);
  return width + 40;
}

static void
draw_entry (Sheet *sheet, const CardPlace *place)
{
  const CardEntry *entry = place->entry;
  g_autofree char *modules = card_modules (entry->code, sheet->error);
  const int bars_at = place->x + (int)CARD_QUIET_MODULES * MODULE;
  const int bars_below = place->y + LABEL_SIZE + 16 + HELP_HEIGHT;

  if (modules == NULL) {
    sheet->failed = TRUE;
    return;
  }
  const int mark = entry->supervisor ? draw_mark (sheet, place) : 0;
  const int room = place->width - (bars_at - place->x) - mark - 16;
  draw_words (sheet, bars_at, place->y, (Words){ entry->label, LABEL_SIZE, TRUE, room, 1 });
  if (entry->help != NULL)
    draw_words (sheet, bars_at, place->y + LABEL_SIZE + 12,
                (Words){ entry->help, HELP_SIZE, FALSE, place->width - 60, HELP_LINES });
  draw_bars (sheet, place->x, bars_below, modules);
  draw_words (sheet, bars_at, bars_below + BAR_HEIGHT + 2,
              (Words){ entry->code, CODE_SIZE, FALSE, place->width - 60, 1 });
}

static void
draw_heading (Sheet *sheet, const CardPlace *place)
{
  const int line = place->y + HEADING_SIZE + 12;

  draw_words (sheet, place->x, place->y,
              (Words){ place->group->title, HEADING_SIZE, TRUE, place->width, 1 });
  cairo_rectangle (sheet->cairo, place->x, line, place->width, 3);
  cairo_fill (sheet->cairo);
}

/* ---- sheets ---- */

static void
sheet_begin (Sheet *sheet, guint page, guint pages)
{
  g_autofree char *number = g_strdup_printf ("%u / %u", page + 1, pages);

  sheet->surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, a4.width, a4.height);
  sheet->cairo = cairo_create (sheet->surface);
  cairo_set_source_rgb (sheet->cairo, 1, 1, 1);
  cairo_paint (sheet->cairo);
  cairo_set_source_rgb (sheet->cairo, 0, 0, 0);
  draw_words (sheet, a4.margin, a4.margin,
              (Words){ sheet->card->title, TITLE_SIZE, FALSE, a4.width - 4 * a4.margin, 1 });
  draw_words (sheet, a4.width - a4.margin - 80, a4.margin,
              (Words){ number, TITLE_SIZE, FALSE, 80, 1 });
}

static cairo_status_t
append_png (void *bytes, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (bytes, data, length);
  return CAIRO_STATUS_SUCCESS;
}

/* The chunk pHYs, 7874 pixels a metre: without it a page of A4 is no page of A4 to a printer. */
static void
insert_resolution (GByteArray *png)
{
  static const guint8 chunk[] = { 0x00, 0x00, 0x00, 0x09, 'p',  'H',  'Y',  's',  0x00, 0x00, 0x1e,
                                  0xc2, 0x00, 0x00, 0x1e, 0xc2, 0x01, 0x6e, 0xd0, 0x75, 0x3e };
  const guint behind_header = 8 + 25; /* signature and IHDR */
  const guint length = png->len;

  g_byte_array_set_size (png, length + sizeof chunk);
  memmove (png->data + behind_header + sizeof chunk, png->data + behind_header,
           length - behind_header);
  memcpy (png->data + behind_header, chunk, sizeof chunk);
}

/* Frees the sheet's drawing, also where it failed. */
static gboolean
sheet_finish (Sheet *sheet, const char *path)
{
  g_autoptr (GByteArray) png = g_byte_array_new ();
  cairo_status_t status = CAIRO_STATUS_SUCCESS;

  cairo_destroy (sheet->cairo);
  if (!sheet->failed)
    status = cairo_surface_write_to_png_stream (sheet->surface, append_png, png);
  cairo_surface_destroy (sheet->surface);
  if (sheet->failed)
    return FALSE;
  if (status != CAIRO_STATUS_SUCCESS) {
    g_set_error (sheet->error, G_IO_ERROR, G_IO_ERROR_FAILED, "The page can't be drawn: %s.",
                 cairo_status_to_string (status));
    return FALSE;
  }
  insert_resolution (png);
  return file_replace_durably (path, png->data, png->len, 0644, sheet->error);
}

static gboolean
draw_page (const Card *card, GArray *places, guint page, guint pages, const char *path,
           GError **error)
{
  Sheet sheet = { .card = card, .error = error };

  sheet_begin (&sheet, page, pages);
  for (guint i = 0; i < places->len && !sheet.failed; i++) {
    const CardPlace *place = &g_array_index (places, CardPlace, i);
    if (place->page != page)
      continue;
    if (place->entry == NULL)
      draw_heading (&sheet, place);
    else
      draw_entry (&sheet, place);
  }
  return sheet_finish (&sheet, path);
}

static char *
page_path (const char *path, guint page, guint pages)
{
  const int stem = (int)(strlen (path) - strlen (".png"));

  return pages == 1 ? g_strdup (path)
                    : g_strdup_printf ("%.*s-%u%s", stem, path, page + 1, path + stem);
}

GPtrArray *
card_write_png (const Card *card, const char *path, GError **error)
{
  g_autoptr (GArray) places = card_place (card, &a4);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  const guint pages = g_array_index (places, CardPlace, places->len - 1).page + 1;
  for (guint page = 0; page < pages; page++) {
    g_ptr_array_add (paths, page_path (path, page, pages));
    if (!draw_page (card, places, page, pages, g_ptr_array_index (paths, page), error))
      return NULL;
  }
  return g_steal_pointer (&paths);
}
