# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same requests, signed by us and by botocore, must carry the same Authorization, byte for byte:
the calls of AWS IoT with values of every kind, and requests at random."""

import datetime
import json
import random
import subprocess
import sys
from unittest import mock

try:
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
except ImportError:
    print('needs python3-botocore')
    sys.exit(77)

LETTERS = ("abcXYZ0189-._~ !$&'()*+,;=:@/?#[]%\"<>\\^`{|}"
           'äßñ€漢ሴ😀')
ARN = 'arn:aws:iot:eu-west-1:123456789012:cert/' + '5a' * 32


def words(rng, least, most):
    return ''.join(rng.choice(LETTERS) for _ in range(rng.randint(least, most)))


def quoted(text):
    return botocore.auth.quote(text, safe='-._~')


def calls():
    """(method, path, query, headers, body) as the courier makes them."""
    json_type = [['Content-Type', 'application/json']]
    yield 'POST', '/certificate/register', [], json_type, '{"status":"ACTIVE"}'
    yield 'PUT', '/certificates/' + '5a' * 32, [['newStatus', 'ACTIVE']], [], ''
    yield 'PUT', '/things/' + quoted('SN:0001') + '/principals', [], [['x-amzn-principal', ARN]], ''
    yield ('PATCH', '/transfer-certificate/' + '5a' * 32, [['targetAwsAccount', '210987654321']],
           json_type, '{"transferMessage":"to the owner"}')
    yield ('POST', '/cacertificate', [['setAsActive', 'true'], ['allowAutoRegistration', 'false']],
           json_type, '{}')
    yield 'POST', '/target-policies/' + quoted('a+b=c,@-.'), [], json_type, '{"target":"x"}'


def random_call(rng):
    path = ''.join('/' + quoted(words(rng, 1, 9)) for _ in range(rng.randint(1, 4)))
    query = [[words(rng, 1, 6), words(rng, 0, 9)] for _ in range(rng.randint(0, 4))]
    headers = [[f'x-amzn-{i}', words(rng, 1, 20).encode('ascii', 'replace').decode()]
               for i in range(rng.randint(0, 3))]
    return rng.choice(['GET', 'PUT', 'POST', 'PATCH', 'DELETE']), path, query, headers, \
        words(rng, 0, 60)


def botocore_signs(order):
    """What botocore writes into Authorization, at that moment."""
    now = datetime.datetime.utcfromtimestamp(order['at'])
    url = 'https://' + order['host'] + order['path']
    if order['query']:
        url += '?' + '&'.join(quoted(name) + '=' + quoted(value) for name, value in order['query'])
    request = botocore.awsrequest.AWSRequest(order['method'], url, dict(order['headers']),
                                             order['body'].encode())
    key = botocore.credentials.Credentials(order['key'], order['secret'], order['token'])
    with mock.patch('botocore.auth.datetime') as clock:
        clock.datetime.utcnow.return_value = now
        botocore.auth.SigV4Auth(key, order['service'], order['region']).add_auth(request)
    return request.headers['Authorization']


def orders(count):
    rng = random.Random(7)
    some = list(calls()) + [random_call(rng) for _ in range(count)]
    for place, (method, path, query, headers, body) in enumerate(some):
        yield {'method': method, 'path': path, 'query': query, 'headers': headers, 'body': body,
               'key': 'AKIDEXAMPLE', 'secret': 'secret/of+' + str(place),
               'token': None if place % 3 else 'token/' + 'x' * 200 + '+==',
               'host': 'iot.eu-west-1.amazonaws.com' if place % 2 else '127.0.0.1:8443',
               'region': 'eu-west-1', 'service': 'execute-api', 'at': 1700000000 + place * 86399}


def main():
    with subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as ours:
        compared = 0
        for order in orders(500):
            ours.stdin.write(json.dumps(order) + '\n')
            ours.stdin.flush()
            found = ours.stdout.readline().strip()
            target = ours.stdout.readline().strip()
            wanted = botocore_signs(order)
            if found != wanted:
                sys.exit(f'{order}\nours:     {found}\nbotocore: {wanted}')
            if not target.startswith(order['path']):
                sys.exit(f'{order}: the request goes to {target}')
            compared += 1
        if compared < 500:
            sys.exit('too few were compared')
        # the control: what is signed with another secret is not the same
        order = dict(next(orders(0)), secret='another')
        if botocore_signs(order) == botocore_signs(next(orders(0))):
            sys.exit('signatures do not depend on the secret')
    print(f'{compared} requests signed alike')


main()
