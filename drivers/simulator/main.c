/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle-sim: simulated devices of every dialect, on ptys, for tests,
 * training and integration.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/simulator/commands.h"
#include "drivers/simulator/plug-hid.h"

#define EXIT_USAGE 2

static const char help_text[] =
    "Usage: keycradle-sim COMMAND\n"
    "\n"
    "Plays devices of the drivers' dialects on ptys; `keycradle-sim dialects` lists them.\n"
    "\n"
    "  play PLAN --ports DIR [--state DIR] [--events] [--pause MS] [--replug N]\n"
    "      Plugs in the devices of a plan file, slot by slot; ends when all were served.\n"
    "  control --ports DIR [--state DIR]\n"
    "      Obeys commands on standard input: new, plug, unplug, show, list, wait-closed, quit.\n"
    "  one DRIVER [--serial X] [--key KIND] [--link PATH] [--state DIR] [--SETTING VALUE]\n"
    "      Plays one device in the foreground and prints its port.\n"
    "  hid PORT [VENDOR:PRODUCT]\n"
    "      Makes the device on PORT a HID device of the kernel (needs /dev/uhid).\n"
    "  dialects\n"
    "      Lists what it can play.\n"
    "  faults\n"
    "      Lists what can be wrong with a device.\n"
    "  attestation-root DRIVER\n"
    "      Prints the certificate that the driver's devices attest their keys under.\n"
    "\n"
    "  --ports DIR     links slot1, slot2 … to the devices' ports appear here\n"
    "  --state DIR     what devices keep across power: SERIAL.key, SERIAL.cert.der …\n"
    "  --firmware ELF  what cortex-m3 devices run\n"
    "\n"
    "Settings of a device: driver, serial, chip, key (rsa-2048 … p-521), slot, latency (ms),\n"
    "baud, keygen-ms, key-file, fault (list by ','), host (at, shell), log-every (lines), "
    "firmware,\n"
    "usb (vhci, vhci:PORT, stream), usb-fault (stall=N, yank=N, short=N, hostile=N),\n"
    "shell (dash, bash, busybox), tpm (yes, no), password, boot-ms.\n"
    "\n"
    "Exit status: 0 done, 1 something failed, 2 wrong usage. See keycradle-sim(1).\n";

/* What the command line says, for any command. */
typedef struct {
  char *ports;
  char *state;
  char *firmware;
  char *link;
  PlayOptions play;
  GPtrArray *words;        /* what is no option */
  DeviceSettings settings; /* for `one` */
} CommandLine;

static int
usage_error (const char *sentence)
{
  g_printerr ("keycradle-sim: %s\nTry 'keycradle-sim --help'.\n", sentence);
  return EXIT_USAGE;
}

static gboolean
take_number (const char *name, const char *value, guint *number, GError **error)
{
  guint64 parsed;

  if (!g_ascii_string_to_unsigned (value, 10, 0, 100000000, &parsed, NULL)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: expected a number",
                 name, value);
    return FALSE;
  }
  *number = (guint)parsed;
  return TRUE;
}

static gboolean
take_option (CommandLine *line, const char *name, const char *value, gboolean one, GError **error)
{
  struct {
    const char *name;
    char **place;
  } texts[] = { { "ports", &line->ports },
                { "state", &line->state },
                { "firmware", &line->firmware },
                { "link", &line->link } };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_str_equal (texts[i].name, name)) {
      g_free (*texts[i].place);
      *texts[i].place = g_strdup (value);
      return TRUE;
    }
  if (g_str_equal (name, "pause"))
    return take_number (name, value, &line->play.pause_ms, error);
  if (g_str_equal (name, "replug"))
    return take_number (name, value, &line->play.replug, error);
  if (one)
    return device_settings_set (&line->settings, name, value, error);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "there is no option --%s",
               name);
  return FALSE;
}

/* Options are --NAME VALUE or --NAME=VALUE; only --events stands alone. */
static gboolean
parse_line (CommandLine *line, char **arguments, GError **error)
{
  gboolean one = arguments[0] != NULL && g_str_equal (arguments[0], "one");

  for (char **argument = arguments; *argument != NULL; argument++) {
    g_auto (GStrv) parts = NULL;

    if (!g_str_has_prefix (*argument, "--")) {
      g_ptr_array_add (line->words, *argument);
      continue;
    }
    if (g_str_equal (*argument, "--events")) {
      line->play.events = TRUE;
      continue;
    }
    parts = g_strsplit (*argument + 2, "=", 2);
    if (parts[1] == NULL && argument[1] == NULL) {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s needs a value", *argument);
      return FALSE;
    }
    if (!take_option (line, parts[0], parts[1] != NULL ? parts[1] : *++argument, one, error))
      return FALSE;
  }
  return TRUE;
}

