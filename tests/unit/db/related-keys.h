/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys that are another key in disguise, with their private halves, so that each can prove that it
 * is held.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

/* The same modulus with the public exponent `exponent`. */
EVP_PKEY *with_exponent (EVP_PKEY *rsa, unsigned long exponent);

/* The P-256 key whose private number is the group's order minus this one's: X is the same. */
EVP_PKEY *negated (EVP_PKEY *ec);
