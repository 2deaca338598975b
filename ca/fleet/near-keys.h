/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The EC keys whose private key is that of a given key plus or minus a small number: what a
 * generator makes that counts instead of drawing. Whoever learns one private key then has the
 * others too. The neighbours of Q are Q + kG and Q - kG; a point and its negative have the same X,
 * so X alone finds keys whose private keys add up to a small number as well.
 */
#pragma once

#include <glib.h>

#include "ca/judge/csr.h"

/* How far apart two private keys must be to pass. */
#define NEAR_KEYS_DIFFERENCE 512

typedef struct NearKeys NearKeys;

NearKeys *near_keys_new (void);
void near_keys_free (NearKeys *near);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NearKeys, near_keys_free)

/* The X coordinates of the neighbours of the point `number` (X and Y), each `number.length / 2`
 * bytes, nearest first; valid until the next call. At most 2 * NEAR_KEYS_DIFFERENCE; none where the
 * point is not on its curve. */
const guint8 *near_keys_of (NearKeys *near, CsrKeyType type, Span number, guint *count);
