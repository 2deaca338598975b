/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The form for a new batch. What else it asks follows from where serials come; everything that the
 * station would refuse is said here, at the field that is wrong.
 */
#include <string.h>

#include "base/text.h"
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

#define MOST_DIGITS 20
#define USUAL_DIGITS 4

enum {
  FIELD_NAME,
  FIELD_PRODUCT,
  FIELD_PROFILE,
  FIELD_TARGET,
  FIELD_SOURCE,
  FIELD_PATTERN, /* of serials that are scanned */
  FIELD_PREFIX = FIELD_PATTERN,
  FIELD_FIRST,
  FIELD_LAST,
  FIELD_WIDTH,
};

typedef enum { SOURCE_CHIP, SOURCE_RANGE, SOURCE_SCAN } Source;

static const char *const sources[] = { N_ ("from the unit"), N_ ("a range of numbers"),
                                       N_ ("scanned"), NULL };

static Source
source_of (const App *app)
{
  for (int i = SOURCE_RANGE; i <= SOURCE_SCAN; i++)
    if (g_str_equal (app_field (app, FIELD_SOURCE), sources[i]))
      return (Source)i;
  return SOURCE_CHIP;
}

/* ---- what was typed ---- */

typedef struct {
  guint64 target;
  guint64 first;
  guint64 last;
  guint64 width;
} Numbers;

static gboolean
read_number (const App *app, guint field, guint64 most, guint64 *number)
{
  return g_ascii_string_to_unsigned (app_field (app, field), 10, 0, most, number, NULL);
}

static char *
serial_of (const App *app, const Numbers *numbers, guint64 number)
{
  return g_strdup_printf ("%s%0*" G_GUINT64_FORMAT, app_field (app, FIELD_PREFIX),
                          (int)numbers->width, number);
}

/* TRUE where all numbers of the range are there and in order. */
static gboolean
read_range (const App *app, Numbers *numbers)
{
  return read_number (app, FIELD_FIRST, G_MAXINT64 - 1, &numbers->first)
         && read_number (app, FIELD_LAST, G_MAXINT64 - 1, &numbers->last)
         && read_number (app, FIELD_WIDTH, MOST_DIGITS, &numbers->width)
         && numbers->first <= numbers->last;
}

/* ---- what it will be ---- */

static char *
range_words (const App *app)
{
  Numbers numbers = { 0 };

  if (!read_range (app, &numbers))
    return g_strdup (_ ("A serial is the prefix and a number. No number is given twice."));
  g_autofree char *first = serial_of (app, &numbers, numbers.first);
  g_autofree char *last = serial_of (app, &numbers, numbers.last);
  return g_strdup_printf (_ ("Units get the serials %s to %s."), first, last);
}

static char *
source_words (const App *app)
{
  switch (source_of (app)) {
  case SOURCE_CHIP:
    return g_strdup (_ ("Each unit has its own serial, from its chip."));
  case SOURCE_RANGE:
    return range_words (app);
  case SOURCE_SCAN:
    return g_strdup (_ ("Each unit's label is scanned. The pattern says which labels are right, "
                        "such as AC-[0-9]{6}; without one every label is."));
  }
  return NULL;
}

static void
describe (App *app)
{
  g_free (app->model->dialog.text);
  app->model->dialog.text = source_words (app);
}

/* ---- fields that follow from others ---- */

/* Some numbers more than units: one that fails for good keeps its own. */
static guint64
proposed_last (const App *app)
{
  guint64 target = 0;

  if (!read_number (app, FIELD_TARGET, G_MAXUINT, &target) || target == 0)
    return 0;
  return target + MAX (target / 10, 5);
}

static void
add_range_fields (App *app)
{
  const char *name = app_field (app, FIELD_NAME);
  const guint64 last_number = proposed_last (app);
  g_autofree char *prefix = *name != '\0' ? g_strdup_printf ("%s-", name) : g_strdup ("");
  g_autofree char *last = g_strdup_printf ("%" G_GUINT64_FORMAT, last_number);
  g_autofree char *width = g_strdup_printf ("%u", MAX (USUAL_DIGITS, (guint)strlen (last)));

  app_add_field (app, N_ ("Prefix"), prefix, FALSE, NULL);
  app_add_field (app, N_ ("First number"), "1", FALSE, NULL);
  app_add_field (app, N_ ("Last number"), last_number > 0 ? last : "", FALSE, NULL);
  app_add_field (app, N_ ("Digits"), width, FALSE, NULL);
}

