/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See near-keys.h. The sum of two points costs an inversion in the field, which is dear; the sums
 * of one point with all of G, 2G, 3G ... share a single one (Montgomery's trick), and kG and -kG
 * have the same X, so the same denominator. Only public points come here, so nothing needs to take
 * constant time. All coordinates are in Montgomery's form, modulo the field's prime.
 */
#include "ca/fleet/near-keys.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <string.h>

#define N_MULTIPLES NEAR_KEYS_DIFFERENCE
#define N_CURVES (CSR_KEY_EC_P521 + 1)

typedef struct {
  gsize width; /* bytes of a coordinate */
  EC_GROUP *group;
  BIGNUM *prime;
  BN_MONT_CTX *field;
  BIGNUM *x[N_MULTIPLES]; /* of (i + 1) G */
  BIGNUM *y[N_MULTIPLES];
  BIGNUM *difference[N_MULTIPLES]; /* x[i] - X; 1 where that is 0 */
  BIGNUM *product[N_MULTIPLES];    /* of the differences up to i */
  gboolean equal[N_MULTIPLES];     /* the difference is 0 */
  guint8 *neighbours;
} Curve;

struct NearKeys {
  BN_CTX *context;
  Curve *curves[N_CURVES]; /* made when the first key of the curve comes */
};

NearKeys *
near_keys_new (void)
{
  NearKeys *near = g_new0 (NearKeys, 1);

  near->context = BN_CTX_new ();
  return near;
}

static void
curve_free (Curve *curve)
{
  if (curve == NULL)
    return;
  for (guint i = 0; i < N_MULTIPLES; i++) {
    BN_free (curve->x[i]);
    BN_free (curve->y[i]);
    BN_free (curve->difference[i]);
    BN_free (curve->product[i]);
  }
  EC_GROUP_free (curve->group);
  BN_free (curve->prime);
  BN_MONT_CTX_free (curve->field);
  g_free (curve->neighbours);
  g_free (curve);
}

void
near_keys_free (NearKeys *near)
{
  if (near == NULL)
    return;
  for (guint i = 0; i < N_CURVES; i++)
    curve_free (near->curves[i]);
  BN_CTX_free (near->context);
  g_free (near);
}

/* What fails here fails for want of memory alone, as in GLib. */
static void
must (int ok)
{
  if (ok != 1)
    g_error ("OpenSSL has no memory for numbers");
}

static void
compute_multiples (Curve *curve, BN_CTX *context)
{
  const EC_POINT *generator = EC_GROUP_get0_generator (curve->group);
  EC_POINT *multiple = EC_POINT_new (curve->group);

  for (guint i = 0; i < N_MULTIPLES; i++) {
    curve->x[i] = BN_new ();
    curve->y[i] = BN_new ();
    curve->difference[i] = BN_new ();
    curve->product[i] = BN_new ();
    must (EC_POINT_add (curve->group, multiple, multiple, generator, context));
    must (EC_POINT_get_affine_coordinates (curve->group, multiple, curve->x[i], curve->y[i],
                                           context));
    must (BN_to_montgomery (curve->x[i], curve->x[i], curve->field, context));
    must (BN_to_montgomery (curve->y[i], curve->y[i], curve->field, context));
  }
  EC_POINT_free (multiple);
}

static Curve *
curve_new (CsrKeyType type, BN_CTX *context)
{
  static const int names[] = { [CSR_KEY_EC_P256] = NID_X9_62_prime256v1,
                               [CSR_KEY_EC_P384] = NID_secp384r1,
                               [CSR_KEY_EC_P521] = NID_secp521r1 };
  Curve *curve = g_new0 (Curve, 1);

  curve->group = EC_GROUP_new_by_curve_name (names[type]);
  curve->prime = BN_new ();
  curve->field = BN_MONT_CTX_new ();
  must (EC_GROUP_get_curve (curve->group, curve->prime, NULL, NULL, context));
  must (BN_MONT_CTX_set (curve->field, curve->prime, context));
  curve->width = (gsize)BN_num_bytes (curve->prime);
  curve->neighbours = g_malloc0 (2 * N_MULTIPLES * curve->width);
  compute_multiples (curve, context);
  return curve;
}

static void
multiply (const Curve *curve, BIGNUM *result, const BIGNUM *a, const BIGNUM *b, BN_CTX *context)
{
  must (BN_mod_mul_montgomery (result, a, b, curve->field, context));
}

static void
subtract (const Curve *curve, BIGNUM *result, const BIGNUM *a, const BIGNUM *b)
{
  must (BN_mod_sub_quick (result, a, b, curve->prime));
}

/* The products of the differences, and the inverse of the last one. */
static void
multiply_differences (Curve *curve, const BIGNUM *x, BIGNUM *inverse, BN_CTX *context)
{
  for (guint i = 0; i < N_MULTIPLES; i++) {
    subtract (curve, curve->difference[i], curve->x[i], x);
    curve->equal[i] = BN_is_zero (curve->difference[i]);
    if (curve->equal[i])
      must (BN_to_montgomery (curve->difference[i], BN_value_one (), curve->field, context));
    if (i == 0)
      must (BN_copy (curve->product[0], curve->difference[0]) != NULL);
    else
      multiply (curve, curve->product[i], curve->product[i - 1], curve->difference[i], context);
  }
  must (BN_from_montgomery (inverse, curve->product[N_MULTIPLES - 1], curve->field, context));
  must (BN_mod_inverse (inverse, inverse, curve->prime, context) != NULL);
  must (BN_to_montgomery (inverse, inverse, curve->field, context));
}

/* X of the sum of (x, y) and (curve->x[i], other_y): slope^2 - x - x[i], as plain bytes. */
static void
write_sum (const Curve *curve, guint i, const BIGNUM *x, BIGNUM *rise, const BIGNUM *inverse,
           guint8 *to, BN_CTX *context)
{
  multiply (curve, rise, rise, inverse, context);
  multiply (curve, rise, rise, rise, context);
  subtract (curve, rise, rise, x);
  subtract (curve, rise, rise, curve->x[i]);
  must (BN_from_montgomery (rise, rise, curve->field, context));
  must (BN_bn2binpad (rise, to, (int)curve->width) > 0);
}

/* From the last to the first: `inverse` is that of the product up to i, times the product up to
 * i - 1 that of difference i alone. Where a difference is 0 the point is itself a small multiple of
 * G, whose private key anybody can try; its sum is left as zeros, which is nobody's X. */
static void
write_neighbours (Curve *curve, const BIGNUM *x, const BIGNUM *y, BIGNUM *inverse, BN_CTX *context)
{
  BIGNUM *own = BN_CTX_get (context);
  BIGNUM *rise = BN_CTX_get (context);

  must (rise != NULL);
  for (guint i = N_MULTIPLES; i-- > 0;) {
    guint8 *to = curve->neighbours + 2 * i * curve->width;

    if (i > 0)
      multiply (curve, own, inverse, curve->product[i - 1], context);
    else
      must (BN_copy (own, inverse) != NULL);
    multiply (curve, inverse, inverse, curve->difference[i], context);
    memset (to, 0, 2 * curve->width);
    if (curve->equal[i])
      continue;
    subtract (curve, rise, curve->y[i], y);
    write_sum (curve, i, x, rise, own, to, context);
    must (BN_mod_add_quick (rise, curve->y[i], y, curve->prime));
    write_sum (curve, i, x, rise, own, to + curve->width, context);
  }
}

static gboolean
is_on_curve (const Curve *curve, const BIGNUM *x, const BIGNUM *y, BN_CTX *context)
{
  EC_POINT *point = EC_POINT_new (curve->group);
  gboolean on_curve = EC_POINT_set_affine_coordinates (curve->group, point, x, y, context) == 1;

  EC_POINT_free (point);
  ERR_clear_error ();
  return on_curve;
}

static gboolean
find_neighbours (Curve *curve, Span number, BN_CTX *context)
{
  BIGNUM *x = BN_CTX_get (context);
  BIGNUM *y = BN_CTX_get (context);
  BIGNUM *inverse = BN_CTX_get (context);

  must (inverse != NULL);
  must (BN_bin2bn (number.data, (int)curve->width, x) != NULL);
  must (BN_bin2bn (number.data + curve->width, (int)curve->width, y) != NULL);
  if (!is_on_curve (curve, x, y, context))
    return FALSE;
  must (BN_to_montgomery (x, x, curve->field, context));
  must (BN_to_montgomery (y, y, curve->field, context));
  multiply_differences (curve, x, inverse, context);
  write_neighbours (curve, x, y, inverse, context);
  return TRUE;
}

const guint8 *
near_keys_of (NearKeys *near, CsrKeyType type, Span number, guint *count)
{
  Curve *curve;
  gboolean found;

  g_assert (type != CSR_KEY_RSA && type < N_CURVES);
  if (near->curves[type] == NULL)
    near->curves[type] = curve_new (type, near->context);
  curve = near->curves[type];
  *count = 0;
  if (number.length != 2 * curve->width)
    return curve->neighbours;
  BN_CTX_start (near->context);
  found = find_neighbours (curve, number, near->context);
  BN_CTX_end (near->context);
  if (found)
    *count = 2 * N_MULTIPLES;
  return curve->neighbours;
}