static int
list_dialects (void)
{
  for (const Personality *const *list = personality_list (); *list != NULL; list++)
    g_print ("%-12s %s\n", (*list)->name, (*list)->title);
  return EXIT_SUCCESS;
}

static int
list_faults (void)
{
  for (int i = 0; i < N_FAULTS; i++) {
    const FaultInfo *info = fault_info ((Fault)i);

    g_print ("%-17s %s\n", info->name, info->sentence);
  }
  g_print ("\nAppend xK for the first K plug-ins only (default: all; unplug and unplug-in: x1).\n");
  return EXIT_SUCCESS;
}

static int
print_attestation_root (const CommandLine *line)
{
  DeviceSettings settings = { 0 };
  g_autoptr (GError) error = NULL;

  if (line->words->len != 2)
    return usage_error ("attestation-root needs a driver");
  if (!device_settings_set (&settings, "driver", g_ptr_array_index (line->words, 1), &error))
    return usage_error (error->message);
  if (settings.personality->attestation_root == NULL)
    return usage_error ("such devices attest nothing by certificates");
  g_autofree char *pem = settings.personality->attestation_root ();
  g_print ("%s", pem);
  return EXIT_SUCCESS;
}

/* The firmware of cortex-m3 devices: option, environment, or where it is installed. */
static const char *
firmware_path (const CommandLine *line)
{
  const char *environment = g_getenv ("KEYCRADLE_FIRMWARE");

  if (line->firmware != NULL)
    return line->firmware;
  return environment != NULL ? environment : DEFAULT_FIRMWARE;
}

static int
run_one (Bench *bench, CommandLine *line)
{
  g_autoptr (GError) error = NULL;

  if (line->words->len != 2)
    return usage_error ("one needs a driver; `keycradle-sim dialects` lists them");
  if (!device_settings_set (&line->settings, "driver", g_ptr_array_index (line->words, 1), &error))
    return usage_error (error->message);
  line->settings.name = g_strdup (line->settings.serial != NULL ? line->settings.serial : "device");
  return one_run (bench, &line->settings, line->link);
}

static int
run_hid (CommandLine *line)
{
  if (line->words->len < 2)
    return usage_error ("hid needs the port of a simulated device");
  return plug_hid_run (g_ptr_array_index (line->words, 1),
                       line->words->len > 2 ? g_ptr_array_index (line->words, 2) : "03eb:2312");
}

static int
run_command (Bench *bench, CommandLine *line)
{
  const char *command = g_ptr_array_index (line->words, 0);

  if (g_str_equal (command, "one"))
    return run_one (bench, line);
  if (line->ports == NULL)
    return usage_error ("--ports DIR is missing: where do the ports' links go?");
  if (g_str_equal (command, "control"))
    return control_run (bench);
  if (line->words->len != 2)
    return usage_error ("play needs a plan file");
  return play_run (bench, g_ptr_array_index (line->words, 1), &line->play);
}

static int
run_line (CommandLine *line)
{
  static const char *const known[] = { "play", "control", "one", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (Bench) bench = NULL;
  const char *command;

  if (line->words->len == 0)
    return usage_error ("say what to do");
  command = g_ptr_array_index (line->words, 0);
  if (g_str_equal (command, "dialects"))
    return list_dialects ();
  if (g_str_equal (command, "faults"))
    return list_faults ();
  if (g_str_equal (command, "attestation-root"))
    return print_attestation_root (line);
  if (g_str_equal (command, "hid"))
    return run_hid (line);
  if (!g_strv_contains (known, command))
    return usage_error ("the commands are play, control, one, hid, dialects and faults");
  bench = bench_new (line->ports, line->state, firmware_path (line), &error);
  if (bench == NULL) {
    g_printerr ("keycradle-sim: %s\n", error->message);
    return EXIT_FAILURE;
  }
  bench_guard_signals (bench);
  return run_command (bench, line);
}

static void
command_line_clear (CommandLine *line)
{
  g_free (line->ports);
  g_free (line->state);
  g_free (line->firmware);
  g_free (line->link);
  g_ptr_array_unref (line->words);
  device_settings_clear (&line->settings);
}

int
main (int argc, char **argv)
{
  CommandLine line = { .words = g_ptr_array_new () };
  g_autoptr (GError) error = NULL;
  int status;

  /* Sixty-four threads need no arena each. */
  mallopt (M_ARENA_MAX, 2);
  setvbuf (stdout, NULL, _IOLBF, 0);
  signal (SIGPIPE, SIG_IGN);
  if (argc > 1 && (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h")))
    status = fputs (help_text, stdout) < 0;
  else if (argc > 1 && g_str_equal (argv[1], "--version"))
    status = puts ("keycradle-sim " KEYCRADLE_VERSION) < 0;
  else if (!parse_line (&line, argv + 1, &error))
    status = usage_error (error->message);
  else
    status = run_line (&line);
  command_line_clear (&line);
  return status;
}
