/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See known-keys.h. Every list is an array of records of one width, sorted by their first bytes: a
 * digest. What follows the digest is the line of the list, or badkeys' number of a list within the
 * list. badkeys' file is such an array already and is used as it lies on the disk; it must be
 * replaced by renaming, not written into. The others are small; they are read and sorted.
 */
#include "ca/judge/known-keys.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

typedef enum {
  FORM_MODULUS_SHA1,  /* openssl-blacklist's text: the last 10 bytes of it */
  FORM_NUMBER_SHA256, /* badkeys' list: the first 15 bytes */
  FORM_SPKI_SHA256,
} Form;
#define N_FORMS 3

static const gsize digest_lengths[N_FORMS] = { 10, 15, 32 };

/* So many bytes tell text from badkeys' list, in which no 16 bytes pass for text. */
#define LOOK_AT 4096
#define BADKEYS_RECORD 16
#define LINE_NUMBER 4

typedef struct {
  char *path;
  Form form;
  gsize width;         /* of a record */
  gsize n_records;     /* at least one */
  const guint8 *bytes; /* in one of: */
  GMappedFile *map;
  GByteArray *own;
} List;

struct KnownKeys {
  GPtrArray *lists;
};

static gboolean G_GNUC_PRINTF (3, 4)
    refuse (const List *list, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, CA_ERROR, CA_ERROR_KNOWN_KEY, "%s: %s", list->path, message);
  return FALSE;
}