static void
show_source_fields (App *app)
{
  GPtrArray *fields = app->model->dialog.fields;

  g_ptr_array_set_size (fields, FIELD_SOURCE + 1);
  if (source_of (app) == SOURCE_RANGE)
    add_range_fields (app);
  else if (source_of (app) == SOURCE_SCAN)
    app_add_field (app, N_ ("Pattern of serials"), "", FALSE, NULL);
}

static void
form_changed (App *app)
{
  if (app->model->dialog.field == FIELD_SOURCE)
    show_source_fields (app);
  describe (app);
}

/* ---- what is wrong ---- */

/* FALSE, so that it can be returned. */
static gboolean
refuse (App *app, guint field, const char *sentence)
{
  app->model->dialog.field = field;
  app_dialog_problem (app, sentence);
  return FALSE;
}

static gboolean
check_name (App *app)
{
  const char *name = app_field (app, FIELD_NAME);

  if (*name == '\0')
    return refuse (app, FIELD_NAME,
                   _ ("Name the batch: the number of its work order, for example."));
  if (!serial_is_valid (name))
    return refuse (app, FIELD_NAME,
                   _ ("A batch's name is 1 to 64 letters, digits and . : _ -, the first one a "
                      "letter or digit."));
  if (model_batch_as_typed (app->model, name) != NULL)
    return refuse (app, FIELD_NAME, _ ("There is a batch of this name already: take another."));
  if (code_request (name) != REQUEST_NONE || code_slot (name) != 0)
    return refuse (app, FIELD_NAME, _ ("This name is a control barcode: take another."));
  return TRUE;
}

static gboolean
check_range (App *app, Numbers *numbers)
{
  if (!read_number (app, FIELD_FIRST, G_MAXINT64 - 1, &numbers->first))
    return refuse (app, FIELD_FIRST, _ ("From which number on? Type a number."));
  if (!read_number (app, FIELD_LAST, G_MAXINT64 - 1, &numbers->last))
    return refuse (app, FIELD_LAST, _ ("Up to which number? Type a number."));
  if (!read_number (app, FIELD_WIDTH, MOST_DIGITS, &numbers->width))
    return refuse (app, FIELD_WIDTH,
                   _ ("How many digits? Type a number up to 20; 4 makes 0001 of 1."));
  if (numbers->last < numbers->first)
    return refuse (app, FIELD_LAST, _ ("The last number comes before the first."));
  if (numbers->last - numbers->first < numbers->target - 1)
    return refuse (app, FIELD_LAST, _ ("There are more units than numbers: raise the last one."));
  g_autofree char *last = serial_of (app, numbers, numbers->last);
  if (!serial_is_valid (last))
    return refuse (app, FIELD_PREFIX,
                   _ ("A serial is 1 to 64 letters, digits and . : _ -, the first one a letter or "
                      "digit."));
  return TRUE;
}

static gboolean
check_pattern (App *app)
{
  const char *pattern = app_field (app, FIELD_PATTERN);
  g_autoptr (GError) error = NULL;

  if (*pattern == '\0' || serial_pattern_check (pattern, &error))
    return TRUE;
  g_autofree char *sentence = g_strdup_printf (_ ("This is no pattern: %s"), error->message);
  return refuse (app, FIELD_PATTERN, sentence);
}

static gboolean
check_source (App *app, Numbers *numbers)
{
  switch (source_of (app)) {
  case SOURCE_CHIP:
    return TRUE;
  case SOURCE_RANGE:
    return check_range (app, numbers);
  case SOURCE_SCAN:
    return check_pattern (app);
  }
  return TRUE;
}

static gboolean
check_form (App *app, Numbers *numbers)
{
  if (!check_name (app))
    return FALSE;
  if (*app_field (app, FIELD_PRODUCT) == '\0')
    return refuse (app, FIELD_PRODUCT, _ ("What is made? Type the product."));
  if (!read_number (app, FIELD_TARGET, G_MAXUINT, &numbers->target) || numbers->target == 0)
    return refuse (app, FIELD_TARGET, _ ("How many units? Type a number."));
  return check_source (app, numbers);
}

