/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The contract between the station and a device family.
 *
 * A driver is a struct of functions, each one a step of the procedure, each
 * blocking until the device has answered or the deadline has passed. A driver
 * keeps no globals and knows no database, CA or bus: it turns a step into bytes
 * on a transport, and bytes into an answer. Everything a device says is checked
 * before it is believed.
 *
 * docs/adding-a-driver.md shows how to write one in an afternoon.
 */
#pragma once

#include "base/deadline.h"
#include "drivers/options.h"
#include "drivers/transport.h"

/* Why a step with a device failed; every driver's errors are of this domain.
 * The station turns the code into a sentence that an operator can act on. */
typedef enum {
  DRIVER_ERROR_UNPLUGGED,          /* the port hung up in the middle */
  DRIVER_ERROR_PORT,               /* the port can't be opened, locked or configured */
  DRIVER_ERROR_NO_ANSWER,          /* the deadline passed and nothing came, or not enough */
  DRIVER_ERROR_GARBLED,            /* an answer came that the protocol does not allow */
  DRIVER_ERROR_FLOOD,              /* the device sent more than any answer may hold */
  DRIVER_ERROR_REFUSED,            /* the device understood and said no */
  DRIVER_ERROR_UNSUPPORTED,        /* the device can't do what the profile asks of it */
  DRIVER_ERROR_UNKNOWN,            /* no driver knows this device's dialect */
  DRIVER_ERROR_IDENTITY,           /* it has no identity, an invalid one, or another than before */
  DRIVER_ERROR_KEY_GENERATION,     /* the chip could not make a key */
  DRIVER_ERROR_PRIVATE_KEY_LEAKED, /* the device sent a private key: alarm */
  DRIVER_ERROR_READ_BACK,          /* what was read back can't be the answer to the question */
  DRIVER_ERROR_PROOF,              /* the device did not sign the nonce */
  DRIVER_ERROR_ATTESTATION,        /* it can't show, or shows wrongly, where its key was made */
  DRIVER_ERROR_INTERNAL,           /* ours: a bug or a full disk, not the device's fault */
} DriverError;

#define DRIVER_ERROR (driver_error_quark ())
GQuark driver_error_quark (void);

/* The stable word for `code`, as in "no-answer"; kept in the ledger and shown to engineers. */
const char *driver_error_word (DriverError code);

/* Kinds of key, in the words of the configuration and of the SMP group. */
typedef enum {
  KEY_KIND_RSA_2048,
  KEY_KIND_RSA_3072,
  KEY_KIND_RSA_4096,
  KEY_KIND_P256,
  KEY_KIND_P384,
  KEY_KIND_P521,
} KeyKind;

#define N_KEY_KINDS (KEY_KIND_P521 + 1)

/* "rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521". */
const char *key_kind_word (KeyKind kind);
gboolean key_kind_from_word (const char *word, KeyKind *kind);

/* Bits of Driver.abilities. */
typedef enum {
  DRIVER_ASSIGNS_SERIAL = 1 << 0,    /* assign_serial is there: the station may name the device */
  DRIVER_READS_CERTIFICATE = 1 << 1, /* read_back gives the bytes, not only a digest */
  DRIVER_INSTALLS_CHAIN = 1 << 2,    /* the chain goes to the device */
  DRIVER_INSTALLS_ROOTS = 1 << 3,    /* server roots go to the device */
  DRIVER_INSTALLS_ENDPOINT = 1 << 4, /* the endpoint goes to the device */
  DRIVER_LOCKS = 1 << 5,             /* lock is there */
  DRIVER_ATTESTS = 1 << 6,           /* attest is there */
} DriverAbility;

/* Who the device says it is. Strings are checked (serial_is_valid, printable) or NULL. */
typedef struct {
  char *chip_id;   /* burnt in, the same for ever: IMEI, silicon id; NULL where the chip has none */
  char *serial;    /* the name it carries now; NULL where it has none yet */
  char *model;     /* for the record; may be NULL */
  char *firmware;  /* for the record; may be NULL */
  guint key_kinds; /* bits 1 << KeyKind that its chip can make */
} DeviceIdentity;

void device_identity_free (DeviceIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DeviceIdentity, device_identity_free)

/* What goes to the device. DER in GBytes; owned by the caller. */
typedef struct {
  GBytes *certificate;
  GPtrArray *chain;     /* of GBytes, leaf's issuer first; the root is not in it; may be empty */
  GPtrArray *roots;     /* of GBytes: server roots to trust; may be empty */
  const char *endpoint; /* host name, or NULL */
} Credentials;

