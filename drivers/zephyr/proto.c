/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines to meaning and back.
 */
#include "drivers/zephyr/proto.h"

#include <string.h>

#include "base/encode.h"
#include "drivers/lines.h"

#define CHIP_ID_MAX 16u
#define CERTIFICATE_LABEL "CERTIFICATE"

gboolean
zephyr_line_fits (const char *line)
{
  return line_fits (line, ZEPHYR_LINE_MAX);
}

/* What stands behind `prefix` in the first line that starts with it, or NULL. */
static char *
value_behind (const char *answer, const char *prefix)
{
  const char *line = find_line (answer, prefix);

  if (line == NULL)
    return NULL;
  const char *value = line + strlen (prefix);
  return g_strchomp (g_strndup (value, strcspn (value, "\n")));
}

gboolean
zephyr_says (const char *answer, const char *text)
{
  return find_line (answer, text) != NULL;
}

gboolean
zephyr_knows_no_such_command (const char *answer)
{
  g_auto (GStrv) lines = g_strsplit (answer, "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    if (g_str_has_suffix (g_strchomp (lines[i]), ": command not found"))
      return TRUE;
  return FALSE;
}

char *
zephyr_first_line (const char *answer)
{
  const char *start = answer + strspn (answer, " \n");

  return g_strndup (start, strcspn (start, "\n"));
}

/* A chip whose id is all zeros or all ones has none. */
static gboolean
is_blank_id (GBytes *id)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (id, &length);

  if (bytes[0] != 0x00 && bytes[0] != 0xff)
    return FALSE;
  for (gsize i = 1; i < length; i++)
    if (bytes[i] != bytes[0])
      return FALSE;
  return TRUE;
}

char *
zephyr_chip_id (const char *answer)
{
  g_autofree char *hex = value_behind (answer, "ID: 0x");
  g_autoptr (GBytes) id = hex == NULL ? NULL : hex_decode (hex);

  if (id == NULL || g_bytes_get_size (id) == 0 || g_bytes_get_size (id) > CHIP_ID_MAX
      || is_blank_id (id))
    return NULL;
  return hex_encode (g_bytes_get_data (id, NULL), g_bytes_get_size (id));
}

char *
zephyr_version (const char *answer)
{
  return value_behind (answer, "Zephyr version ");
}

/* g_base64_decode() passes over what is no base64; here nothing else may stand in it. */
static GBytes *
decode_strictly (const char *text)
{
  gsize length;

  if (text[0] == '\0')
    return NULL;
  g_autofree guint8 *bytes = g_base64_decode (text, &length);
  g_autofree char *again = g_base64_encode (bytes, length);
  if (strcmp (text, again) != 0)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&bytes), length);
}

GBytes *
zephyr_base64_line (const char *answer, const char *prefix)
{
  g_autofree char *text = value_behind (answer, prefix);

  return text == NULL ? NULL : decode_strictly (text);
}

GBytes *
zephyr_shown_bytes (const char *answer)
{
  g_auto (GStrv) lines = g_strsplit (answer, "\n", -1);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (gsize i = 0; lines[i] != NULL; i++) {
    g_strchomp (lines[i]);
    /* The buffer through which it is shown is cleared in the end, and says so. */
    if (lines[i][0] == '\0' || g_str_equal (lines[i], "Credential buffer cleared."))
      continue;
    g_autoptr (GBytes) part = decode_strictly (lines[i]);
    if (part == NULL)
      return NULL;
    g_byte_array_append (bytes, g_bytes_get_data (part, NULL), (guint)g_bytes_get_size (part));
  }
  if (bytes->len == 0)
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static GBytes *
keep_as_pem (const GPtrArray *certificates)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < certificates->len; i++) {
    gsize length;
    const guint8 *der = g_bytes_get_data (g_ptr_array_index (certificates, i), &length);
    g_autofree char *pem = pem_encode (CERTIFICATE_LABEL, der, length);

    g_string_append (text, pem);
  }
  return g_bytes_new (text->str, text->len + 1);
}

GBytes *
zephyr_keep (const GPtrArray *certificates, ZephyrForm form)
{
  switch (form) {
  case ZEPHYR_DER:
    return certificates->len == 1 ? g_bytes_ref (g_ptr_array_index (certificates, 0)) : NULL;
  case ZEPHYR_PEM:
    return keep_as_pem (certificates);
  }
  g_assert_not_reached ();
}

GBytes *
zephyr_kept (GBytes *kept)
{
  gsize length;
  const char *text = g_bytes_get_data (kept, &length);

  if (length == 0 || text[0] != '-')
    return g_bytes_ref (kept);
  if (text[length - 1] != '\0')
    return NULL;
  g_autoptr (GPtrArray) one = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  GBytes *der = pem_decode (text, CERTIFICATE_LABEL, NULL);
  if (der == NULL)
    return NULL;
  g_ptr_array_add (one, der);
  g_autoptr (GBytes) again = keep_as_pem (one);
  return g_bytes_equal (again, kept) ? g_bytes_ref (der) : NULL;
}

gsize
zephyr_base64_length (GBytes *kept, ZephyrForm form)
{
  gsize length = g_bytes_get_size (kept) - (form == ZEPHYR_PEM ? 1 : 0);

  return (length + 2) / 3 * 4;
}

char *
zephyr_digest (GBytes *kept)
{
  g_autoptr (GBytes) digest = sha256_of (g_bytes_get_data (kept, NULL), g_bytes_get_size (kept));

  return g_base64_encode (g_bytes_get_data (digest, NULL), g_bytes_get_size (digest));
}

gboolean
zephyr_lists (const char *answer, const char *sec_tag, const char *type, const char *digest)
{
  g_autofree char *line = g_strdup_printf ("%s,%s,%s,0", sec_tag, type, digest);
  const char *found = find_line (answer, line);

  return found != NULL && (found[strlen (line)] == '\n' || found[strlen (line)] == '\0');
}
