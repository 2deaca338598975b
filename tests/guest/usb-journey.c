/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usb-journey ADDRESS: takes the device at an address ("usb:1/2/0") the whole way, as a station
 * would, and says "passed", or the word of the error and its sentence.
 */
#include <check.h>
#include <stdio.h>

#include "tests/unit/drivers/journey.h"

#define ATTEMPT deadline_in (20000)

static const char *address;

static gboolean
go (Journey *journey)
{
  JourneyVerdict verdict = { 0 };

  journey->transport = transport_open (address, NULL, ATTEMPT, &journey->error);
  return journey->transport != NULL && journey_to_certificate (journey, ATTEMPT)
         && journey_to_proof (journey, &verdict, ATTEMPT) && verdict.shows_what_was_sent
         && verdict.signed_by_its_key;
}

/* The journey's own assertions want a runner of Check around them. */
START_TEST (one_device)
{
  Journey journey = { 0 };

  if (go (&journey))
    puts ("passed");
  else if (journey.error != NULL)
    printf ("%s: %s\n", driver_error_word ((DriverError)journey.error->code),
            journey.error->message);
  else
    puts ("wrong certificate or proof");
  journey_clear (&journey);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("usb-journey");
  TCase *tests = tcase_create ("journey");
  SRunner *runner = srunner_create (suite);
  int failed;

  address = argc == 2 ? argv[1] : "usb:";
  tcase_add_test (tests, one_device);
  suite_add_tcase (suite, tests);
  srunner_set_fork_status (runner, CK_NOFORK);
  srunner_run_all (runner, CK_SILENT);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
