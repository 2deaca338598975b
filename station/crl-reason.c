/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the ledger's reasons, which people write, to the codes of RFC 5280: see crl-publisher.h.
 */
#include "station/crl-publisher.h"

#include <string.h>

#include "ca/error.h"

/* Letters alone, in small, of at most `size` - 1 from the text's beginning. */
static void
fold (const char *text, char *folded, gsize size)
{
  gsize length = 0;

  for (; *text != '\0' && length + 1 < size; text++)
    if (g_ascii_isalpha (*text))
      folded[length++] = g_ascii_tolower (*text);
    else if (strchr ("-_ ", *text) == NULL)
      break;
  folded[length] = '\0';
}

guint8
crl_reason_of (const char *reason)
{
  static const struct {
    const char *word;
    guint8 code;
  } words[] = { { "keycompromise", 1 },
                { "compromise", 1 },
                { "duplicatekey", 1 }, /* another unit has the key */
                { "rsasharedprime", 1 },
                { "ecnearkey", 1 },
                { "knownkey", 1 },
                { "affiliationchanged", 3 },
                { "superseded", 4 },
                { "keylost", 4 }, /* the unit made another key within its run */
                { "cessationofoperation", 5 },
                { "scrapped", 5 },
                { "privilegewithdrawn", 9 } };
  char folded[64];

  fold (reason, folded, sizeof folded);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (folded, words[i].word))
      return words[i].code;
  return 0;
}
