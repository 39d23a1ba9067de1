#!/usr/bin/env python3
"""prober.py CLUSTER PORT: who renews his credential goes on being served

Until SIGTERM, each of callers/probe/NAME.pem (certificate and key) and
NAME.token asks for what he may have, on a connection of his own, read anew each
time: from the cache and from the master. A JSON line for each answer that is no
200; in the end one with the number of answers.
"""
import collections
import glob
import http.client
import json
import os
import signal
import ssl
import sys
import time

HOST = '127.0.0.1'
PATHS = {
    'kubelet': '/api/v1/namespaces/team/pods/web',
    'default': '/api/v1/namespaces/team/configmaps/shared'}
going = True


def stop(*_):
    global going
    going = False


def ask(cluster, port, path, source):
    ctx = ssl.create_default_context(cafile=cluster + '/pki/bundle.crt')
    headers = {'User-Agent': 'prober'}
    if source.endswith('.pem'):
        # it is opened twice, for certificate and key: of one pair
        with open(source) as pair:
            ctx.load_cert_chain('/proc/self/fd/%d' % pair.fileno())
    else:
        with open(source) as lines:
            headers['Authorization'] = 'Bearer ' + lines.read()
    conn = http.client.HTTPSConnection(HOST, port, context=ctx, timeout=20)
    try:
        conn.request('GET', path, headers=headers)
        answer = conn.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as why:
        return 0, repr(why).encode()
    finally:
        conn.close()


def main():
    cluster, port = sys.argv[1], int(sys.argv[2])
    signal.signal(signal.SIGTERM, stop)
    said = collections.Counter()
    while going:
        probe = glob.escape(cluster) + '/callers/probe/*.'
        for source in sorted(glob.glob(probe + 'pem') +
                             glob.glob(probe + 'token')):
            name = os.path.basename(source).rsplit('.', 1)[0]
            path = PATHS.get(name.split('-')[0], PATHS['default'])
            for query in '?resourceVersion=0', '':
                code, body = ask(cluster, port, path + query, source)
                said[code] += 1
                if code != 200:
                    print(json.dumps({
                        'who': name, 'code': code, 'path': path + query,
                        'said': body.decode('latin1')[:300],
                        'ms': int(time.time() * 1000)}), flush=True)
        time.sleep(0.1)
    print(json.dumps({'answers': said}), flush=True)


if __name__ == '__main__':
    main()
