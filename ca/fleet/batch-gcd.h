/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which of many numbers share a factor with one another or with a further number, for little more
 * than the price of multiplying them (D. J. Bernstein, "How to find smooth parts of integers",
 * 2004; N. Heninger and others, "Mining your Ps and Qs", 2012): a tree of products upwards, a tree
 * of remainders downwards.
 */
#pragma once

#include <glib.h>
#include <gmp.h>

typedef struct BatchGcd BatchGcd;

/* Multiplies `numbers` (of mpz_t *, at least one, each above 0, no two equal). They must outlive
 * the result. */
BatchGcd *batch_gcd_new (GPtrArray *numbers);
void batch_gcd_free (BatchGcd *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatchGcd, batch_gcd_free)

/* The product of all. */
mpz_srcptr batch_gcd_product (const BatchGcd *batch);

/* `common[i]` (initialised by the caller) becomes the greatest common divisor of number i and
 * `rest` times all other numbers. `rest` may be reduced modulo the product. Uses the batch up: it
 * can only be freed then. */
void batch_gcd_common (BatchGcd *batch, mpz_srcptr rest, mpz_t *common);
