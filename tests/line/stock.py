# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stock of certificates: AWS Device Defender's checks over it, and what a damaged ledger shows."""

import contextlib
import json
import os
import sqlite3

import related_keys
import rig

SHARED = 'DEVICE_CERTIFICATE_SHARED_CHECK'
EXPIRING = 'DEVICE_CERTIFICATE_EXPIRING_CHECK'
REVOKED = 'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK'
AGE = 'DEVICE_CERTIFICATE_AGE_CHECK'
MODEL = '/usr/lib/python3/dist-packages/botocore/data/iot/2015-05-28/service-2.json'


def pass_devices(station, simulator, *names, **options):
    for name in names:
        simulator.new(name, driver='smp', serial=name, **options)
        record = station.run_device(simulator, name, 1)
        rig.expect_equal(record['state'], 'pass', f'{name}: {record}')
        simulator.unplug(name)
        rig.wait_until(lambda: not station.slot(1)['present'], 'slot 1 is empty')


def change_ledger(station, *statements):
    """As somebody who has the file, and no respect for its triggers."""
    station.stop()
    with contextlib.closing(sqlite3.connect(ledger_of(station))) as ledger:
        triggers = ledger.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
                                  " AND tbl_name = 'certificates'").fetchall()
        for name, _ in triggers:
            ledger.execute(f'DROP TRIGGER {name}')
        for statement in statements:
            ledger.execute(*statement)
        for _, sql in triggers:
            ledger.execute(sql)
        ledger.commit()
    station.start()


def ledger_of(station):
    for folder, _, files in os.walk(os.path.dirname(station.config)):
        if 'station.db' in files:
            return os.path.join(folder, 'station.db')
    raise rig.Failure('there is no station.db')


def damaged_certificate(station, name, change):
    with contextlib.closing(sqlite3.connect(ledger_of(station))) as ledger:
        der, = ledger.execute('SELECT der FROM certificates JOIN devices'
                              ' ON devices.id = certificates.device WHERE serial = ?', (name,)).fetchone()
    return change(bytearray(der))


def set_column(name, column, value):
    return (f'UPDATE certificates SET {column} = ? WHERE device = (SELECT id FROM devices'
            ' WHERE serial = ?)', (value, name))


def flip_last(der):
    der[-1] ^= 1
    return bytes(der)


def every_damage_in_the_ledger_is_named():
    names = ['GOOD', 'SIGNATURE', 'SUBJECT', 'END', 'CUT']
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        pass_devices(station, simulator, *names)
        sound = station.json('audit', 'certificates')
        rig.expect_equal((sound['summary']['checked'], sound['summary']['damaged'], sound['damaged']),
                         (5, 0, []), 'a sound ledger')
        change_ledger(
            station,
            set_column('SIGNATURE', 'der', damaged_certificate(station, 'SIGNATURE', flip_last)),
            set_column('SUBJECT', 'subject', 'CN=SOMEBODY'),
            set_column('END', 'not_after', 4102444800),
            set_column('CUT', 'der', damaged_certificate(station, 'CUT', lambda der: bytes(der[:-1]))))
        found = station.json('audit', 'certificates', exit_code=6)
        told = {line['device']: (line['damage'], line['sentence']) for line in found['damaged']}
        rig.expect_equal(sorted(told), sorted(set(names) - {'GOOD'}), f'who is damaged: {told}')
        rig.expect_equal({name: damage for name, (damage, _) in told.items()},
                         {'SIGNATURE': 'signature, ledger', 'SUBJECT': 'ledger', 'END': 'ledger',
                          'CUT': 'form, ledger'}, 'what is damaged')
        rig.expect('another subject' in told['SUBJECT'][1] and 'another end' in told['END'][1],
                   f'the row is told: {told}')
        text = station.cli('audit', 'certificates', '--batch', 'B1', exit_code=6).stdout
        rig.expect('5 certificates verified again, 4 damaged' in text
                   and 'keycradle audit verify' in text, f'and in words: {text}')
        station.cli('audit', 'certificates', '--batch', 'B9', exit_code=3)


def details(station, *words, exit_code=0):
    answer = station.json('audit', 'checks', *words, exit_code=exit_code)
    check_shapes(answer['findings'])
    return answer['auditDetails'], answer['findings']


def check_shapes(findings):
    """Each member is one of AWS's, of its type; where Debian's botocore is there to say so."""
    if not os.path.exists(MODEL):
        return
    with open(MODEL, encoding='utf-8') as file:
        shapes = json.load(file)['shapes']
    for finding in findings:
        check_shape(shapes, 'AuditFinding', finding)


def check_shape(shapes, name, value):
    shape = shapes[name]
    if shape['type'] == 'structure':
        for member, inner in value.items():
            rig.expect(member in shape['members'], f'{name} has no {member}')
            check_shape(shapes, shape['members'][member]['shape'], inner)
    elif shape['type'] == 'list':
        for inner in value:
            check_shape(shapes, shape['member']['shape'], inner)
    elif shape['type'] == 'map':
        rig.expect(all(isinstance(inner, str) for inner in value.values()), f'{name}: {value}')
    elif 'enum' in shape:
        rig.expect(value in shape['enum'], f'{value} is none of {name}')


