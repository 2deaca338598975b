# SPDX-License-Identifier: LGPL-2.1-or-later
"""The courier: what passes at the line reaches the clouds, whatever happens in between. The clouds are
those of clouds.py, which judge each request."""

import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import sys

import clouds
import custody
import other_clouds
import rig

AWS = ('--kind', 'aws', '--account', clouds.ACCOUNT, '--region', clouds.REGION)


def write(path, text, mode=0o600):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def credentials_text(cloud):
    if isinstance(cloud, clouds.Aws):
        token = f'aws_session_token = {cloud.token}\n' if cloud.token else ''
        return f'[default]\naws_access_key_id = {cloud.key}\naws_secret_access_key = {cloud.secret}\n{token}'
    return cloud.connection_string() if isinstance(cloud, other_clouds.Azure) else cloud.secret + '\n'


def configure(station, cloud, target='production', **settings):
    """courier.conf and credentials of the one target."""
    secret = write(os.path.join(station.folder, 'credentials'), credentials_text(cloud))
    settings = {'Credentials': f'file:{secret}', 'Address': f'127.0.0.1:{cloud.port}', 'CaFile': cloud.certificate,
                'PerSecond': '500', **settings}
    write(os.path.join(os.path.dirname(station.config), 'courier.conf'),
          f'[target {target}]\n' + ''.join(f'{key}={value}\n' for key, value in settings.items() if value), 0o644)


@contextlib.contextmanager
def line(cloud_kind, *target, units=3, sni_only=False, **settings):
    """A station with a target and units that have passed, and the cloud that waits for them."""
    with rig.station() as station:
        cloud = cloud_kind(station.folder)
        try:
            configure(station, cloud, **settings)
            station.cli('target', 'add', 'production', *target)
            if sni_only:
                station.cli('registry', 'ca', 'register', 'production', 'ca')
            station.start_batch()
            station.cli('batch', 'targets', 'B1', 'production')
            make_units(station, units)
            yield station, cloud
            clouds.judge(cloud)
        finally:
            cloud.stop()


def make_units(station, count, first=0):
    simulator = station.simulators[0] if station.simulators else station.simulator()
    for number in range(first, first + count):
        name = f'SN-{number}'
        simulator.new(name, driver='smp', serial=name)
        station.run_device(simulator, name, 1, 'pass')
        simulator.unplug(name)


def register(station, *words, exit_code=0):
    run = station.cli('register', 'production', *words, exit_code=None)
    rig.expect(not rig.COMPLAINT.search(run.stderr), run.stderr)
    rig.expect_equal(run.returncode, exit_code, f'register {words}: {run.stdout}{run.stderr}')
    return run


def unit_filter():
    """For preexec_fn: the system calls that the unit leaves, where that can be had."""
    if custody.sanitized() or shutil.which('systemd-analyze') is None:
        return None
    return custody.filtered(custody.unit_calls('keycradle-courier@.service'))


@contextlib.contextmanager
def watching(station, enter=None):
    """The courier as its unit runs it."""
    with open(os.path.join(station.folder, 'courier.log'), 'ab') as log:
        courier = subprocess.Popen([rig.program('keycradle-courier'), '--config', station.config, '--watch', 'production'],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=rig.environment(),
                                   preexec_fn=enter)
    try:
        yield courier
    finally:
        if courier.poll() is None:
            courier.kill()
        courier.wait()


def waiting(station):
    target, = station.json('target', 'list')
    return target['waiting']


def wait_told(station):
    rig.wait_until(lambda: waiting(station) == 0, 'the cloud knows everything', pause=0.1)


def operations(station):
    """Newest first."""
    return station.json('outbox', 'list', '--all', '--limit', '250')


def states(station):
    """Of all operations, oldest first: (operation, device, state)."""
    return [(one['operation'], one.get('device', ''), one['state'])
            for one in reversed(operations(station))]


def answers(station, state):
    return [one['answer'] for one in operations(station) if one['state'] == state and 'answer' in one]


def registered(station):
    """SHA-256 and status of each certificate, as the ledger has them."""
    return {one['sha256']: one['status'] for one in station.json('registry', 'list', 'production')}


def expect_same(station, cloud):
    rig.expect_equal({name: one['status'] for name, one in cloud.certificates.items()}, registered(station),
                     'what AWS has')


# ---- AWS ----

