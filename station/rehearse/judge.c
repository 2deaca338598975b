/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All rules over one try, in the order in which a connection goes: so the first remark is the one
 * to begin with.
 */
#include "station/rehearse/judge-private.h"

void
remark_free (Remark *remark)
{
  g_free (remark->wrong);
  g_free (remark->change);
  g_free (remark);
}

static void fill (Remark *remark, const char *code, gboolean refuses, const char *change,
                  const char *format, va_list arguments) G_GNUC_PRINTF (5, 0);

static void
fill (Remark *remark, const char *code, gboolean refuses, const char *change, const char *format,
      va_list arguments)
{
  remark->code = code;
  remark->refuses = refuses;
  remark->wrong = g_strdup_vprintf (format, arguments);
  remark->change = g_strdup (change);
}

gboolean
remark_refuse (Remark *remark, const char *code, const char *change, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  fill (remark, code, TRUE, change, format, arguments);
  va_end (arguments);
  return TRUE;
}

gboolean
remark_note (Remark *remark, const char *code, const char *change, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  fill (remark, code, FALSE, change, format, arguments);
  va_end (arguments);
  return TRUE;
}

static void
apply (GPtrArray *remarks, const Rule *rules, const Terms *terms, const Try *one)
{
  for (const Rule *rule = rules; *rule != NULL; rule++) {
    Remark remark = { 0 };
    if ((*rule) (terms, one, &remark))
      g_ptr_array_add (remarks, g_memdup2 (&remark, sizeof remark));
  }
}

/* Nothing of what we know explains it: then OpenSSL's own words are the best there is. */
static void
explain_the_rest (GPtrArray *remarks, const Try *one)
{
  Remark remark = { 0 };

  if (one->handshake.stage == TRY_SECURED || !remarks_admit (remarks))
    return;
  remark_refuse (&remark, "handshake-failed",
                 "Look at the device's own log: what it says of TLS at this moment.",
                 "The handshake failed: %s.",
                 one->handshake.problem != NULL ? one->handshake.problem : "no reason is known");
  g_ptr_array_add (remarks, g_memdup2 (&remark, sizeof remark));
}

GPtrArray *
judge_try (const Terms *terms, const Try *one)
{
  GPtrArray *remarks = g_ptr_array_new_with_free_func ((GDestroyNotify)remark_free);

  apply (remarks, hello_rules, terms, one);
  apply (remarks, connection_rules, terms, one);
  apply (remarks, certificate_rules, terms, one);
  apply (remarks, request_rules, terms, one);
  explain_the_rest (remarks, one);
  return remarks;
}

gboolean
remarks_admit (const GPtrArray *remarks)
{
  for (guint i = 0; i < remarks->len; i++) {
    const Remark *remark = g_ptr_array_index (remarks, i);
    if (remark->refuses)
      return FALSE;
  }
  return TRUE;
}