/* ---- the batch ---- */

static void
add_serial_options (const App *app, GVariantDict *options, const Numbers *numbers)
{
  const char *pattern = app_field (app, FIELD_PATTERN);

  switch (source_of (app)) {
  case SOURCE_CHIP:
    break;
  case SOURCE_RANGE:
    g_variant_dict_insert (options, "serial-prefix", "s", app_field (app, FIELD_PREFIX));
    g_variant_dict_insert (options, "serial-first", "t", numbers->first);
    g_variant_dict_insert (options, "serial-last", "t", numbers->last);
    g_variant_dict_insert (options, "serial-width", "u", (guint)numbers->width);
    break;
  case SOURCE_SCAN:
    g_variant_dict_insert (options, "serial-scan", "b", TRUE);
    if (*pattern != '\0')
      g_variant_dict_insert (options, "serial-pattern", "s", pattern);
    break;
  }
}

static GVariant *
parameters_of (const App *app, const Numbers *numbers)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "product", "s", app_field (app, FIELD_PRODUCT));
  g_variant_dict_insert (&options, "profile", "s", app_field (app, FIELD_PROFILE));
  g_variant_dict_insert (&options, "target", "u", (guint)numbers->target);
  add_serial_options (app, &options, numbers);
  return g_variant_new ("(s@a{sv})", app_field (app, FIELD_NAME), g_variant_dict_end (&options));
}

static void
batch_made (App *app, const char *name)
{
  app_select_batch (app, name);
}

static void
accept_new (App *app)
{
  Numbers numbers = { 0 };

  if (!check_form (app, &numbers))
    return;
  g_autofree char *name = g_strdup (app_field (app, FIELD_NAME));
  g_autofree char *serials = source_words (app);
  g_autofree char *what =
      source_of (app) == SOURCE_SCAN
          ? g_strdup_printf (_ ("Make batch %s: %u units of %s? Their labels are scanned."), name,
                             (guint)numbers.target, app_field (app, FIELD_PRODUCT))
          : g_strdup_printf (_ ("Make batch %s: %u units of %s? %s"), name, (guint)numbers.target,
                             app_field (app, FIELD_PRODUCT), serials);
  g_autofree char *done = g_strdup_printf (
      _ ("Batch %s is made: scan its name, or choose it and start it with S."), name);
  g_autoptr (GVariant) parameters = g_variant_ref_sink (parameters_of (app, &numbers));

  app_close_dialog (app);
  g_free (app->subject);
  app->subject = g_strdup (name);
  app_act_supervised (app, what, "CreateBatch", parameters, done);
  app_then (app, batch_made);
}

/* ---- the form ---- */

static const char *const *
profile_names (App *app)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < app->model->profiles->len; i++)
    g_strv_builder_add (names, ((const ProfileLine *)app->model->profiles->pdata[i])->name);
  g_strfreev (app->profile_names);
  app->profile_names = g_strv_builder_end (names);
  return (const char *const *)app->profile_names;
}

/* What the newest batch had is what the next one has most often. */
static const char *
usual_profile (const App *app, const char *const *names)
{
  const GPtrArray *batches = app->model->batches;
  const BatchLine *newest = batches->len > 0 ? g_ptr_array_index (batches, 0) : NULL;

  if (newest != NULL && newest->profile != NULL && g_strv_contains (names, newest->profile))
    return newest->profile;
  return names[0];
}

void
app_new_batch (App *app)
{
  const char *const *names = profile_names (app);

  if (!app_has_contact (app))
    return;
  if (names[0] == NULL) {
    model_notice (app->model, NOTICE_BAD, "%s",
                  _ ("The station has no profile: an engineer must put one into its folder."));
    return;
  }
  app_open_dialog (app, DIALOG_FORM, _ ("New batch"), NULL);
  app_add_field (app, N_ ("Name"), "", FALSE, NULL);
  app_add_field (app, N_ ("Product"), "", FALSE, NULL);
  app_add_field (app, N_ ("Profile"), usual_profile (app, names), FALSE, names);
  app_add_field (app, N_ ("Units"), "", FALSE, NULL);
  app_add_field (app, N_ ("Serials"), sources[SOURCE_CHIP], FALSE, sources);
  app->accept = accept_new;
  app->changed = form_changed;
  describe (app);
}
