/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The frames between station and signer: a length (u32, little-endian, at most WIRE_MOST) and
 * a GVariant "(yyv)" of version, kind and payload. A frame of another version, kind,
 * type, or not in normal form is CA_ERROR_PROTOCOL, after which the connection is to be dropped;
 * a connection that ended or timed out is CA_ERROR_UNREACHABLE.
 */
#pragma once

#include <glib.h>

#include "base/deadline.h"
#include "ca/error.h"

#define WIRE_VERSION 4
#define WIRE_MOST (64 * 1024)

/* A reply has the kind of its request, or WIRE_ERROR. */
typedef enum {
  WIRE_ERROR,
  WIRE_SIGN,
  WIRE_ENTRIES,
  WIRE_STATUS,
  WIRE_CODE,
  WIRE_REVOKE,
  WIRE_CRL,
  WIRE_TICKET,
  WIRE_TICKETS,
  WIRE_REPORT,
  WIRE_MANIFEST,
  WIRE_CHECKPOINT,
  WIRE_INCLUSION,
  WIRE_CONSISTENCY,
  WIRE_LOG,
  WIRE_CLOCK,
  WIRE_JWS
} WireKind;
typedef enum { WIRE_REQUEST, WIRE_REPLY } WireDirection;

/* batch, product, profile, profile_sha256, device, chip_id, csr */
#define WIRE_SIGN_REQUEST "(sssssmsay)"
/* from, most */
#define WIRE_ENTRIES_REQUEST "(tu)"
#define WIRE_STATUS_REQUEST "()"
/* index, type (LogEntryType), signed_at, batch, profile, device, csr_sha256, certificate */
#define WIRE_ENTRY "(tyxsssayay)"
#define WIRE_ENTRIES_REPLY "a" WIRE_ENTRY
/* name, subject, key, signature, keystore, fingerprint, not_before, not_after, demo, problem, chain
 */
#define WIRE_CA "(ssssssxxbsaay)"
/* name of the issuing CA, log_size, log_origin, problems, CAs, profiles, station certificate,
 * whether tickets are demanded, entries that were verified since the start, TPM account */
#define WIRE_STATUS_REPLY "(stsasa" WIRE_CA "asaybtm(uut))"
/* name of the CA ("": the one that issues), code */
#define WIRE_CODE_REQUEST "(ss)"
/* index, certificate */
#define WIRE_CODE_REPLY "(tay)"
/* of each certificate: its index in the log, when it was revoked (microseconds since 1970),
 * CrlReason */
#define WIRE_REVOKE_REQUEST "a(txy)"
#define WIRE_REVOKE_MOST 2048
/* how many are new, how many are of no CA of this signer */
#define WIRE_REVOKE_REPLY "(uu)"
/* name of the CA, whether a new list is to be made, offset into the list */
#define WIRE_CRL_REQUEST "(sbt)"
/* number (0: none was made yet), size, this_update, next_update (seconds since 1970), how many are
 * revoked in it, how many since, its bytes from the offset on */
#define WIRE_CRL_REPLY "(ttxxuuay)"
/* the ticket as the owner signed it; the answer is its state */
#define WIRE_TICKET_REQUEST "(ay)"
/* place, number, batch, profile, count, issued, not_before, not_after, SHA-256, whether it is the
 * batch's newest, note */
#define WIRE_TICKET_STATE "(ttssuuxxaybs)"
#define WIRE_TICKETS_REQUEST "()"
#define WIRE_TICKETS_REPLY "a" WIRE_TICKET_STATE
/* id, event, event_hash */
#define WIRE_LEDGER "(stay)"
/* batch, final, ledger, devices, verified, voided, open, failed, voids_sha256 */
#define WIRE_REPORT_REQUEST "(sb" WIRE_LEDGER "tttttay)"
/* batch, format, rows, bytes, SHA-256, ledger */
#define WIRE_MANIFEST_REQUEST "(ssttay" WIRE_LEDGER ")"
/* place, statement */
#define WIRE_STATEMENT_REPLY "(tay)"
/* whether a new one is to be signed where the newest does not cover all entries */
#define WIRE_CHECKPOINT_REQUEST "(b)"
/* the note; "" where there is none yet and none was asked for */
#define WIRE_CHECKPOINT_REPLY "(s)"
/* index; the answer has its path in the newest checkpoint, which is made where none covers it, that
 * note, and the entry's bytes */
#define WIRE_INCLUSION_REQUEST "(t)"
#define WIRE_INCLUSION_REPLY "(aysay)"
/* from, to (entries; 0: all) */
#define WIRE_CONSISTENCY_REQUEST "(tt)"
#define WIRE_CONSISTENCY_REPLY "(ay)"
/* offset, most; the answer: where the file ends now, bytes */
#define WIRE_LOG_REQUEST "(tu)"
#define WIRE_LOG_REPLY "(tay)"
/* who, why; the answer: place */
#define WIRE_CLOCK_REQUEST "(ss)"
#define WIRE_CLOCK_REPLY "(t)"
/* payloads, each a JSON object in one line of UTF-8, at most WIRE_JWS_MOST and what a frame holds
 */
#define WIRE_JWS_REQUEST "as"
#define WIRE_JWS_MOST 64
/* the protected header and, in the requests' order, the signatures: base64url */
#define WIRE_JWS_REPLY "(sas)"
/* word, message */
#define WIRE_ERROR_REPLY "(ss)"

/* Sinks `payload`. */
gboolean wire_write (int fd, WireKind kind, GVariant *payload, Deadline deadline, GError **error);

/* `payload` has the type that goes with `kind` and `direction`; free with g_variant_unref(). */
gboolean wire_read (int fd, WireDirection direction, Deadline deadline, WireKind *kind,
                    GVariant **payload, GError **error);

/* "ay" out of a GBytes, and back. */
GVariant *wire_bytes (GBytes *bytes);
GBytes *wire_bytes_of (GVariant *value);
