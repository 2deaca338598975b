# SPDX-License-Identifier: LGPL-2.1-or-later
"""An IoT Hub, a Device Provisioning Service and nRF Cloud on this machine; clouds.py has what they
share with AWS."""

import base64
import csv
import hmac
import io
import json
import re
import time
import urllib.parse

from clouds import Cut, Endpoint, Refused, der_of, sha256


# ---- Azure ----

class Azure(Endpoint):
    """What hub and provisioning service share: the shared access signature, names and ETags."""

    host, folder, id_member, most = '', '', '', 0

    def __init__(self, folder):
        self.secret = base64.b64encode(b'SECRET of azure').decode()
        self.kept = {}
        super().__init__(folder)

    def connection_string(self):
        return f'HostName={self.host};SharedAccessKeyName=factory;SharedAccessKey={self.secret}'

    def check_signature(self, headers):
        said = headers.get('Authorization', '')
        fields = dict(urllib.parse.parse_qsl(said.removeprefix('SharedAccessSignature ')))
        text = urllib.parse.quote_plus(self.host) + '\n' + fields.get('se', '')
        wanted = base64.b64encode(hmac.digest(base64.b64decode(self.secret), text.encode(), 'sha256')).decode()
        if fields.get('sig') != wanted or fields['skn'] != 'factory' or int(fields['se']) < time.time():
            raise Refused(401, '', 'Unauthorized')

    def put(self, name, thing):
        self.kept[name] = dict(thing, etag=self.etag(sha256(json.dumps(thing, sort_keys=True).encode())[:12]))

    def etag(self, text):
        return text

    def judge(self, method, path, headers, body):
        self.check_signature(headers)
        bare, _, query = path.partition('?')
        name = urllib.parse.unquote(bare.removeprefix(self.folder).lstrip('/'))
        if not bare.startswith(self.folder) or not query.startswith('api-version=20'):
            self.complain(f'{method} {path}')
        lost = self.count(method)
        if method == 'POST':
            answer = self.create(json.loads(body))
        elif name not in self.kept:
            raise Refused(404, '', 'NotFound')
        elif method == 'GET':
            answer = self.kept[name]
        else:
            answer = self.change(method, name, headers, body)
        if lost == 'cut':
            raise Cut
        return 204 if answer is None else 200, answer

    def change(self, method, name, headers, body):
        if headers.get('If-Match', '').strip('"') != self.kept[name]['etag'].strip('"'):
            raise Refused(412, '', 'PreconditionFailed')
        if method == 'DELETE':
            del self.kept[name]
            return None
        thing = json.loads(body)
        self.check(thing)
        self.put(name, thing)
        return self.kept[name]

    def create(self, order):
        things = self.things_of(order)
        names = [self.name_of(thing) for thing in things]
        if len(names) > self.most or len(set(names)) < len(names):
            self.complain(f'{len(names)} in one call, {len(set(names))} names')
        errors = []
        for name, thing in zip(names, things):
            self.check(thing)
            if name in self.kept:
                errors.append({self.id_member: name, 'errorCode': 409001, 'errorStatus': 'AlreadyExists'})
            else:
                self.put(name, thing)
        return {'isSuccessful': not errors, 'errors': errors}


class Hub(Azure):
    host, folder, id_member, most = 'hub.azure-devices.net', '/devices', 'deviceId', 100

    def things_of(self, order):
        for thing in order:
            if thing.pop('importMode') != 'create':
                self.complain('importMode')
        return order

    def name_of(self, thing):
        return thing['id']

    def check(self, thing):
        way = thing['authentication']
        if thing['status'] not in ('enabled', 'disabled') or len(thing.get('statusReason', '')) > 128 \
                or way['type'] == 'selfSigned' and not re.fullmatch('[0-9a-f]{64}', way['x509Thumbprint']['primaryThumbprint']):
            self.complain(str(thing))


class Dps(Azure):
    host, folder, id_member, most = 'dps.azure-devices-provisioning.net', '/enrollments', 'registrationId', 10

    def etag(self, text):
        return f'"{text}"'

    def things_of(self, order):
        if order['mode'] != 'create':
            self.complain(order['mode'])
        return order['enrollments']

    def name_of(self, thing):
        return thing['registrationId']

    def check(self, thing):
        primary = thing['attestation']['x509']['clientCertificates']['primary']
        primary['info'] = {'sha256Thumbprint': sha256(der_of(primary.pop('certificate'))).upper()}
        if not re.fullmatch('[a-z0-9._:-]{1,128}', thing['registrationId']):
            self.complain(thing['registrationId'])


# ---- nRF Cloud ----

class NrfCloud(Endpoint):
    def __init__(self, folder):
        self.secret = 'SECRETofNRF0123'
        self.devices, self.bulks = {}, {}
        super().__init__(folder)

    def judge(self, method, path, headers, body):
        bulk = path.rsplit('/', 1)[1]
        if path.startswith('/errors/'):
            if 'Authorization' in headers:
                self.complain('the key goes where it must not')
            return 200, {'errors': self.bulks[bulk]['errors']}
        if headers.get('Authorization') != 'Bearer ' + self.secret:
            raise Refused(401, '', 'Unauthorized')
        self.count(method)
        if (method, path) == ('POST', '/v1/devices'):
            return 202, {'bulkOpsRequestId': self.onboard(headers, body)}
        if method == 'GET' and path.startswith('/v1/bulk-ops-requests/'):
            return 200, self.state(bulk)
        if method == 'DELETE' and self.devices.pop(bulk, None):
            return 200, {}
        raise Refused(404, '', 'NotFound')

    def onboard(self, headers, body):
        rows = list(csv.reader(io.StringIO(body.decode())))
        if headers['Content-Type'] != 'text/csv' or not 1 <= len(rows) <= 1000 or any(len(row) != 5 for row in rows):
            self.complain(f'{len(rows)} rows')
        errors = []
        for place, (device, _, tags, _, pem) in enumerate(rows):
            if self.devices.get(device, pem) != pem:
                errors.append(f'[{place}]: The device is already registered with another certificate.')
            else:
                self.devices[device] = pem
        name = f'01GK{len(self.bulks)}'
        self.bulks[name] = {'errors': errors, 'asked': 0}
        return name

    def state(self, name):
        bulk = self.bulks[name]
        bulk['asked'] += 1
        if bulk['asked'] == 1:
            return {'status': 'PENDING'}
        if bulk['errors']:
            return {'status': 'FAILED', 'errorSummaryUrl': f'https://bulk.nrfcloud.com/errors/{name}'}
        return {'status': 'SUCCEEDED'}
