/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what is checked long after it was issued: a chain of two CAs, and under it a
 * device's certificate ("c") or a revocation list ("l"). What passes bears its CA's signature over
 * all of it: with a bit turned at its end it does not pass any more. What does not pass gets a
 * sentence.
 *
 * First "c" or "l", then the two CAs, each behind its length in two bytes, then the rest.
 */
#include "ca/error.h"
#include "checks/crl-list.h"
#include "checks/stored.h"

#define CHAIN 2

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
expect (gboolean good)
{
  if (!good)
    g_abort ();
}

static void
expect_sentence (const char *sentence)
{
  expect (sentence != NULL && *sentence != '\0' && g_utf8_validate (sentence, -1, NULL));
}

/* Memory of its own size, so that a read behind it shows. */
static GBytes *
take (const guint8 **at, const guint8 *end)
{
  gsize length;

  if (end - *at < 2)
    return NULL;
  length = MIN ((gsize)((*at)[0] << 8 | (*at)[1]), (gsize)(end - *at - 2));
  *at += 2 + length;
  return g_bytes_new (*at - length, length);
}

/* The last bit belongs to the signature's value. */
static GBytes *
last_bit_turned (GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  guint8 *copy = g_memdup2 (data, length);

  copy[length - 1] ^= 1;
  return g_bytes_new_take (copy, length);
}

static CheckedAuthorities *
read_authorities (const guint8 **at, const guint8 *end)
{
  const char *const names[] = { "ca", NULL };
  g_autoptr (GPtrArray) chains = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  g_autoptr (GPtrArray) unreadable = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  CheckedAuthorities *authorities;

  g_ptr_array_add (chains, chain);
  for (guint i = 0; i < CHAIN; i++) {
    GBytes *der = take (at, end);

    if (der != NULL)
      g_ptr_array_add (chain, der);
  }
  authorities = checked_authorities_new (chains, names, unreadable);
  expect (checked_authorities_count (authorities) + unreadable->len <= chain->len);
  for (guint i = 0; i < unreadable->len; i++)
    expect_sentence (g_ptr_array_index (unreadable, i));
  for (guint i = 0; i < checked_authorities_count (authorities); i++) {
    const CheckedAuthority *authority = checked_authorities_at (authorities, i);

    expect (authority->key != NULL || authority->problem != NULL);
  }
  return authorities;
}

static gboolean
passes (GBytes *der, const CheckedAuthorities *authorities)
{
  g_auto (StoredVerdict) verdict = { 0 };
  g_autofree char *words = NULL;
  Span span;

  span.data = g_bytes_get_data (der, &span.length);
  stored_check (span, authorities, &verdict);
  words = stored_verdict_words (&verdict);
  if (verdict.damages == 0) {
    expect (verdict.sentence == NULL && *words == '\0');
    expect (verdict.authority != NULL && verdict.authority->problem == NULL);
    return TRUE;
  }
  expect_sentence (verdict.sentence);
  expect (*words != '\0');
  return FALSE;
}

static void
check_certificate (GBytes *der, const CheckedAuthorities *authorities)
{
  g_autoptr (GBytes) turned = NULL;

  if (!passes (der, authorities))
    return;
  turned = last_bit_turned (der);
  expect (!passes (turned, authorities));
}

static CrlList *
read_list (GBytes *bytes, const CheckedAuthorities *authorities)
{
  g_autoptr (GError) problem = NULL;
  CrlList *list = crl_list_read (bytes, authorities, &problem);

  if (list == NULL) {
    expect (g_error_matches (problem, CA_ERROR, CA_ERROR_CRL));
    expect_sentence (problem->message);
  }
  return list;
}

static void
check_list (GBytes *bytes, const CheckedAuthorities *authorities)
{
  g_autoptr (CrlList) list = read_list (bytes, authorities);
  g_autoptr (CrlList) none = NULL;
  g_autoptr (GBytes) turned = NULL;
  DerReader entries;
  guint64 count = 0;
  gint64 revoked_at;
  Span serial;

  if (list == NULL)
    return;
  entries = list->entries;
  for (; crl_list_next (&entries, &serial, &revoked_at); count++)
    expect (crl_list_has (list, serial));
  expect (count == list->count && list->authority->key != NULL);
  turned = last_bit_turned (list->der);
  none = read_list (turned, authorities);
  expect (none == NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  const guint8 *at = data + 1, *end = data + size;

  if (size == 0)
    return 0;
  g_autoptr (CheckedAuthorities) authorities = read_authorities (&at, end);
  g_autoptr (GBytes) rest = g_bytes_new (at, (gsize)(end - at));

  if (data[0] == 'l')
    check_list (rest, authorities);
  else
    check_certificate (rest, authorities);
  return 0;
}
