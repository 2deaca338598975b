/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The story that every verification begins with, and where its first untruth is.
 */
#pragma once

#include "tests/unit/audit/evidence-story.h"

extern Story *story;
extern char *kept;        /* beside the collection: what the owner kept */
extern char *checkpoints; /* in it */

/* A fixture: a story of which nothing was told yet. */
void told_setup (void);
void told_teardown (void);

/* Ticket, three certificates (kept here), a report, two more of another ticket. */
void tell (void);

/* The place that audit names first; "" where all is right. */
void expect_first (const char *place);
