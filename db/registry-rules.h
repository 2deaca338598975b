/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules of the registry, as a pure function of what is known: may this operation be done to
 * this certificate in this target, and what becomes of it? They are AWS IoT's (API reference and
 * developer guide, "Manage device certificates"; docs/aws-coverage.md has each with its test),
 * and stricter where AWS leaves a way to regret: a revoked certificate never comes back, a void
 * one is never activated.
 */
#pragma once

#include <glib.h>

typedef enum {
  REGISTRY_REGISTER,
  REGISTRY_ACTIVATE,
  REGISTRY_DEACTIVATE,
  REGISTRY_REVOKE,
  REGISTRY_TRANSFER,        /* out of an AWS account: begins */
  REGISTRY_ACCEPT_TRANSFER, /* in the account that it goes to */
  REGISTRY_REJECT_TRANSFER, /* there, too */
  REGISTRY_CANCEL_TRANSFER, /* in the account that it comes from */
  REGISTRY_DELETE,
} RegistryOperation;

#define N_REGISTRY_OPERATIONS (REGISTRY_DELETE + 1)

/* "register", "activate", "deactivate", "revoke", "transfer", "accept-transfer",
 * "reject-transfer", "cancel-transfer", "delete". */
const char *registry_operation_word (RegistryOperation operation);
gboolean registry_operation_from_word (const char *word, RegistryOperation *operation);

typedef enum {
  REGISTRATION_NONE, /* not in this target, or no more */
  REGISTRATION_ACTIVE,
  REGISTRATION_INACTIVE,
  REGISTRATION_REVOKED,
  REGISTRATION_PENDING_TRANSFER,
  REGISTRATION_PENDING_ACTIVATION, /* came by itself (JITR), nobody has said yes yet */
} RegistrationStatus;

#define N_REGISTRATION_STATUSES (REGISTRATION_PENDING_ACTIVATION + 1)

/* AWS's words; "none". */
const char *registration_status_word (RegistrationStatus status);
gboolean registration_status_from_word (const char *word, RegistrationStatus *status);

typedef enum {
  TARGET_REGISTERED_CA, /* the CA is registered there with a verification certificate */
  TARGET_SNI_ONLY,      /* the CA is registered there, and in other accounts, too */
  TARGET_WITHOUT_CA,    /* certificates alone */
  TARGET_CSR,           /* the cloud signs requests itself */
  TARGET_SELF_SIGNED,   /* certificates alone, which devices signed themselves */
} TargetMode;

#define N_TARGET_MODES (TARGET_SELF_SIGNED + 1)

/* "registered-ca", "sni-only", "without-ca", "csr", "self-signed". */
const char *target_mode_word (TargetMode mode);
gboolean target_mode_from_word (const char *word, TargetMode *mode);

/* What is known when an operation is asked for. */
typedef struct {
  RegistrationStatus status; /* in this target */
  const char *kind;          /* the target's */
  TargetMode mode;
  gboolean verified;    /* the device proved the key */
  gboolean void_here;   /* the station took the certificate back */
  gboolean expired;     /* as of now */
  gboolean self_signed; /* issuer and subject are one */
  /* The CA that signed it is registered in this target, and ACTIVE; for the modes that ask. */
  gboolean authority_registered;
  gboolean authority_active;
  /* It is registered in another target of the same kind, account and region. */
  const char *registered_elsewhere; /* that target's name, or NULL */
  const char *account;              /* this target's */
  const char *transferred_to; /* the account that it goes to, where it is PENDING_TRANSFER here */
  /* accept, reject: another target of this ledger out of which it is PENDING_TRANSFER to this
   * target's account and in its region, by name; NULL where none is known. */
  const char *source;
} RegistryFacts;

/* What is asked for beside the operation. */
typedef struct {
  RegistryOperation operation;
  /* register: ACTIVE, INACTIVE or REVOKED; accept: ACTIVE or INACTIVE (NONE is that, too). */
  RegistrationStatus status;
  const char *account; /* transfer: 12 digits */
  const char *message; /* transfer, reject: up to 128 characters, or NULL */
  /* accept, reject: it was done in an account that is no target of this ledger; the target asked
   * is the one that it comes from. */
  gboolean elsewhere;
} RegistryRequest;

typedef struct {
  gboolean allowed;
  gboolean changes;          /* FALSE: it is so already, which is no error */
  RegistrationStatus status; /* what it becomes in this target; NONE: it is gone from it */
  char *refusal;             /* a sentence that says what to do; NULL where allowed */
} RegistryVerdict;

void registry_verdict_clear (RegistryVerdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RegistryVerdict, registry_verdict_clear)

/* Is the request itself sound, whatever the certificate? (account, message, status) INVALID. */
gboolean registry_request_check (const RegistryRequest *request, GError **error);

/* Pure. Clear `verdict` with registry_verdict_clear(). */
void registry_judge (const RegistryRequest *request, const RegistryFacts *facts,
                     RegistryVerdict *verdict);
