/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One direction of a serial line: bytes, each with the moment at which its last
 * bit is through. The moments are computed, not measured, so a line that was
 * served late catches up and keeps its exact rate.
 */
#pragma once

#include <glib.h>

#define WIRE_SIZE 4096u

typedef struct {
  gint64 byte_time; /* nanoseconds a byte; 0 for a line without a limit */
  gint64 free_at;   /* when the line has sent all that was put in */
  guint head;
  guint count;
  gint64 due[WIRE_SIZE];
  guint8 data[WIRE_SIZE];
} Wire;

/* Nanoseconds on the monotonic clock. */
gint64 wire_now (void);

void wire_reset (Wire *wire, gint64 byte_time);

static inline guint
wire_room (const Wire *wire)
{
  return WIRE_SIZE - wire->count;
}

/* Puts `length` bytes (at most wire_room()) on the line, the first one not before `start`. */
void wire_push (Wire *wire, const guint8 *data, gsize length, gint64 start);

/* Takes the oldest byte and says when it was due. The wire must not be empty. */
guint8 wire_pop (Wire *wire, gint64 *due);

/* How many bytes in one piece of memory at `*data` are due at `now`. */
guint wire_due (const Wire *wire, gint64 now, const guint8 **data);

/* Drops the oldest `count` bytes. */
void wire_drop (Wire *wire, guint count);

/* When the next burst of at most `burst` bytes, or less up to a line end, is due. The wire
 * must not be empty. */
gint64 wire_next_burst (const Wire *wire, guint burst);
