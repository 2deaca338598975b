/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What one person asked for and another is to allow: void a device's certificate, load a ticket,
 * accept a CA. A request is kept with the very call that it stands for, is decided once, and never
 * deleted; each step of it is an audit event. Rules as in ledger.h. And which CAs a person has
 * accepted.
 */
#pragma once

#include "db/ledger.h"

#define APPROVAL_PARAMETERS_MOST 131072u
/* Nobody reads a longer list; and a client that asks without end must not fill the disk. */
#define APPROVALS_WAITING_MOST 100u
#define APPROVAL_LIFETIME G_TIME_SPAN_DAY

typedef enum {
  APPROVAL_WAITING,
  APPROVAL_GRANTED,
  APPROVAL_REFUSED,
  APPROVAL_EXPIRED,
} ApprovalState;

const char *approval_state_word (ApprovalState state);

typedef struct {
  gint64 id;
  char *control;      /* "void", "ticket": the word of DualControl= */
  char *method;       /* of the API */
  char *type;         /* of its parameters, as GVariant writes types */
  GBytes *parameters; /* little endian */
  char *about;        /* what it would change, as it was when it was asked for; for people */
  char *person;       /* who asked, alone: "sven" */
  char *actor;        /* as the audit trail has them: "sven (keycradle)" */
  gint64 asked_at;
  ApprovalState state;
  char *decider; /* a person, or "station"; NULL while it waits */
  char *decider_actor;
  gint64 decided_at;
  char *reason;  /* why it was refused, or NULL */
  char *outcome; /* of a granted one: "done", or why not; NULL while it runs, or where the station
                    stopped meanwhile */
} Approval;

void approval_free (Approval *approval);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Approval, approval_free)

/* Keeps what `request` has up to `actor`. Where the same call about the same waits already, that is
 * the one. Free with approval_free(). INVALID where it is too large or too many wait. */
Approval *ledger_request_approval (Ledger *ledger, const Approval *request, GError **error);

/* NOT_FOUND. */
Approval *ledger_approval (Ledger *ledger, gint64 id, GError **error);
/* Of Approval, newest first. */
GPtrArray *ledger_approvals (Ledger *ledger, gboolean waiting_only, guint most, GError **error);
gboolean ledger_count_approvals (Ledger *ledger, guint *waiting, GError **error);

/* One that waits is granted or refused by a person, who is another than the one who asked where it
 * is granted. INVALID where it does not wait any more, or is one's own. */
gboolean ledger_decide_approval (Ledger *ledger, gint64 id, ApprovalState state,
                                 const char *decider, const char *actor, const char *reason,
                                 GError **error);

/* What became of a granted one; `failure` NULL: it was done. Once. */
gboolean ledger_conclude_approval (Ledger *ledger, gint64 id, const char *failure, GError **error);

/* Those that waited longer than APPROVAL_LIFETIME, or come from a time that the clock has yet to
 * reach, expire. Nothing is written where there are none. */
gboolean ledger_expire_approvals (Ledger *ledger, GError **error);

/* Are `a` and `b` one person? Case does not tell two people apart. */
gboolean person_is (const char *a, const char *b);

/* ---- which acts need two ---- */

/* On record where `bits`, with `words` for people, is not what the station went by last: whoever
 * edits the configuration does not do so unseen. */
gboolean ledger_note_dual_control (Ledger *ledger, guint bits, const char *words, GError **error);

/* ---- CAs ---- */

/* `sha256` is hex of the CA's certificate. `name` (may be NULL) receives the CA's, NULL where the
 * ledger never heard of it; free with g_free(). */
gboolean ledger_authority_is_accepted (Ledger *ledger, const char *sha256, gboolean *accepted,
                                       char **name, GError **error);
/* On record, with the CA's name; once is enough. NOT_FOUND where the ledger never heard of it. */
gboolean ledger_accept_authority (Ledger *ledger, const char *sha256, const char *actor,
                                  GError **error);
