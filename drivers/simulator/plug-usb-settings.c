/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of the settings "usb" and "usb-fault".
 */
#include <gio/gio.h>
#include <string.h>

#include "drivers/simulator/plug-usb.h"

static gboolean
bad_value (const char *what, const char *value, GError **error)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: expected %s", value, what);
  return FALSE;
}

static gboolean
parse_number (const char *text, guint most, guint *number)
{
  guint64 parsed;
  gboolean fine = g_ascii_string_to_unsigned (text, 10, 1, most, &parsed, NULL);

  if (fine)
    *number = (guint)parsed;
  return fine;
}

gboolean
usb_settings_set (UsbSettings *settings, const char *value, GError **error)
{
  settings->wanted = TRUE;
  settings->attached = g_str_has_prefix (value, "vhci");
  settings->port = 0;
  if (g_str_equal (value, "stream") || g_str_equal (value, "vhci")
      || (g_str_has_prefix (value, "vhci:")
          && parse_number (value + strlen ("vhci:"), 15, &settings->port)))
    return TRUE;
  return bad_value ("vhci, vhci:PORT (from 1 to 15) or stream", value, error);
}

gboolean
usb_faults_add (UsbFaults *faults, const char *list, GError **error)
{
  const struct {
    const char *prefix;
    guint *place;
    guint most;
  } known[] = { { "stall=", &faults->stall, 1000000 },
                { "yank=", &faults->yank, 1000000 },
                { "short=", &faults->shorten, 1000000 },
                { "hostile=", &faults->hostile, 5 } };
  g_auto (GStrv) words = g_strsplit_set (list, ",;", -1);

  for (guint i = 0; words[i] != NULL; i++) {
    gboolean taken = *words[i] == '\0';

    for (guint k = 0; k < G_N_ELEMENTS (known) && !taken; k++)
      taken = g_str_has_prefix (words[i], known[k].prefix)
              && parse_number (words[i] + strlen (known[k].prefix), known[k].most, known[k].place);
    if (!taken)
      return bad_value ("stall=N, yank=N, short=N or hostile=N (1 to 5)", words[i], error);
  }
  return TRUE;
}
