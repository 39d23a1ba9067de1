#!/usr/bin/env python3
"""objects.py CLUSTER: makes objects of every kind that kube-apiserver prints

Statuses are written by their subresources, so nothing but this may run: stop
the controllers before. The objects are in shapes.py.
"""
import base64
import http.client
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + '/../same')
import same  # noqa: E402
import shapes  # noqa: E402


def send(ctx, method, path, body, kind='application/json'):
    conn = http.client.HTTPSConnection('127.0.0.1', same.MASTER, context=ctx,
                                       timeout=120)
    conn.request(method, path, json.dumps(body), {'Content-Type': kind})
    answer = conn.getresponse()
    text = answer.read().decode()
    conn.close()
    if answer.status not in (200, 201):
        print('%s %s: %d %s' % (method, path, answer.status, text[:600]))
        return False
    return True


def make(ctx, path, body):
    """The object, then its status; False if one was refused."""
    body = dict(body)
    status = body.pop('status', None)
    name = body['metadata']['name']
    if not send(ctx, 'POST', path, body):
        return False
    if status is None:
        return True
    sub = 'approval' if path.endswith('signingrequests') else 'status'
    return send(ctx, 'PATCH', '%s/%s/%s' % (path, name, sub),
                {'status': status}, 'application/merge-patch+json')


def signing_request(cluster):
    made = subprocess.run(
        ['openssl', 'req', '-new', '-key', cluster + '/pki/admin.key',
         '-subj', '/CN=x'], capture_output=True, check=True)
    return base64.b64encode(made.stdout).decode()


def is_served(path):
    """1.34 has no v1 of these."""
    return os.environ.get('OTE_MASTER') != 'older' or \
        '/mutatingadmission' not in path


def main():
    ctx = same.context(sys.argv[1])
    bad = sum(not make(ctx, path, o) for path, o in
              shapes.objects(signing_request(sys.argv[1])) if is_served(path))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
