/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The registry: in which clouds the certificates of this ledger are registered, with which
 * status, and how far the clouds know. The ledger holds what shall be; each change is an
 * operation that waits until the cloud was told (by the courier, keycradle-courier, or by an
 * exported list of calls). docs/registry.md tells the whole; registry-rules.h has the rules.
 *
 * Errors are LEDGER_ERROR; times are microseconds since 1970; fingerprints lower-case hex.
 */
#pragma once

#include "db/ledger.h"
#include "db/registry-rules.h"

/* ---- targets ---- */

/* One registry of one cloud. Text members are "" where nothing is set, never NULL. */
typedef struct {
  gint64 id;
  char *name; /* serial_is_valid's alphabet */
  char *kind; /* "aws", "azure-hub", "azure-dps", "nrfcloud", "other" */
  TargetMode mode;
  char *account;     /* AWS: 12 digits; Azure: the hub's or DPS's name; nRF Cloud: the team's id */
  char *region;      /* AWS: "eu-west-1" */
  char *endpoint;    /* host name that devices connect to */
  char *policy;      /* AWS: attached to each certificate */
  char *thing_type;  /* AWS */
  char *thing_group; /* AWS; nRF Cloud: tags, by | */
  gint64 added_at;
  char *added_by;
  guint64 registered; /* registrations that have not ended */
  guint64 waiting;    /* operations of which the cloud does not know */
  guint64 alarms;
} Target;

Target *target_new (void);
void target_free (Target *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Target, target_free)

/* INVALID with a sentence where a member does not fit its kind (12 digits, region, name patterns
 * as botocore's model of AWS IoT has them, mode of another cloud); EXISTS. */
gboolean ledger_add_target (Ledger *ledger, const Target *target, const char *actor,
                            GError **error);
/* Takes endpoint, policy, thing_type and thing_group of `target`, found by its name; what it is
 * (kind, mode, account, region) stays. The same again is no event. */
gboolean ledger_set_target (Ledger *ledger, const Target *target, const char *actor,
                            GError **error);
Target *ledger_target (Ledger *ledger, const char *name, GError **error);
GPtrArray *ledger_targets (Ledger *ledger, GError **error); /* of Target, by name */

/* Where the batch's certificates are registered as they pass, with `status` (ACTIVE or INACTIVE):
 * in the transaction of PASS; what the rules refuse then is an operation in state "refused", and
 * the unit passes all the same. `names`: NULL-ended; replaces what was set. Units that have passed
 * already are not touched: ledger_change_registry() does these. */
gboolean ledger_set_batch_targets (Ledger *ledger, const char *batch, const char *const *names,
                                   RegistrationStatus status, const char *actor, GError **error);
/* Names, free with g_strfreev(). */
char **ledger_batch_targets (Ledger *ledger, const char *batch, GError **error);

/* ---- CAs in targets ---- */

typedef struct {
  gint64 id;
  char *target;
  char *name;   /* of the CA */
  char *sha256; /* AWS's certificateId */
  char *subject;
  gint64 not_before; /* seconds since 1970 */
  gint64 not_after;
  char *certificate_mode; /* "DEFAULT" or "SNI_ONLY" */
  RegistrationStatus status;
  gboolean auto_registration; /* JITR, JITP */
  gint64 registered_at;
  gint64 changed_at;
} AuthorityRegistration;

void authority_registration_free (AuthorityRegistration *registration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuthorityRegistration, authority_registration_free)

typedef struct {
  const char *target;
  const char *authority; /* name or SHA-256 of a CA that issued here */
  /* PEM: mode registered-ca asks for it, sni-only refuses it. It must be signed by the CA and
   * within its dates; its common name is the registration code. */
  const char *verification;
  gboolean active;
  gboolean auto_registration;
} AuthorityOrder;

/* Only in AWS targets of mode registered-ca or sni-only. INVALID: mode and verification
 * certificate don't go together, the CA has expired, ten CAs of that subject are there already
 * (AWS IoT quotas). EXISTS: it is there. */
gboolean ledger_register_authority (Ledger *ledger, const AuthorityOrder *order, const char *actor,
                                    GError **error);
/* ACTIVE, INACTIVE, or NONE to delete it (only when INACTIVE). `auto_registration`: -1 leaves it.
 */
gboolean ledger_change_authority (Ledger *ledger, const char *target, const char *authority,
                                  RegistrationStatus status, int auto_registration,
                                  const char *actor, GError **error);
/* Of AuthorityRegistration; of all targets where `target` is NULL. */
GPtrArray *ledger_authority_registrations (Ledger *ledger, const char *target, GError **error);

/* ---- changing registrations ---- */

/* Which certificates: exactly one of `batch` and `devices`. */
typedef struct {
  const char *batch;          /* its verified certificates (register), those registered (else) */
  const char *const *devices; /* NULL-ended: serials, or SHA-256 of certificates */
} RegistrySelection;

/* One certificate that was asked about; lives during the call. */
typedef struct {
  guint64 line;       /* 1 for the first of the selection */
  const char *device; /* as asked for, where it is unknown */
  const char *sha256; /* or NULL where there is none */
  RegistrationStatus from;
  RegistrationStatus to;
  const char *refusal; /* or NULL */
} RegistryLine;