def a_batch_reaches_aws_with_all_that_the_target_names():
    with line(clouds.Aws, *AWS, '--mode', 'sni-only', '--policy', 'factory-device', '--thing-type', 'lamp',
              '--thing-group', 'hall', sni_only=True) as (station, cloud):
        register(station)
        expect_same(station, cloud)
        rig.expect_equal(list(cloud.certificates.values())[0]['ca'], list(cloud.cas)[0], 'the CA')
        rig.expect_equal(cloud.things, {f'SN-{n}': 'lamp' for n in range(3)}, 'things')
        rig.expect_equal(cloud.groups['hall'], set(cloud.things), 'the group')
        for certificate in registered(station):
            arn = cloud.arn('cert', certificate)
            rig.expect_equal(cloud.attached[arn], {'factory-device'}, 'policy')
            rig.expect(any(arn in these for these in cloud.principals.values()), 'principal')
        rig.expect_equal({state for _, _, state in states(station)}, {'done'}, 'operations')
        afterwards(station, cloud)
        calls = dict(cloud.calls)
        rig.expect('0 told' in register(station).stdout, 'nothing is left')
        rig.expect_equal(dict(cloud.calls), calls, 'calls')


def afterwards(station, cloud):
    """Each operation on what is there, told at once and in order."""
    station.cli('registry', 'deactivate', 'production', 'SN-0', 'SN-1', 'SN-2')
    station.cli('registry', 'activate', 'production', 'SN-0')
    station.cli('registry', 'revoke', 'production', 'SN-0')
    station.cli('registry', 'transfer', 'production', 'SN-1', '--account', '210987654321', '--message', 'for you')
    station.cli('registry', 'cancel-transfer', 'production', 'SN-1')
    station.cli('registry', 'delete', 'production', 'SN-2')
    register(station)
    expect_same(station, cloud)
    rig.expect_equal(sorted(registered(station).values()), ['INACTIVE', 'REVOKED'], 'statuses')
    rig.expect_equal(cloud.calls['TransferCertificate'], 1, 'transfers')


def a_courier_that_dies_anywhere_loses_nothing():
    """Answers are lost, connections cut, and the courier killed between any two calls."""
    with line(clouds.Aws, *AWS, '--mode', 'without-ca', '--policy', 'factory-device', units=3, Things='yes') as (station, cloud):
        count, couriers = [0], []

        def fault(name):
            count[0] += 1
            if count[0] % 13 == 0:
                return 'cut'
            if count[0] % 17 == 0:
                raise clouds.Cut
            if count[0] % 6 == 0 and couriers:
                couriers[-1].send_signal(signal.SIGKILL)
            return None

        cloud.fault = fault
        kills = 0
        while waiting(station) > 0 and kills < 60:
            with watching(station) as courier:
                couriers.append(courier)
                rig.wait_until(lambda: courier.poll() is not None or waiting(station) == 0, 'it is killed or done')
                kills += courier.poll() == -signal.SIGKILL
        rig.expect(kills >= 2, f'it was killed {kills} times')
        expect_same(station, cloud)
        rig.expect_equal({state for _, _, state in states(station)}, {'done'}, 'operations')
        for certificate in cloud.certificates:
            rig.expect_equal(cloud.attached[cloud.arn('cert', certificate)], {'factory-device'}, 'the policy of each')
        rig.expect_equal(sum(len(these) for these in cloud.principals.values()), 3, 'principals')


def the_line_goes_on_without_the_cloud():
    """Offline for days: units pass, a few tries are made and written down, and then all is told."""
    with line(clouds.Aws, *AWS, '--mode', 'without-ca', units=1) as (station, cloud):
        cloud.stop()
        with watching(station) as courier:
            rig.wait_until(lambda: answers(station, 'waiting') != [], 'a try')
            make_units(station, 4, first=1)
            tries = sum(one['tries'] for one in station.json('outbox', 'list', 'production'))
            rig.expect(tries < 10 and waiting(station) == 5, f'{tries} tries')
            rig.expect(any('could not be reached' in one for one in answers(station, 'waiting') if one), 'why')
            station.stop()  # and the daemon away, too
            station.start()
            cloud.start()
            wait_told(station)
            courier.terminate()
            rig.expect_equal(courier.wait(rig.PATIENCE), 0, 'exit status after SIGTERM')
        expect_same(station, cloud)


