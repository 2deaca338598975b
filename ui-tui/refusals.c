/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See refusals.h. Each sentence stands here as it stands in the daemon's source; tests/style looks
 * that none has drifted. %s and %u take what was put in.
 */
#include "ui-tui/refusals.h"

#include <string.h>

#include "ui-tui/language.h"

static const char *const sentences[] = {
  /* slots */
  N_ ("there is no slot %u"),
  N_ ("slot %u is working already"),
  N_ ("slot %u is working: wait until it has ended"),
  N_ ("slot %u is disabled; enable it first"),
  N_ ("slot %u has nothing to do: no batch runs"),
  N_ ("slot %u starts nothing: the CA was not accepted yet"),
  N_ ("slot %u starts nothing: the station is stopping"),
  N_ ("slot %u is empty: plug in a device"),
  N_ ("slot %u has no FAIL to acknowledge"),
  N_ ("slot %u shows a FAIL: acknowledge it first"),
  N_ ("slot %u can't be swapped with itself: name two slots"),
  N_ ("slot %u has no port yet: learn it first"),
  N_ ("slot %u is being learned already"),
  N_ ("learning slot %u was cancelled; its port is as it was"),
  N_ ("slot %u is bound to %s by the configuration: change that Port there"),
  N_ ("slot %u is bound to %s by the configuration: delete that Port first"),
  N_ ("no new device of a known kind came: unplug it, start again and plug it into the place of "
      "slot %u"),
  N_ ("what came can't be a device of slot %u: %s"),
  N_ ("slot %u has a device in it that is refused: take it out"),
  /* batches */
  N_ ("there is no batch %s"),
  N_ ("there is a batch %s already"),
  N_ ("batch %s is running: pause or close it first"),
  N_ ("the serial pattern is no regular expression: %s"),
  /* serials */
  N_ ("\"%s\" is no serial: 1 to 64 letters, digits and . : _ -, the first one a letter or digit. "
      "Is it the right label?"),
  N_ ("%s is no valid serial: 1 to 64 letters, digits and . : _ -, the first one a letter or "
      "digit"),
  N_ ("serial %s does not fit the batch's pattern %s: is it the right label, and the right batch?"),
  N_ ("%s is in slot %u already: scan the label of the unit that waits"),
  N_ ("%s was scanned, but no batch runs that takes its serials from a scan"),
  N_ ("%s was scanned, but slot %u is empty: plug the unit in first"),
  N_ ("%s was scanned, but slot %u waits for something else"),
  N_ ("%s was scanned, but slot %u is working already"),
  N_ ("%s was scanned, but slot %u is out of service"),
  N_ ("%s was scanned, but slot %u shows PASS: take that unit out first"),
  N_ ("%s was scanned, but slot %u shows a FAIL: acknowledge it first"),
  N_ ("%s was scanned, but slot %u shows a FAIL: take that unit out first"),
  /* units */
  N_ ("there is no device %s"),
  N_ ("device %s has no live certificate: there is nothing to void"),
  N_ ("a reason is needed, of 1 to 200 characters: say why"),
  N_ ("device %s is at work in a slot: wait until its attempt has ended"),
  /* manifests */
  N_ ("no manifest is sealed while units with weak keys are in it: void them (keycradle device "
      "void), then export again: %s"),
  /* people */
  N_ ("there is no operator %s"),
  N_ ("nobody has this badge: a supervisor can add it"),
  N_ ("This badge is not known here, or it may not do this."),
  N_ ("%s needs the role %s (group %s); you are %s. Ask one of that group to do it%s."),
  /* what takes two */
  N_ ("the signer has a CA that nobody has accepted here; nothing is issued under it until a "
      "supervisor does, and another grants it: keycradle ca accept %s"),
  N_ ("Request %s is your own, %s: another supervisor must grant it, as another user or with "
      "another "
      "badge."),
  N_ ("Request %s waits: %s. Another supervisor grants it within 24 hours, at the screen or with "
      "`keycradle approval grant %s`."),
  N_ ("Request %s waits: %s. %s asked for it; grant it within 24 hours, at the screen or with "
      "`keycradle approval grant %s`."),
  N_ ("Request %s waits no more: it is %s, by %s."),
  N_ ("request %s can't be granted any more, and is closed: %s"),
  N_ ("Request %s was granted, but could not be done: %s"),
  /* disks and files */
  N_ ("the ledger's disk is full and nothing was recorded: free some space, then run the device "
      "again (%s)"),
  N_ ("%s can't be written: %s."),
};

/* What the daemon puts in that is a word and not a name. */
static const char *const words[] = {
  N_ ("auditor"),
  N_ ("operator"),
  N_ ("supervisor"),
  N_ ("granted"),
  N_ ("refused"),
  N_ ("expired"),
  N_ (", or have a supervisor's badge allow it here"),
};

static char *
word_translated (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i], word))
      return g_strdup (_ (words[i]));
  return g_strdup (word);
}

/* The sentence as a regular expression with a group for each gap. */
static char *
expression_of (const char *sentence)
{
  g_autofree char *escaped = g_regex_escape_string (sentence, -1);
  GString *expression = g_string_new (escaped);

  g_string_replace (expression, "%s", "(.*?)", 0);
  g_string_replace (expression, "%u", "([0-9]+)", 0);
  g_string_prepend (expression, "\\A");
  g_string_append (expression, "\\z");
  return g_string_free (expression, FALSE);
}

/* A translation may take the gaps in another order, as in "%2$s". */
static guint
gap_number (const char **at, guint *next)
{
  char *end;
  const guint64 asked = g_ascii_strtoull (*at, &end, 10);

  if (end > *at && *end == '$') {
    *at = end + 1;
    return (guint)MIN (asked, G_MAXUINT);
  }
  return (*next)++;
}

static char *
fill (const char *translation, const GMatchInfo *found)
{
  GString *filled = g_string_new (NULL);
  guint next = 1;

  for (const char *at = translation; *at != '\0'; at++) {
    if (*at != '%') {
      g_string_append_c (filled, *at);
      continue;
    }
    at++;
    const guint number = gap_number (&at, &next);
    g_autofree char *value = g_match_info_fetch (found, (gint)MIN (number, G_MAXINT));
    g_autofree char *word = word_translated (value != NULL ? value : "");

    g_string_append (filled, word);
    if (*at == '\0')
      break;
  }
  return g_string_free (filled, FALSE);
}

static char *
translated_by (const char *sentence, const char *message)
{
  g_autofree char *expression = expression_of (sentence);
  g_autoptr (GRegex) regex = g_regex_new (expression, G_REGEX_DOTALL, 0, NULL);
  g_autoptr (GMatchInfo) found = NULL;

  g_return_val_if_fail (regex != NULL, NULL);
  if (!g_regex_match (regex, message, 0, &found))
    return NULL;
  return fill (_ (sentence), found);
}

char *
refusal_translated (const char *message)
{
  for (guint i = 0; i < G_N_ELEMENTS (sentences); i++) {
    char *translated = translated_by (sentences[i], message);

    if (translated != NULL)
      return translated;
  }
  /* TRANSLATORS: a refusal that is known in English only. Say so in front of it, as in "The station
   * says (in English): %s". */
  return g_strdup_printf (_ ("%s"), message);
}
