# SPDX-License-Identifier: LGPL-2.1-or-later
"""What issuing costs, side by side with other CAs on the same machine: `issue.py BENCH-ISSUE SIGNER
FIGURE ...`. Each figure is a line `bench NAME VALUE UNIT`; medians of rounds in rotation, ratios only
where two are compared. Every peer's certificates are verified before anything is timed.

  durable   certificates a second and CPU a certificate, synced before they are answered: keycradle as
            the daemon does it (judge, ledger, signer process with its log, ledger) with 1 and 32
            slots, against `openssl ca` a process per request, `openssl ca -infiles` (neither syncs)
            and cfssl serve with SQLite (which syncs); P-256 and RSA-2048, CA key P-256 and RSA-2048
  limit     what verifying the request and signing cost by `openssl speed`, over the CPU that an
            order costs the signer; `-checked` counts the verification of our own signature to
            the limit as well
  group     certificates a second with 32 slots over 1
  worker    certificates a second of two threads over one, log in memory, no ledger
  growth    CPU a certificate with a million entries and rows over the same with a thousand
"""

import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = int(os.environ.get('KEYCRADLE_BENCH_ROUNDS', '5'))
KINDS = {'p-256': ('P-256', 2000, 200), 'rsa-2048': ('rsa-2048', 400, 100)}
MILLION = int(os.environ.get('KEYCRADLE_BENCH_ENTRIES', '1000000'))


def tell(name, value, unit='ratio'):
    print(f'bench {name} {value:.4g} {unit}', flush=True)


def run(words, **options):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f'{words[:6]}: {done.stderr[-2000:]}')
    return done.stdout


def process_cpu(pid):
    """CPU seconds of another process, to the nanosecond: its clock (clock_getcpuclockid(3))."""
    return time.clock_gettime(((~pid) << 3) | 2)


def make_ca(key, certificate, kind, name):
    options = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] if kind == 'p-256' else ['rsa:2048']
    run(['openssl', 'req', '-x509', '-newkey', *options, '-nodes', '-days', 3650, '-subj',
         f'/CN={name}', '-keyout', key, '-out', certificate, '-addext',
         'keyUsage=critical,keyCertSign,cRLSign'])


class Requests:
    """Fresh keys once a kind; RSA keys are what takes the time."""

    def __init__(self, bench, folder):
        self.bench, self.folder = bench, folder

    def make(self, kind, count):
        folder = os.path.join(self.folder, 'requests-' + kind)
        if not os.path.isdir(folder):
            os.mkdir(folder)
            run([self.bench, 'requests', KINDS[kind][0], count, folder])
        return [os.path.join(folder, str(i)) for i in range(count)]


