/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See subject.h. Lengths and string types are RFC 5280's (appendix A.1).
 */
#include "ca/profile/subject.h"

#include "base/der-write.h"
#include "ca/der.h"
#include "ca/openssl.h"

#include <string.h>

#define PRINTABLE_STRING 0x13
#define UTF8_STRING 0x0c
#define MOST_ATTRIBUTES 32

typedef struct {
  const char *word;
  guint8 oid[11];
  guint8 oid_length;
  guint8 string; /* its tag */
  glong most;    /* characters */
} Attribute;

/* X.520's attributes stand below 2.5.4. */
static const Attribute attributes[] = {
  { "C", { 0x55, 4, 6 }, 3, PRINTABLE_STRING, 2 },
  { "ST", { 0x55, 4, 8 }, 3, UTF8_STRING, 128 },
  { "L", { 0x55, 4, 7 }, 3, UTF8_STRING, 128 },
  { "O", { 0x55, 4, 10 }, 3, UTF8_STRING, 64 },
  { "OU", { 0x55, 4, 11 }, 3, UTF8_STRING, 64 },
  { "CN", { 0x55, 4, 3 }, 3, UTF8_STRING, 64 },
  { "serialNumber", { 0x55, 4, 5 }, 3, PRINTABLE_STRING, 64 },
  { "dnQualifier", { 0x55, 4, 46 }, 3, PRINTABLE_STRING, 64 },
  { "title", { 0x55, 4, 12 }, 3, UTF8_STRING, 64 },
};

/* 1.3.6.1.4.1.37244.2.1 and .2 (Matter 1.0, 6.1.1). */
static const Attribute matter_vendor = {
  "Vid", { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xa2, 0x7c, 0x02, 0x01 }, 10, UTF8_STRING, 4
};
static const Attribute matter_product = {
  "Pid", { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xa2, 0x7c, 0x02, 0x02 }, 10, UTF8_STRING, 4
};

#define KNOWN_ATTRIBUTES "C ST L O OU CN serialNumber dnQualifier title"

static const Attribute *
attribute_find (const char *word, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++)
    if (strlen (attributes[i].word) == length && strncmp (attributes[i].word, word, length) == 0)
      return &attributes[i];
  return NULL;
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
    return ca_refuse (error, CA_ERROR_SUBJECT, "%s is not clean UTF-8 text", attribute->word);
  length = g_utf8_strlen (text, -1);
  if (length == 0)
    return ca_refuse (error, CA_ERROR_SUBJECT, "%s is empty", attribute->word);
  if (length > attribute->most)
    return ca_refuse (error, CA_ERROR_SUBJECT, "%s has %ld characters; at most %ld",
                      attribute->word, length, attribute->most);
  if (g_str_equal (attribute->word, "C")
      && (length != 2 || !g_ascii_isupper (text[0]) || !g_ascii_isupper (text[1])))
    return ca_refuse (error, CA_ERROR_SUBJECT, "C must be two capital letters");
  if (attribute->string == PRINTABLE_STRING && !is_printable_string (text))
    return ca_refuse (error, CA_ERROR_SUBJECT, "%s holds a character that it may not have: '%s'",
                      attribute->word, text);
  return TRUE;
}

/* RelativeDistinguishedName ::= SET { SEQUENCE { OID, string } } */
static void
put_attribute (GByteArray *out, const Attribute *attribute, const char *text)
{
  const guint start = out->len;

  der_put (out, DER_OID, attribute->oid, attribute->oid_length);
  der_put (out, attribute->string, text, strlen (text));
  der_wrap (out, start, DER_SEQUENCE);
  der_wrap (out, start, DER_SET);
}

/* One "TYPE=value" at `at`, which is moved to the comma or the end. */
static gboolean
read_attribute (const char **at, ProfileKind kind, const SubjectValues *values, GByteArray *out,
                GPtrArray *words, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *word = *at + strspn (*at, " ");
  gsize length = strcspn (word, "=,");
  const Attribute *attribute = attribute_find (word, length);

  if (word[length] != '=' || attribute == NULL)
    return ca_refuse (error, CA_ERROR_SUBJECT,
                      "'%.*s' is no attribute; known are " KNOWN_ATTRIBUTES, (int)length, word);
  *at = word + length + 1;
  if (!values_read (at, ',', values, text, error) || !check_value (attribute, text->str, error)
      || !profile_kind_check_attribute (kind, attribute->word, text->str, error))
    return FALSE;
  put_attribute (out, attribute, text->str);
  g_ptr_array_add (words, (char *)attribute->word);
  return TRUE;
}

static gboolean
put_attributes (GByteArray *out, const SubjectPattern *pattern, const SubjectValues *values,
                GError **error)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  const char *at = pattern->text;

  while (*pattern->text != '\0') {
    if (!read_attribute (&at, pattern->kind, values, out, words, error))
      return FALSE;
    if (*at == '\0')
      break;
    if (words->len == MOST_ATTRIBUTES)
      return ca_refuse (error, CA_ERROR_SUBJECT, "the subject has more than %d attributes",
                        MOST_ATTRIBUTES);
    at++;
  }
  return profile_kind_check_subject (pattern->kind, words, error);
}

gboolean
subject_put (GByteArray *out, const SubjectPattern *pattern, const SubjectValues *values,
             GError **error)
{
  const guint start = out->len;

  if (!put_attributes (out, pattern, values, error))
    return FALSE;
  if (pattern->vendor_id != NULL)
    put_attribute (out, &matter_vendor, pattern->vendor_id);
  if (pattern->product_id != NULL)
    put_attribute (out, &matter_product, pattern->product_id);
  der_wrap (out, start, DER_SEQUENCE);
  return TRUE;
}

X509_NAME *
subject_fill (const char *text, const SubjectValues *values, GError **error)
{
  const SubjectPattern pattern = { text, KIND_CUSTOM, NULL, NULL };
  g_autoptr (GByteArray) der = g_byte_array_new ();
  X509_NAME *name;
  const guint8 *at;

  if (!subject_put (der, &pattern, values, error))
    return NULL;
  at = der->data;
  name = d2i_X509_NAME (NULL, &at, (long)der->len);
  if (name == NULL)
    openssl_refuse (error, CA_ERROR_INTERNAL, "the subject can't be read back");
  return name;
}

gboolean
subject_check (const SubjectPattern *pattern, GError **error)
{
  g_autoptr (GByteArray) name = g_byte_array_new ();

  return subject_put (name, pattern, profile_kind_probe (pattern->kind), error);
}
