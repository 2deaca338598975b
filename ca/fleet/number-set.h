/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which numbers were seen, by their last 64 bits alone: 8 bytes a key, so that ten million fit
 * into memory. It may say yes to a number that was never seen, about once in 10^12 questions;
 * whoever gets a yes looks at the key itself.
 */
#pragma once

#include <glib.h>

#include "ca/der.h"

typedef struct NumberSet NumberSet;

NumberSet *number_set_new (void);
void number_set_free (NumberSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NumberSet, number_set_free)

/* A big-endian number's last 64 bits. */
guint64 number_tail (Span number);

void number_set_add (NumberSet *set, guint64 tail);
gboolean number_set_has (const NumberSet *set, guint64 tail);
