/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See batch-gcd.h. Node i of a tree has the children 2i and 2i + 1; the numbers are the nodes
 * n to 2n - 1, and node 1 is the root. That is a tree of least depth for any n.
 *
 * What number i shares with the others is the greatest common divisor of it and the product Q
 * without it, Q / N. The sum of Q / N over all numbers N is the derivative of the product; modulo
 * N only its own summand is left. So one number of the size of Q, reduced down the tree, has the
 * answer for all: half the size that the better known way through the squares needs.
 */
#include "ca/fleet/batch-gcd.h"

struct BatchGcd {
  guint n_numbers;
  mpz_t *products; /* 1 to 2n - 1 */
};

static mpz_t *
nodes_new (guint n_nodes)
{
  mpz_t *nodes = g_new (mpz_t, n_nodes);

  for (guint i = 0; i < n_nodes; i++)
    mpz_init (nodes[i]);
  return nodes;
}

static void
nodes_free (mpz_t *nodes, guint n_nodes)
{
  for (guint i = 0; i < n_nodes; i++)
    mpz_clear (nodes[i]);
  g_free (nodes);
}

/* Gives the memory back at once: these numbers are large. */
static void
drop (mpz_t number)
{
  mpz_clear (number);
  mpz_init (number);
}

/* (a b)' = a' b + a b'; a number's own is 1. */
static void
derive (const BatchGcd *batch, mpz_t derivative)
{
  guint n_nodes = 2 * batch->n_numbers;
  mpz_t *derivatives = nodes_new (n_nodes);

  for (guint i = batch->n_numbers; i < n_nodes; i++)
    mpz_set_ui (derivatives[i], 1);
  for (guint i = batch->n_numbers - 1; i > 0; i--) {
    mpz_mul (derivatives[i], derivatives[2 * i], batch->products[2 * i + 1]);
    mpz_addmul (derivatives[i], derivatives[2 * i + 1], batch->products[2 * i]);
    drop (derivatives[2 * i]);
    drop (derivatives[2 * i + 1]);
  }
  mpz_swap (derivative, derivatives[1]);
  nodes_free (derivatives, n_nodes);
}

BatchGcd *
batch_gcd_new (GPtrArray *numbers)
{
  BatchGcd *batch = g_new0 (BatchGcd, 1);

  g_assert (numbers->len > 0);
  batch->n_numbers = numbers->len;
  batch->products = nodes_new (2 * numbers->len);
  for (guint i = 0; i < numbers->len; i++) {
    mpz_t *number = g_ptr_array_index (numbers, i);

    mpz_set (batch->products[numbers->len + i], *number);
  }
  for (guint i = numbers->len - 1; i > 0; i--)
    mpz_mul (batch->products[i], batch->products[2 * i], batch->products[2 * i + 1]);
  return batch;
}

void
batch_gcd_free (BatchGcd *batch)
{
  if (batch == NULL)
    return;
  nodes_free (batch->products, 2 * batch->n_numbers);
  g_free (batch);
}

mpz_srcptr
batch_gcd_product (const BatchGcd *batch)
{
  return batch->products[1];
}

void
batch_gcd_common (BatchGcd *batch, mpz_srcptr rest, mpz_t *common)
{
  guint n = batch->n_numbers;
  mpz_t *remainders = nodes_new (2 * n);

  derive (batch, remainders[1]);
  mpz_mul (remainders[1], remainders[1], rest);
  mpz_mod (remainders[1], remainders[1], batch->products[1]);
  for (guint i = 2; i < 2 * n; i++) {
    mpz_mod (remainders[i], remainders[i / 2], batch->products[i]);
    if (i % 2 == 1)
      drop (remainders[i / 2]);
    if (i < n)
      drop (batch->products[i]);
  }
  for (guint i = 0; i < n; i++)
    mpz_gcd (common[i], remainders[n + i], batch->products[n + i]);
  nodes_free (remainders, 2 * n);
}
