/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See throttle.h.
 */
#include "courier/throttle.h"

#define SHARE 0.9        /* of a limit is used steadily, the rest at once */
#define LEAST_SPEED 0.05 /* however often we were too fast */
#define RECOVERY 60e6    /* microseconds from half speed to full */
#define MOST_PAUSE 3600u

typedef struct {
  double tokens;
  gint64 filled_at;
} Bucket;

struct Throttle {
  guint per_second;
  double speed;        /* 1: full */
  gint64 speed_at;     /* when it was so */
  GHashTable *buckets; /* api → Bucket */
};

Throttle *
throttle_new (guint per_second)
{
  Throttle *throttle = g_new0 (Throttle, 1);

  throttle->per_second = per_second;
  throttle->speed = 1;
  throttle->buckets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return throttle;
}

void
throttle_free (Throttle *throttle)
{
  if (throttle == NULL)
    return;
  g_hash_table_unref (throttle->buckets);
  g_free (throttle);
}

static double
speed_now (const Throttle *throttle, gint64 now)
{
  return MIN (1, throttle->speed + (double)(now - throttle->speed_at) * 0.5 / RECOVERY);
}

static Bucket *
bucket_of (Throttle *throttle, const char *api, double most, gint64 now)
{
  Bucket *bucket = g_hash_table_lookup (throttle->buckets, api);

  if (bucket == NULL) {
    bucket = g_new0 (Bucket, 1);
    bucket->tokens = most;
    bucket->filled_at = now;
    g_hash_table_insert (throttle->buckets, g_strdup (api), bucket);
  }
  return bucket;
}

gint64
throttle_wait (Throttle *throttle, const char *api, double documented, gint64 now)
{
  const double limit = throttle->per_second > 0 ? throttle->per_second : documented;
  const double most = MAX (1, limit * (1 - SHARE));
  const double rate = MAX (limit - most, limit * 0.5) * speed_now (throttle, now);
  Bucket *bucket;

  if (limit <= 0)
    return 0;
  bucket = bucket_of (throttle, api, most, now);
  bucket->tokens = MIN (most, bucket->tokens + (double)(now - bucket->filled_at) * rate / 1e6);
  bucket->filled_at = now;
  if (bucket->tokens < 1)
    return MAX (1, (gint64)((1 - bucket->tokens) / rate * 1e6));
  bucket->tokens -= 1;
  return 0;
}

void
throttle_slow_down (Throttle *throttle, gint64 now)
{
  throttle->speed = MAX (LEAST_SPEED, speed_now (throttle, now) / 2);
  throttle->speed_at = now;
}

guint
pause_seconds (guint failures, guint32 chance)
{
  const guint whole = MIN (MOST_PAUSE, 1u << MIN (failures > 0 ? failures - 1 : 0, 12));
  const guint half = whole / 2;

  return MAX (1, half + chance % (whole - half + 1));
}
