# SPDX-License-Identifier: LGPL-2.1-or-later
"""What takes two supervisors: two users at the command line, two badges at one screen, a new CA, and
one person who tries to be two."""

import glob
import grp
import os
import pwd
import re
import shutil
import subprocess

import rig
import rotation
from screen import plug_new, secret
from terminal import terminal

OTHER = pwd.getpwnam('nobody')
SETPRIV = ['setpriv', '--reuid', str(OTHER.pw_uid), '--regid', str(OTHER.pw_gid), '--clear-groups']
WAITS = 9  # the exit status of what became a request
BADGES = {'anna': ('B0007', '9182'), 'eva': ('B0008', '3377')}


def demand_two(station, words='all'):
    """As an engineer who edits keycradle.conf before the start; nobody's group are supervisors."""
    group = grp.getgrgid(OTHER.pw_gid).gr_name
    station.edit(station.config, r'^\[station\]\n',
                 f'[roles]\nDualControl={words}\n[station]\nSupervisorGroup={group}\n')
    station.edit(station.config, r'^AcknowledgeFailures=.*\n', 'AcknowledgeFailures=no\n')


def let_others_in(station):
    for folder, _, _ in os.walk(station.folder):
        os.chmod(folder, 0o755)
    program = os.path.join(station.folder, 'keycradle')
    shutil.copy(rig.program('keycradle'), program)
    os.chmod(program, 0o755)


def as_other(station, *words, exit_code=0):
    """The same command by another user, who is a supervisor by group."""
    socket = os.path.join(os.path.dirname(station.config), 'station.sock')
    run = subprocess.run([*SETPRIV, os.path.join(station.folder, 'keycradle'), '--socket', socket,
                          *words], capture_output=True, text=True, check=False, cwd='/',
                         env=rig.environment(), timeout=rig.PATIENCE)
    rig.expect_equal(run.returncode, exit_code, f'{words} as {OTHER.pw_name}: {run}')
    return run


def asked(run):
    """The number of the request that a command became."""
    found = re.search(r'Request (\d+) waits: ', run.stderr)
    rig.expect(found, f'{run}')
    return found.group(1)


def actor_of(station, kind):
    return next(event['actor'] for event in station.json('event', 'list') if event['kind'] == kind)


def request(station, number):
    return next(one for one in station.json('approval', 'list', '--all')
                if str(one['id']) == number)


# ---- two users ----

