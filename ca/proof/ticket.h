/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ticket: the owner's signed permission to issue so many certificates for a batch, on one
 * station, with one CA, within a time. docs/evidence.md has the text. Pure; errors are
 * CA_ERROR_PROOF, which name the key that is wrong.
 */
#pragma once

#include "ca/proof/checkpoint.h"

#define TICKET_MOST_COUNT 10000000u

/* What a TPM that counts needs beside; see docs/custody.md. */
typedef struct {
  guint32 from;  /* the count that the owner knows of: a TPM with less is another one */
  guint32 limit; /* up to this count it may sign, counted from its first signature */
  GBytes *signature;
} TicketTpm;

typedef struct {
  guint64 number; /* from 1; each of an owner's tickets for a station has a higher one */
  char *batch;
  char *profile;
  char *profile_sha256; /* hex, or NULL: whatever stands under that name */
  guint count;
  char *station;     /* hex SHA-256 of the station key's SubjectPublicKeyInfo */
  char *ca;          /* hex SHA-256 of the CA key's */
  gint64 not_before; /* seconds since 1970; both inclusive */
  gint64 not_after;
  guint64 log_size; /* what the owner has seen of this station's log; 0 at first */
  guint8 log_root[MERKLE_HASH];
  gboolean clock_reset; /* the station may go on with a clock behind its log */
  char *note;           /* for people, or NULL */
  TicketTpm *tpm;       /* or NULL */
} Ticket;

Ticket *ticket_new (void);
void ticket_free (Ticket *ticket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ticket, ticket_free)

/* Reads strictly: an unknown group or key, one that stands twice or is missing, a value out of
 * range. */
Ticket *ticket_parse (const char *text, GError **error);
char *ticket_text (const Ticket *ticket);