def what_is_there_already_is_done_or_an_alarm():
    with line(clouds.Aws, *AWS, '--mode', 'without-ca', units=3) as (station, cloud):
        first, second, third = sorted(registered(station))
        cloud.certificates[first] = {'status': 'INACTIVE', 'pem': '', 'ca': None}  # told before, and not whole
        cloud.certificates[second] = {'status': 'REVOKED', 'pem': '', 'ca': None}  # by somebody
        run = register(station, exit_code=8)
        rig.expect('ALARM' in run.stderr and '1 alarms' in run.stdout, run.stderr + run.stdout)
        rig.expect_equal((cloud.certificates[first]['status'], cloud.certificates[second]['status'],
                          cloud.certificates[third]['status']), ('ACTIVE', 'REVOKED', 'ACTIVE'), 'statuses')
        rig.expect_equal(sorted(state for _, _, state in states(station)), ['alarm', 'done', 'done'], 'operations')

        def another(name):
            raise clouds.Refused(409, 'ResourceAlreadyExistsException', 'It is there', resourceId='ab' * 32)

        make_units(station, 1, first=3)
        cloud.fault = another
        register(station, exit_code=8)
        rig.expect(any('ab' * 32 in one for one in answers(station, 'alarm')), 'the alarm names the other')


def what_aws_refuses_is_told_in_its_words():
    with line(clouds.Aws, *AWS, '--mode', 'without-ca', '--policy', 'no-such-policy', units=2) as (station, cloud):
        run = register(station, exit_code=8)
        rig.expect_equal(run.stderr.count('No policy no-such-policy'), 2, run.stderr)
        rig.expect(all('No policy no-such-policy' in one for one in answers(station, 'refused')), 'the answers')
        cloud.policies.add('no-such-policy')
        for one in station.json('outbox', 'list', 'production', '--state', 'refused'):
            station.cli('outbox', 'retry', str(one['id']))
        register(station)
        rig.expect_equal({state for _, _, state in states(station)}, {'done'}, 'after somebody made the policy')


def it_keeps_below_throttles_and_yields_to_them():
    """With the speed that AWS documents nothing is throttled; with too much of it, all is told all the
    same."""
    with line(clouds.Aws, *AWS, '--mode', 'without-ca', units=5, PerSecond='') as (station, cloud):
        cloud.limits = {'RegisterCertificateWithoutCA': 10, 'UpdateCertificate': 10}
        for _ in range(2):
            station.cli('registry', 'deactivate', 'production', '--batch', 'B1')
            station.cli('registry', 'activate', 'production', '--batch', 'B1')
        register(station)
        rig.expect_equal(answers(station, 'waiting'), [], 'what was throttled')
        rig.expect(cloud.calls['UpdateCertificate'] == 20 and cloud.fullest_second('UpdateCertificate') <= 10,
                   f'{cloud.calls}, {cloud.fullest_second("UpdateCertificate")} in a second')
        expect_same(station, cloud)
        configure(station, cloud, PerSecond='500')
        cloud.limits['UpdateCertificate'] = 3
        station.cli('registry', 'deactivate', 'production', '--batch', 'B1')
        run = register(station)
        rig.expect('Rate exceeded' in run.stderr, 'it was throttled')
        rig.expect_equal(set(registered(station).values()), {'INACTIVE'}, 'in the ledger')
        expect_same(station, cloud)


def holds(path, pieces):
    with contextlib.suppress(OSError):
        with open(path, 'rb') as file:
            data = file.read()
        return [piece for piece in pieces if piece.encode() in data]
    return []


def expired_credentials_lose_nothing_and_no_secret_leaks():
    with line(clouds.Aws, *AWS, '--mode', 'without-ca', units=2) as (station, cloud):
        cloud.token, secrets = 'SESSIONTOKEN' + 'x' * 40, []
        configure(station, cloud)
        secrets += [cloud.secret, cloud.token, cloud.key]
        cloud.expired = True
        before = states(station)
        run = register(station, exit_code=1)
        rig.expect('expired' in run.stderr and 'Nothing is lost' in run.stderr, run.stderr)
        rig.expect_equal(states(station), before, 'operations')
        cloud.expired = False
        with watching(station, unit_filter()) as courier:
            wait_told(station)
            found = holds(f'/proc/{courier.pid}/cmdline', secrets) + holds(f'/proc/{courier.pid}/environ', secrets)
            with open(f'/proc/{courier.pid}/limits', encoding='ascii') as file:
                rig.expect(re.search(r'Max core file size +0 ', file.read()), 'it leaves no core')
        expect_same(station, cloud)
        for path in [*glob.glob(os.path.join(station.folder, '**'), recursive=True), *glob.glob('/proc/[0-9]*/cmdline')]:
            if os.path.basename(path) != 'credentials' and not path.startswith(f'/proc/{os.getpid()}/'):
                found += [(path, piece) for piece in holds(path, secrets)]
        rig.expect(not found, f'secrets are in {found}')
        rig.expect(holds(os.path.join(station.folder, 'credentials'), secrets), 'the search finds what is there')
        os.chmod(os.path.join(station.folder, 'credentials'), 0o640)
        rig.expect('chmod 0600' in register(station, exit_code=1).stderr, 'others may read it')


