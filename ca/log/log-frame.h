/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames in the log's file: what stands in one, and what may stand where none is whole. A power cut
 * may leave the last write torn; what stands behind it, or has only its length wrong, is damage or
 * somebody's hand. `left` is how many bytes there are from `frame` on. Pure.
 */
#pragma once

#include "ca/log/log-format.h"

/* SHA-256 (0x00 || entry) stands behind the entry. */
gboolean log_frame_hash_fits (const guint8 *entry, gsize length);

/* The entry of a whole frame; FALSE where none stands here. */
gboolean log_frame_read (const guint8 *frame, gsize left, LogEntry *entry);

/* A whole entry stands behind a length that is wrong. */
gboolean log_frame_holds_entry (const guint8 *frame, gsize left);

/* A whole frame begins somewhere behind the first byte. */
gboolean log_frame_is_followed (const guint8 *frame, gsize left);
