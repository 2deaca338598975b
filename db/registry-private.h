/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the registry's files share among themselves, and with those of the line.
 */
#pragma once

#include "db/ledger-private.h"
#include "db/registry.h"

/* ---- targets ---- */

/* Does each member fit its kind? INVALID with a sentence. */
gboolean target_check (const Target *target, GError **error);

/* NULL with NOT_FOUND. */
Target *target_read (Database *database, const char *name, GError **error);

/* ---- CAs in a target ---- */

/* A CA that is registered in a target. */
typedef struct {
  gint64 id; /* of its registration */
  RegistrationStatus status;
  GBytes *der;
  CertificateParts parts; /* of `der` */
} RegisteredAuthority;

/* By name and key identifier, as far as both have one. */
gboolean authority_signed (const CertificateParts *authority, const CertificateParts *leaf);

/* Of RegisteredAuthority, those that have not ended, ACTIVE ones first. */
GPtrArray *registered_authorities (Database *database, gint64 target_id, GError **error);
/* The one that signed the certificate, or NULL. */
const RegisteredAuthority *registered_authority_of (GPtrArray *authorities,
                                                    const CertificateParts *parts);

/* ---- one certificate in one target ---- */

/* What is done in one transaction: one request in one target. */
typedef struct {
  Database *database;
  const Target *target;
  const RegistryRequest *request;
  char *arguments;        /* of its operations, or NULL */
  GPtrArray *authorities; /* NULL where the target asks for none */
  GArray *deeds;          /* of RegistryDeed */
  gint64 now;
} Registrar;

/* An operation that was done to a registration, and waits for the event that it belongs to. */
typedef struct {
  gint64 target;
  gint64 certificate;
  gint64 registration; /* 0: none */
  RegistryOperation operation;
  RegistrationStatus from;
  RegistrationStatus to;
  const char *state;
  char *answer; /* or NULL */
} RegistryDeed;

gboolean registrar_init (Registrar *registrar, Database *database, const Target *target,
                         const RegistryRequest *request, GError **error);
void registrar_clear (Registrar *registrar);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Registrar, registrar_clear)

/* A certificate as the rules see it in the registrar's target. */
typedef struct {
  gint64 place; /* in the order of its selection */
  gint64 id;
  gint64 batch;
  char *device;
  char *sha256;
  gboolean verified;
  gboolean void_here;
  gint64 not_after;
  gboolean self_signed;
  const RegisteredAuthority *authority; /* of the registrar's, or NULL */
  gint64 registration;                  /* 0: none here */
  RegistrationStatus status;            /* here */
  char *transferred_to;                 /* or NULL */
} Candidate;

void candidate_free (Candidate *candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Candidate, candidate_free)

/* `place` is an expression over what `tables` hold beside `certificates` and `here`; parameter 1
 * is the target. */
#define CANDIDATE_COLUMNS(place)                                                                   \
  "SELECT " place ", certificates.id, certificates.batch, devices.serial, certificates.sha256,"    \
  " certificates.state, certificates.not_after, certificates.der, here.id, here.status,"           \
  " here.transferred_to"
#define CANDIDATE_DEVICE " JOIN devices ON devices.id = certificates.device"
#define CANDIDATE_HERE                                                                             \
  " LEFT JOIN registrations AS here ON here.certificate = certificates.id AND here.target = ?1"    \
  " AND here.ended IS NULL"
Candidate *candidate_load (const Registrar *registrar, Statement *statement);

Candidate *candidate_of_certificate (const Registrar *registrar, gint64 certificate_id,
                                     GError **error);
/* By serial or SHA-256; NULL with NOT_FOUND and a sentence, or with another error. */
Candidate *candidate_find (const Registrar *registrar, const char *name, GError **error);

/* The registration, in another target, out of which the candidate is being transferred to the
 * registrar's account and region; `name` (of its target) is NULL where there is none. */
typedef struct {
  gint64 registration;
  gint64 target;
  char *name;
  char *account;
} TransferSource;

gboolean transfer_source_read (const Registrar *registrar, const Candidate *candidate,
                               TransferSource *source, GError **error);
void transfer_source_clear (TransferSource *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TransferSource, transfer_source_clear)

/* What the rules say of it. */
gboolean candidate_judge (const Registrar *registrar, const Candidate *candidate,
                          RegistryVerdict *verdict, GError **error);

/* Makes it so, where the verdict changes anything, and notes the deeds. */
gboolean registrar_apply (Registrar *registrar, const Candidate *candidate,
                          const RegistryVerdict *verdict, GError **error);
/* Notes what the rules refused, for people to see. */
void registrar_note_refused (Registrar *registrar, const Candidate *candidate, const char *refusal);
/* Writes the deeds as operations of `event`, and forgets them. */
gboolean registrar_write_deeds (Registrar *registrar, gint64 event, GError **error);

/* ---- what the line does ---- */

/* Within the jobs of the line: the unit passed; its certificate became void. `event` recorded that.
 */
gboolean registry_unit_passed (Database *database, gint64 certificate_id, gint64 event,
                               GError **error);
gboolean registry_certificate_voided (Database *database, gint64 certificate_id,
                                      gboolean superseded, const char *actor, gint64 event,
                                      GError **error);

/* ---- pages ---- */

#define LARGEST_PAGE 250
#define MOST_LOOKED_AT 10000 /* rows that one page may have to pass over */

/* A page that is being read. */
typedef struct {
  char kind; /* "r" for registrations, "o" for operations */
  GPtrArray *rows;
  guint most;
  gint64 behind; /* where it begins: the first row is behind this one */
  guint looked_at;
  gint64 last;    /* the last row that was looked at */
  gboolean ended; /* nothing is behind it */
} Page;

/* `behind` becomes the marker's row, or stays where `marker` is NULL. INVALID for a marker of no
 * page of this kind, and unless 1 to LARGEST_PAGE rows are asked for. */
gboolean page_begin (Page *page, Database *database, const char *marker, GError **error);
/* `next` is the marker of the next page, NULL at the end. Free with g_free(). */
gboolean page_end (const Page *page, Database *database, char **next, GError **error);

/* The ways to a page of registrations, one after the other; NULL behind the last. Each reads an
 * index in the order of its rows, but for those of one certificate or device, which are few. */
const char *registration_page_query (guint way, gboolean ascending);
/* What is sent next. */
const char *due_operations_query (void);
