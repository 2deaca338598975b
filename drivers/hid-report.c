/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See hid-report.h. A descriptor is a list of items: a byte with tag, type and size, and up to four
 * bytes of data.
 */
#include "drivers/hid-report.h"

#include <string.h>

#define LONG_ITEM 0xfe
#define STACK_MAX 8u

enum { TYPE_MAIN, TYPE_GLOBAL };
enum { MAIN_INPUT = 8, MAIN_OUTPUT = 9 };
enum {
  GLOBAL_REPORT_SIZE = 7,
  GLOBAL_REPORT_ID = 8,
  GLOBAL_REPORT_COUNT = 9,
  GLOBAL_PUSH = 10,
  GLOBAL_POP = 11,
};

typedef struct {
  guint32 size, count, id;
} Globals;

typedef struct {
  Globals now;
  Globals stack[STACK_MAX];
  guint depth;
  guint64 input_bits, output_bits;
  gboolean has_report;
  guint32 id; /* of the reports so far */
} Reader;

static const char *
add_report (Reader *reader, guint64 *bits)
{
  if (reader->has_report && reader->id != reader->now.id)
    return "it has reports of several ids";
  reader->has_report = TRUE;
  reader->id = reader->now.id;
  *bits += (guint64)reader->now.size * reader->now.count;
  return *bits > HID_REPORT_MAX * 8 ? "its reports are too long" : NULL;
}

static const char *
read_global (Reader *reader, guint tag, guint32 value)
{
  switch (tag) {
  case GLOBAL_REPORT_SIZE:
    reader->now.size = value;
    break;
  case GLOBAL_REPORT_COUNT:
    reader->now.count = value;
    break;
  case GLOBAL_REPORT_ID:
    if (value == 0 || value > G_MAXUINT8)
      return "it has a report of an impossible id";
    reader->now.id = value;
    break;
  case GLOBAL_PUSH:
    if (reader->depth == STACK_MAX)
      return "its report descriptor is nested too deeply";
    reader->stack[reader->depth++] = reader->now;
    break;
  case GLOBAL_POP:
    if (reader->depth == 0)
      return "its report descriptor is damaged";
    reader->now = reader->stack[--reader->depth];
    break;
  }
  return NULL;
}

static const char *
read_item (Reader *reader, guint8 head, guint32 value)
{
  const guint type = head >> 2 & 3, tag = head >> 4;

  if (type == TYPE_GLOBAL)
    return read_global (reader, tag, value);
  if (type == TYPE_MAIN && tag == MAIN_INPUT)
    return add_report (reader, &reader->input_bits);
  if (type == TYPE_MAIN && tag == MAIN_OUTPUT)
    return add_report (reader, &reader->output_bits);
  return NULL;
}

/* How many bytes follow the first one of an item; a long item (6.2.2.3) says it itself. */
static gsize
item_size (const guint8 *at, gsize left)
{
  static const gsize sizes[] = { 0, 1, 2, 4 };

  if (*at != LONG_ITEM)
    return sizes[*at & 3];
  return left > 1 ? 2u + at[1] : 2u;
}

static const char *
read_items (Reader *reader, const guint8 *at, gsize left)
{
  while (left > 0) {
    const gsize size = item_size (at, left);
    const char *problem = NULL;
    guint32 value = 0;

    if (size >= left)
      return "its report descriptor is cut off";
    if (*at != LONG_ITEM) {
      for (gsize i = 0; i < size; i++)
        value |= (guint32)at[1 + i] << (8 * i);
      problem = read_item (reader, *at, value);
    }
    if (problem != NULL)
      return problem;
    at += 1 + size;
    left -= 1 + size;
  }
  return NULL;
}

const char *
hid_reports_read (const guint8 *descriptor, gsize length, HidReports *reports)
{
  Reader reader = { 0 };
  const char *problem = read_items (&reader, descriptor, length);

  if (problem != NULL)
    return problem;
  if (reader.input_bits < 8 || reader.output_bits < 8)
    return "it does not have a report each way";
  if (reader.input_bits % 8 != 0 || reader.output_bits % 8 != 0)
    return "its reports are not of whole bytes";
  *reports = (HidReports){ (guint8)reader.id, (gsize)(reader.input_bits / 8),
                           (gsize)(reader.output_bits / 8) };
  return NULL;
}

gsize
hid_reports_needed (const HidReports *reports, gsize length)
{
  return length / reports->output + (length % reports->output > 0 ? 1 : 0);
}

void
hid_report_cut (const HidReports *reports, const guint8 *message, gsize length, gsize index,
                guint8 *report)
{
  const gsize from = MIN (index * reports->output, length);
  const gsize count = MIN (length - from, reports->output);

  memset (report, 0, 1 + reports->output);
  report[0] = reports->id;
  if (count > 0)
    memcpy (report + 1, message + from, count);
}
