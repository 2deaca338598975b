# SPDX-License-Identifier: LGPL-2.1-or-later
"""A CA at work: its revocation lists, certificates over clouds' codes, and the verbs that make one.
The openssl command is the verifier."""

import os
import subprocess

import desk
import rig

AWS_CODE = '14c9a7f3a1d1a3e8fa6e1f0e1b2d3c4b5a69788796a5b4c3d2e1f00112233445'


def openssl(*words, must=True):
    done = subprocess.run(['openssl', *words], capture_output=True, text=True, check=False)
    rig.expect(not must or done.returncode == 0, f'openssl {words}: {done.stdout}{done.stderr}')
    return done.stdout + done.stderr


def publishing_station():
    """In a station that is not started yet: its lists are published."""
    station = rig.Station()
    folder = os.path.join(station.folder, 'crl')
    os.mkdir(folder)
    station.edit(station.config, r'\[station\]', f'[station]\nCrlFolder={folder}')
    station.start()
    return station, folder


def verify(station, folder, serial):
    """What a verifier with the published list says of a unit's certificate."""
    paths = {name: os.path.join(station.folder, name) for name in ('unit.pem', 'ca.pem')}
    with open(paths['unit.pem'], 'w', encoding='ascii') as out:
        out.write(station.cli('cert', 'show', serial, '--pem').stdout)
    authority = os.path.join(station.folder, 'station', 'ca')
    return openssl('verify', '-x509_strict', '-crl_check', '-CRLfile', os.path.join(folder, 'ca.pem'),
                   '-CAfile', os.path.join(authority, 'root.pem'),
                   '-untrusted', os.path.join(authority, 'ca.pem'), paths['unit.pem'], must=False)


def number(folder):
    path = os.path.join(folder, 'ca.crl')
    if not os.path.exists(path):
        return 0
    return int(openssl('crl', '-inform', 'DER', '-in', path, '-noout', '-crlnumber')
               .strip().rpartition('=')[2], 16)


def a_voided_unit_is_on_the_published_list():
    station, folder = publishing_station()
    try:
        simulator = station.simulator()
        station.start_batch(target=2)
        for name in ('D1', 'D2'):
            simulator.new(name, driver='smp', serial=name)
            station.run_device(simulator, name, 1, 'pass')
            simulator.unplug(name)
        rig.wait_until(lambda: number(folder) >= 1, 'a list is published by itself')
        rig.expect('OK' in verify(station, folder, 'D1'), 'D1 lives')

        station.cli('device', 'void', 'D1', '--reason', 'key-compromise: found in a forum')
        rig.wait_until(lambda: 'revoked' in verify(station, folder, 'D1'), 'D1 is revoked', 15)
        rig.expect('OK' in verify(station, folder, 'D2'), 'D2 lives')
        text = openssl('crl', '-in', os.path.join(folder, 'ca.pem'), '-noout', '-text')
        rig.expect('Key Compromise' in text, text)
        rig.expect_equal(os.stat(os.path.join(folder, 'ca.crl')).st_mode & 0o777, 0o644, 'mode')

        first = number(folder)
        station.kill_signer()
        station.cli('ca', 'crl')
        rig.expect_equal(number(folder), first + 1, 'number after a killed signer')
        station.kill()
        station.start()
        station.cli('device', 'void', 'D2', '--reason', 'scrapped')
        rig.wait_until(lambda: 'revoked' in verify(station, folder, 'D2'), 'D2 is revoked', 15)
        rig.expect('revoked' in verify(station, folder, 'D1'), 'D1 stays revoked')
        rig.expect(number(folder) > first + 1, 'number after a killed daemon')
        kinds = [event['kind'] for event in station.json('event', 'list')]
        rig.expect('crl' in kinds and 'ca-crl' in kinds, kinds)
        # units go on after entries of the log that are no certificates
        station.cli('batch', 'close', 'B1')
        station.start_batch('B2', target=1)
        simulator.new('D3', driver='smp', serial='D3')
        station.run_device(simulator, 'D3', 1, 'pass')
        station.judge_logs()
    finally:
        station.close()


def a_list_comes_on_command():
    with rig.station() as station:
        path = os.path.join(station.folder, 'list.crl')
        said = station.cli('ca', 'crl', '--output', path).stderr
        rig.expect('revocation list 1, 0 revoked' in said, said)
        openssl('crl', '-inform', 'DER', '-in', path, '-noout', '-verify', '-CAfile',
                os.path.join(station.folder, 'station', 'ca', 'ca.pem'))
        station.cli('ca', 'crl', '--ca', 'nobody', '--output', path, exit_code=2)
        rig.expect_equal(station.json('event', 'list')[0]['kind'] in ('crl', 'ca-crl'), True, 'event')


def a_code_is_certified_and_no_other_text():
    with rig.station() as station:
        path = os.path.join(station.folder, 'code.pem')
        station.cli('ca', 'verification-certificate', AWS_CODE, '--output', path)
        authority = os.path.join(station.folder, 'station', 'ca')
        openssl('verify', '-x509_strict', '-CAfile', os.path.join(authority, 'root.pem'),
                '-untrusted', os.path.join(authority, 'ca.pem'), path)
        subject = openssl('x509', '-in', path, '-noout', '-subject')
        rig.expect_equal(subject.strip(), f'subject=CN = {AWS_CODE}', 'subject')
        os.remove(path)
        for text in ('KC-1', AWS_CODE[1:], AWS_CODE + '\n'):
            station.cli('ca', 'verification-certificate', text, '--output', path, exit_code=2)
        rig.expect(not os.path.exists(path), 'nothing is left')
        kinds = [event['kind'] for event in station.json('event', 'list')]
        rig.expect_equal(kinds.count('verification-certificate'), 1, 'events')


def the_verbs_of_the_signer_are_here_too():
    with rig.station() as station:
        passphrase = os.path.join(station.folder, 'passphrase')
        with open(passphrase, 'w', opener=lambda path, flags: os.open(path, flags, 0o600),
                  encoding='ascii') as out:
            out.write('correct horse battery\n')
        folder = os.path.join(station.folder, 'ca-2026')
        said = station.cli('ca', 'csr', '--folder', folder, '--subject', 'CN=Works CA',
                           '--passphrase-file', passphrase, plain=True).stdout
        rig.expect('SHA-256 of the public key' in said, said)
        openssl('req', '-in', os.path.join(folder, 'ca.csr'), '-noout', '-verify')
        station.cli('ca', 'csr', '--folder', folder, '--subject', 'CN=Works CA',
                    '--passphrase-file', passphrase, plain=True, exit_code=1)


def a_passphrase_is_typed_twice_and_never_shown():
    with rig.station() as station:
        folder = os.path.join(station.folder, 'ca-2026')
        for second, code in (('another one', 1), ('\x03', 1), ('correct horse', 0)):
            terminal = desk.Terminal(station, 'ca', 'csr', '--folder', folder, '--subject',
                                     'CN=Works')
            terminal.wait_for('new CA key')
            terminal.type('correct horse\r')
            terminal.wait_for('again')
            terminal.type(second + '\r')
            shown = terminal.end(code)
            rig.expect('correct horse' not in shown and 'another one' not in shown, shown)
        openssl('pkcs8', '-in', os.path.join(folder, 'ca.key'), '-passin', 'pass:correct horse',
                '-out', os.devnull)


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_voided_unit_is_on_the_published_list,
        a_list_comes_on_command,
        a_code_is_certified_and_no_other_text,
        the_verbs_of_the_signer_are_here_too,
        a_passphrase_is_typed_twice_and_never_shown,
    )})
