/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See owner.h.
 */
#include "tests/unit/ca/owner.h"

#include "base/encode.h"
#include "ca/proof/statement.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/pem.h>
#include <string.h>

#define HOUR 3600
#define MONTH (30 * 24 * HOUR)

static X509 *
certify (EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *signing)
{
  X509 *certificate = X509_new ();
  X509_NAME *subject = X509_get_subject_name (certificate);

  X509_set_version (certificate, 2);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
  X509_gmtime_adj (X509_getm_notBefore (certificate), -HOUR);
  X509_gmtime_adj (X509_getm_notAfter (certificate), MONTH);
  X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_UTF8, (const guint8 *)name, -1, -1, 0);
  X509_set_issuer_name (certificate, issuer != NULL ? X509_get_subject_name (issuer) : subject);
  X509_set_pubkey (certificate, key);
  ck_assert_int_gt (X509_sign (certificate, signing, EVP_sha256 ()), 0);
  return certificate;
}

static void
save (const char *folder, const char *name, const Owner *owner)
{
  g_autofree char *pem = g_strdup_printf ("%s/%s.pem", folder, name);
  g_autofree char *key = g_strdup_printf ("%s/%s.key", folder, name);
  BIO *out = BIO_new_file (pem, "w");

  ck_assert (PEM_write_bio_X509 (out, owner->certificate));
  BIO_free (out);
  out = BIO_new_file (key, "w");
  ck_assert (PEM_write_bio_PrivateKey (out, owner->key, NULL, NULL, 0, NULL, NULL));
  BIO_free (out);
}

Owner
owner_make (const char *folder, const char *name)
{
  Owner owner = { .key = make_key ("P-256") };

  owner.certificate = certify (owner.key, name, NULL, owner.key);
  save (folder, name, &owner);
  return owner;
}

Owner
owner_make_below (const Owner *issuer, const char *name)
{
  Owner owner = { .key = make_key ("P-256") };

  owner.certificate = certify (owner.key, name, issuer->certificate, issuer->key);
  return owner;
}

void
owner_clear (Owner *owner)
{
  X509_free (owner->certificate);
  EVP_PKEY_free (owner->key);
}

void
config_write (const char *folder, const char *owner)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  g_autofree char *tickets = owner != NULL
                                 ? g_strdup_printf ("[tickets]\nOwner=%s/%s.pem\n", folder, owner)
                                 : g_strdup ("");
  g_autofree char *before = NULL;
  g_autofree char *text = NULL;
  char *end;

  ck_assert (g_file_get_contents (path, &before, NULL, NULL));
  end = strstr (before, "[tickets]");
  if (end != NULL)
    *end = '\0';
  text = g_strconcat (before, tickets, NULL);
  folder_write (folder, "signer.conf", text, 0644);
}

Signer *
signer_of (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  GError *problem = NULL;
  g_autoptr (SignerConfig) config = signer_config_load (path, &problem);
  Signer *signer = config != NULL ? signer_open (config, LOG_OPEN_WRITE, &problem) : NULL;

  ck_assert_msg (signer != NULL, "%s", problem != NULL ? problem->message : "");
  return signer;
}

Ticket *
ticket_for (Signer *signer, guint64 number, guint count)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  Ticket *ticket = ticket_new ();

  ticket->number = number;
  ticket->count = count;
  ticket->batch = g_strdup ("b1");
  ticket->profile = g_strdup ("sensor");
  ticket->station = g_strdup (signer_station (signer));
  ticket->ca = hex_encode (generation->issuing->origin, LOG_HASH);
  ticket->not_before = g_get_real_time () / G_USEC_PER_SEC - HOUR;
  ticket->not_after = ticket->not_before + MONTH;
  merkle_root (&(MerkleEdge){ 0 }, ticket->log_root);
  return ticket;
}

GBytes *
ticket_signed (const Owner *owner, const Ticket *ticket)
{
  g_autofree char *text = ticket_text (ticket);
  GError *problem = NULL;
  GBytes *bytes = statement_sign (text, owner->certificate, owner->key, &problem);

  ck_assert_msg (bytes != NULL, "%s", problem != NULL ? problem->message : "");
  return bytes;
}

/* Whom the owner's rules stop is told how to go on. */
static void
expect_advice (const GError *problem)
{
  if (problem->code >= CA_ERROR_TICKET_MISSING && problem->code <= CA_ERROR_COUNT)
    ck_assert_msg (strstr (problem->message, "; ") != NULL, "%s", problem->message);
}

int
ticket_try_bytes (Signer *signer, GBytes *bytes)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (LoadedTicket) loaded = NULL;
  Span der;

  der.data = g_bytes_get_data (bytes, &der.length);
  loaded = signer_load_ticket (signer, der, &problem);
  ck_assert ((loaded == NULL) == (problem != NULL));
  if (loaded == NULL) {
    expect_advice (problem);
    return problem->code;
  }
  ck_assert (loaded->newest);
  ck_assert_uint_le (loaded->issued, loaded->ticket->count); /* orders may run */
  return -1;
}

int
ticket_try (Signer *signer, const Owner *owner, const Ticket *ticket)
{
  g_autoptr (GBytes) bytes = ticket_signed (owner, ticket);

  return ticket_try_bytes (signer, bytes);
}

void
ticket_give (Signer *signer, const Owner *owner, guint64 number, guint count)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, number, count);

  ck_assert_int_eq (ticket_try (signer, owner, ticket), -1);
}

int
order_try (Signer *signer, const char *device, const char *batch, GBytes *request)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  const IssueTemplate *plan = generation_template (generation, "sensor");
  g_autoptr (GBytes) made =
      request != NULL ? g_bytes_ref (request) : make_good_request ("P-256", "SHA256");
  SignOrder order = { .batch = batch,
                      .product = "sensor",
                      .profile = "sensor",
                      .profile_sha256 = issue_template_profile (plan)->sha256,
                      .device = device };
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) entry = NULL;
  guint64 index;

  order.csr.data = g_bytes_get_data (made, &order.csr.length);
  entry = signer_sign (signer, &order, &index, &problem);
  ck_assert ((entry == NULL) == (problem != NULL));
  if (problem == NULL)
    return -1;
  expect_advice (problem);
  return problem->code;
}

guint
entries_of (Signer *signer, LogEntryType type)
{
  guint count = 0;

  for (guint64 place = 0; place < issuance_log_size (signer_log (signer)); place++) {
    g_autoptr (GBytes) bytes = issuance_log_read (signer_log (signer), place, NULL);
    LogEntry entry;

    ck_assert (
        log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
    count += entry.type == type;
  }
  return count;
}

GBytes *
newest_of (Signer *signer, LogEntryType type, LogEntry *entry)
{
  g_autoptr (GArray) places = issuance_log_places (signer_log (signer), type);
  GBytes *bytes;

  ck_assert_uint_gt (places->len, 0);
  bytes = issuance_log_read (signer_log (signer), g_array_index (places, guint64, places->len - 1),
                             NULL);
  ck_assert (
      log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), entry, NULL));
  ck_assert_int_eq (entry->type, type);
  return bytes;
}
