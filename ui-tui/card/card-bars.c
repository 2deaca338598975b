/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Code 128, encoded by libzint.
 */
#include <gio/gio.h>
#include <string.h>
#include <zint.h>

#include "ui-tui/card/card.h"

static char *
modules_of (const struct zint_symbol *symbol)
{
  const guint width = (guint)symbol->width;
  char *modules = g_strnfill (width + 2 * CARD_QUIET_MODULES, ' ');

  for (guint i = 0; i < width; i++)
    if ((symbol->encoded_data[0][i / 8] >> (i % 8) & 1) != 0)
      modules[CARD_QUIET_MODULES + i] = '#';
  return modules;
}

char *
card_modules (const char *code, GError **error)
{
  struct zint_symbol *symbol = ZBarcode_Create ();
  char *modules = NULL;

  symbol->symbology = BARCODE_CODE128;
  if (ZBarcode_Encode (symbol, (const unsigned char *)code, (int)strlen (code)) < ZINT_ERROR)
    modules = modules_of (symbol);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "'%s' can't be drawn as a barcode: %s.",
                 code, symbol->errtxt);
  ZBarcode_Delete (symbol);
  return modules;
}
