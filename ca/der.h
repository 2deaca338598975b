/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A strict reader of DER (X.690): one-byte tags, definite lengths in their shortest form,
 * nothing beyond the enclosing value. It copies nothing and never reads past its bytes.
 * Errors are CA_ERROR_CSR_MALFORMED with the offset; who reads something else than a
 * request changes the code.
 */
#pragma once

#include <glib.h>

/* A stretch of somebody else's bytes. */
typedef struct {
  const guint8 *data;
  gsize length;
} Span;

enum {
  DER_BOOLEAN = 0x01,
  DER_INTEGER = 0x02,
  DER_BIT_STRING = 0x03,
  DER_OCTET_STRING = 0x04,
  DER_NULL = 0x05,
  DER_OID = 0x06,
  DER_ENUMERATED = 0x0a,
  DER_UTF8_STRING = 0x0c,
  DER_NUMERIC_STRING = 0x12,
  DER_PRINTABLE_STRING = 0x13,
  DER_TELETEX_STRING = 0x14,
  DER_IA5_STRING = 0x16,
  DER_UNIVERSAL_STRING = 0x1c,
  DER_BMP_STRING = 0x1e,
  DER_SEQUENCE = 0x30,
  DER_SET = 0x31,
  DER_CONTEXT_0 = 0xa0,
  DER_CONTEXT_1 = 0xa1,
  DER_CONTEXT_2 = 0xa2,
};

/* Reads from `next` up to `end`; `start` is where offsets in messages count from. */
typedef struct {
  const guint8 *start;
  const guint8 *next;
  const guint8 *end;
} DerReader;

DerReader der_reader (const guint8 *data, gsize length);

/* A reader of `span`, which lies within what `outer` reads. */
DerReader der_reader_within (const DerReader *outer, Span span);

gboolean der_at_end (const DerReader *reader);

/* The next value must have `tag`. `what` names it in the message. Either span may be NULL:
 * `content` is the value alone, `whole` has the header too. */
gboolean der_read (DerReader *reader, guint8 tag, const char *what, Span *content, Span *whole,
                   GError **error);

/* Reads the header of the next value and goes into it: `inner` reads its content. */
gboolean der_enter (DerReader *reader, guint8 tag, const char *what, DerReader *inner,
                    GError **error);

/* Nothing may be left. */
gboolean der_expect_end (const DerReader *reader, const char *what, GError **error);

/* An INTEGER >= 0 in its shortest form; `magnitude` has no leading zero byte, and is empty for 0.
 */
gboolean der_read_unsigned (DerReader *reader, const char *what, Span *magnitude, GError **error);

/* A BIT STRING of whole bytes. */
gboolean der_read_bytes (DerReader *reader, const char *what, Span *bytes, GError **error);

/* NULL, which must be empty. */
gboolean der_read_null (DerReader *reader, const char *what, GError **error);

/* Everything that is left must be well-formed values, to any reasonable depth. */
gboolean der_check_values (DerReader *reader, const char *what, GError **error);

gboolean span_equal (Span span, const void *data, gsize length);

/* Sets CA_ERROR `code` with "MESSAGE (at offset N)" and returns FALSE. */
gboolean der_refuse (const DerReader *reader, const guint8 *at, int code, GError **error,
                     const char *format, ...) G_GNUC_PRINTF (5, 6);