static void
list_free (List *list)
{
  g_free (list->path);
  g_clear_pointer (&list->map, g_mapped_file_unref);
  g_clear_pointer (&list->own, g_byte_array_unref);
  g_free (list);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (List, list_free)

/* ---- text ---- */

static gboolean
is_text (Span file)
{
  gsize length = MIN (file.length, LOOK_AT);
  const char *end;

  for (gsize i = 0; i < length; i++)
    if (file.data[i] == 0x7f || (file.data[i] < 0x20 && strchr ("\t\r\n", file.data[i]) == NULL))
      return FALSE;
  /* The last character may be cut. */
  return g_utf8_validate_len ((const char *)file.data, length, &end)
         || (length == LOOK_AT && (const char *)file.data + length - end < 4);
}

/* The next line without its end and without white space around it. */
static Span
next_line (Span *rest)
{
  const guint8 *end = memchr (rest->data, '\n', rest->length);
  gsize length = end != NULL ? (gsize)(end - rest->data) : rest->length;
  Span line = { rest->data, length };

  rest->data += MIN (length + 1, rest->length);
  rest->length -= MIN (length + 1, rest->length);
  while (line.length > 0 && g_ascii_isspace (line.data[0])) {
    line.data++;
    line.length--;
  }
  while (line.length > 0 && g_ascii_isspace (line.data[line.length - 1]))
    line.length--;
  return line;
}

/* Which form `line` has; -1: none. */
static int
form_of_line (Span line)
{
  gsize digits = 0;

  while (digits < line.length && g_ascii_isxdigit (line.data[digits]))
    digits++;
  if (digits == 2 * digest_lengths[FORM_MODULUS_SHA1] && digits == line.length)
    return FORM_MODULUS_SHA1;
  if (digits == 2 * digest_lengths[FORM_SPKI_SHA256]
      && (digits == line.length || g_ascii_isspace (line.data[digits])))
    return FORM_SPKI_SHA256;
  return -1;
}

static void
append_record (GByteArray *records, Span line, gsize digest_length, guint32 number)
{
  guint32 big_endian = GUINT32_TO_BE (number);

  for (gsize i = 0; i < digest_length; i++) {
    int high = g_ascii_xdigit_value ((char)line.data[2 * i]);
    int low = g_ascii_xdigit_value ((char)line.data[2 * i + 1]);
    guint8 byte = (guint8)(high << 4 | low);

    g_byte_array_append (records, &byte, 1);
  }
  g_byte_array_append (records, (const guint8 *)&big_endian, LINE_NUMBER);
}

static gboolean
read_line (List *list, Span line, guint32 number, GError **error)
{
  int form = form_of_line (line);

  if (line.length == 0 || line.data[0] == '#')
    return TRUE;
  if (form < 0)
    return refuse (list, error,
                   "line %u is neither 20 hex digits nor 64 hex digits and a name; lists are "
                   "openssl-blacklist's, badkeys' blocklist.dat, or of SHA-256 over public keys",
                   number);
  if (list->own->len > 0 && form != (int)list->form)
    return refuse (list, error, "line %u has another form than the lines before", number);
  list->form = (Form)form;
  append_record (list->own, line, digest_lengths[form], number);
  return TRUE;
}

static int
compare_records (const void *a, const void *b, void *length)
{
  return memcmp (a, b, *(const gsize *)length);
}

static gboolean
read_text (List *list, Span file, GError **error)
{
  guint32 number = 0;

  list->own = g_byte_array_new ();
  while (file.length > 0) {
    Span line = next_line (&file);

    if (!read_line (list, line, ++number, error))
      return FALSE;
  }
  if (list->own->len == 0)
    return refuse (list, error, "there is no key in this list");
  list->width = digest_lengths[list->form] + LINE_NUMBER;
  list->n_records = list->own->len / list->width;
  qsort_r (list->own->data, list->n_records, list->width, compare_records, &list->width);
  list->bytes = list->own->data;
  return TRUE;
}

/* ---- badkeys' list ---- */

/* Where the order is broken keys would not be found, without a word. */
static gboolean
read_badkeys (List *list, Span file, GError **error)
{
  if (file.length % BADKEYS_RECORD != 0)
    return refuse (list, error,
                   "neither text nor badkeys' blocklist.dat: %" G_GSIZE_FORMAT
                   " bytes are not a whole number of 16-byte records",
                   file.length);
  list->form = FORM_NUMBER_SHA256;
  list->width = BADKEYS_RECORD;
  list->n_records = file.length / BADKEYS_RECORD;
  list->bytes = file.data;
  for (gsize i = 1; i < list->n_records; i++) {
    const guint8 *record = list->bytes + i * BADKEYS_RECORD;

    if (memcmp (record - BADKEYS_RECORD, record, BADKEYS_RECORD) > 0)
      return refuse (list, error,
                     "record %" G_GSIZE_FORMAT
                     " is out of order: not badkeys' blocklist.dat, or damaged",
                     i + 1);
  }
  return TRUE;
}

/* ---- all lists ---- */

static List *
list_load (const char *path, GError **error)
{
  g_autoptr (List) list = g_new0 (List, 1);
  g_autoptr (GError) problem = NULL;
  Span file;

  list->path = g_strdup (path);
  list->map = g_mapped_file_new (path, FALSE, &problem);
  if (list->map == NULL) {
    refuse (list, error, "the list of known keys can't be read: %s", problem->message);
    return NULL;
  }
  file.data = (const guint8 *)g_mapped_file_get_contents (list->map);
  file.length = g_mapped_file_get_length (list->map);
  if (file.length == 0) {
    refuse (list, error, "the list of known keys is empty");
    return NULL;
  }
  if (!is_text (file))
    return read_badkeys (list, file, error) ? g_steal_pointer (&list) : NULL;
  if (!read_text (list, file, error))
    return NULL;
  g_clear_pointer (&list->map, g_mapped_file_unref);
  return g_steal_pointer (&list);
}

KnownKeys *
known_keys_load (const char *const *paths, GError **error)
{
  g_autoptr (KnownKeys) known = g_new0 (KnownKeys, 1);

  known->lists = g_ptr_array_new_with_free_func ((GDestroyNotify)list_free);
  for (gsize i = 0; paths != NULL && paths[i] != NULL; i++) {
    List *list = list_load (paths[i], error);

    if (list == NULL)
      return NULL;
    g_ptr_array_add (known->lists, list);
  }
  return g_steal_pointer (&known);
}

void
known_keys_free (KnownKeys *known)
{
  if (known == NULL)
    return;
  g_ptr_array_unref (known->lists);
  g_free (known);
}

gsize
known_keys_size (const KnownKeys *known)
{
  gsize size = 0;

  for (guint i = 0; i < known->lists->len; i++)
    size += ((const List *)g_ptr_array_index (known->lists, i))->n_records;
  return size;
}

/* ---- one key ---- */

static Span
without_leading_zeros (Span number)
{
  while (number.length > 0 && number.data[0] == 0) {
    number.data++;
    number.length--;
  }
  return number;
}

/* "Modulus=HEX", as `openssl rsa -modulus` prints it: upper case, no leading zero digit. */
static void
digest_modulus (Span modulus, guint8 digest[SHA_DIGEST_LENGTH])
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < modulus.length; i++)
    g_string_append_printf (text, text->len == 0 ? "%X" : "%02X", modulus.data[i]);
  g_string_prepend (text, "Modulus=");
  g_string_append_c (text, '\n');
  SHA1 ((const guint8 *)text->str, text->len, digest);
}

