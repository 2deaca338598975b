/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ring of bytes with due times.
 */
#include "drivers/simulator/wire.h"

#include <time.h>

gint64
wire_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
}

void
wire_reset (Wire *wire, gint64 byte_time)
{
  wire->byte_time = byte_time;
  wire->free_at = 0;
  wire->head = 0;
  wire->count = 0;
}

void
wire_push (Wire *wire, const guint8 *data, gsize length, gint64 start)
{
  gint64 at = MAX (start, wire->free_at);

  for (gsize i = 0; i < length; i++) {
    guint place = (wire->head + wire->count) % WIRE_SIZE;

    at += wire->byte_time;
    wire->data[place] = data[i];
    wire->due[place] = at;
    wire->count++;
  }
  wire->free_at = at;
}

guint8
wire_pop (Wire *wire, gint64 *due)
{
  guint8 byte = wire->data[wire->head];

  *due = wire->due[wire->head];
  wire_drop (wire, 1);
  return byte;
}

guint
wire_due (const Wire *wire, gint64 now, const guint8 **data)
{
  guint most = MIN (wire->count, WIRE_SIZE - wire->head), n = 0;

  *data = wire->data + wire->head;
  while (n < most && wire->due[wire->head + n] <= now)
    n++;
  return n;
}

void
wire_drop (Wire *wire, guint count)
{
  wire->head = (wire->head + count) % WIRE_SIZE;
  wire->count -= count;
}

gint64
wire_next_burst (const Wire *wire, guint burst)
{
  guint last = MIN (wire->count, burst) - 1;

  for (guint i = 0; i < last; i++)
    if (wire->data[(wire->head + i) % WIRE_SIZE] == '\n')
      last = i;
  return wire->due[(wire->head + last) % WIRE_SIZE];
}