typedef struct {
  guint64 changed;
  guint64 unchanged; /* was so already */
  guint64 refused;
} RegistrySummary;

/* Returns FALSE to stop; what is done by then stays done. Called outside the transaction, and only
 * for what is on the disk. */
typedef gboolean (*RegistrySink) (const RegistryLine *line, gpointer data, GError **error);

/* Does it, up to a thousand certificates a transaction (fewer where they would take more than a
 * moment) so that the line is not held up, each transaction with one audit event that tells
 * operation, target, count and a SHA-256 of its lines. Done again it changes nothing. With
 * `dry_run` nothing is written, and `sink` hears what would be. NOT_FOUND: target or batch.
 * INVALID: the request. */
gboolean ledger_change_registry (Ledger *ledger, const char *target, const RegistryRequest *request,
                                 const RegistrySelection *selection, gboolean dry_run,
                                 const char *actor, RegistrySink sink, gpointer data,
                                 RegistrySummary *summary, GError **error);

/* ---- listing ---- */

typedef struct {
  gint64 id;
  char *target;
  char *device;
  char *batch;
  char *sha256;
  char *authority; /* name of the CA under which it is registered, or NULL */
  char *certificate_mode;
  RegistrationStatus status;
  gint64 registered_at;
  gint64 changed_at;
  gint64 not_after;     /* seconds since 1970 */
  char *previous_owner; /* the next five: or NULL, 0 */
  char *transferred_to;
  gint64 transfer_at;
  char *transfer_message;
  char *reject_reason;
  guint waiting; /* operations of it here to which the cloud has not said yes yet */
} Registration;

void registration_free (Registration *registration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Registration, registration_free)

typedef struct {
  const char *target; /* NULL: all */
  const char *authority;
  const char *batch;
  const char *device;
  const char *sha256;
  RegistrationStatus status; /* NONE: any */
  gboolean ascending;        /* oldest first */
} RegistrationFilter;

/* A page, as AWS's: at most `most` (1 to 250), behind `marker` (NULL: from the start). `next` is
 * the next page's marker, NULL at the end; free with g_free(). A page may have fewer rows, or none,
 * and a next one all the same: that is where a filter fits few of very many. A page costs the same
 * wherever it is, and rows that come or change meanwhile neither repeat nor hide others: markers
 * name a row, not a number of rows. INVALID: a marker that is none of ours. */
GPtrArray *ledger_registrations (Ledger *ledger, const RegistrationFilter *filter, guint most,
                                 const char *marker, char **next, GError **error);

/* ---- what the clouds are to be told ---- */

typedef struct {
  gint64 id;
  char *target;
  char *operation; /* registry_operation_word(); "register-ca", "update-ca", "delete-ca" */
  char *device;    /* the next four: NULL for a CA */
  char *batch;
  char *sha256;
  GBytes *der;       /* the certificate, or the CA */
  GBytes *authority; /* DER of the CA that signed it; NULL where none is known */
  char *from_status; /* or NULL */
  char *to_status;   /* or NULL */
  char *arguments;   /* a JSON object, or NULL: account, message, verification, ... */
  gint64 at;
  char *actor;
  char *state; /* see schema 9 */
  guint tries;
  gint64 not_before;
  gint64 answered_at;
  char *answer;
} Operation;

void operation_free (Operation *operation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Operation, operation_free)

typedef struct {
  const char *target; /* NULL: all */
  const char *state;  /* NULL: all */
  const char *device;
} OperationFilter;

/* Newest first; paged as registrations are. */
GPtrArray *ledger_operations (Ledger *ledger, const OperationFilter *filter, guint most,
                              const char *marker, char **next, GError **error);

/* What is to be sent now, oldest first: waiting, due, and with nothing open of the same certificate
 * before it (but a revocation does not wait for what was refused), nor its CA's registration.
 * `after`: only those behind that id (0: from the start). */
GPtrArray *ledger_due_operations (Ledger *ledger, const char *target, gint64 after, guint most,
                                  GError **error);

typedef struct {
  gint64 id;
  /* "done", "refused", "alarm", "waiting" to be tried again, or "handed" where it stands in an
   * exported list of calls from now on. */
  const char *state;
  const char *answer; /* in words; NULL only with "done" and "handed" */
  gint64 not_before;  /* of the next try; 0 */
} OperationAnswer;

/* All in one transaction. An alarm is an audit event. An answer to what is not waiting or handed
 * is passed over. */
gboolean ledger_answer_operations (Ledger *ledger, const OperationAnswer *answers, guint count,
                                   const char *actor, GError **error);

/* The cloud took the batch by a bulk manifest: what waits (or was handed out) of registering its
 * certificates in the target is done; a thousand a transaction, each with an audit event. */
gboolean ledger_confirm_batch (Ledger *ledger, const char *target, const char *batch,
                               const char *actor, guint64 *count, GError **error);

/* A person's word: "waiting" (again), "parked", "dropped" or "done", with a reason; on record. What
 * the rules refused as the unit passed can't wait for a cloud: it is dropped, here or when the
 * certificate is registered after all. */
gboolean ledger_set_operation_state (Ledger *ledger, gint64 id, const char *state,
                                     const char *reason, const char *actor, GError **error);
