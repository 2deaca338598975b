/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See course-rig.h.
 */
#include "tests/unit/courier/course-rig.h"

#include <stdarg.h>

static Request *asked;
static char *line;

CloudTarget *
rig_target (const char *kind, const char *mode)
{
  CloudTarget *target = cloud_target_new ();
  const struct {
    char **place;
    const char *value;
  } values[] = { { &target->name, "production" },
                 { &target->kind, kind },
                 { &target->mode, mode },
                 { &target->account, "123456789012" },
                 { &target->region, "eu-west-1" } };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    g_free (*values[i].place);
    *values[i].place = g_strdup (values[i].value);
  }
  return target;
}

static void
set (char **place, const char *value)
{
  g_free (*place);
  *place = g_strdup (value == NULL ? "" : value);
}

CloudOperation *
rig_add (GPtrArray *order, const char *operation, const char *device, const char *to_status,
         const char *arguments)
{
  CloudOperation *one = cloud_operation_new ();
  g_autofree char *text = g_strdup_printf ("certificate of %s", device);

  one->id = order->len + 1;
  set (&one->operation, operation);
  set (&one->device, device);
  set (&one->to_status, to_status);
  set (&one->arguments, arguments);
  one->certificate = g_bytes_new (text, strlen (text));
  one->authority = g_bytes_new ("authority", strlen ("authority"));
  g_free (one->sha256);
  one->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, one->certificate);
  g_ptr_array_add (order, one);
  return one;
}

static void
free_operation (gpointer operation)
{
  cloud_operation_free (operation);
}

GPtrArray *
rig_order (void)
{
  return g_ptr_array_new_with_free_func (free_operation);
}

GPtrArray *
rig_order_of (const char *operation, const char *to_status, const char *arguments)
{
  GPtrArray *order = rig_order ();

  rig_add (order, operation, "SN:1", to_status, arguments);
  return order;
}

const char *
rig_sha256 (const GPtrArray *order, guint place)
{
  const CloudOperation *operation = g_ptr_array_index (order, place);

  return operation->sha256;
}

const char *
rig_next (Course *course)
{
  g_autofree char *target = NULL;

  g_clear_pointer (&asked, request_free);
  g_clear_pointer (&line, g_free);
  asked = course->next (course);
  if (asked == NULL) {
    line = g_strdup ("");
    return line;
  }
  ck_assert_ptr_nonnull (asked->api);
  target = request_line_target (asked);
  line = g_strdup_printf ("%s %s", asked->method, target);
  return line;
}

const Request *
rig_request (void)
{
  return asked;
}

void
rig_answer (Course *course, guint status, const char *type, const char *body, ...)
{
  Answer answer = { .status = status,
                    .error_type = g_strdup (type),
                    .problem = status == 0 ? g_strdup ("no route to host") : NULL };
  va_list values;

  va_start (values, body);
  answer.body = g_string_new (NULL);
  g_string_vprintf (answer.body, body, values);
  va_end (values);
  course->take (course, &answer);
  answer_clear (&answer);
}

void
rig_clear (void)
{
  g_clear_pointer (&asked, request_free);
  g_clear_pointer (&line, g_free);
}
