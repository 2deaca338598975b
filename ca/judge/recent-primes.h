/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The newest RSA moduli, against which the signer holds each new one at once: a random generator
 * that is stuck makes neighbours in time. Against all keys that the station has ever seen they are
 * held in the background (ca/fleet/). In memory; threads share it. Only OpenSSL, so that the signer
 * needs no further library.
 */
#pragma once

#include <glib.h>

#include "ca/der.h"

typedef struct RecentPrimes RecentPrimes;

/* Holds the newest `most` moduli. A search takes time: about 1.2 us for each of 2048 bits, 5 us for
 * each of 4096, and 0.2 ms at the end. After one that took t the next `rest` times t pass without
 * another, so that a flood of orders is not slowed down by more than 1 / `rest`; 0: never rests. */
RecentPrimes *recent_primes_new (guint most, guint rest);
void recent_primes_free (RecentPrimes *recent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RecentPrimes, recent_primes_free)

/* TRUE where `modulus` (big-endian, odd) shares a prime with one of them and is not equal to it;
 * `place` receives what the newest such one was added with. FALSE while it rests. */
gboolean recent_primes_find (RecentPrimes *recent, Span modulus, guint64 *place);

void recent_primes_add (RecentPrimes *recent, Span modulus, guint64 place);
