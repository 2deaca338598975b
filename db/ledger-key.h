/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ledger's memory of keys: every one that the station has ever seen, by its number, how far
 * they were held against each other, and what was found. What db/ledger.h says of threads and
 * errors holds here.
 */
#pragma once

#include "db/ledger.h"

/* The device has proven that it holds this key (`spki`: a SubjectPublicKeyInfo that the judge
 * took). From now on it is seen, whether a certificate comes of it or not: a random generator that
 * is stuck shows in keys that never got one. DUPLICATE_KEY, with that device's name, where another
 * device's key has the same number (the RSA modulus, the EC point's X); the same device again is
 * fine. Not synced by itself: nothing is answered on its strength before the commit of the
 * certificate or of the attempt's end, which follow on the same writer and bring it to the disk;
 * what a power cut takes before that was never signed, or comes back with the signer's log. */
gboolean ledger_take_key (Ledger *ledger, gint64 device_id, GBytes *spki, GError **error);

typedef struct {
  guint64 id;     /* ascending, never used twice */
  char *type;     /* "rsa", "p-256", "p-384", "p-521" */
  GBytes *number; /* RSA: the modulus; EC: X and Y */
} SeenKey;

void seen_key_free (SeenKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SeenKey, seen_key_free)

/* Of SeenKey, those behind `after`, oldest first. */
GPtrArray *ledger_seen_keys (Ledger *ledger, guint64 after, guint most, GError **error);

typedef struct {
  guint64 newest;   /* the id of the newest key; keys are never deleted, so how many there are */
  guint64 checked;  /* all up to this one were held against all before them */
  guint64 findings; /* ever made */
  guint64 units;    /* that have a live certificate for a key of which a finding tells */
  gint64 event; /* the newest audit event: what was verified up to it has a key up to `newest` */
} KeyState;

gboolean ledger_key_state (Ledger *ledger, KeyState *state, GError **error);

/* Brings every key that was taken so far to the disk. Files outside the ledger may be built from
 * keys up to `newest` then: after a power cut their ids still mean these keys. */
gboolean ledger_settle_keys (Ledger *ledger, guint64 *newest, GError **error);

/* Two keys by their ids; `kind` is the reason's stable word. */
typedef struct {
  guint64 key;
  guint64 partner;
  const char *kind;
} KeyPair;

/* Keys up to `checked` were held against all before them, and this was found: mark, findings and an
 * audit event for each unit in one transaction. INVALID where the mark would go back or the keys
 * are not there. */
gboolean ledger_record_key_check (Ledger *ledger, guint64 checked, const KeyPair *pairs,
                                  guint count, GError **error);

typedef struct {
  gint64 id;
  gint64 found_at;
  char *kind;    /* "rsa-shared-prime", "ec-near-key", "duplicate-key" */
  char *device;  /* serial: had the later key */
  char *batch;   /* of that device */
  gboolean live; /* its live certificate is for that key: it is to be voided */
  char *partner;
  char *partner_batch;
  gboolean partner_live;
} KeyFinding;

void key_finding_free (KeyFinding *finding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KeyFinding, key_finding_free)

/* Of KeyFinding, newest first. */
GPtrArray *ledger_key_findings (Ledger *ledger, guint most, GError **error);