/* What a device shows of the certificate it holds: exactly one member is set. */
typedef struct {
  GBytes *certificate;     /* DER, byte for byte as it was stored */
  gboolean digest_matches; /* the device's own digest equals that of what was sent; used
                              where `certificate` is NULL */
} ReadBack;

void read_back_clear (ReadBack *read_back);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ReadBack, read_back_clear)

/* How `Proof.signature` is encoded and made. The digest goes over Proof.message. */
typedef enum {
  PROOF_ECDSA_SHA256_DER, /* Ecdsa-Sig-Value (RFC 3279) over SHA-256 */
  PROOF_ECDSA_SHA256_RAW, /* r and s, each of the curve's width (RFC 7518, 3.4) */
  PROOF_RSA_PKCS1_SHA256, /* RSASSA-PKCS1-v1_5 (RFC 8017, 8.2) */
} ProofScheme;

/* A signature the device made over a message that holds the station's fresh
 * nonce, raw or as lower-case hex. The station checks both; the driver only
 * brings the bytes. Where the message is a JWT's "header.payload", the nonce is
 * inside the base64url text: then `claims` is the decoded payload, `message` must
 * end in "." and base64url(claims), and the nonce is looked for in `claims`. */
typedef struct {
  ProofScheme scheme;
  GBytes *message;
  GBytes *signature;
  GBytes *claims; /* NULL, or the decoded part of a JWT message */
} Proof;

void proof_clear (Proof *proof);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Proof, proof_clear)

#define PROOF_NONCE_LENGTH 32

/* What a device brings to show what it is and where its key was made. What the parts of each are
 * and what the station makes of them stands in docs/attestation.md. */
typedef enum {
  ATTESTATION_NRF91,     /* AT%ATTESTTOKEN's message with our challenge; the COSE_Sign1 over it;
                            the COSE_Sign1 of AT%KEYGEN */
  ATTESTATION_PIV,       /* certificate of the key by the token's attestation key (f9); f9's own;
                            all DER, as everywhere */
  ATTESTATION_TPM,       /* EK certificate (empty: none); AK's TPMT_PUBLIC; the credential opened;
                            TPMS_ATTEST of TPM2_Certify or TPM2_CertifyCreation of the key, over the
                            nonce (or 00ff55aa, where tpm2_certify leaves no choice); its
                            TPMT_SIGNATURE; the key's TPMT_PUBLIC */
  ATTESTATION_MICROCHIP, /* the chip's own certificate; its signer's; a signature (r and s, 64
                            bytes) of the chip's certified key over SHA-256 of the nonce */
} AttestationFormat;

#define N_ATTESTATION_FORMATS (ATTESTATION_MICROCHIP + 1)

/* "nrf91", "piv", "tpm", "microchip". */
const char *attestation_format_word (AttestationFormat format);

typedef struct {
  AttestationFormat format;
  GPtrArray *parts; /* of GBytes, as many and in the order as the format says; an empty one where
                       the device has none */
} Attestation;

void attestation_clear (Attestation *attestation);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Attestation, attestation_clear)

/* What the station gives for it. */
typedef struct {
  const guint8 *nonce; /* PROOF_NONCE_LENGTH bytes, fresh */
  /* For a TPM: TPM2_MakeCredential in software, over a secret that only the TPM learns which has
   * both `endorsement_key` (TPMT_PUBLIC) and the object called `name` (2 bytes of algorithm, then
   * the digest). The credential is TPM2B_ID_OBJECT followed by TPM2B_ENCRYPTED_SECRET: what
   * TPM2_ActivateCredential takes. The last call counts. NULL with error. */
  GBytes *(*make_credential) (gpointer data, GBytes *endorsement_key, GBytes *name, GError **error);
  gpointer data;
} AttestationRequest;

/* One device that speaks one dialect, open on one transport. A driver that must
 * remember something between steps keeps it in `state`, made by open, freed by close. */
typedef struct Session {
  const struct Driver *driver;
  Transport *transport;         /* borrowed */
  const DriverOptions *options; /* borrowed; NULL: nothing is set */
  gpointer state;
} Session;

