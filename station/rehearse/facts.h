/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is known of one try to connect: what the device said in its ClientHello, how the handshake
 * went, which certificate it showed, what the registry knows of that, and what it asked for once
 * it was in. judge.h makes a verdict of it. Plain data: whoever gathers it and whoever judges it
 * know nothing of each other.
 *
 * Text that came from the device is safe to show in here (base/text.h); NULL means that there was
 * none.
 */
#pragma once

#include <glib.h>

/* A ClientHello (RFC 5246, 7.4.1.2; RFC 8446, 4.1.2). Numbers are those of IANA's registry "TLS
 * Parameters"; GREASE (RFC 8701) is left out. */
typedef struct {
  gboolean came;
  guint16 version;                /* legacy_version: the newest before TLS 1.3 */
  GArray *versions;               /* supported_versions: guint16 each; empty before TLS 1.3 */
  GArray *suites;                 /* cipher suites */
  GPtrArray *suite_names;         /* the same as OpenSSL names them */
  GArray *signatures;             /* signature_algorithms */
  GArray *certificate_signatures; /* signature_algorithms_cert */
  GArray *groups;                 /* supported_groups */
  char *server_name;              /* server_name (RFC 6066, 3) */
  GPtrArray *protocols;           /* ALPN (RFC 7301) */
} Hello;

/* How far a try came. */
typedef enum {
  TRY_SILENT,  /* a connection, and not a byte */
  TRY_NOT_TLS, /* something else than TLS */
  TRY_BEGUN,   /* TLS, but the handshake did not get to its end */
  TRY_SECURED, /* the handshake is done */
} TryStage;

/* Why a try that did not get to its end stopped. */
typedef enum {
  TRY_RAN,        /* it did not stop */
  TRY_LEFT,       /* the device closed the connection */
  TRY_ALERTED,    /* the device sent an alert */
  TRY_TOO_SLOW,   /* its time was up */
  TRY_PUSHED_OUT, /* others needed its place */
  TRY_REFUSED,    /* our TLS could not go on */
} TryStop;

typedef enum { SERVER_NONE, SERVER_RSA, SERVER_ECDSA } ServerKind;

typedef struct {
  TryStage stage;
  TryStop stop;
  guint8 first[8]; /* the first bytes, and how many of them */
  gsize n_first;
  guint64 received;          /* bytes */
  guint16 version;           /* what was agreed on; 0 */
  char *suite;               /* the same */
  ServerKind server;         /* the chain that was presented */
  int alert;                 /* the one that the device sent (RFC 8446, 6), or -1 */
  gboolean certificate_came; /* its Certificate, which may be empty */
  gboolean signature_wrong;  /* its CertificateVerify is by another key */
  gboolean key_proven;       /* its CertificateVerify is by the key of its certificate */
  char *problem;             /* in OpenSSL's words */
} Handshake;

/* The certificate that the device showed. */
typedef struct {
  GBytes *der; /* NULL: none */
  GBytes *spki;
  guint count;  /* how many certificates it sent */
  char *sha256; /* lower-case hex: AWS's certificateId */
  char *subject;
  char *issuer;
  char *name;        /* serialNumber of the subject, else its common name */
  char *key;         /* "RSA 2048", "EC P-256" */
  gint64 not_before; /* seconds since 1970 */
  gint64 not_after;
  gboolean key_sufficient; /* RSA from 2048 bits, P-256, P-384, P-521 */
  gboolean is_authority;   /* basicConstraints say CA:TRUE */
  gboolean self_signed;
} Shown;

/* What the registry knows of it. */
typedef struct {
  char *problem; /* why it could not be asked; then the rest means nothing */
  gboolean found;
  char *device;
  char *batch;
  gboolean is_void;
  char *void_reason;
  gboolean verified;       /* the device proved its key at the line */
  char *status;            /* in the target, in AWS's words; NULL where no target was asked */
  gboolean demands_signer; /* the CA must be known, too */
  char *signer;            /* the CA that signed it, by its name; NULL: none that is known */
  char *signer_status;     /* in the target: "ACTIVE", "INACTIVE", "none"; NULL: not asked */
} Known;

/* What it said once the handshake was done. */
typedef enum {
  REQUEST_NONE,
  REQUEST_MQTT,
  REQUEST_MQTT_WRONG, /* it was to be a CONNECT, and is none */
  REQUEST_HTTP,
  REQUEST_OTHER,
} RequestKind;

typedef struct {
  RequestKind kind;
  guint level; /* MQTT: 4 is 3.1.1, 5 is 5 */
  char *client_id;
  gboolean clean;
  guint keep_alive; /* seconds */
  char *problem;
} Request;

typedef struct {
  char *peer; /* "192.0.2.7:49152" */
  gint64 at;  /* microseconds since 1970 */
  Hello hello;
  Handshake handshake;
  Shown shown;
  Known known;
  Request request;
} Try;

Try *try_new (void);
void try_free (Try *one);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Try, try_free)

/* Whether `number` stands in `list` (of guint16). */
gboolean numbers_have (const GArray *list, guint16 number);
