/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Private keys that are a small number: what a generator gives that is stuck or has only a few bits
 * to draw from. The table has the x coordinates of G, 2G, ... 65536G; the negative of a point has
 * the same x, so a private key just below the group's order is found as well. It is made when the
 * first key of a curve comes, by affine additions:
 *
 *   x(T + P) = l^2 - x(T) - x(P),  l = (y(T) - y(P)) / (x(T) - x(P))
 *
 * with P from G to 256G, T from 257G in steps of 257G, and one inversion for all P ("Montgomery's
 * trick": Cohen, algorithm 10.3.4). Numbers are kept in Montgomery's form meanwhile.
 */
#include "ca/judge/keycheck-private.h"
#include "ca/openssl.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 256u
#define STRIDES (KEYCHECK_TINY_MOST / (STEPS + 1))
/* The end of x: by accident two are equal in one of 2^112 keys. */
#define TAIL 16u

typedef struct {
  guint8 tail[TAIL];
  guint32 number;
} Multiple;

typedef struct {
  Multiple multiples[KEYCHECK_TINY_MOST];
  guint count;
} Table;

typedef struct {
  EC_GROUP *group;
  BN_CTX *context;
  BN_MONT_CTX *field;
  BIGNUM *prime;
  BIGNUM *x[STEPS + 1]; /* of 1G, 2G ... from index 1 on; T at 0 */
  BIGNUM *y[STEPS + 1];
  BIGNUM *difference[STEPS + 1]; /* x(T) - x(P) */
  BIGNUM *product[STEPS + 1];    /* of all differences up to here; that of none at 0 */
  BIGNUM *inverse;
  BIGNUM *slope;
  BIGNUM *result;
} Work;

/* ---- the table's making; each function is FALSE where OpenSSL fails ---- */

static gboolean
multiply (const Work *work, BIGNUM *product, const BIGNUM *a, const BIGNUM *b)
{
  return BN_mod_mul_montgomery (product, a, b, work->field, work->context);
}

static gboolean
keep (const Work *work, Table *table, guint number, const BIGNUM *x)
{
  guint8 bytes[66]; /* P-521's */
  Multiple *multiple = &table->multiples[table->count];

  if (number > KEYCHECK_TINY_MOST)
    return TRUE;
  if (!BN_from_montgomery (work->result, x, work->field, work->context)
      || BN_bn2binpad (work->result, bytes, sizeof bytes) < 0)
    return FALSE;
  memcpy (multiple->tail, bytes + sizeof bytes - TAIL, TAIL);
  multiple->number = number;
  table->count++;
  return TRUE;
}

static gboolean
set_point (const Work *work, guint place, const EC_POINT *point)
{
  return EC_POINT_get_affine_coordinates (work->group, point, work->x[place], work->y[place],
                                          work->context)
         && BN_to_montgomery (work->x[place], work->x[place], work->field, work->context)
         && BN_to_montgomery (work->y[place], work->y[place], work->field, work->context);
}

/* `inverse` of the product of all differences becomes, from the last place on, that of the product
 * up to the place before. */
static gboolean
inverse_at (Work *work, guint place)
{
  return multiply (work, work->slope, work->inverse, work->product[place - 1])
         && multiply (work, work->inverse, work->inverse, work->difference[place]);
}

static gboolean
invert_all (Work *work)
{
  gboolean ok =
      BN_one (work->product[0])
      && BN_to_montgomery (work->product[0], work->product[0], work->field, work->context);

  for (guint i = 1; ok && i <= STEPS; i++)
    ok = BN_mod_sub_quick (work->difference[i], work->x[0], work->x[i], work->prime)
         && multiply (work, work->product[i], work->product[i - 1], work->difference[i]);
  return ok && BN_from_montgomery (work->inverse, work->product[STEPS], work->field, work->context)
         && BN_mod_inverse (work->inverse, work->inverse, work->prime, work->context) != NULL
         && BN_to_montgomery (work->inverse, work->inverse, work->field, work->context);
}

/* T is number * G. */
static gboolean
add_steps (Work *work, Table *table, guint number)
{
  gboolean ok = invert_all (work) && keep (work, table, number, work->x[0]);

  for (guint i = STEPS; ok && i > 0; i--)
    ok = inverse_at (work, i)
         && BN_mod_sub_quick (work->result, work->y[0], work->y[i], work->prime)
         && multiply (work, work->slope, work->slope, work->result)
         && multiply (work, work->slope, work->slope, work->slope)
         && BN_mod_sub_quick (work->slope, work->slope, work->x[0], work->prime)
         && BN_mod_sub_quick (work->slope, work->slope, work->x[i], work->prime)
         && keep (work, table, number + i, work->slope);
  return ok;
}

static gboolean
fill (Work *work, Table *table)
{
  const EC_POINT *generator = EC_GROUP_get0_generator (work->group);
  EC_POINT *point = EC_POINT_dup (generator, work->group);
  EC_POINT *stride = NULL;
  gboolean ok = point != NULL;

  for (guint i = 1; ok && i <= STEPS; i++)
    ok = set_point (work, i, point) && keep (work, table, i, work->x[i])
         && EC_POINT_add (work->group, point, point, generator, work->context);
  if (ok)
    ok = (stride = EC_POINT_dup (point, work->group)) != NULL;
  for (guint i = 1; ok && i <= STRIDES; i++)
    ok = set_point (work, 0, point) && add_steps (work, table, i * (STEPS + 1))
         && EC_POINT_add (work->group, point, point, stride, work->context);
  EC_POINT_free (stride);
  EC_POINT_free (point);
  return ok;
}

static void
work_clear (Work *work)
{
  for (guint i = 0; i <= STEPS; i++) {
    BN_free (work->x[i]);
    BN_free (work->y[i]);
    BN_free (work->difference[i]);
    BN_free (work->product[i]);
  }
  BN_free (work->prime);
  BN_free (work->inverse);
  BN_free (work->slope);
  BN_free (work->result);
  BN_MONT_CTX_free (work->field);
  BN_CTX_free (work->context);
  EC_GROUP_free (work->group);
}

static gboolean
work_begin (Work *work, int nid)
{
  gboolean ok = TRUE;

  for (guint i = 0; i <= STEPS; i++)
    ok = ok && (work->x[i] = BN_new ()) != NULL && (work->y[i] = BN_new ()) != NULL
         && (work->difference[i] = BN_new ()) != NULL && (work->product[i] = BN_new ()) != NULL;
  return ok && (work->group = EC_GROUP_new_by_curve_name (nid)) != NULL
         && (work->context = BN_CTX_new ()) != NULL && (work->field = BN_MONT_CTX_new ()) != NULL
         && (work->prime = BN_new ()) != NULL && (work->inverse = BN_new ()) != NULL
         && (work->slope = BN_new ()) != NULL && (work->result = BN_new ()) != NULL
         && EC_GROUP_get_curve (work->group, work->prime, NULL, NULL, work->context)
         && BN_MONT_CTX_set (work->field, work->prime, work->context);
}

/* ---- the table ---- */

static int
compare (const void *a, const void *b)
{
  return memcmp (((const Multiple *)a)->tail, ((const Multiple *)b)->tail, TAIL);
}

static Table *
table_make (int nid)
{
  Table *table = g_new0 (Table, 1);
  Work work = { 0 };

  if (!work_begin (&work, nid) || !fill (&work, table) || table->count != KEYCHECK_TINY_MOST)
    g_error ("OpenSSL can't compute with the curve %d", nid);
  work_clear (&work);
  qsort (table->multiples, table->count, sizeof (Multiple), compare);
  return table;
}

/* Made once and never freed. */
static const Table *
table_get (CsrKeyType type)
{
  static const int nids[] = { [CSR_KEY_EC_P256] = NID_X9_62_prime256v1,
                              [CSR_KEY_EC_P384] = NID_secp384r1,
                              [CSR_KEY_EC_P521] = NID_secp521r1 };
  static gsize tables[G_N_ELEMENTS (nids)];

  if (g_once_init_enter (&tables[type]))
    g_once_init_leave (&tables[type], GPOINTER_TO_SIZE (table_make (nids[type])));
  return GSIZE_TO_POINTER (tables[type]);
}

gboolean
keycheck_ec_tiny (const Csr *csr, GError **error)
{
  const Table *table = table_get (csr->key_type);
  const gsize width = (csr->point.length - 1) / 2;
  const Multiple *found;
  Multiple wanted;

  memcpy (wanted.tail, csr->point.data + 1 + width - TAIL, TAIL);
  found = bsearch (&wanted, table->multiples, table->count, sizeof (Multiple), compare);
  return found == NULL
         || keycheck_refuse (error, CA_ERROR_EC_TINY_KEY,
                             "the EC private key is %u, or the group's order less %u",
                             found->number, found->number);
}
