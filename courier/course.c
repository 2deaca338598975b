/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See course.h.
 */
#include "courier/course.h"

#include "base/encode.h"
#include "courier/json.h"

CloudTarget *
cloud_target_new (void)
{
  CloudTarget *target = g_new0 (CloudTarget, 1);
  char **const texts[] = { &target->name,       &target->kind,       &target->mode,
                           &target->account,    &target->region,     &target->policy,
                           &target->thing_type, &target->thing_group };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = g_strdup ("");
  return target;
}

void
cloud_target_free (CloudTarget *target)
{
  if (target == NULL)
    return;
  g_free (target->name);
  g_free (target->kind);
  g_free (target->mode);
  g_free (target->account);
  g_free (target->region);
  g_free (target->policy);
  g_free (target->thing_type);
  g_free (target->thing_group);
  g_free (target);
}

CloudOperation *
cloud_operation_new (void)
{
  CloudOperation *operation = g_new0 (CloudOperation, 1);

  operation->operation = g_strdup ("");
  operation->device = g_strdup ("");
  operation->sha256 = g_strdup ("");
  operation->to_status = g_strdup ("");
  operation->arguments = g_strdup ("");
  return operation;
}

void
cloud_operation_free (CloudOperation *operation)
{
  if (operation == NULL)
    return;
  g_free (operation->operation);
  g_free (operation->device);
  g_free (operation->sha256);
  g_clear_pointer (&operation->certificate, g_bytes_unref);
  g_clear_pointer (&operation->authority, g_bytes_unref);
  g_free (operation->to_status);
  g_free (operation->arguments);
  g_free (operation);
}

char *
cloud_operation_argument (const CloudOperation *operation, const char *name)
{
  g_autoptr (JsonNode) node = json_read (operation->arguments);

  return g_strdup (json_text_of (json_object_of (node), name));
}

char *
cloud_operation_pem (const CloudOperation *operation)
{
  gsize length = 0;
  const guint8 *der =
      operation->certificate == NULL ? NULL : g_bytes_get_data (operation->certificate, &length);

  return pem_encode ("CERTIFICATE", der, length);
}

gboolean
cloud_operation_is_of_authority (const CloudOperation *operation)
{
  return g_str_has_suffix (operation->operation, "-ca");
}

void
course_init (Course *course, const CloudTarget *target, GPtrArray *operations)
{
  course->target = target;
  course->operations = g_ptr_array_ref (operations);
  course->verdicts = g_new0 (Verdict, operations->len);
}

void
course_free (Course *course)
{
  if (course == NULL)
    return;
  if (course->clear != NULL)
    course->clear (course);
  for (guint i = 0; i < course->operations->len; i++)
    g_free (course->verdicts[i].words);
  g_free (course->verdicts);
  g_ptr_array_unref (course->operations);
  g_free (course);
}

void
course_judge (Course *course, guint place, VerdictKind kind, char *words)
{
  Verdict *verdict = &course->verdicts[place];

  if (verdict->kind != VERDICT_NONE) {
    g_free (words);
    return;
  }
  verdict->kind = kind;
  verdict->words = words;
}

void
course_judge_rest (Course *course, VerdictKind kind, const char *words)
{
  for (guint i = 0; i < course->operations->len; i++)
    course_judge (course, i, kind, g_strdup (words));
}

gboolean
course_is_over (const Course *course)
{
  for (guint i = 0; i < course->operations->len; i++)
    if (course->verdicts[i].kind == VERDICT_NONE)
      return FALSE;
  return TRUE;
}
