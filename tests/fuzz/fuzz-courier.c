/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any answers of any cloud: the courier goes on or comes to a verdict, with words that can be
 * shown, and a cloud that is away ends every course. The first byte is the cloud, the second the
 * operation; then, for each answer, a status, a kind of error, and a body that ends in NUL.
 */
#include <string.h>

#include "courier/clouds.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static const char *const kinds[] = { "aws", "azure-hub", "azure-dps", "nrfcloud" };
static const char *const operations[] = {
  "register",        "activate",        "deactivate", "revoke",      "transfer",  "accept-transfer",
  "reject-transfer", "cancel-transfer", "delete",     "register-ca", "update-ca", "delete-ca",
};
static const guint statuses[] = { 200, 200, 200, 202, 204, 301, 400,
                                  404, 406, 409, 410, 412, 429, 500 };
static const char *const types[] = { NULL,
                                     "",
                                     "ResourceAlreadyExistsException:http://x/",
                                     "ResourceNotFoundException",
                                     "CertificateStateException",
                                     "TransferAlreadyCompletedException",
                                     "x#InvalidRequestException",
                                     "ThrottlingException" };

static void
set (char **place, const char *value)
{
  g_free (*place);
  *place = g_strdup (value);
}

static CloudTarget *
target_of (const char *kind)
{
  CloudTarget *target = cloud_target_new ();

  set (&target->kind, kind);
  set (&target->mode, "sni-only");
  set (&target->account, "123456789012");
  set (&target->region, "eu-west-1");
  set (&target->policy, "policy");
  set (&target->thing_group, "group");
  return target;
}

static void
free_operation (gpointer operation)
{
  cloud_operation_free (operation);
}

static GPtrArray *
order_of (const char *word)
{
  GPtrArray *order = g_ptr_array_new_with_free_func (free_operation);
  const guint n = g_str_equal (word, "register") ? 3 : 1;

  for (guint i = 0; i < n; i++) {
    CloudOperation *operation = cloud_operation_new ();
    char device[] = { 'S', 'N', (char)('0' + i), '\0' };

    set (&operation->operation, word);
    set (&operation->device, device);
    set (&operation->to_status, "ACTIVE");
    operation->certificate = g_bytes_new (device, sizeof device);
    operation->authority = g_bytes_new (device, sizeof device);
    g_free (operation->sha256);
    operation->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, operation->certificate);
    g_ptr_array_add (order, operation);
  }
  return order;
}

/* FALSE at the end of the course. */
static gboolean
ask (Course *course)
{
  g_autoptr (Request) request = course->next (course);
  g_autofree char *target = NULL;

  if (request == NULL)
    return FALSE;
  target = request_line_target (request);
  if (request->api == NULL || *target != '/')
    g_abort ();
  return TRUE;
}

static void
answer (Course *course, guint status, const char *type, const guint8 *body, gsize length)
{
  Answer given = { .status = status,
                   .problem = status == 0 ? g_strdup ("away") : NULL,
                   .error_type = g_strdup (type),
                   .body = g_string_new_len ((const char *)body, (gssize)length) };

  course->take (course, &given);
  answer_clear (&given);
}

static void
expect_verdicts (const Course *course)
{
  for (guint i = 0; i < course->operations->len; i++) {
    const Verdict *verdict = &course->verdicts[i];

    if (verdict->kind == VERDICT_NONE || (verdict->words == NULL && verdict->kind != VERDICT_DONE)
        || (verdict->words != NULL && !g_utf8_validate (verdict->words, -1, NULL)))
      g_abort ();
  }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  const guint8 *at = data + 2, *end = data + size;

  if (size < 2)
    return 0;
  g_autoptr (CloudTarget) target = target_of (kinds[data[0] % G_N_ELEMENTS (kinds)]);
  const Cloud *cloud = cloud_find (target->kind);
  const char *word = operations[data[1] % G_N_ELEMENTS (operations)];
  g_autoptr (GPtrArray) order = order_of (word);
  if (cloud->most == 1)
    g_ptr_array_set_size (order, 1);
  g_autoptr (Course) course = cloud->course_new (target, order);

  while (end - at >= 2 && ask (course)) {
    const guint8 *body = at + 2;
    const gsize length = strnlen ((const char *)body, (gsize)(end - body));

    answer (course, statuses[at[0] % G_N_ELEMENTS (statuses)], types[at[1] % G_N_ELEMENTS (types)],
            body, length);
    at = body + MIN (length + 1, (gsize)(end - body));
  }
  if (ask (course))
    answer (course, 0, NULL, NULL, 0);
  if (course->next (course) != NULL)
    g_abort ();
  expect_verdicts (course);
  return 0;
}