def one_finding(findings, check, device):
    finding, = [finding for finding in findings if finding['checkName'] == check]
    rig.expect_equal(finding['nonCompliantResource']['additionalInfo']['device'], device,
                     f'whom {check} tells of')
    return finding


def the_checks_tell_compliant_from_not_checked():
    with rig.station() as station:
        simulator = station.simulator()
        empty, _ = details(station)
        rig.expect_equal(empty[EXPIRING]['checkRunStatus'], 'WAITING_FOR_DATA_COLLECTION',
                         'without certificates')
        rig.expect(AGE not in empty, 'age is off')
        station.cli('audit', 'checks', EXPIRING, exit_code=8)
        station.start_batch()
        pass_devices(station, simulator, 'A1', 'A2')
        found, findings = details(station)
        rig.expect_equal(
            ({name: detail['checkRunStatus'] for name, detail in found.items()
              if detail['checkRunStatus'] != 'WAITING_FOR_DATA_COLLECTION'}, findings),
            ({name: 'COMPLETED_COMPLIANT' for name in (
                EXPIRING, 'CA_CERTIFICATE_EXPIRING_CHECK', 'DEVICE_CERTIFICATE_KEY_QUALITY_CHECK',
                'CA_CERTIFICATE_KEY_QUALITY_CHECK', SHARED)}, []), 'two good units, no list')
        rig.expect_equal(found[EXPIRING]['totalResourcesCount'], 2, 'how many')
        rig.expect('--crl FILE' in found[REVOKED]['message'], 'what to do about lists')
        with_age, _ = details(station, '--age-days', '30')
        rig.expect_equal(with_age[AGE]['checkRunStatus'], 'COMPLETED_COMPLIANT', 'age is on')
        for words in (('NONE',), ('--expiring-days', '29'), ('--age-days', '3653')):
            station.cli('audit', 'checks', *words, exit_code=2)
        station.cli('audit', 'checks', '--target', 'nowhere', exit_code=3)


def the_checks_find_what_is_wrong():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        key = related_keys.ec_key(station.folder, 'one', related_keys.ec_number())
        pass_devices(station, simulator, 'TWIN-1', key='p-256', key_file=key)
        simulator.new('TWIN-2', driver='smp', serial='TWIN-2', key='p-256', key_file=key)
        record = station.run_device(simulator, 'TWIN-2', 1)
        rig.expect_equal(record['reason'], 'duplicate-key', f'{record}')
        simulator.unplug('TWIN-2')
        rig.wait_until(lambda: not station.slot(1)['present'], 'slot 1 is empty')
        pass_devices(station, simulator, 'GONE', 'ENDS', 'GOOD')
        station.cli('device', 'void', 'GONE', '--reason', 'key-compromise')
        crl = os.path.join(station.folder, 'ca.crl')
        station.cli('ca', 'crl', '--output', crl)
        found, _ = details(station, REVOKED, '--crl', crl)
        rig.expect_equal((found[REVOKED]['checkRunStatus'], found[REVOKED]['totalResourcesCount']),
                         ('COMPLETED_COMPLIANT', 3), 'what is void here is not active')
        change_ledger(station,
                      ("UPDATE certificates SET state = 'verified', void_reason = NULL, void_event = NULL"
                       " WHERE void_reason IS NOT NULL",),
                      set_column('ENDS', 'not_after', 1000000000))
        found, findings = details(station, '--crl', crl, exit_code=6)
        rig.expect_equal({name for name, detail in found.items()
                          if detail['checkRunStatus'] == 'COMPLETED_NON_COMPLIANT'},
                         {SHARED, REVOKED, EXPIRING}, 'what is wrong')
        shared = one_finding(findings, SHARED, 'TWIN-1')
        rig.expect_equal(shared['nonCompliantResource']['additionalInfo']['otherDevice'], 'TWIN-2',
                         'the other unit')
        revoked = one_finding(findings, REVOKED, 'GONE')
        rig.expect_equal(revoked['reasonForNonComplianceCode'], 'CERTIFICATE_REVOKED_BY_ISSUER', 'code')
        rig.expect('keycradle device void GONE'
                   in revoked['nonCompliantResource']['additionalInfo']['next'], 'what to do')
        ended = one_finding(findings, EXPIRING, 'ENDS')
        rig.expect_equal(ended['reasonForNonComplianceCode'], 'CERTIFICATE_PAST_EXPIRATION', 'code')
        text = station.cli('audit', 'checks', '--crl', crl, exit_code=6).stdout
        rig.expect('NON-COMPLIANT' in text and 'next: keycradle device void GONE' in text, text)
        damage_list(station, crl)


def damage_list(station, crl):
    with open(crl, 'rb') as file:
        data = bytearray(file.read())
    data[-1] ^= 1
    with open(crl, 'wb') as file:
        file.write(data)
    run = station.cli('audit', 'checks', '--crl', crl, exit_code=None)
    rig.expect(run.returncode != 0 and 'its signature is not by CA' in run.stderr, run.stderr)


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        every_damage_in_the_ledger_is_named,
        the_checks_tell_compliant_from_not_checked,
        the_checks_find_what_is_wrong,
    )})
