/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * subject, RFC 5280, 4.1.2.6 and appendix A.1.
 */
#include "ca/issue/lint-private.h"

#include <string.h>

typedef struct {
  const char *word;
  const char *oid; /* content */
  gsize oid_length;
  glong most;         /* characters: ub-common-name and so on */
  gboolean printable; /* PrintableString alone */
} Known;

#define X520(word, number, most, printable)                                                        \
  {                                                                                                \
    word, "\x55\x04" number, 3, most, printable                                                    \
  }
/* 1.3.6.1.4.1.37244.2, the Connectivity Standards Alliance's */
#define MATTER(word, number)                                                                       \
  {                                                                                                \
    word, "\x2b\x06\x01\x04\x01\x82\xa2\x7c\x02" number, 10, 4, FALSE                              \
  }

static const Known known[] = {
  X520 ("CN", "\x03", 64, FALSE),
  X520 ("serialNumber", "\x05", 64, TRUE),
  X520 ("C", "\x06", 2, TRUE),
  X520 ("L", "\x07", 128, FALSE),
  X520 ("ST", "\x08", 128, FALSE),
  X520 ("O", "\x0a", 64, FALSE),
  X520 ("OU", "\x0b", 64, FALSE),
  X520 ("title", "\x0c", 64, FALSE),
  X520 ("dnQualifier", "\x2e", 64, TRUE),
  MATTER ("Vid", "\x01"),
  MATTER ("Pid", "\x02"),
};

static const Known *
find_known (Span oid)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (span_equal (oid, known[i].oid, known[i].oid_length))
      return &known[i];
  return NULL;
}

/* X.680, 41.4. */
static gboolean
is_printable (Span text)
{
  for (gsize i = 0; i < text.length; i++)
    if (!g_ascii_isalnum (text.data[i])
        && (text.data[i] == '\0' || strchr (" '()+,-./:=?", text.data[i]) == NULL))
      return FALSE;
  return TRUE;
}

/* Nothing that a reader can't show or would act on. */
static gboolean
is_clean_utf8 (Span text)
{
  const char *at = (const char *)text.data;
  const char *end = at + text.length;

  if (!g_utf8_validate_len (at, text.length, NULL))
    return FALSE;
  for (; at < end; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      return FALSE;
  return TRUE;
}

/* Appendix A.1: countryName is two letters (ISO 3166, in capitals). */
static gboolean
lint_country (Span text, GError **error)
{
  return (text.length == 2 && g_ascii_isupper (text.data[0]) && g_ascii_isupper (text.data[1]))
         || lint_refuse (error, "country", "C is not two capital letters");
}

/* Matter 1.0, 6.1.1: four digits of upper-case hex. */
static gboolean
lint_matter_id (const char *word, Span text, GError **error)
{
  gboolean fits = text.length == 4;

  for (gsize i = 0; fits && i < text.length; i++)
    fits = g_ascii_isdigit (text.data[i]) || (text.data[i] >= 'A' && text.data[i] <= 'F');
  return fits || lint_refuse (error, "matter-id", "%s is not four digits of upper-case hex", word);
}

static gboolean
lint_value (const Known *attribute, guint8 tag, Span text, GError **error)
{
  /* 4.1.2.4: PrintableString or UTF8String; appendix A.1: some are PrintableString alone. */
  if (tag != DER_PRINTABLE_STRING && (tag != DER_UTF8_STRING || attribute->printable))
    return lint_refuse (error, "string-type", "%s is a string with tag %02x", attribute->word, tag);
  if (text.length == 0)
    return lint_refuse (error, "string-empty", "%s is empty", attribute->word);
  if (tag == DER_PRINTABLE_STRING ? !is_printable (text) : !is_clean_utf8 (text))
    return lint_refuse (error, "string-characters", "%s has a character that has no place there",
                        attribute->word);
  if (g_utf8_strlen ((const char *)text.data, (gssize)text.length) > attribute->most)
    return lint_refuse (error, "string-length", "%s has more than %ld characters", attribute->word,
                        attribute->most);
  if (g_str_equal (attribute->word, "C"))
    return lint_country (text, error);
  if (g_str_equal (attribute->word, "Vid") || g_str_equal (attribute->word, "Pid"))
    return lint_matter_id (attribute->word, text, error);
  return TRUE;
}

/* RelativeDistinguishedName: a SET of one attribute; no verifier agrees on the order of two. */
static gboolean
lint_name_part (LintFindings *findings, DerReader *name, GError **error)
{
  DerReader set, pair;
  Span oid, text;
  const Known *attribute;
  guint8 tag;

  if (!der_enter (name, DER_SET, "subject", &set, error))
    return FALSE;
  if (der_at_end (&set))
    return lint_refuse (error, "name-part-empty", "the subject has an empty part");
  if (!der_enter (&set, DER_SEQUENCE, "subject", &pair, error)
      || !der_expect_end (&set, "subject", error)
      || !der_read (&pair, DER_OID, "subject", &oid, NULL, error))
    return FALSE;
  attribute = find_known (oid);
  if (attribute == NULL)
    return lint_refuse (error, "name-attribute", "the subject has an attribute that is not known");
  tag = der_at_end (&pair) ? 0 : *pair.next;
  if (!der_read (&pair, tag, "subject", &text, NULL, error)
      || !der_expect_end (&pair, "subject", error) || !lint_value (attribute, tag, text, error))
    return FALSE;
  if (findings->attribute_count == LINT_MOST_ATTRIBUTES)
    return lint_refuse (error, "name-size", "the subject has more than %d attributes",
                        LINT_MOST_ATTRIBUTES);
  findings->attributes[findings->attribute_count++] = (LintAttribute){ attribute->word, tag, text };
  return TRUE;
}

gboolean
lint_subject (LintFindings *findings, DerReader *tbs, GError **error)
{
  DerReader name;

  if (!der_enter (tbs, DER_SEQUENCE, "subject", &name, error))
    return FALSE;
  while (!der_at_end (&name))
    if (!lint_name_part (findings, &name, error))
      return FALSE;
  return TRUE;
}
