/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See told-story.h.
 */
#include "tests/unit/audit/told-story.h"

#include <check.h>

Story *story;
char *kept;
char *checkpoints;

void
told_setup (void)
{
  story = story_new ();
  kept = g_build_filename (story->folder, "kept.note", NULL);
  checkpoints = g_build_filename (story->collection, "checkpoints", NULL);
}

void
told_teardown (void)
{
  g_free (kept);
  g_free (checkpoints);
  story_free (story);
}

void
tell (void)
{
  story_ticket (story, 1, "B-1", 3);
  for (guint i = 0; i < 3; i++)
    story_certify (story, "B-1");
  story_checkpoint (story, kept);
  story_checkpoint (story, checkpoints);
  story_report (story, "B-1", NULL);
  story_ticket (story, 2, "B-1", 2);
  story_certify (story, "B-1");
  story_certify (story, "B-1");
  story_report (story, "B-1", NULL);
  story_checkpoint (story, checkpoints);
}

void
expect_first (const char *place)
{
  g_autofree char *first = story_first_wrong (story, kept);

  ck_assert_str_eq (first, place);
}
