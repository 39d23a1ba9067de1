"""One request as one caller: its certificate, its headers, a connection."""
import http.client
import json
import ssl

NOTHING = (0, b'')


class Wire:
    def __init__(self, cluster, port):
        self.cluster, self.port, self.contexts = cluster, port, {}

    def context(self, cert):
        if cert not in self.contexts:
            pki = self.cluster + '/pki/'
            ctx = ssl.create_default_context(cafile=pki + 'ca.crt')
            ctx.check_hostname = False
            if cert:
                ctx.load_cert_chain(pki + cert + '.crt', pki + cert + '.key')
            self.contexts[cert] = ctx
        return self.contexts[cert]

    def connect(self, cert):
        return http.client.HTTPSConnection(
            '127.0.0.1', self.port, context=self.context(cert), timeout=30)

    def ask(self, caller, request, agent, conn=None):
        """(code, body); (0, why) where there is no answer."""
        own = conn is None
        if own:
            conn = self.connect(caller.cert)
        try:
            send(conn, caller, request, agent)
            answer = conn.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as why:
            return 0, repr(why).encode()
        finally:
            if own:
                conn.close()


def send(conn, caller, request, agent):
    body = request.body
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    conn.putrequest(request.method, request.path, skip_accept_encoding=True)
    conn.putheader('User-Agent', agent)
    if request.accept:
        conn.putheader('Accept', request.accept)
    for name, value in list(request.headers) + list(caller.headers):
        conn.putheader(name, value)
    if body is not None:
        conn.putheader('Content-Type', request.media)
        conn.putheader('Content-Length', str(len(body)))
    conn.endheaders()
    if body is not None:
        conn.send(body)
