# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a real station leaves: daemon, signer and simulated devices make two batches under an owner's
tickets, with passes, a failure, a void, refusals, exports and reports; collected twice."""

import glob
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'line'))
import rig  # noqa: E402  (after its folder)
from owner_rig import Owner, demand_tickets, state_folder  # noqa: E402


class Line:
    def __init__(self, station, owner):
        self.station, self.owner, self.simulator = station, owner, None
        self.folder = owner.folder

    def start(self):
        self.station.start()
        self.owner.pin(self.station)
        self.simulator = self.station.simulator()

    def path(self, name):
        return os.path.join(self.folder, name)

    def begin(self, batch, count, **changes):
        """A ticket is loaded, and the batch runs."""
        with open(self.path(f'{batch}-{self.owner.number + 1}.ticket'), 'wb') as file:
            file.write(self.owner.ticket(batch, count, **changes))
        self.station.cli('ticket', 'load', file.name)
        self.station.start_batch(batch)

    def run(self, device, state='pass', **options):
        """One unit through slot 1."""
        self.simulator.new(device, driver='smp', key='p-256', serial=device, **options)
        found = self.station.run_device(self.simulator, device, 1)
        rig.expect_equal(found['state'], state, f'{device}: {found}')
        self.simulator.unplug(device)
        rig.wait_until(lambda: not self.station.slot(1)['present'], 'the slot is free')

    def export(self, batch):
        """The manifest's path; its statement is beside it."""
        path = self.path(f'{batch}.csv')
        self.station.cli('export', 'csv', '--batch', batch, '--output', path)
        return path

    def report(self, batch, *words):
        path = self.path(f'{batch}.p7s')
        self.station.cli('report', 'make', batch, '--output', path)
        return path

    def final_report(self, batch):
        """Of a closed batch; it is made by itself."""
        reports = rig.wait_until(lambda: [one for one in self.station.json('report', 'list', '--batch', batch)
                                          if one['final']], f'the final report of {batch}')
        path = self.path(f'{batch}-final.p7s')
        self.station.cli('report', 'save', str(reports[0]['id']), '--output', path)
        return path

    def collect(self, name):
        path = os.path.join(self.folder, name)
        self.station.cli('audit', 'collect', path)
        return path


def close_first_batch(line):
    """Five tried, four made, one of them void; what the owner then keeps."""
    line.begin('B-1', 4)
    for device in ('D-1', 'D-2', 'D-3'):
        line.run(device)
    line.run('D-4', 'fail', fault='wrong-certificate')
    line.run('D-5', 'fail')  # the ticket is used up
    line.station.cli('device', 'void', 'D-1', '--reason', 'scrapped')
    manifest = line.export('B-1')
    line.station.cli('batch', 'close', 'B-1')
    return manifest, line.final_report('B-1')


def run_second_batch(line):
    line.begin('B-2', 8)
    for number in range(1, 5):
        line.run(f'E-{number}')
    return line.export('B-2'), line.report('B-2')


def tell(line):
    """{station, owner, kept, manifest} as on a verifier's command line, the collection, an earlier one."""
    line.start()
    first, closed = close_first_batch(line)
    earlier = line.collect('earlier')
    second, report = run_second_batch(line)
    shutil.copy(os.path.join(earlier, 'checkpoints'), line.path('earlier.note'))
    collected = line.collect('collected')
    for path in glob.glob(os.path.join(state_folder(line.station), 'checkpoints')):
        shutil.copy(path, collected)  # all of them, not only the one that was made for it
    words = {'station': line.owner.station_pem, 'owner': line.owner.certificate,
             'kept': [closed, line.path('earlier.note'), report], 'manifest': [first, second]}
    return words, collected, earlier


def prepare(station, folder):
    owner = Owner(folder)
    demand_tickets(station, owner)
    return Line(station, owner)
