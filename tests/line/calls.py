# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's aws CLI makes the calls that a station exported, by the script that stands beside them,
against an endpoint that judges each by botocore's model of AWS IoT."""

import os
import subprocess

import clouds
import rig

REGION = clouds.REGION


class Calls(clouds.Aws):
    """As the courier's AWS, with what the script asks beside."""

    def judge(self, method, path, headers, body):
        if path == '/' and b'GetCallerIdentity' in body:
            self.calls['GetCallerIdentity'] += 1
            return 200, (b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
                         b'<GetCallerIdentityResult><Account>' + clouds.ACCOUNT.encode()
                         + b'</Account></GetCallerIdentityResult></GetCallerIdentityResponse>')
        return super().judge(method, path, headers, body)

    def DescribeThing(self, thingName):
        if thingName not in self.things:
            raise clouds.Refused(404, 'ResourceNotFoundException', f'No thing {thingName}')
        return {'thingName': thingName, 'attributes': self.attributes.get(thingName, {})}

    def CreateThing(self, thingName, thingTypeName=None, attributePayload=None):
        attributes = (attributePayload or {}).get('attributes', {})
        if self.attributes.setdefault(thingName, attributes) != attributes:
            raise clouds.Refused(409, 'ResourceAlreadyExistsException', f'{thingName} has other attributes')
        return super().CreateThing(thingName, thingTypeName)

    def __init__(self, folder):
        self.attributes = {}
        super().__init__(folder)


def shim(station, endpoint):
    """Leads the aws CLI to the endpoint: this version of it takes that from no environment."""
    folder = os.path.join(station.folder, 'bin')
    path = os.path.join(folder, 'aws')
    os.makedirs(folder, exist_ok=True)
    with open(path, 'w', encoding='ascii') as file:
        file.write(f'#!/bin/sh\nexec /usr/bin/aws --endpoint-url https://127.0.0.1:{endpoint.port} "$@"\n')
    os.chmod(path, 0o755)
    return folder


def run(station, endpoint, path, *words, exit_code=0):
    environment = dict(os.environ, PATH=shim(station, endpoint) + ':' + os.environ['PATH'],
                       AWS_ACCESS_KEY_ID=endpoint.key, AWS_SECRET_ACCESS_KEY=endpoint.secret,
                       AWS_CA_BUNDLE=endpoint.certificate, AWS_EC2_METADATA_DISABLED='true',
                       AWS_CONFIG_FILE='/dev/null', AWS_SHARED_CREDENTIALS_FILE='/dev/null',
                       AWS_DEFAULT_REGION=REGION, AWS_MAX_ATTEMPTS='1')
    done = subprocess.run(['sh', path + '.sh', '--jobs', '2', '--rate', '50', *words], env=environment,
                          capture_output=True, text=True, check=False, timeout=rig.PATIENCE)
    rig.expect_equal(done.returncode, exit_code, f'{done.stdout}{done.stderr}')
    rig.expect_equal(endpoint.complaints, [], 'what AWS would not even read')
    return done


def export(station, name, *words):
    path = os.path.join(station.folder, name)
    station.cli('export', 'aws-calls', '--target', 'production', '--output', path, *words)
    return path


def begin(station, mode):
    station.cli('target', 'add', 'production', '--kind', 'aws', '--mode', mode, '--account', clouds.ACCOUNT,
                '--region', REGION, '--policy', 'factory-device')
    simulator = station.simulator()
    station.start_batch()
    for number in range(2):
        name = f'SN-{number}'
        simulator.new(name, driver='smp', serial=name)
        station.run_device(simulator, name, 1, 'pass')
        simulator.unplug(name)
    return {one['sha256']: one['device'] for one in station.certificates()}


def the_aws_cli_registers_a_batch():
    with rig.station() as station:
        known = begin(station, 'without-ca')
        endpoint = Calls(station.folder)
        path = export(station, 'batch.calls', '--batch', 'B1')
        run(station, endpoint, path)
        rig.expect_equal({name: one['status'] for name, one in endpoint.certificates.items()},
                         dict.fromkeys(known, 'ACTIVE'), 'registered')
        for sha256, device in known.items():
            arn = endpoint.arn('cert', sha256)
            rig.expect_equal(endpoint.attached[arn], {'factory-device'}, f'policies of {device}')
        made = sum(endpoint.calls.values())
        run(station, endpoint, path)
        rig.expect_equal(sum(endpoint.calls.values()), made + 1, 'calls of a second run: who am I')


def the_script_goes_on_where_it_stopped():
    with rig.station() as station:
        known = begin(station, 'without-ca')
        endpoint = Calls(station.folder)
        path = export(station, 'batch.calls', '--batch', 'B1')
        endpoint.fault = fails_once('CreateThing')
        run(station, endpoint, path, exit_code=1)
        endpoint.fault = None
        os.remove(path + '.done')  # what is there already is done, where it is the same
        run(station, endpoint, path)
        rig.expect_equal(set(endpoint.certificates), set(known), 'registered')
        os.remove(path + '.done')
        thing = next(iter(endpoint.attributes))
        endpoint.attributes[thing] = {'serialNumber': 'ANOTHER'}
        said = run(station, endpoint, path, exit_code=1)
        rig.expect('ALARM' in said.stdout + said.stderr, f'a thing of somebody else: {said}')


def fails_once(call):
    """Access is denied to one call, as after a change of a role."""
    def fault(name):
        if name == call:
            raise clouds.Refused(403, 'AccessDeniedException', 'not allowed to do that')
    return fault


def tell(station, endpoint):
    """List after list, for each has of a certificate only what nothing stands before."""
    while station.json('outbox', 'list', '--state', 'waiting'):
        path = export(station, 'waiting.calls')
        run(station, endpoint, path)
        os.remove(path + '.done')
        station.cli('outbox', 'done', 'production')


def what_waits_is_told_in_order():
    with rig.station() as station:
        known = begin(station, 'sni-only')
        endpoint = Calls(station.folder)
        station.cli('registry', 'ca', 'register', 'production', 'ca')
        station.cli('registry', 'register', 'production', '--batch', 'B1')
        first, second = sorted(known, key=known.get)
        tell(station, endpoint)
        station.cli('registry', 'deactivate', 'production', known[first])
        station.cli('registry', 'transfer', 'production', known[first], '--account', '111122223333')
        station.cli('registry', 'revoke', 'production', known[second])
        tell(station, endpoint)
        rig.expect_equal({known[name]: one['status'] for name, one in endpoint.certificates.items()},
                         {known[first]: 'PENDING_TRANSFER', known[second]: 'REVOKED'}, 'statuses in the cloud')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        the_aws_cli_registers_a_batch,
        the_script_goes_on_where_it_stopped,
        what_waits_is_told_in_order,
    )})
