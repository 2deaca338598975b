/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See defender.h.
 */
#include "checks/defender.h"

#include <string.h>

#include "ca/judge/keycheck.h"
#include "ca/judge/known-keys.h"

#define DAY 86400
#define SUFFIX "_CHECK"

static const CheckRule rules[N_CHECKS] = {
  [CHECK_DEVICE_EXPIRING] = { "DEVICE_CERTIFICATE_EXPIRING_CHECK", "MEDIUM", TRUE, TRUE, FALSE },
  [CHECK_CA_EXPIRING] = { "CA_CERTIFICATE_EXPIRING_CHECK", "MEDIUM", FALSE, TRUE, FALSE },
  [CHECK_DEVICE_KEY] = { "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK", "CRITICAL", TRUE, TRUE, FALSE },
  [CHECK_CA_KEY] = { "CA_CERTIFICATE_KEY_QUALITY_CHECK", "CRITICAL", FALSE, TRUE, FALSE },
  [CHECK_DEVICE_SHARED] = { "DEVICE_CERTIFICATE_SHARED_CHECK", "CRITICAL", TRUE, TRUE, FALSE },
  [CHECK_CA_REVOKED] = { "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK", "CRITICAL", FALSE, TRUE,
                         TRUE },
  [CHECK_DEVICE_REVOKED] = { "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK", "MEDIUM", TRUE, TRUE,
                             TRUE },
  [CHECK_INTERMEDIATE_REVOKED] = { "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK",
                                   "CRITICAL", TRUE, TRUE, TRUE },
  [CHECK_DEVICE_AGE] = { "DEVICE_CERTIFICATE_AGE_CHECK", "LOW", TRUE, FALSE, FALSE },
};

const CheckRule *
check_rule (Check check)
{
  return &rules[check];
}

gboolean
check_from_name (const char *name, Check *check)
{
  const gsize length = strlen (name);

  for (guint i = 0; i < N_CHECKS; i++) {
    const gsize whole = strlen (rules[i].name);
    if (g_str_equal (name, rules[i].name)
        || (length == whole - strlen (SUFFIX) && strncmp (name, rules[i].name, length) == 0))
    {
      *check = (Check)i;
      return TRUE;
    }
  }
  return FALSE;
}

void
check_reason_clear (CheckReason *reason)
{
  g_clear_pointer (&reason->reason, g_free);
}

static gboolean G_GNUC_PRINTF (3, 4)
    against (CheckReason *reason, const char *code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  reason->code = code;
  reason->reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return FALSE;
}

/* "2026-12-24" */
static char *
day_of (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d") : g_strdup ("no day of the calendar");
}

gboolean
check_end (gint64 not_after, gint64 now, guint days, CheckReason *reason)
{
  g_autofree char *day = NULL;

  if (not_after >= now + (gint64)days * DAY)
    return TRUE;
  day = day_of (not_after);
  if (not_after < now)
    return against (reason, "CERTIFICATE_PAST_EXPIRATION", "it ended on %s", day);
  return against (reason, "CERTIFICATE_APPROACHING_EXPIRATION",
                  "it ends on %s, in %" G_GINT64_FORMAT " days", day, (not_after - now) / DAY);
}

gboolean
check_age (gint64 since, gint64 now, guint days, CheckReason *reason)
{
  g_autofree char *day = NULL;

  if (now - since < (gint64)days * DAY)
    return TRUE;
  day = day_of (since);
  return against (reason, "CERTIFICATE_PAST_AGE_THRESHOLD",
                  "it has been active since %s, for %" G_GINT64_FORMAT " days", day,
                  (now - since) / DAY);
}

/* ---- keys ---- */

/* What AWS has no code for is told with ours; a switch would have to name all of CA_ERROR. */
static const struct {
  CaError error;
  const char *code;
} key_codes[] = {
  { CA_ERROR_RSA_ROCA, "CERTIFICATE_KEY_VULNERABILITY_CVE-2017-15361" },
  { CA_ERROR_RSA_TOO_SMALL, "KEYCRADLE_RSA_TOO_SMALL" },
  { CA_ERROR_RSA_TOO_LARGE, "KEYCRADLE_RSA_TOO_LARGE" },
  { CA_ERROR_RSA_MALFORMED, "KEYCRADLE_RSA_MALFORMED" },
  { CA_ERROR_RSA_EXPONENT, "KEYCRADLE_RSA_EXPONENT" },
  { CA_ERROR_RSA_SMALL_FACTOR, "KEYCRADLE_RSA_SMALL_FACTOR" },
  { CA_ERROR_RSA_PERFECT_POWER, "KEYCRADLE_RSA_PERFECT_POWER" },
  { CA_ERROR_RSA_CLOSE_PRIMES, "KEYCRADLE_RSA_CLOSE_PRIMES" },
  { CA_ERROR_EC_CURVE, "KEYCRADLE_EC_CURVE" },
  { CA_ERROR_EC_POINT, "KEYCRADLE_EC_POINT" },
  { CA_ERROR_EC_TINY_KEY, "KEYCRADLE_EC_TINY_KEY" },
  { CA_ERROR_KNOWN_KEY, "KEYCRADLE_KNOWN_KEY" },
  { CA_ERROR_KEY_ALGORITHM, "KEYCRADLE_KEY_ALGORITHM" },
};

static const char *
key_code (const GError *problem)
{
  for (guint i = 0; i < G_N_ELEMENTS (key_codes); i++)
    if (g_error_matches (problem, CA_ERROR, (int)key_codes[i].error))
      return key_codes[i].code;
  return "KEYCRADLE_KEY_UNREADABLE";
}

gboolean
check_key (Span spki, const KnownKeys *known, CheckReason *reason)
{
  g_autoptr (GError) problem = NULL;
  Csr key;

  if (!csr_parse_key (spki.data, spki.length, &key, &problem))
    return against (reason, key_code (problem), "%s", problem->message);
  if (!known_keys_check_debian (known, &key, &problem))
    return against (reason, "CERTIFICATE_KEY_VULNERABILITY_CVE-2008-0166", "%s", problem->message);
  return (keycheck_csr (&key, &problem) && known_keys_check (known, &key, &problem))
         || against (reason, key_code (problem), "%s", problem->message);
}
