/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See subject.h. Lengths and string types are RFC 5280's (appendix A.1).
 */
#include "ca/subject.h"

#include "ca/openssl.h"

#include <openssl/obj_mac.h>
#include <string.h>

typedef struct {
  const char *word;
  int nid;
  glong most; /* characters */
  gboolean printable;
} Attribute;

static const Attribute attributes[] = {
  { "C", NID_countryName, 2, TRUE },
  { "ST", NID_stateOrProvinceName, 128, FALSE },
  { "L", NID_localityName, 128, FALSE },
  { "O", NID_organizationName, 64, FALSE },
  { "OU", NID_organizationalUnitName, 64, FALSE },
  { "CN", NID_commonName, 64, FALSE },
  { "serialNumber", NID_serialNumber, 64, TRUE },
  { "dnQualifier", NID_dnQualifier, 64, TRUE },
  { "title", NID_title, 64, FALSE },
};

#define KNOWN_ATTRIBUTES "C ST L O OU CN serialNumber dnQualifier title"

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, CA_ERROR, CA_ERROR_SUBJECT, message);
  return FALSE;
}

static const Attribute *
attribute_find (const char *word, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++)
    if (strlen (attributes[i].word) == length && strncmp (attributes[i].word, word, length) == 0)
      return &attributes[i];
  return NULL;
}

/* The value that "${word}" stands for; `known` tells a value that is absent from a wrong word. */
static const char *
value_for (const SubjectValues *values, const char *word, gsize length, gboolean *known)
{
  const struct {
    const char *word;
    const char *value;
  } table[] = { { "serial", values->serial },
                { "chip", values->chip },
                { "batch", values->batch },
                { "product", values->product } };

  *known = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (strlen (table[i].word) == length && strncmp (table[i].word, word, length) == 0) {
      *known = TRUE;
      return table[i].value;
    }
  }
  return NULL;
}

/* `at` stands on "${"; it is moved behind the "}". */
static gboolean
append_value (const char **at, const SubjectValues *values, GString *text, GError **error)
{
  const char *word = *at + 2;
  const char *close = strchr (word, '}');
  gboolean known;
  const char *value;
  gsize length = close != NULL ? (gsize)(close - word) : 0;

  value = value_for (values, word, length, &known);
  if (!known)
    return refuse (error, "'%.*s' is no value; known are ${serial} ${chip} ${batch} ${product}",
                   close != NULL ? (int)length + 3 : 20, *at);
  if (value == NULL || *value == '\0')
    return refuse (error, "the subject needs ${%.*s}, which this device does not have", (int)length,
                   word);
  g_string_append (text, value);
  *at = close + 1;
  return TRUE;
}

/* Reads a value up to the next bare comma or the end. */
static gboolean
read_value (const char **at, const SubjectValues *values, GString *text, GError **error)
{
  while (**at != '\0' && **at != ',') {
    if (g_str_has_prefix (*at, "${")) {
      if (!append_value (at, values, text, error))
        return FALSE;
      continue;
    }
    if (**at == '\\' && *++*at == '\0')
      return refuse (error, "the subject ends with a backslash");
    g_string_append_c (text, *(*at)++);
  }
  return TRUE;
}

static gboolean
is_printable_string (const char *text)
{
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr (" '()+,-./:=?", *text) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
has_control (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (g_unichar_iscntrl (g_utf8_get_char (text)))
      return TRUE;
  return FALSE;
}

static gboolean
check_value (const Attribute *attribute, const char *text, GError **error)
{
  glong length;

  if (!g_utf8_validate (text, -1, NULL) || has_control (text))
    return refuse (error, "%s is not clean UTF-8 text", attribute->word);
  length = g_utf8_strlen (text, -1);
  if (length == 0)
    return refuse (error, "%s is empty", attribute->word);
  if (length > attribute->most)
    return refuse (error, "%s has %ld characters; at most %ld", attribute->word, length,
                   attribute->most);
  if (attribute->nid == NID_countryName
      && (length != 2 || !g_ascii_isupper (text[0]) || !g_ascii_isupper (text[1])))
    return refuse (error, "C must be two capital letters");
  if (attribute->printable && !is_printable_string (text))
    return refuse (error, "%s holds a character that it may not have: '%s'", attribute->word, text);
  return TRUE;
}

static gboolean
add_attribute (X509_NAME *name, const Attribute *attribute, const GString *text, GError **error)
{
  int type = attribute->printable ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;

  if (!check_value (attribute, text->str, error))
    return FALSE;
  return X509_NAME_add_entry_by_NID (name, attribute->nid, type, (const guchar *)text->str,
                                     (int)text->len, -1, 0)
         || openssl_refuse (error, CA_ERROR_INTERNAL, "the subject can't be built");
}

/* One "TYPE=value" at `at`, which is moved to the comma or the end. */
static gboolean
read_attribute (const char **at, const SubjectValues *values, X509_NAME *name, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *word = *at + strspn (*at, " ");
  gsize length = strcspn (word, "=,");
  const Attribute *attribute = attribute_find (word, length);

  if (word[length] != '=' || attribute == NULL)
    return refuse (error, "'%.*s' is no attribute; known are " KNOWN_ATTRIBUTES, (int)length, word);
  *at = word + length + 1;
  return read_value (at, values, text, error) && add_attribute (name, attribute, text, error);
}

X509_NAME *
subject_fill (const char *pattern, const SubjectValues *values, GError **error)
{
  g_autoptr (X509_NAME) name = X509_NAME_new ();
  const char *at = pattern;

  if (!read_attribute (&at, values, name, error))
    return NULL;
  while (*at == ',') {
    at++;
    if (!read_attribute (&at, values, name, error))
      return NULL;
  }
  return g_steal_pointer (&name);
}

/* One letter for each value: what does not fit then can never fit. */
gboolean
subject_check (const char *pattern, GError **error)
{
  static const SubjectValues probe = { "X", "X", "X", "X" };
  g_autoptr (X509_NAME) name = subject_fill (pattern, &probe, error);

  return name != NULL;
}
