/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon can't do any more when it opens its first port, and what it must.
 */
#include "station/sandbox.h"
#include "tests/unit/confined-calls.h"

#include <check.h>
#include <linux/netlink.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static gboolean
enter (GError **error)
{
  return sandbox_daemon (FALSE, error);
}

static gboolean
enter_with_signer (GError **error)
{
  return sandbox_daemon (TRUE, error);
}

START_TEST (test_a_call_that_the_daemon_does_not_need_is_refused)
{
  const ConfinedCall *row = &confined_calls[_i];

  if (!row->daemon)
    return;
  ck_assert_msg (call_is_refused (row->call, enter), "%s is allowed", row->name);
  if (!row->privileged)
    ck_assert_msg (!call_is_refused (row->call, NULL), "%s was refused before", row->name);
}
END_TEST

static long
start_program (void)
{
  return execl ("/no/such/program", "program", NULL);
}

START_TEST (test_only_a_trial_run_starts_a_program)
{
  ck_assert (call_is_refused (start_program, enter));
  ck_assert (!call_is_refused (start_program, enter_with_signer));
}
END_TEST

static gboolean
terminals_work (void)
{
  int one, other;

  return openpty (&one, &other, NULL, NULL, NULL) == 0;
}

static gboolean
udev_is_heard (void)
{
  return socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT) >= 0;
}

static gboolean
unix_sockets_work (void)
{
  int pair[2];

  return socketpair (AF_UNIX, SOCK_STREAM, 0, pair) == 0 && socket (AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static gpointer
nothing (gpointer data)
{
  return data;
}

static gboolean
threads_work (void)
{
  return g_thread_join (g_thread_new ("twin", nothing, &threads_work)) == (gpointer)&threads_work;
}

static gboolean
leaves_no_core (void)
{
  struct rlimit limit;

  return getrlimit (RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0
         && prctl (PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
         && prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

START_TEST (test_ports_udev_sockets_and_threads_still_work)
{
  static gboolean (*const works[]) (void) = { terminals_work, udev_is_heard, unix_sockets_work,
                                              threads_work, leaves_no_core };

  ck_assert (work_is_possible (works[_i], enter));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station sandbox");
  TCase *sandbox = tcase_create ("sandbox");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_loop_test (sandbox, test_a_call_that_the_daemon_does_not_need_is_refused, 0,
                       (int)n_confined_calls);
  tcase_add_test (sandbox, test_only_a_trial_run_starts_a_program);
  tcase_add_loop_test (sandbox, test_ports_udev_sockets_and_threads_still_work, 0, 5);
  suite_add_tcase (suite, sandbox);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