def two_users_void_and_nobody_alone():
    rig.expect(os.getuid() == 0 and shutil.which('setpriv'), 'run as root, with setpriv')
    with rig.station(slots=1, start=False) as station:
        demand_two(station)
        station.start()
        let_others_in(station)
        simulator = station.simulator()
        me = pwd.getpwuid(os.getuid()).pw_name
        both = f'{me} and {OTHER.pw_name}'

        # the first CA of a new station
        shown = station.json('ca', 'status')
        rig.expect_equal(shown['accepted'], False, 'a CA that nobody has accepted')
        station.cli('batch', 'create', 'B1', '--profile', 'aws-iot')
        rig.expect('nobody has accepted' in station.cli('batch', 'start', 'B1', exit_code=75).stderr,
                   'why no batch starts')
        first = asked(station.cli('ca', 'accept', shown['fingerprint'], exit_code=WAITS))
        station.cli('approval', 'grant', first, exit_code=5)
        as_other(station, 'approval', 'grant', first)
        rig.expect_equal(actor_of(station, 'ca-accept'), both, 'who accepted the CA')
        station.cli('batch', 'start', 'B1')
        plug_new(simulator, 'GOOD-1', 1)
        station.wait_slot(1, 'pass')
        simulator.unplug('GOOD-1')

        # a void that outlives a restart
        void = asked(station.cli('device', 'void', 'GOOD-1', '--reason', 'fell', exit_code=WAITS))
        rig.expect_equal(asked(station.cli('device', 'void', 'GOOD-1', '--reason', 'fell',
                                           exit_code=WAITS)), void, 'the same call again')
        station.stop()
        station.start()
        rig.expect_equal([str(one['id']) for one in station.json('approval', 'list')], [void],
                         'what waits')
        rig.expect_equal(station.json('status')['approvals-waiting'], 1, 'how many wait')
        words = subprocess.run([rig.program('keycradle'), '__complete', 'approval', 'grant', ''],
                               capture_output=True, text=True, check=True, timeout=rig.PATIENCE,
                               env={**rig.environment(), 'KEYCRADLE_CONFIG': station.config})
        rig.expect_equal(words.stdout.split(), [void], 'completion')
        rig.expect_equal(station.certificates()[0]['state'], 'verified', 'until it is granted')
        as_other(station, 'approval', 'grant', void)
        rig.expect_equal(station.certificates()[0]['void-reason'], 'fell', 'voided')
        rig.expect_equal(actor_of(station, 'certificate-void'), both, 'by both')
        rig.expect_equal(request(station, void)['outcome'], 'done', 'on record')

        # refused, taken back, and what fails
        clock = asked(station.cli('clock', 'reset', '--reason', 'battery', exit_code=WAITS))
        as_other(station, 'approval', 'refuse', clock, '--reason', 'the clock is right')
        as_other(station, 'approval', 'grant', clock, exit_code=75)
        clock = asked(station.cli('clock', 'reset', '--reason', 'battery', exit_code=WAITS))
        refusal = as_other(station, 'approval', 'grant', clock, exit_code=75)
        rig.expect('nothing to reset' in refusal.stderr, f'{refusal}')
        again = asked(as_other(station, 'device', 'retry', 'GOOD-1', exit_code=WAITS))
        as_other(station, 'approval', 'refuse', again, '--reason', 'my mistake')
        rig.expect_equal([request(station, one)['state'] for one in (clock, again)],
                         ['granted', 'refused'], 'how they ended')
        rig.expect_equal(station.json('approval', 'list'), [], 'nothing waits')


# ---- one of two users, who would be two by a badge ----

