"""Asks the master, as its admin or as whom the admin impersonates."""
import http.client
import json
import ssl
import threading

local = threading.local()


def context(cluster):
    pki = cluster + '/pki'
    ctx = ssl.create_default_context(cafile=pki + '/ca.crt')
    ctx.load_cert_chain(pki + '/admin.crt', pki + '/admin.key')
    ctx.check_hostname = False
    return ctx


def ask(ctx, method, path, body=None, user=None, groups=()):
    """(code, answer)"""
    if getattr(local, 'conn', None) is None:
        local.conn = http.client.HTTPSConnection('127.0.0.1', 6443,
                                                 context=ctx, timeout=30)
    c = local.conn
    text = None if body is None else json.dumps(body).encode()
    c.putrequest(method, path)
    c.putheader('Accept', 'application/json')
    if text is not None:
        c.putheader('Content-Type', 'application/json')
        c.putheader('Content-Length', str(len(text)))
    if user is not None:
        c.putheader('Impersonate-User', user)
        for g in groups:
            c.putheader('Impersonate-Group', g)
    c.endheaders(text)
    answer = c.getresponse()
    return answer.status, json.loads(answer.read())


def must(ctx, method, path, body):
    code, answer = ask(ctx, method, path, body)
    if code not in (200, 201):
        raise SystemExit('%s %s: %d %s' % (method, path, code,
                                           answer.get('message')))
    return answer
