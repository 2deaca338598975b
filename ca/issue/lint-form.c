/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Form=compressed, read: of the certificate's own bytes, is all there that a reader of the 72 bytes
 * puts together again (Microchip, application note 20006367)?
 */
#include "base/encode.h"
#include "ca/issue/lint-private.h"

#include <string.h>

#define POINT_LENGTH 65 /* 04 X Y */
#define SERIAL_LENGTH 16
#define UTC_LENGTH 13
#define BEHIND_YEAR 11 /* MMDDHHMMSSZ */

static guint
number_at (const guint8 *at)
{
  return (guint)(at[0] - '0') * 10 + (guint)(at[1] - '0');
}

static guint
year_of (Span time)
{
  if (time.length > UTC_LENGTH)
    return number_at (time.data) * 100 + number_at (time.data + 2);
  return number_at (time.data) + (number_at (time.data) < 50 ? 2000 : 1900);
}

static const guint8 *
behind_year (Span time)
{
  return time.data + time.length - BEHIND_YEAR;
}

/* A full hour of a year that 5 bits hold; what ends on 29 February may end on no day at all. */
static gboolean
lint_times (const LintFindings *findings, GError **error)
{
  const guint8 *begins = behind_year (findings->begins);
  const guint first = year_of (findings->begins), last = year_of (findings->ends);

  if (memcmp (begins + 6, "0000Z", 5) != 0 || first < 2000 || first > 2031
      || memcmp (begins, "0229", 4) == 0)
    return lint_refuse (error, "compressed-begin",
                        "notBefore is no full hour of 2000 to 2031, or on 29 February");
  return (memcmp (begins, behind_year (findings->ends), BEHIND_YEAR) == 0
          && last == first + findings->scope->profile->years)
         || lint_refuse (error, "compressed-end", "notAfter is not %u years after notBefore",
                         findings->scope->profile->years);
}

static gboolean
lint_serial_of_key (const LintFindings *findings, GError **error)
{
  const guint8 *begins = behind_year (findings->begins);
  const guint year = year_of (findings->begins) - 2000, month = number_at (begins),
              day = number_at (begins + 2), hour = number_at (begins + 4);
  const guint8 dates[] = { (guint8)(year << 3 | month >> 1),
                           (guint8)((month & 1) << 7 | day << 2 | hour >> 3),
                           (guint8)((hour & 7) << 5 | findings->scope->profile->years) };
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GBytes) digest = NULL;
  guint8 wanted[SERIAL_LENGTH];

  g_byte_array_append (message, findings->key_bits.data + 1, POINT_LENGTH - 1);
  g_byte_array_append (message, dates, sizeof dates);
  digest = sha256_of (message->data, message->len);
  memcpy (wanted, g_bytes_get_data (digest, NULL), sizeof wanted);
  wanted[0] = (wanted[0] & 0x7f) | 0x40;
  return span_equal (findings->serial, wanted, sizeof wanted)
         || lint_refuse (error, "compressed-serial", "the serial number is not key's and dates'");
}

gboolean
lint_form (const LintFindings *findings, GError **error)
{
  if (findings->scope->profile->form != FORM_COMPRESSED)
    return TRUE;
  /* No other allowed curve has points of 65 bytes, and no RSA key is that short. */
  if (findings->key_bits.length != POINT_LENGTH || findings->key_bits.data[0] != 4)
    return lint_refuse (error, "compressed-key", "the key is not of P-256");
  if (!g_str_equal (findings->scope->authority->signature->word, "ecdsa-sha256"))
    return lint_refuse (error, "compressed-algorithm", "the algorithm is not ecdsa-sha256");
  return lint_times (findings, error) && lint_serial_of_key (findings, error);
}
