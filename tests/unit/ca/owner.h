/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An owner, tickets, and a signer in this process that demands them.
 */
#pragma once

#include "ca/signer/signer-owner.h"

#include <openssl/x509.h>

typedef struct {
  X509 *certificate;
  EVP_PKEY *key;
} Owner;

/* A self-signed one, in NAME.pem and NAME.key of `folder`. */
Owner owner_make (const char *folder, const char *name);
/* One of that name, made by another: what is signed with it is not signed by `issuer`. */
Owner owner_make_below (const Owner *issuer, const char *name);
void owner_clear (Owner *owner);

/* signer.conf as folder_fill() wrote it, and OWNER.pem for tickets; NULL: none are demanded. */
void config_write (const char *folder, const char *owner);

/* The signer of signer.conf; it must open. */
Signer *signer_of (const char *folder);

/* For this signer: `count` certificates for "b1", profile "sensor", from an hour ago for a month.
 */
Ticket *ticket_for (Signer *signer, guint64 number, guint count);

GBytes *ticket_signed (const Owner *owner, const Ticket *ticket);

/* Signs and loads it. The code of the refusal, or -1. */
int ticket_try (Signer *signer, const Owner *owner, const Ticket *ticket);
int ticket_try_bytes (Signer *signer, GBytes *bytes);

/* ticket_for(), which must load. */
void ticket_give (Signer *signer, const Owner *owner, guint64 number, guint count);

/* An order for a new key of `device`; the code of the refusal, or -1. `request` may be NULL. */
int order_try (Signer *signer, const char *device, const char *batch, GBytes *request);

/* How many entries of that type the log has, and the newest of them: free with g_bytes_unref(). */
guint entries_of (Signer *signer, LogEntryType type);
GBytes *newest_of (Signer *signer, LogEntryType type, LogEntry *entry);
