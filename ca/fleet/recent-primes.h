/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The newest RSA moduli, against which the signer holds each new one at once: a random generator
 * that is stuck makes neighbours in time. In memory; threads share it.
 */
#pragma once

#include <glib.h>

#include "ca/der.h"

typedef struct RecentPrimes RecentPrimes;

/* Holds the newest `most` moduli. */
RecentPrimes *recent_primes_new (guint most);
void recent_primes_free (RecentPrimes *recent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RecentPrimes, recent_primes_free)

/* TRUE where `modulus` (big-endian) shares a prime with one of them and is not equal to it; `place`
 * receives what that one was added with. */
gboolean recent_primes_find (RecentPrimes *recent, Span modulus, guint64 *place);

void recent_primes_add (RecentPrimes *recent, Span modulus, guint64 place);
