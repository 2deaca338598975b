/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The names of faults, once, and how a list of them is read.
 */
#include "drivers/simulator/fault.h"

static const FaultInfo infos[N_FAULTS] = {
  [FAULT_GARBAGE] = { "garbage",
                      "random bytes come in place of every answer (=N: after N good bytes)", TRUE,
                      FALSE, 0 },
  [FAULT_SILENCE] = { "silence", "nothing is ever answered (=N: after N good bytes)", TRUE, FALSE,
                      0 },
  [FAULT_HALF_LINE] = { "half-line",
                        "the first long answer stops in the middle of a line, then silence "
                        "(=N: after N bytes)",
                        TRUE, FALSE, 0 },
  [FAULT_FLOOD] = { "flood",
                    "in place of its first long answer the device sends without end "
                    "(=N: after N bytes)",
                    TRUE, FALSE, 0 },
  [FAULT_DRIP] = { "drip", "one byte every 50 ms (=N: every N ms)", TRUE, FALSE, 0 },
  [FAULT_UNPLUG] = { "unplug", "pulled after N bytes to the station", TRUE, TRUE, 1 },
  [FAULT_UNPLUG_IN] = { "unplug-in", "pulled after N bytes from the station", TRUE, TRUE, 1 },
  [FAULT_NO_IDENTITY] = { "no-identity", "the device does not say who it is", FALSE, FALSE, 0 },
  [FAULT_WEAK_KEY] = { "weak-key", "makes RSA-1024 in place of RSA, P-224 in place of an EC key",
                       FALSE, FALSE, 0 },
  [FAULT_DUPLICATE_KEY] = { "duplicate-key", "uses one key that all devices with this fault share",
                            FALSE, FALSE, 0 },
  [FAULT_BAD_SIGNATURE] = { "bad-signature", "the CSR's own signature does not verify", FALSE,
                            FALSE, 0 },
  [FAULT_LEAK_PRIVATE_KEY] = { "leak-private-key", "prints its private key ahead of the CSR", FALSE,
                               FALSE, 0 },
  [FAULT_LEAK_DER] = { "leak-der", "sends its private key as DER, where the CSR should be", FALSE,
                       FALSE, 0 },
  [FAULT_REFUSE_INSTALL] = { "refuse-install", "says no when the certificate is written", FALSE,
                             FALSE, 0 },
  [FAULT_WRONG_CERTIFICATE] = { "wrong-certificate",
                                "reads back another certificate (or digest) than was written",
                                FALSE, FALSE, 0 },
  [FAULT_WRONG_KEY] = { "wrong-key", "signs the proof with another key than the CSR's", FALSE,
                        FALSE, 0 },
};

const FaultInfo *
fault_info (Fault fault)
{
  return &infos[fault];
}

static int
fault_by_name (const char *name)
{
  for (int fault = 0; fault < N_FAULTS; fault++)
    if (g_str_equal (infos[fault].name, name))
      return fault;
  return -1;
}

/* Cuts a trailing "xK" off `word`, where digits follow the x. */
static gboolean
cut_times (char *word, guint *times)
{
  char *x = strrchr (word, 'x');
  guint64 value;

  if (x == NULL || x == word || !g_ascii_string_to_unsigned (x + 1, 10, 1, 1000000, &value, NULL))
    return FALSE;
  *x = '\0';
  *times = (guint)value;
  return TRUE;
}

static gboolean
fault_plan_add_one (FaultPlan *plan, const char *text, GError **error)
{
  g_autofree char *word = g_strstrip (g_strdup (text));
  guint times = 0;
  gboolean has_times = cut_times (word, &times);
  char *number = strchr (word, '=');
  FaultSetting setting = { .wanted = TRUE };
  int fault;

  if (number != NULL)
    *number++ = '\0';
  fault = fault_by_name (word);
  if (fault < 0) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "there is no fault '%s'; 'keycradle-sim faults' lists them", text);
    return FALSE;
  }
  if ((number != NULL && !infos[fault].takes_number)
      || (number == NULL && infos[fault].needs_number)
      || (number != NULL
          && !g_ascii_string_to_unsigned (number, 10, 1, G_MAXUINT32, &setting.number, NULL)))
  {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "fault '%s': write %s%s, a number from 1, then x and how many plug-ins have it",
                 text, word, infos[fault].takes_number ? "=N" : "");
    return FALSE;
  }
  setting.times = has_times ? times : infos[fault].times;
  plan->of[fault] = setting;
  return TRUE;
}

gboolean
fault_plan_add (FaultPlan *plan, const char *list, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (list, ";,", -1);

  for (char **word = words; *word != NULL; word++)
    if (*g_strchug (*word) != '\0' && !fault_plan_add_one (plan, *word, error))
      return FALSE;
  return TRUE;
}

const FaultSetting *
fault_plan_at (const FaultPlan *plan, Fault fault, guint plug)
{
  const FaultSetting *setting = &plan->of[fault];

  return setting->wanted && (setting->times == 0 || plug <= setting->times) ? setting : NULL;
}