/* Every function: FALSE (or NULL) with a DRIVER_ERROR set, never a partial result. */
typedef struct Driver {
  const char *name;            /* "smp": folder, configuration, ledger */
  const char *title;           /* one line for `keycradle driver list` */
  guint abilities;             /* DriverAbility bits */
  guint key_kinds;             /* bits 1 << KeyKind that some device of the family can make */
  guint channels;              /* Channel bits it can be reached by */
  guint baud;                  /* what the family's ports run at by default */
  gboolean rtscts;             /* whether they use RTS/CTS by default */
  const DriverOption *options; /* ends with a NULL name; NULL: none */
  guint patience;              /* milliseconds that it may take until the family's devices say who
                                  they are, where that is more than most need: they boot first */

  /* Asks the harmless question that only this dialect answers, within `deadline`.
   * TRUE where the answer is its own; FALSE without error where it is not. It must
   * leave a device of any other dialect as it was, and must not wait longer than
   * needed for an answer. An error is for a port that died. */
  gboolean (*probe) (Transport *transport, gboolean *speaks, Deadline deadline, GError **error);

  /* Starts a session: session->transport is set; may allocate session->state. May be NULL. */
  gboolean (*open) (Session *session, Deadline deadline, GError **error);
  /* Frees session->state; never talks to a dead port for long. May be NULL. */
  void (*close) (Session *session);

  /* Free with device_identity_free(). */
  DeviceIdentity *(*identify) (Session *session, Deadline deadline, GError **error);

  /* Gives the device its name, durably on the device. Only with DRIVER_ASSIGNS_SERIAL. */
  gboolean (*assign_serial) (Session *session, const char *serial, Deadline deadline,
                             GError **error);

  /* Has the chip make a new key pair, replacing an earlier one; the private key stays in it. */
  gboolean (*generate_key) (Session *session, KeyKind kind, Deadline deadline, GError **error);

  /* The CSR as DER, self-signed by the key that generate_key made; unref with g_bytes_unref().
   * `common_name` is what the CSR's subject should say where the dialect lets one choose; the
   * CA takes no name from a CSR. */
  GBytes *(*read_csr) (Session *session, const char *common_name, Deadline deadline,
                       GError **error);

  /* Writes the parts of `credentials` that the family can take. */
  gboolean (*install) (Session *session, const Credentials *credentials, Deadline deadline,
                       GError **error);

  /* Shows the certificate that the device now holds; `credentials` is what install was
   * given, for families that answer with a digest only. Clear with read_back_clear(). */
  gboolean (*read_back) (Session *session, const Credentials *credentials, ReadBack *read_back,
                         Deadline deadline, GError **error);

  /* Has the device sign PROOF_NONCE_LENGTH bytes of `nonce` with its private key. Must work
   * before install too (it tells whether a device that comes back still holds its key):
   * DRIVER_ERROR_PROOF where there is no key. Clear with proof_clear(). */
  gboolean (*prove) (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline,
                     GError **error);

  /* Has the device show what it is and where its key was made. Called after read_csr; where the
   * device came back with its key, in a session that has neither generated it nor read a CSR: then
   * DRIVER_ERROR_UNSUPPORTED where the evidence came only with the key. Only with DRIVER_ATTESTS;
   * DRIVER_ERROR_UNSUPPORTED where this one device can't. Clear with attestation_clear(). */
  gboolean (*attest) (Session *session, const AttestationRequest *request, Attestation *attestation,
                      Deadline deadline, GError **error);

  /* Closes the device to further key generation and writes. Only with DRIVER_LOCKS. */
  gboolean (*lock) (Session *session, Deadline deadline, GError **error);
} Driver;

/* registry.c: all drivers, NULL-ended, in the order in which probing asks them. */
const Driver *const *driver_list (void);

/* The driver called `name`, or NULL. */
const Driver *driver_by_name (const char *name);

/* The driver's own match file, parsed (see match.h): a GPtrArray of Match; made once, owned by the
 * registry. */
const GPtrArray *driver_matches (const Driver *driver);

/* The driver whose dialect the device speaks. Asks `only` where it is not NULL, over whatever
 * channel; else every driver that the channel suits in turn, the most harmless question first, and
 * all of them again with more patience until `deadline`, because a device may still be starting:
 * give it seconds, not minutes. NULL with DRIVER_ERROR_UNKNOWN where none is understood but
 * something came back, DRIVER_ERROR_NO_ANSWER where the device stayed silent. */
const Driver *driver_probe (Transport *transport, const Driver *only, Deadline deadline,
                            GError **error);

/* Asks `driver` alone, once and briefly: does the device speak its dialect? FALSE where the port
 * died. */
gboolean driver_ask (const Driver *driver, Transport *transport, gboolean *speaks,
                     Deadline deadline, GError **error);

/* The same with those of `among` (of const Driver; NULL: all) instead of all drivers. */
const Driver *driver_probe_among (Transport *transport, const GPtrArray *among, Deadline deadline,
                                  GError **error);

/* Session with `driver` on `transport`, told `options` (borrowed; may be NULL); end it with
 * session_close(). NULL with error. */
Session *session_open (const Driver *driver, Transport *transport, const DriverOptions *options,
                       Deadline deadline, GError **error);

/* An option of the session's driver: what is set, else the fallback, else NULL. */
const char *session_option (const Session *session, const char *name);
void session_close (Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Session, session_close)
