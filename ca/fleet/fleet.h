/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What only the whole fleet shows: RSA keys that share a prime ("Mining your Ps and Qs"), and EC
 * keys whose private keys lie a small difference apart. Each new key is held against every key that
 * the station has ever seen, in batches, in the background: the cost of a batch grows with the
 * number of stored keys, that of a key hardly does. Products of blocks of moduli are kept in a
 * folder so that stored moduli are not multiplied again; the folder may be deleted at any time and
 * is made again from the keys. Uses GMP. One thread at a time.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"
#include "ca/judge/csr.h"

/* A key that was seen, whether it got a certificate or not. Its owner must have proven to hold it:
 * whoever may enter any number here can make an honest device look like a bad one's relative. */
typedef struct {
  guint64 id; /* ascending, never used twice; gaps are fine */
  CsrKeyType type;
  GBytes *number; /* RSA: the modulus, big-endian; EC: X and Y, as in the point after its 04 */
} FleetKey;

typedef struct {
  guint64 key;     /* the later of the two */
  guint64 partner; /* the earlier */
  CaError kind;    /* CA_ERROR_RSA_SHARED_PRIME, CA_ERROR_EC_NEAR_KEY or CA_ERROR_DUPLICATE_KEY */
} FleetFinding;

/* Gives keys with ids above `after`, ascending, at most `most` of them, as GPtrArray of FleetKey
 * (free function fleet_key_free); empty where there are none. NULL with an error. */
typedef GPtrArray *(*FleetSource) (guint64 after, guint most, gpointer data, GError **error);

typedef struct Fleet Fleet;

FleetKey *fleet_key_new (guint64 id, CsrKeyType type, const void *number, gsize length);
void fleet_key_free (FleetKey *key);

/* `folder` is made where it is absent; NULL keeps everything in memory. */
Fleet *fleet_open (const char *folder, FleetSource source, gpointer data, GError **error);
void fleet_close (Fleet *fleet);

/* From any thread: a fleet_check() that runs ends soon, with G_FILE_ERROR_INTR, and so does each
 * later one. For a program that wants to end. */
void fleet_stop (Fleet *fleet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fleet, fleet_close)

/* Holds the next keys above `*mark` (a batch of at most `most`, 4096 is a good number) against one
 * another and against all with smaller ids, appends what it finds to `findings` (of FleetFinding),
 * and moves `*mark` to the last key that was checked. Where nothing is left `*mark` stays. The
 * caller keeps mark and findings durably, together: whatever the folder says, only keys up to
 * `*mark` count as checked. With an error nothing was moved or appended, and the next call starts
 * over.
 *
 * Each key that shares a prime with others is told with the first key that has that prime, not with
 * all of them, so that a thousand relatives make a thousand findings and not half a million; each
 * of them is named at least once. Near keys are told with up to 16 neighbours. */
gboolean fleet_check (Fleet *fleet, guint most, guint64 *mark, GArray *findings, GError **error);
