# SPDX-License-Identifier: LGPL-2.1-or-later
"""check_aws_calls.py CALLS SCRIPT: each call in CALLS is one that botocore's model of AWS IoT takes; and SCRIPT makes
them with an aws that is played here: in order, at its pace, once, going on after a stop, and with alarms for what is
another's."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import botocore
import botocore.loaders
import botocore.model
import botocore.validate

FAKE = r'''#!/usr/bin/python3 -IS
import fcntl, json, os, sys, time
folder = os.environ['FAKE_FOLDER']
arguments = sys.argv[1:]
with open(folder + '/lock', 'w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with open(folder + '/state') as file:
            state = json.load(file)
    except FileNotFoundError:
        state = {'calls': [], 'certificates': {}, 'things': {}, 'faults': {}}
    try:
        with open(folder + '/faults') as file:
            state['faults'] = json.load(file)
        os.unlink(folder + '/faults')
    except FileNotFoundError:
        pass

    def leave(text, code=0):
        with open(folder + '/state', 'w') as file:
            json.dump(state, file)
        if text is not None:
            print(text, file=sys.stderr if code else sys.stdout)
        sys.exit(code)

    def refuse(word, operation):
        leave(f'\nAn error occurred ({word}) when calling the {operation} operation: no ( good ) *', 254)

    if arguments[0] == 'sts':
        leave(os.environ.get('FAKE_ACCOUNT', '123456789012'))
    assert arguments[:3:2] == ['--region', 'iot'] and arguments[1] == 'eu-west-1', arguments
    operation = arguments[3]
    option = dict(zip(arguments[4::2], arguments[5::2]))
    if operation.startswith('describe-certificate') or operation == 'describe-ca-certificate':
        sha256 = option['--certificate-id']
        leave(sha256) if sha256 in state['certificates'] else refuse('ResourceNotFoundException', operation)
    if operation == 'describe-thing':
        thing = state['things'].get(option['--thing-name'])
        leave(thing) if thing else refuse('ResourceNotFoundException', operation)
    said = json.loads(option['--cli-input-json'])
    state['calls'].append([time.time(), operation, said])
    if state['faults'].get(operation):
        fault = state['faults'][operation].pop(0)
        if fault == 'unreachable':
            leave('Could not connect to the endpoint URL: "https://iot"', 255)
        if fault:
            refuse(fault, operation)
    if operation.startswith('register-'):
        import base64, hashlib
        pem = said.get('certificatePem') or said['caCertificate']
        der = base64.b64decode(''.join(pem.split('\n')[1:-2]))
        sha256 = hashlib.sha256(der).hexdigest()
        if sha256 in state['certificates']:
            refuse('ResourceAlreadyExistsException', operation)
        state['certificates'][sha256] = said.get('status')
        leave(sha256)
    if operation == 'create-thing':
        name = said['thingName']
        serial = said['attributePayload']['attributes']['serialNumber']
        if name in state['things']:
            refuse('ResourceAlreadyExistsException', operation)
        state['things'][name] = serial
    leave('None')
'''


class Rig:
    """The exported pair in a folder of its own, whose name is a hostile one, and an aws."""

    def __init__(self, calls, script):
        self.folder = tempfile.mkdtemp(prefix="a b$(touch x)';-")
        self.calls = os.path.join(self.folder, 'b1=x.calls')
        shutil.copy(calls, self.calls)
        shutil.copy(script, f'{self.calls}.sh')
        self.programs = os.path.join(self.folder, 'bin')
        os.mkdir(self.programs)
        path = os.path.join(self.programs, 'aws')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(FAKE)
        os.chmod(path, 0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def faults(self, **faults):
        with open(os.path.join(self.programs, 'faults'), 'w', encoding='utf-8') as file:
            json.dump({name.replace('_', '-'): values for name, values in faults.items()}, file)

    def begin(self, state):
        with open(os.path.join(self.programs, 'state'), 'w', encoding='utf-8') as file:
            json.dump({'calls': [], 'certificates': {}, 'things': {}, 'faults': {}, **state}, file)

    def state(self):
        with open(os.path.join(self.programs, 'state'), encoding='utf-8') as file:
            return json.load(file)

    def run(self, *options, expected=0, **environment):
        done = subprocess.run(['sh', './b1=x.calls.sh', *(options or ('--rate', '200'))], cwd=self.folder,
                              env={'PATH': f'{self.programs}:/usr/bin:/bin', 'FAKE_FOLDER': self.programs, **environment},
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == expected, (done.returncode, done.stdout, done.stderr)
        assert not os.path.exists(os.path.join(self.folder, 'x')), 'a name was run'
        return done.stdout + done.stderr

    def read(self, suffix):
        with open(f'{self.calls}.{suffix}', encoding='utf-8') as file:
            return file.read()


def lines_of(path):
    with open(path, encoding='utf-8', newline='\n') as file:
        for line in file:
            columns = line.rstrip('\n').split('\t')
            assert len(columns) % 2 == 0 and len(columns) >= 8 and all(columns), columns
            yield columns[:6], [(name, json.loads(text)) for name, text in zip(columns[6::2], columns[7::2])]


def every_call_is_one_of_the_api(calls):
    model = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model('iot', 'service-2'), 'iot')
    shapes = {botocore.xform_name(name, '-'): model.operation_model(name).input_shape for name in model.operation_names}
    seen = set()
    for _, pairs in lines_of(calls):
        for operation, said in pairs:
            report = botocore.validate.ParamValidator().validate(said, shapes[operation])
            assert not report.has_errors(), (operation, report.generate_report())
            seen.add(operation)
    return seen


def expected_calls(calls):
    return [(operation, json.dumps(said, sort_keys=True)) for _, pairs in lines_of(calls) for operation, said in pairs]


def made_calls(rig):
    return [(operation, json.dumps(said, sort_keys=True)) for _, operation, said in rig.state()['calls']]


def all_are_made_once_and_in_order(calls, script):
    with Rig(calls, script) as rig:
        assert 'Next, at the station' in rig.run()
        made = made_calls(rig)
        assert sorted(made) == sorted(expected_calls(calls))
        places = {call: place for place, call in enumerate(made)}
        for _, pairs in lines_of(calls):
            order = [places[operation, json.dumps(said, sort_keys=True)] for operation, said in pairs]
            assert order == sorted(order), order
        stages = [int(columns[0]) for columns, pairs in lines_of(calls) for _ in pairs]
        by_call = dict(zip(expected_calls(calls), stages))
        assert [by_call[call] for call in made] == sorted(stages), 'stages are one behind the other'
        rig.run()
        assert made_calls(rig) == made, 'a second run makes no call'


def it_keeps_its_pace(calls, script):
    with Rig(calls, script) as rig:
        rig.run('--rate', '20', '--jobs', '4')
        times = [call[0] for call in rig.state()['calls']]
        seconds = times[-1] - times[0]
        assert seconds > (len(times) - 4) / 20 * 0.8, (seconds, len(times))


def it_goes_on_after_a_stop(calls, script):
    with Rig(calls, script) as rig:
        rig.faults(attach_thing_principal=[None, 'ExpiredTokenException'])
        assert 'Stopped' in rig.run('--rate', '100', '--jobs', '2', expected=1)
        before = made_calls(rig)
        rig.run()
        made = made_calls(rig)
        again = [call for call in set(made) if made.count(call) > 1]
        assert len(before) < len(expected_calls(calls)) and len(again) == 1, again
        assert set(made) == set(expected_calls(calls))


def it_tries_again_when_throttled(calls, script):
    with Rig(calls, script) as rig:
        rig.faults(create_thing=['ThrottlingException', 'unreachable'])
        assert 'Next, at the station' in rig.run()


def what_is_there_is_done_or_an_alarm(calls, script):
    columns = [columns for columns, _ in lines_of(calls) if columns[5] != '-'][0]
    with Rig(calls, script) as rig:
        rig.begin({'certificates': {columns[2]: 'ACTIVE'}})
        assert 'ALARM' not in rig.run()
    with Rig(calls, script) as rig:
        rig.faults(register_certificate=['ResourceAlreadyExistsException'],
                   register_certificate_without_ca=['ResourceAlreadyExistsException'])
        assert 'ALARM' in rig.run(expected=1) and columns[1] in rig.read('alarms')
        lines = len(list(lines_of(calls)))
        assert 'Next, at the station' in rig.run(), lines
    with Rig(calls, script) as rig:
        rig.begin({'things': {columns[5]: columns[1]}})
        rig.run()
    with Rig(calls, script) as rig:
        rig.begin({'things': {columns[5]: 'another'}})
        assert 'ALARM' in rig.run(expected=1)


def what_is_refused_is_kept_and_told(calls, script):
    with Rig(calls, script) as rig:
        rig.faults(attach_policy=['InvalidRequestException'])
        assert 'AWS refused' in rig.run(expected=1)
        assert 'InvalidRequestException' in rig.read('failed')


def what_is_gone_is_as_good_as_deleted(calls, script):
    with Rig(calls, script) as rig:
        rig.faults(detach_thing_principal=['ResourceNotFoundException'], delete_certificate=['ResourceNotFoundException'])
        rig.run()


def it_asks_whose_account_it_is(calls, script):
    with Rig(calls, script) as rig:
        assert '999999999999' in rig.run(expected=1, FAKE_ACCOUNT='999999999999')
        assert not rig.state()['calls']
        assert 'usage' in rig.run('--jobs', '0', expected=1)
        assert 'register-certificate' in rig.run('--dry-run')
        assert not rig.state()['calls']


def main():
    calls, script = sys.argv[1:]
    subprocess.run(['shellcheck', '-s', 'sh', script], check=True)
    print(*sorted(every_call_is_one_of_the_api(calls)))
    with tempfile.TemporaryDirectory() as folder:
        few = os.path.join(folder, 'few')
        with open(calls, encoding='utf-8') as whole, open(few, 'w', encoding='utf-8') as file:
            file.writelines([line for line in whole if 'create-thing' in line or 'delete-certificate' in line][:3])
        for test in SCENARIOS:
            began = time.time()
            test(calls if test is all_are_made_once_and_in_order else few, script)
            print(f'# {test.__name__}: {time.time() - began:.1f} s', file=sys.stderr)


SCENARIOS = (all_are_made_once_and_in_order, it_keeps_its_pace, it_goes_on_after_a_stop,
             it_tries_again_when_throttled, what_is_there_is_done_or_an_alarm, what_is_refused_is_kept_and_told,
             what_is_gone_is_as_good_as_deleted, it_asks_whose_account_it_is)

if __name__ == '__main__':
    main()