/* badkeys: the modulus or X, as a number, so without leading zeros (its BLOCKLISTFORMAT.md). */
static void
digest_number (const Csr *csr, guint8 digest[SHA256_DIGEST_LENGTH])
{
  Span number = csr->modulus;

  if (csr->key_type != CSR_KEY_RSA)
    number = (Span){ csr->point.data + 1, (csr->point.length - 1) / 2 };
  number = without_leading_zeros (number);
  SHA256 (number.data, number.length, digest);
}

typedef struct {
  guint8 bytes[N_FORMS][SHA256_DIGEST_LENGTH];
  gboolean has[N_FORMS];
} Digests;

static void
digest_key (const Csr *csr, Digests *digests)
{
  guint8 sha1[SHA_DIGEST_LENGTH];
  gsize kept = digest_lengths[FORM_MODULUS_SHA1];

  digests->has[FORM_MODULUS_SHA1] = csr->key_type == CSR_KEY_RSA;
  if (digests->has[FORM_MODULUS_SHA1]) {
    digest_modulus (csr->modulus, sha1);
    memcpy (digests->bytes[FORM_MODULUS_SHA1], sha1 + sizeof sha1 - kept, kept);
  }
  digest_number (csr, digests->bytes[FORM_NUMBER_SHA256]);
  digests->has[FORM_NUMBER_SHA256] = TRUE;
  SHA256 (csr->spki.data, csr->spki.length, digests->bytes[FORM_SPKI_SHA256]);
  digests->has[FORM_SPKI_SHA256] = TRUE;
}

static const guint8 *
find_record (const List *list, const guint8 *digest)
{
  gsize from = 0;
  gsize to = list->n_records;

  while (from < to) {
    gsize middle = from + (to - from) / 2;
    const guint8 *record = list->bytes + middle * list->width;
    int order = memcmp (digest, record, digest_lengths[list->form]);

    if (order == 0)
      return record;
    if (order < 0)
      to = middle;
    else
      from = middle + 1;
  }
  return NULL;
}

static gboolean
refuse_known (const List *list, const guint8 *record, GError **error)
{
  const guint8 *behind = record + digest_lengths[list->form];
  guint32 line;

  if (list->form == FORM_NUMBER_SHA256) {
    g_set_error (error, CA_ERROR, CA_ERROR_KNOWN_KEY,
                 "the key is on the list of known keys %s (badkeys' list %u)", list->path, *behind);
    return FALSE;
  }
  memcpy (&line, behind, LINE_NUMBER);
  g_set_error (error, CA_ERROR, CA_ERROR_KNOWN_KEY,
               "the key is on the list of known keys %s, line %u", list->path,
               GUINT32_FROM_BE (line));
  return FALSE;
}

/* In the lists of `forms`, bits. */
static gboolean
check_lists (const KnownKeys *known, guint forms, const Csr *csr, GError **error)
{
  Digests digests = { 0 };

  if (known == NULL || known->lists->len == 0)
    return TRUE;
  digest_key (csr, &digests);
  for (guint i = 0; i < known->lists->len; i++) {
    const List *list = g_ptr_array_index (known->lists, i);
    const guint8 *record = NULL;

    if ((forms & 1u << list->form) != 0 && digests.has[list->form])
      record = find_record (list, digests.bytes[list->form]);
    if (record != NULL)
      return refuse_known (list, record, error);
  }
  return TRUE;
}

gboolean
known_keys_check (const KnownKeys *known, const Csr *csr, GError **error)
{
  return check_lists (known, (1u << N_FORMS) - 1, csr, error);
}

gboolean
known_keys_check_debian (const KnownKeys *known, const Csr *csr, GError **error)
{
  return check_lists (known, 1u << FORM_MODULUS_SHA1, csr, error);
}
