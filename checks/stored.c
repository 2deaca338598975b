/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See stored.h. OpenSSL's own reader of certificates decodes the public key, too, which costs more
 * than the signature and tells nothing here; so the parts are taken out by the strict reader, and
 * OpenSSL verifies the signature over them with a key that it has already.
 */
#include "checks/stored.h"

#include "ca/judge/csr.h"

/* 99991231235959Z: has no end, RFC 5280, 4.1.2.5 */
#define NO_END G_GINT64_CONSTANT (253402300799)

void
stored_verdict_clear (StoredVerdict *verdict)
{
  g_clear_pointer (&verdict->sentence, g_free);
}

void
stored_verdict_add (StoredVerdict *verdict, Damage damage, const char *format, ...)
{
  va_list arguments;

  verdict->damages |= 1u << damage;
  if (verdict->sentence != NULL)
    return;
  va_start (arguments, format);
  verdict->sentence = g_strdup_vprintf (format, arguments);
  va_end (arguments);
}

char *
stored_verdict_words (const StoredVerdict *verdict)
{
  GString *words = g_string_new (NULL);

  for (guint i = 0; i < N_DAMAGES; i++)
    if (verdict->damages & 1u << i)
      g_string_append_printf (words, "%s%s", words->len > 0 ? ", " : "", damage_word ((Damage)i));
  return g_string_free (words, FALSE);
}

/* One CA signed it, whose dates bind it; but for an IDevID that has no end (IEEE 802.1AR). */
static void
check_dates (const ParsedCertificate *form, StoredVerdict *verdict)
{
  if (form->not_before < verdict->authority->not_before)
    stored_verdict_add (verdict, DAMAGE_VALIDITY, "it begins before its CA");
  if (form->not_after > verdict->authority->not_after && form->not_after != NO_END)
    stored_verdict_add (verdict, DAMAGE_VALIDITY, "it ends after its CA");
}

static void
check_marks (const ParsedCertificate *form, StoredVerdict *verdict)
{
  if (form->is_authority || (form->has_key_usage && form->signs_certificates))
    stored_verdict_add (verdict, DAMAGE_MARKS, "it may sign other certificates, as a CA's");
}

static void
check_key (const ParsedCertificate *form, StoredVerdict *verdict)
{
  g_autoptr (GError) problem = NULL;
  Csr key;

  if (!csr_parse_key (form->spki.data, form->spki.length, &key, &problem))
    stored_verdict_add (verdict, DAMAGE_KEY, "%s", problem->message);
}

static void
check_signature (const ParsedCertificate *form, StoredVerdict *verdict)
{
  const CheckedAuthority *authority = verdict->authority;

  if (form->algorithm == NULL)
    stored_verdict_add (verdict, DAMAGE_ALGORITHM,
                        "its signature algorithm is none that a CA has here");
  else if (!signature_fits (form->algorithm, authority->key))
    stored_verdict_add (verdict, DAMAGE_ALGORITHM,
                        "its signature algorithm is not for the key of its CA %s", authority->name);
  else if (!signature_verify (form->algorithm, authority->key, form->signed_part, form->signature,
                              NULL))
    stored_verdict_add (verdict, DAMAGE_SIGNATURE, "its signature is not by its CA %s",
                        authority->name);
}

static void
find_authority (const ParsedCertificate *form, const CheckedAuthorities *authorities,
                StoredVerdict *verdict)
{
  verdict->authority = checked_authorities_find (authorities, form->issuer, form->issuer_key_id);
  if (verdict->authority == NULL)
    stored_verdict_add (verdict, DAMAGE_ISSUER, "the ledger knows no CA of its issuer's name%s",
                        form->issuer_key_id.length > 0 ? " and key" : "");
  else if (verdict->authority->problem != NULL)
    stored_verdict_add (verdict, DAMAGE_ISSUER, "its CA %s: %s", verdict->authority->name,
                        verdict->authority->problem);
}

/* What can not be read is not verified either: one damage is named then, where the reader stopped.
 */
void
stored_check (Span der, const CheckedAuthorities *authorities, StoredVerdict *verdict)
{
  g_autoptr (GError) problem = NULL;
  ParsedCertificate form;
  Damage damage;

  *verdict = (StoredVerdict){ 0 };
  if (!certificate_form_read (der, &form, &damage, &problem)) {
    stored_verdict_add (verdict, damage, "%s", problem->message);
    return;
  }
  find_authority (&form, authorities, verdict);
  check_key (&form, verdict);
  check_marks (&form, verdict);
  if (verdict->authority == NULL)
    return;
  check_dates (&form, verdict);
  check_signature (&form, verdict);
}