class Keycradle:
    """A signer process of its own with a fresh CA, log and ledger."""

    def __init__(self, bench, signer, parent, ca_key):
        self.bench = bench
        self.folder = tempfile.mkdtemp(dir=parent)
        for name in ('state', 'profiles.d'):
            os.mkdir(os.path.join(self.folder, name))
        make_ca(self.path('ca.key'), self.path('ca.pem'), ca_key, 'TEST - NOT FOR PRODUCTION CA')
        self.write('profiles.d/sensor.profile',
                   '[certificate]\nSubject=CN=${serial},O=Example\nValidity=365d\n')
        self.config = self.write('signer.conf', '\n'.join([
            '[signer]', 'Mode=demo', f'Socket={self.folder}/signer.sock',
            f'StateFolder={self.folder}/state', f'ProfileFolder={self.folder}/profiles.d', '[ca]',
            f'Key=file:{self.folder}/ca.key', f'Certificate={self.folder}/ca.pem', '']))
        self.signer = signer
        self.process = None
        self.batches = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        path = self.path(name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def start(self):
        self.process = subprocess.Popen([self.signer, '--config', self.config],
                                        stderr=subprocess.PIPE, text=True)
        begun = time.monotonic()
        while 'ready' not in self.process.stderr.readline():
            if self.process.poll() is not None:
                raise SystemExit('the signer did not start')
        return time.monotonic() - begun

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
        self.process = None

    def line(self, requests, slots):
        """(certificates a second, CPU seconds a certificate) of station and signer together."""
        self.batches += 1
        before = process_cpu(self.process.pid)
        out = run([self.bench, 'line', f'{self.folder}/signer.sock', f'{self.folder}/station.db',
                   f'b{os.getpid()}-{self.batches}', slots] + [f'{path}.der' for path in requests])
        seconds, cpu, count = (float(word) for word in out.split()[-3:])
        return count / seconds, (cpu + process_cpu(self.process.pid) - before) / count

    def remove(self):
        if self.process is not None:
            self.stop()
        shutil.rmtree(self.folder)


class Peer:
    """A CA of openssl's making, used by each of the peers."""

    EXTENSIONS = ('basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
                  'extendedKeyUsage=clientAuth\nsubjectKeyIdentifier=hash\n'
                  'authorityKeyIdentifier=keyid\n')

    def __init__(self, parent, kind):
        self.folder = tempfile.mkdtemp(dir=parent)
        self.key = os.path.join(self.folder, 'ca.key')
        self.certificate = os.path.join(self.folder, 'ca.pem')
        make_ca(self.key, self.certificate, kind, 'Peer CA')

    def path(self, name):
        return os.path.join(self.folder, name)

    def check(self, pem_path):
        run(['openssl', 'verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile',
             self.certificate, pem_path])

    def remove(self):
        shutil.rmtree(self.folder)


class OpensslCa(Peer):
    def reset(self):
        shutil.rmtree(self.path('new'), ignore_errors=True)
        os.mkdir(self.path('new'))
        open(self.path('index.txt'), 'w').close()
        with open(self.path('ca.conf'), 'w', encoding='utf-8') as file:
            file.write(f'[ca]\ndefault_ca=here\n[here]\ndatabase={self.path("index.txt")}\n'
                       f'new_certs_dir={self.path("new")}\nrand_serial=yes\ndefault_md=sha256\n'
                       'default_days=365\nunique_subject=no\npolicy=any\nemail_in_dn=no\n'
                       'x509_extensions=leaf\n[any]\ncommonName=optional\n'
                       f'organizationName=optional\n[leaf]\n{self.EXTENSIONS}')

    def words(self):
        return ['openssl', 'ca', '-batch', '-notext', '-config', self.path('ca.conf'), '-cert',
                self.certificate, '-keyfile', self.key, '-subj', '/CN=device']

    def measure(self, commands, count):
        before = os.times()
        begun = time.monotonic()
        for words in commands:
            run(words)
        seconds = time.monotonic() - begun
        after = os.times()
        cpu = (after.children_user + after.children_system
               - before.children_user - before.children_system)
        return count / seconds, cpu / count

    def each(self, requests):
        self.reset()
        result = self.measure([self.words() + ['-in', f'{path}.pem', '-out', self.path('out.pem')]
                               for path in requests], len(requests))
        self.check(self.path('out.pem'))
        return result

    def together(self, requests):
        self.reset()
        words = self.words()[:-2]  # -subj goes with one request only
        result = self.measure([words + ['-out', self.path('out.pem'), '-infiles']
                               + [f'{path}.pem' for path in requests]], len(requests))
        made = os.listdir(self.path('new'))
        if len(made) != len(requests):
            raise SystemExit(f'openssl ca -infiles made {len(made)} of {len(requests)}')
        self.check(self.path(os.path.join('new', made[0])))
        return result


class Cfssl(Peer):
    """Debian's cfssl serve; its table is made as its own migration has it."""

    TABLE = ('CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob '
             'NOT NULL, ca_label blob, status blob NOT NULL, reason int, expiry timestamp, '
             'revoked_at timestamp, pem blob NOT NULL, PRIMARY KEY(serial_number, '
             'authority_key_identifier));'
             'CREATE TABLE ocsp_responses (serial_number blob NOT NULL, authority_key_identifier '
             'blob NOT NULL, body blob NOT NULL, expiry timestamp, PRIMARY KEY(serial_number, '
             'authority_key_identifier));')

    def __init__(self, parent, kind):
        super().__init__(parent, kind)
        run(['sqlite3', self.path('certs.db'), self.TABLE])
        self.write('db.json', {'driver': 'sqlite3', 'data_source': self.path('certs.db')})
        self.write('config.json', {'signing': {'default': {
            'expiry': '8760h', 'usages': ['digital signature', 'client auth']}}})
        self.port = 20000 + os.getpid() % 20000
        self.process = subprocess.Popen(
            ['cfssl', 'serve', '-address=127.0.0.1', f'-port={self.port}',
             f'-ca={self.certificate}', f'-ca-key={self.key}', f'-config={self.path("config.json")}',
             f'-db-config={self.path("db.json")}', '-loglevel=3'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.connection = self.connect()

    def write(self, name, value):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            json.dump(value, file)

    def connect(self):
        for _ in range(100):
            connection = http.client.HTTPConnection('127.0.0.1', self.port)
            try:
                connection.connect()
                return connection
            except OSError:
                time.sleep(0.1)
        raise SystemExit('cfssl does not serve')

    def sign(self, body):
        self.connection.request('POST', '/api/v1/cfssl/sign', body,
                                {'Content-Type': 'application/json'})
        reply = json.loads(self.connection.getresponse().read())
        if not reply['success']:
            raise SystemExit(f'cfssl: {reply}')
        return reply['result']['certificate']

    def serve(self, requests):
        bodies = []
        for path in requests:
            with open(f'{path}.pem', encoding='ascii') as file:
                bodies.append(json.dumps({'certificate_request': file.read()}))
        before = process_cpu(self.process.pid)
        begun = time.monotonic()
        for body in bodies:
            certificate = self.sign(body)
        seconds = time.monotonic() - begun
        with open(self.path('out.pem'), 'w', encoding='ascii') as file:
            file.write(certificate)
        self.check(self.path('out.pem'))
        return len(bodies) / seconds, (process_cpu(self.process.pid) - before) / len(bodies)

    def remove(self):
        self.process.terminate()
        self.process.wait()
        super().remove()


def median(pairs, place):
    return statistics.median(pair[place] for pair in pairs)


class Bench:
    def __init__(self, bench, signer, folder):
        self.bench, self.signer, self.folder = bench, signer, folder
        self.requests = Requests(bench, folder)

    def fresh(self, ca_key):
        station = Keycradle(self.bench, self.signer, self.folder, ca_key)
        station.start()
        return station

    def once(self, ca_key, requests, slots):
        station = self.fresh(ca_key)
        result = station.line(requests, slots)
        station.remove()
        return result

    def durable(self):
        for kind, (_, count, few) in KINDS.items():
            requests = self.requests.make(kind, count)
            openssl, cfssl = OpensslCa(self.folder, kind), Cfssl(self.folder, kind)
            ways = {
                'keycradle-1': lambda: self.once(kind, requests, 1),
                'keycradle-32': lambda: self.once(kind, requests, 32),
                'openssl-ca': lambda: openssl.each(requests[:few]),
                'openssl-ca-infiles': lambda: openssl.together(requests),
                'cfssl-serve': lambda: cfssl.serve(requests[:2 * few]),
            }
            results = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, way in ways.items():
                    results[name].append(way())
            openssl.remove()
            cfssl.remove()
            self.tell_durable(kind, results)

    def tell_durable(self, kind, results):
        for name, pairs in results.items():
            tell(f'issue-{kind}-{name}-rate', median(pairs, 0), 'certificates/s')
            tell(f'issue-{kind}-{name}-cpu', median(pairs, 1) * 1e6, 'us')
        for ours in ('keycradle-1', 'keycradle-32'):
            for name in ('openssl-ca', 'openssl-ca-infiles', 'cfssl-serve'):
                both = list(zip(results[ours], results[name]))
                tell(f'issue-{kind}-{ours}-over-{name}-rate',
                     statistics.median(a[0] / b[0] for a, b in both))
                tell(f'issue-{kind}-{ours}-over-{name}-cpu',
                     statistics.median(b[1] / a[1] for a, b in both))

    def sign(self, station, requests, threads):
        out = run([self.bench, 'sign', station.config, threads, f'b{threads}']
                  + [f'{path}.der' for path in requests])
        seconds, cpu, count = (float(word) for word in out.split()[-3:])
        return count / seconds, cpu / count

    def sign_in_memory(self, ca_key, requests, threads):
        """The signer's work with a log that costs no disk."""
        station = Keycradle(self.bench, self.signer, '/dev/shm', ca_key)
        result = self.sign(station, requests, threads)
        station.remove()
        return result

    def speed(self, algorithm):
        """Seconds that one signature and one verification take."""
        out = run(['openssl', 'speed', '-mr', '-seconds', 1, algorithm])
        for line in out.splitlines():
            words = line.split(':')
            if words[0] in ('+F2', '+F4'):
                return 1 / float(words[3]), 1 / float(words[4])
        raise SystemExit(f'openssl speed says nothing of {algorithm}')

    def limit(self):
        for kind, algorithm in (('p-256', 'ecdsap256'), ('rsa-2048', 'rsa2048')):
            requests = self.requests.make(kind, KINDS[kind][1])
            shares, checked = [], []
            for _ in range(ROUNDS):
                sign, verify = self.speed(algorithm)
                cpu = self.sign_in_memory(kind, requests, 1)[1]
                shares.append((sign + verify) / cpu)
                checked.append((sign + 2 * verify) / cpu)
            tell(f'issue-limit-{kind}', statistics.median(shares))
            tell(f'issue-limit-{kind}-checked', statistics.median(checked))

    def group(self):
        requests = self.requests.make('p-256', KINDS['p-256'][1])
        ratios = []
        for _ in range(ROUNDS):
            one = self.once('p-256', requests, 1)[0]
            ratios.append(self.once('p-256', requests, 32)[0] / one)
        tell('issue-group-32-over-1', statistics.median(ratios))

    def worker(self):
        requests = self.requests.make('p-256', KINDS['p-256'][1])
        ratios = []
        for _ in range(ROUNDS):
            one = self.sign_in_memory('p-256', requests, 1)[0]
            ratios.append(self.sign_in_memory('p-256', requests, 2)[0] / one)
        tell('issue-worker-2-over-1', statistics.median(ratios))

    def filled(self, requests, entries):
        station = Keycradle(self.bench, self.signer, self.folder, 'p-256')
        run([self.bench, 'fill', station.config, f'{station.folder}/station.db', entries,
             f'{requests[0]}.der'])
        tell(f'issue-growth-start-{entries}', station.start(), 's')
        with open(f'/proc/{station.process.pid}/status', encoding='ascii') as file:
            memory = next(line for line in file if line.startswith('VmRSS')).split()[1]
        tell(f'issue-growth-memory-{entries}', float(memory) / 1024, 'MiB')
        return station

    def growth(self):
        each = 300
        requests = self.requests.make('p-256', KINDS['p-256'][1])
        small = self.filled(requests, 1000)
        large = self.filled(requests, MILLION)
        for slots in (1, 32):
            ratios = []
            for place in range(3):
                start = 1 + each * (place + (3 if slots == 32 else 0))
                chosen = requests[start:start + each]
                ratios.append(large.line(chosen, slots)[1] / small.line(chosen, slots)[1])
            tell(f'issue-growth-cpu-{slots}', statistics.median(ratios))
        small.remove()
        large.remove()


def main():
    bench, signer, *figures = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix='keycradle-bench-', dir='/var/tmp') as folder:
        for figure in figures:
            getattr(Bench(os.path.abspath(bench), os.path.abspath(signer), folder), figure)()


if __name__ == '__main__':
    main()