def another_server_is_not_believed():
    """Neither one that the system's roots do not know, nor one with another name."""
    with line(clouds.Aws, *AWS, '--mode', 'without-ca', units=1) as (station, cloud):
        other = os.path.join(station.folder, 'other.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-keyout', other + '.key', '-out', other, '-days', '2', '-subj', '/CN=other'],
                       check=True, capture_output=True)
        configure(station, cloud, CaFile=other)
        run = register(station, '--once', exit_code=75)
        rig.expect('certificate' in run.stderr, run.stderr)
        rig.expect('1 wait' in register(station, '--once', exit_code=75).stdout, 'its time has not come')
        rig.expect_equal(cloud.calls.total(), 0, 'calls')
        rig.expect_equal(waiting(station), 1, 'it waits')


# ---- Azure and nRF Cloud ----

def a_hub_gets_the_batch_and_each_change():
    with line(other_clouds.Hub, '--kind', 'azure-hub', '--account', 'hub', '--mode', 'without-ca', units=3) as (station, cloud):
        azure_story(station, cloud, lambda one: one['authentication']['x509Thumbprint']['primaryThumbprint'],
                    lambda one: one['status'])


def a_provisioning_service_gets_enrolments():
    with line(other_clouds.Dps, '--kind', 'azure-dps', '--account', 'dps', '--mode', 'without-ca', units=3) as (station, cloud):
        azure_story(station, cloud,
                    lambda one: one['attestation']['x509']['clientCertificates']['primary']['info']['sha256Thumbprint'].lower(),
                    lambda one: one['provisioningStatus'])


def azure_story(station, cloud, thumbprint_of, status_of):
    def found():
        return {thumbprint_of(one): status_of(one) for one in cloud.kept.values()}

    cloud.fault = lambda name: 'cut' if cloud.calls['POST'] == 1 and name == 'POST' else None
    register(station)  # the first answer is lost: told again, all of them are there
    rig.expect_equal(found(), {one: 'enabled' for one in registered(station)}, 'what Azure has')
    station.cli('registry', 'revoke', 'production', 'SN-0')
    station.cli('registry', 'deactivate', 'production', 'SN-1')
    station.cli('registry', 'delete', 'production', 'SN-1')
    register(station)
    rig.expect_equal(sorted(found().values()), ['disabled', 'enabled'], 'after changes')
    make_units(station, 1, first=3)
    certificate = next(one for one in station.json('registry', 'list', 'production') if one['device'] == 'SN-3')['sha256']
    cloud.fault = None
    name = 'sn-3' if isinstance(cloud, other_clouds.Dps) else 'SN-3'
    other = next(dict(one) for one in cloud.kept.values() if status_of(one) == 'enabled')
    cloud.put(name, other)
    register(station, exit_code=8)
    rig.expect(certificate not in found() and len(answers(station, 'alarm')) == 1, 'another one is there: an alarm')


def nrf_cloud_gets_a_table():
    with line(other_clouds.NrfCloud, '--kind', 'nrfcloud', '--account', 'team', '--mode', 'without-ca', '--thing-group', 'lamp|hall',
              units=3) as (station, cloud):
        cloud.devices['SN-1'] = 'another'
        register(station, exit_code=8)
        rig.expect_equal(sorted(cloud.devices), ['SN-0', 'SN-1', 'SN-2'], 'devices')
        rig.expect_equal(sorted(state for _, _, state in states(station)), ['alarm', 'done', 'done'], 'operations')
        rig.expect_equal(cloud.calls['POST'], 1, 'one call for all')


TESTS = (
    a_batch_reaches_aws_with_all_that_the_target_names,
    a_courier_that_dies_anywhere_loses_nothing,
    the_line_goes_on_without_the_cloud,
    what_is_there_already_is_done_or_an_alarm,
    what_aws_refuses_is_told_in_its_words,
    it_keeps_below_throttles_and_yields_to_them,
    expired_credentials_lose_nothing_and_no_secret_leaks,
    another_server_is_not_believed,
    a_hub_gets_the_batch_and_each_change,
    a_provisioning_service_gets_enrolments,
    nrf_cloud_gets_a_table,
)


if __name__ == '__main__':
    try:
        import botocore  # noqa: F401
        import cryptography  # noqa: F401
        rig.program('keycradle-courier')
    except (ImportError, rig.Failure) as error:
        if len(sys.argv) > 1:
            print(f'skipped: {error}')
            sys.exit(77)
    rig.main({test.__name__: test for test in TESTS})
