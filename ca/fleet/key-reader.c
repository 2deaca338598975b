/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See key-reader.h.
 */
#include "ca/fleet/key-reader.h"

#include "ca/fleet/batch-gcd.h"

FleetKey *
fleet_key_new (guint64 id, CsrKeyType type, const void *number, gsize length)
{
  const guint8 *from = number;
  FleetKey *key = g_new0 (FleetKey, 1);

  while (type == CSR_KEY_RSA && length > 0 && *from == 0) {
    from++;
    length--;
  }
  key->id = id;
  key->type = type;
  key->number = g_bytes_new (from, length);
  return key;
}

void
fleet_key_free (FleetKey *key)
{
  g_bytes_unref (key->number);
  g_free (key);
}

gboolean
key_reader_is_stopped (KeyReader *reader, GError **error)
{
  if (g_atomic_int_get (&reader->stopped) == 0)
    return FALSE;
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INTR, "the check of all keys was stopped");
  return TRUE;
}

GPtrArray *
key_reader_read (KeyReader *reader, guint64 after, guint most, GError **error)
{
  g_autoptr (GPtrArray) keys = NULL;
  guint64 before = after;

  if (key_reader_is_stopped (reader, error))
    return NULL;
  keys = reader->source (after, most, reader->data, error);
  for (guint i = 0; keys != NULL && i < keys->len; i++) {
    const FleetKey *key = g_ptr_array_index (keys, i);

    if (key->id <= before) {
      g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL,
                   "key %" G_GUINT64_FORMAT " came after key %" G_GUINT64_FORMAT, key->id, before);
      return NULL;
    }
    before = key->id;
  }
  return g_steal_pointer (&keys);
}

GPtrArray *
key_reader_read_up_to (KeyReader *reader, guint64 after, guint64 last, GError **error)
{
  GPtrArray *keys = key_reader_read (reader, after, READ_KEYS, error);

  while (keys != NULL && keys->len > 0
         && ((const FleetKey *)g_ptr_array_index (keys, keys->len - 1))->id > last)
    g_ptr_array_set_size (keys, (gint)keys->len - 1);
  return keys;
}

gboolean
key_reader_visit (KeyReader *reader, guint64 after, guint64 last, KeyVisit visit, gpointer data,
                  GError **error)
{
  while (after < last) {
    g_autoptr (GPtrArray) keys = key_reader_read_up_to (reader, after, last, error);

    if (keys == NULL)
      return FALSE;
    if (keys->len == 0)
      return TRUE;
    for (guint i = 0; i < keys->len; i++)
      visit (g_ptr_array_index (keys, i), data);
    after = ((const FleetKey *)g_ptr_array_index (keys, keys->len - 1))->id;
  }
  return TRUE;
}

Span
fleet_key_number (const FleetKey *key)
{
  Span number;

  number.data = g_bytes_get_data (key->number, &number.length);
  if (key->type != CSR_KEY_RSA)
    number.length /= 2;
  return number;
}

gboolean
fleet_key_modulus (const FleetKey *key, mpz_t number)
{
  Span modulus = fleet_key_number (key);

  if (key->type != CSR_KEY_RSA)
    return FALSE;
  mpz_import (number, modulus.length, 1, 1, 1, 0, modulus.data);
  return mpz_cmp_ui (number, 1) > 0;
}

static void
number_free (mpz_t *number)
{
  mpz_clear (*number);
  g_free (number);
}

GPtrArray *
moduli_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)number_free);
}

gboolean
fleet_key_append_modulus (const FleetKey *key, GPtrArray *moduli)
{
  mpz_t *modulus = g_new (mpz_t, 1);

  mpz_init (*modulus);
  if (!fleet_key_modulus (key, *modulus)) {
    number_free (modulus);
    return FALSE;
  }
  g_ptr_array_add (moduli, modulus);
  return TRUE;
}

void
fleet_keys_product (GPtrArray *keys, mpz_t product)
{
  g_autoptr (GPtrArray) moduli = moduli_new ();
  g_autoptr (BatchGcd) tree = NULL;

  mpz_set_ui (product, 1);
  for (guint i = 0; i < keys->len; i++)
    fleet_key_append_modulus (g_ptr_array_index (keys, i), moduli);
  if (moduli->len == 0)
    return;
  tree = batch_gcd_new (moduli);
  mpz_set (product, batch_gcd_product (tree));
}
