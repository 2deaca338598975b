# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secure elements behind a kit, beyond what every driver must stand: what they hold is read by
others, and a chip that is not ready is refused before the CA signs."""

import os
import re

import compressed
import dialects
import judge
import rig

NOT_READY = {
    'config-open': 'configuration zone is not locked',
    'data-open': 'data zone is not locked',
    'key-fixed': 'KeySlot=',
    'encrypted': 'encrypted writes',
}


def prepared(station, **driver):
    dialect = dialects.Dialect('microchip')
    dialect.sections['driver'] = driver
    dialect.prepare(station)
    return dialect


def passes(station, simulator, name):
    record = station.run_device(simulator, name, 1)
    rig.expect_equal(record['state'], 'pass', f'{name}: {record}')
    simulator.unplug(name)
    rig.wait_until(lambda: not station.slot(1)['present'], 'slot 1 is empty')
    return station.attempt(record['attempt'])['transcript']


def signers_key(station, simulator, serial):
    """Slot 11 holds the CA's key, slot 12 its certificate where that fits, which this CA's does not."""
    ca = judge.der_of_pem(station.json('ca', 'status')['chain'][0])
    kept = simulator.item(serial, 'slot11')
    rig.expect(kept[:4] == bytes(4) and kept[36:40] == bytes(4), f'padding of a key: {kept.hex()}')
    rig.expect(b'\x03\x42\0\x04' + kept[4:36] + kept[40:] in ca, 'slot 11 holds the CA\'s key')
    rig.expect_equal(simulator.item(serial, 'slot12'), None, 'slot 12')


def what_a_chip_keeps_is_read_by_others():
    """Kits with both chips, and the zero-touch kit; the Python reader has the first one's
    certificate as its template."""
    with rig.station(slots=1, start=False) as station:
        dialect = prepared(station, TemplateId='3', ChainId='1', SignerCaPublicKey='ab' * 64)
        simulator = station.start().simulator()
        station.start_batch()
        names = [dialect.new(simulator, 1), dialect.new(simulator, 2, firmware='508a'),
                 dialect.new(simulator, 3, host='zero-touch')]
        transcripts = [passes(station, simulator, name) for name in names]
        judge.judge_devices(station, simulator, names)
        signers_key(station, simulator, names[0])
        rig.expect_equal(simulator.item(names[0], 'slot10')[69], 0x31, 'template and chain')
        rig.expect(re.search(r'^# template tbs \d+\+\d+, serial ', transcripts[0], re.MULTILINE),
                   'the places of the template are noted')
        rig.expect('E:t(07400400008387)' not in transcripts[2], 'a zero-touch kit keeps its key')


def one_changed_byte_is_seen():
    """The reader can tell: any byte of the 72 that counts makes another certificate."""
    with rig.station(slots=1, start=False) as station:
        dialect = prepared(station)
        simulator = station.start().simulator()
        station.start_batch()
        name = dialect.new(simulator, 1)
        passes(station, simulator, name)
        der = judge.der_of_pem(station.cli('cert', 'show', name, '--pem').stdout)
        rig.expect_equal(compressed.held(simulator, name, der, name), der, 'what the chip holds')
        path = os.path.join(simulator.state, f'{name}.slot10')
        with open(path, 'rb') as file:
            sound = file.read()
        for place in (0, 31, 32, 63, 64, 65, 66):
            with open(path, 'wb') as file:
                file.write(sound[:place] + bytes([sound[place] ^ 2]) + sound[place + 1:])
            rig.expect(compressed.held(simulator, name, der, name) != der, f'byte {place} changed')


def a_chip_that_is_not_ready_gets_no_certificate():
    with rig.station(slots=1, start=False) as station:
        dialect = prepared(station)
        simulator = station.start().simulator()
        station.start_batch()
        for number, (firmware, words) in enumerate(NOT_READY.items(), 1):
            name = dialect.new(simulator, number, firmware=firmware)
            record = station.run_device(simulator, name, 1)
            rig.expect_equal((record['state'], record['reason']), ('fail', 'unsupported'), f'{record}')
            rig.expect(words in record['detail'], f'{firmware}: {record["detail"]}')
            simulator.unplug(name)
            rig.wait_until(lambda: not station.slot(1)['present'], 'slot 1 is empty')
        rig.expect_equal(station.certificates(), [], 'certificates')
        passes(station, simulator, dialect.new(simulator, 9))


def a_locked_chip_stays_as_it_is():
    """Slots 0 and 10 are closed for ever; the same unit may come again all the same."""
    with rig.station(slots=1, start=False) as station:
        dialect = dialects.Dialect('microchip')
        dialect.sections['profile.device'] = {**dialect.section('profile.device'), 'Lock': 'yes'}
        dialect.prepare(station)
        simulator = station.start().simulator()
        station.start_batch()
        name = dialect.new(simulator, 1)
        passes(station, simulator, name)
        rig.expect_equal(simulator.item(name, 'locks').hex(), 'fefb', 'SlotLocked')
        held = simulator.item(name, 'slot10')
        station.cli('device', 'retry', name)
        passes(station, simulator, name)
        rig.expect_equal(simulator.item(name, 'slot10'), held, 'slot 10')
        judge.judge_devices(station, simulator, [name])


def another_form_is_not_written():
    """A profile that forgot Form= gives a certificate that does not fit; nothing goes to the chip."""
    with rig.station(slots=1, start=False) as station:
        dialect = dialects.Dialect('microchip')
        dialect.sections['profile.certificate'] = {'Validity': '2y'}
        dialect.prepare(station)
        simulator = station.start().simulator()
        station.start_batch()
        name = dialect.new(simulator, 1)
        record = station.run_device(simulator, name, 1)
        rig.expect_equal((record['state'], record['reason']), ('fail', 'unsupported'), f'{record}')
        rig.expect('Form=compressed' in record['detail'], record['detail'])
        rig.expect_equal([simulator.item(name, f'slot{slot}') for slot in (10, 11, 12)], [None] * 3,
                         'the chip\'s slots')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        what_a_chip_keeps_is_read_by_others, one_changed_byte_is_seen,
        a_chip_that_is_not_ready_gets_no_certificate, a_locked_chip_stays_as_it_is,
        another_form_is_not_written)})
