/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See authorities.h.
 */
#include "checks/authorities.h"

#include "base/encode.h"
#include "ca/judge/csr.h"
#include "ca/openssl.h"
#include "checks/certificate-form.h"

struct CheckedAuthorities {
  GPtrArray *all; /* of CheckedAuthority */
};

static void
authority_free (CheckedAuthority *authority)
{
  g_free (authority->name);
  g_free (authority->sha256);
  g_free (authority->problem);
  EVP_PKEY_free (authority->key);
  g_bytes_unref (authority->der);
  g_free (authority);
}

/* DSA is read by OpenSSL: a CA may have such a key, a device may not. */
static EVP_PKEY *
read_key (Span spki)
{
  const guint8 *at = spki.data;
  EVP_PKEY *key = NULL;
  Csr parsed;

  if (csr_parse_key (spki.data, spki.length, &parsed, NULL))
    key = csr_public_key (&parsed, NULL);
  return key != NULL ? key : d2i_PUBKEY (NULL, &at, (long)spki.length);
}

static void
take_form (CheckedAuthority *authority, const ParsedCertificate *form)
{
  authority->serial = form->serial;
  authority->issuer = form->issuer;
  authority->subject = form->subject;
  authority->spki = form->spki;
  authority->key_id = form->key_id;
  authority->issuer_key_id = form->issuer_key_id;
  authority->not_before = form->not_before;
  authority->not_after = form->not_after;
  authority->self_signed = span_equal (form->issuer, form->subject.data, form->subject.length);
}

static char *
find_problem (const CheckedAuthority *authority, const ParsedCertificate *form,
              const GError *unread)
{
  if (unread != NULL)
    return g_strdup (unread->message);
  if (authority->key == NULL)
    return g_strdup ("its key can't be read");
  if (!form->is_authority || !form->signs_certificates)
    return g_strdup ("its certificate is not that of a CA");
  return NULL;
}

/* What is wrong with it further on stays with it; without a key it is of no use. */
static CheckedAuthority *
authority_read (GBytes *der, const char *name, GError **error)
{
  g_autoptr (GError) unread = NULL;
  CheckedAuthority *authority;
  ParsedCertificate form;
  Damage damage;
  Span span;

  span.data = g_bytes_get_data (der, &span.length);
  if (!certificate_form_read (span, &form, &damage, &unread) && form.spki.length == 0) {
    g_propagate_error (error, g_steal_pointer (&unread));
    return NULL;
  }
  authority = g_new0 (CheckedAuthority, 1);
  authority->name = g_strdup (name);
  authority->der = g_bytes_ref (der);
  authority->sha256 = sha256_hex (span.data, span.length);
  take_form (authority, &form);
  authority->key = read_key (form.spki);
  authority->problem = find_problem (authority, &form, unread);
  return authority;
}

static CheckedAuthority *
find_same (const CheckedAuthorities *authorities, GBytes *der)
{
  for (guint i = 0; i < authorities->all->len; i++) {
    CheckedAuthority *authority = g_ptr_array_index (authorities->all, i);
    if (g_bytes_equal (authority->der, der))
      return authority;
  }
  return NULL;
}

static void
take_certificate (CheckedAuthorities *authorities, GBytes *der, const char *name, gboolean issues,
                  GPtrArray *unreadable)
{
  g_autoptr (GError) error = NULL;
  CheckedAuthority *authority = find_same (authorities, der);

  if (authority == NULL) {
    authority = authority_read (der, name, &error);
    if (authority != NULL)
      g_ptr_array_add (authorities->all, authority);
    else if (unreadable != NULL)
      g_ptr_array_add (unreadable, g_strdup_printf ("%s: %s", name, error->message));
  }
  if (authority != NULL)
    authority->issues |= issues;
}

/* ---- each under the one above it ---- */

static gboolean
is_signed_by (const CheckedAuthority *authority, const CheckedAuthority *above)
{
  ParsedCertificate form;
  Damage damage;
  Span span;

  span.data = g_bytes_get_data (authority->der, &span.length);
  return above->key != NULL && certificate_form_read (span, &form, &damage, NULL)
         && form.algorithm != NULL && signature_fits (form.algorithm, above->key)
         && signature_verify (form.algorithm, above->key, form.signed_part, form.signature, NULL);
}

/* Where nobody here knows the one above, the signer was told to trust the last one. */
static void
check_above (const CheckedAuthorities *authorities, CheckedAuthority *authority)
{
  const CheckedAuthority *above =
      checked_authorities_find (authorities, authority->issuer, authority->issuer_key_id);

  if (above == NULL || authority->problem != NULL)
    return;
  if (!is_signed_by (authority, above))
    authority->problem = g_strdup ("its signature is not by the CA above it");
  else if (authority->not_before < above->not_before)
    authority->problem = g_strdup ("it begins before the CA above it");
}

CheckedAuthorities *
checked_authorities_new (const GPtrArray *chains, const char *const *names, GPtrArray *unreadable)
{
  CheckedAuthorities *authorities = g_new0 (CheckedAuthorities, 1);

  authorities->all = g_ptr_array_new_with_free_func ((GDestroyNotify)authority_free);
  for (guint i = 0; i < chains->len; i++) {
    const GPtrArray *chain = g_ptr_array_index (chains, i);

    for (guint level = 0; level < chain->len; level++)
      take_certificate (authorities, g_ptr_array_index (chain, level), names[i], level == 0,
                        unreadable);
  }
  for (guint i = 0; i < authorities->all->len; i++)
    check_above (authorities, g_ptr_array_index (authorities->all, i));
  return authorities;
}

void
checked_authorities_free (CheckedAuthorities *authorities)
{
  if (authorities == NULL)
    return;
  g_ptr_array_unref (authorities->all);
  g_free (authorities);
}

guint
checked_authorities_count (const CheckedAuthorities *authorities)
{
  return authorities->all->len;
}

const CheckedAuthority *
checked_authorities_at (const CheckedAuthorities *authorities, guint i)
{
  return g_ptr_array_index (authorities->all, i);
}

const CheckedAuthority *
checked_authorities_find (const CheckedAuthorities *authorities, Span issuer, Span key_id)
{
  for (guint i = 0; i < authorities->all->len; i++) {
    const CheckedAuthority *authority = g_ptr_array_index (authorities->all, i);

    if (span_equal (authority->subject, issuer.data, issuer.length)
        && (key_id.length == 0 || span_equal (authority->key_id, key_id.data, key_id.length)))
      return authority;
  }
  return NULL;
}