def start_with_groups(station, path):
    """With other groups, which nobody else on this PC sees."""
    found = glob.glob('/usr/lib/*/libnss_wrapper.so')
    rig.expect(found, 'the package libnss-wrapper is missing')
    with open(station.log_path, 'ab') as log:
        station.daemon = subprocess.Popen(
            [rig.program('keycradled'), '--config', station.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=rig.environment(LD_PRELOAD=found[0], NSS_WRAPPER_PASSWD='/etc/passwd', NSS_WRAPPER_GROUP=path),
            start_new_session=True)
    station.wait_ready()


def add_supervisor(station, name, exit_code=0):
    return station.cli('operator', 'add', name, '--role', 'supervisor', '--badge-file',
                       secret(station, name + '.badge', 'BADGE-' + name), exit_code=exit_code)


def a_user_does_not_become_two_by_a_badge():
    with rig.station(slots=1, start=False) as station:
        groups = os.path.join(station.folder, 'group')
        shutil.copy('/etc/group', groups)
        with open(groups, 'a', encoding='utf-8') as file:
            file.write('two-supervisor:x:64123:alice,Bob\none-supervisor:x:64124:alice\n')
        station.edit(station.config, r'^\[station\]\n',
                     '[roles]\nDualControl=void;people\n[station]\nSupervisorGroup=one-supervisor\n')
        start_with_groups(station, groups)
        add_supervisor(station, 'carol')
        station.stop()
        station.edit(station.config, 'SupervisorGroup=one-', 'SupervisorGroup=two-')
        start_with_groups(station, groups)
        waits = asked(add_supervisor(station, 'dave', exit_code=WAITS))
        station.cli('approval', 'grant', waits, exit_code=5)
        station.cli('operator', 'add', 'mei', '--role', 'operator', '--badge-file',
                    secret(station, 'mei.badge', 'BADGE-MEI'))
        station.cli('approval', 'refuse', waits, '--reason', 'nobody looked')
        enabled = {one['name']: one['enabled'] for one in station.json('operator', 'list')}
        rig.expect_equal(enabled, {'carol': True, 'dave': False, 'mei': True}, 'who may sign in')


# ---- a CA that comes while the line runs ----

def a_new_ca_waits_for_two_while_the_line_stands():
    with rig.station(slots=1, start=False) as station:
        demand_two(station, 'ca')
        text, _ = rotation.add_authority(station, 'next')
        rotation.write_config(station, text, 'ca')
        station.start()
        let_others_in(station)
        simulator = station.simulator()
        fingerprints = {one['name']: one['fingerprint'] for one in station.json('ca', 'list')}
        as_other(station, 'approval', 'grant', asked(station.cli(
            'ca', 'accept', fingerprints['ca'], exit_code=WAITS)))
        station.start_batch()
        rotation.run_one(station, simulator, 'OLD-1')

        rotation.write_config(station, text, 'next')
        rotation.reload(station)
        rig.wait_until(lambda: rotation.issuing(station) == 'next', 'the next CA issues')
        plug_new(simulator, 'NEW-1', 1)
        station.wait_slot(1, 'waiting')
        rig.expect_equal(station.slot(1)['waiting-for'], 'ca', 'what the unit waits for')
        rig.expect(any('nobody has accepted' in one for one in station.json('status')['alarms']),
                   'an alarm')
        as_other(station, 'approval', 'grant', asked(station.cli(
            'ca', 'accept', fingerprints['next'], exit_code=WAITS)))
        station.wait_slot(1, 'pass')
        rig.expect_equal(station.json('status')['alarms'], [], 'no alarm')
        rig.expect_equal([one['accepted'] for one in station.json('ca', 'list')], [True, True],
                         'both are accepted')


# ---- two badges at one screen ----

def scan_badge(screen, title, name):
    badge, pin = BADGES[name]
    screen.wait(title, 'Scan the badge')
    screen.scan(badge)
    screen.wait('Type the PIN')
    screen.scan(pin)
    screen.wait_gone('Type the PIN')


def two_badges_void_at_one_screen():
    with rig.station(slots=1, start=False) as station:
        demand_two(station, 'void')
        station.start()
        for name, (badge, pin) in BADGES.items():
            station.cli('operator', 'add', name, '--role', 'supervisor',
                        '--badge-file', secret(station, name + '.badge', badge),
                        '--pin-file', secret(station, name + '.pin', pin))
        simulator = station.simulator()
        station.start_batch()
        plug_new(simulator, 'GOOD-1', 1)
        station.wait_slot(1, 'pass')
        user = pwd.getpwuid(os.getuid()).pw_name
        with terminal(station) as screen:
            screen.wait('SCAN>')
            screen.scan('B0007')
            screen.wait('GOOD-1')
            screen.keys('1', 'Enter')
            screen.wait('Unit GOOD-1', 'ACTIVE')
            screen.keys('v', *'cracked', 'Enter')
            scan_badge(screen, 'Supervisor', 'anna')
            scan_badge(screen, 'Second supervisor', 'anna')  # the same person again
            screen.wait('is your own')
            screen.keys('Escape')
            screen.wait('waits for a second supervisor')
            screen.keys('F5')
            screen.wait('1 request waits')
            screen.keys('g')
            screen.wait('Requests', 'void device GOOD-1')
            screen.keys('Enter')
            screen.wait('asked for it', 'Refuse it')
            screen.keys('Enter')
            scan_badge(screen, 'Supervisor', 'eva')
            screen.wait('was granted, and is done')
            rig.expect(not any(pin in screen.text() for _, pin in BADGES.values()), 'no PIN is shown')
        rig.expect_equal(station.certificates()[0]['void-reason'], 'cracked', 'voided')
        rig.expect_equal(actor_of(station, 'certificate-void'),
                         f'anna ({user}) and eva ({user})', 'by both')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        two_users_void_and_nobody_alone,
        a_user_does_not_become_two_by_a_badge,
        a_new_ca_waits_for_two_while_the_line_stands,
        two_badges_void_at_one_screen)})
