"""What is asked of whom: reads, streams, grants and writes."""
import collections
import urllib.parse

JSON = 'application/json'
MERGE = 'application/merge-patch+json'
# few: whom we know to be refused is asked it too; covered: the hub answers it
# itself once it has been asked
Request = collections.namedtuple(
    'Request', 'name method path accept headers body media few covered',
    defaults=(JSON, (), None, JSON, False, False))

TEAM = '/api/v1/namespaces/team'
SLICES = '/apis/discovery.k8s.io/v1'
LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
AUTHN = '/apis/authentication.k8s.io/v1'
AUTHZ = '/apis/authorization.k8s.io/v1'
FEW = ('secret-shared-0', 'configmap-shared', 'secrets-0', 'configmaps-watch',
       'nodes-0', 'version', 'discovery', 'healthz', 'whoami', 'may',
       'token-web', 'event', 'configmap-made', 'exec')


def query(path, **more):
    return path + '?' + urllib.parse.urlencode(more) if more else path


def named(path, name, **more):
    return query(path, fieldSelector='metadata.name=' + name,
                 resourceVersion='0', **more)


def watched(path, **more):
    return query(path, watch='true', timeoutSeconds='1', **more)


def kinds():
    """name, path: what may be read from the cache, of objects"""
    for name in 'web', 'far', 'shared':
        for kind in 'secret', 'configmap':
            path = TEAM + '/%ss' % kind
            yield '%s-%s' % (kind, name), path + '/' + name, False
            yield '%s-%s-0' % (kind, name), \
                path + '/%s?resourceVersion=0' % name, True
            yield '%s-%s-named' % (kind, name), named(path, name), True
    for kind in 'secret', 'configmap':
        path = TEAM + '/%ss' % kind
        yield kind + '-watch', watched(
            path, fieldSelector='metadata.name=web', resourceVersion='0'), True
        yield kind + 's', path, False
        yield kind + 's-0', path + '?resourceVersion=0', True
        yield kind + 's-watch', watched(path, resourceVersion='0'), True
        yield kind + 's-all', '/api/v1/%ss' % kind, False
        yield kind + 's-all-0', '/api/v1/%ss?resourceVersion=0' % kind, True
    yield 'secret-none', TEAM + '/secrets/none', False


def of_nodes():
    mine = 'spec.nodeName=edge-1'
    yield 'pods-mine', query('/api/v1/pods', fieldSelector=mine,
                             resourceVersion='0'), True
    yield 'pods-mine-watch', watched('/api/v1/pods', fieldSelector=mine,
                                     resourceVersion='0'), True
    yield 'pods-other', query('/api/v1/pods', resourceVersion='0',
                              fieldSelector='spec.nodeName=edge-2'), True
    yield 'pods-0', '/api/v1/pods?resourceVersion=0', True
    yield 'pods-team', TEAM + '/pods', False
    yield 'pod-web', TEAM + '/pods/web', False
    yield 'pod-far-0', TEAM + '/pods/far?resourceVersion=0', True
    yield 'pod-log', TEAM + '/pods/web/log', False
    yield 'nodes-0', '/api/v1/nodes?resourceVersion=0', True
    yield 'node-mine', named('/api/v1/nodes', 'edge-1'), True
    yield 'node-mine-watch', watched(
        '/api/v1/nodes', fieldSelector='metadata.name=edge-1'), True
    yield 'node-mine-get', '/api/v1/nodes/edge-1?resourceVersion=0', True
    yield 'node-other', '/api/v1/nodes/edge-2', False
    yield 'lease', LEASES + '/edge-1', False
    yield 'lease-other', LEASES + '/edge-2', False


def of_services():
    slices = SLICES + '/endpointslices'
    yield 'services-0', '/api/v1/services?resourceVersion=0', True
    yield 'services', '/api/v1/services', False
    yield 'services-team-0', TEAM + '/services?resourceVersion=0', True
    yield 'services-watch', watched('/api/v1/services'), True
    yield 'slices-0', slices + '?resourceVersion=0', True
    yield 'slices-watch', watched(slices, resourceVersion='0'), True


def of_paths():
    yield 'api', '/api'
    yield 'apis', '/apis'
    yield 'discovery', '/api/v1'
    yield 'version', '/version'
    yield 'healthz', '/healthz'
    yield 'livez-part', '/livez/ping'
    yield 'openapi', '/openapi/v2'
    yield 'openapi-3', '/openapi/v3'
    yield 'jwks', '/openid/v1/jwks'
    yield 'metrics', '/metrics/slis'
    yield 'unknown', '/none'


def reads():
    for name, path, covered in [*kinds(), *of_nodes(), *of_services()]:
        yield Request(name, 'GET', path, covered=covered)
    for name, path in of_paths():
        yield Request(name, 'GET', path, '*/*')
    yield Request('exec', 'GET', TEAM + '/pods/web/exec?command=id&stdout=1',
                  headers=(('Connection', 'Upgrade'), (
                      'Upgrade', 'websocket'), (
                          'Sec-WebSocket-Version', '13'), (
                              'Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='
                          ), ('Sec-WebSocket-Protocol', 'v4.channel.k8s.io')))


def posted(name, path, kind, spec):
    group = path.split('/namespaces')[0]
    version = '/'.join(group.split('/')[2:4])
    return Request(name, 'POST', path, body={
        'kind': kind, 'apiVersion': version, 'spec': spec})


def grants(facts):
    """POSTs that change nothing"""
    for who in 'web', 'far':
        request = posted('token-' + who, TEAM + '/serviceaccounts/%s/token'
                         % who, 'TokenRequest', {
                             'expirationSeconds': 3607, 'boundObjectRef': {
                                 'kind': 'Pod', 'apiVersion': 'v1',
                                 'name': who, 'uid': facts[who]}})
        request.body['apiVersion'] = 'authentication.k8s.io/v1'
        yield request
    may = {'resourceAttributes': {'namespace': 'team', 'verb': 'list',
                                  'resource': 'configmaps'}}
    yield posted('may', AUTHZ + '/selfsubjectaccessreviews',
                 'SelfSubjectAccessReview', may)
    yield posted('may-other', AUTHZ + '/subjectaccessreviews',
                 'SubjectAccessReview', dict(may, user='alice'))
    whoami = posted('whoami', AUTHN + '/selfsubjectreviews',
                    'SelfSubjectReview', None)
    del whoami.body['spec']
    yield whoami


def status(name, path, key):
    value = [{'type': 'Matrix', 'status': 'True'}]
    return Request(name, 'PATCH', path + '/status', media=(
        'application/strategic-merge-patch+json'),
        body={'status': {key: value}})


def writes(made):
    """made: a name that nobody else has"""
    meta = {'name': 'made-' + made, 'namespace': 'team'}
    yield Request('event', 'POST', TEAM + '/events', body={
        'kind': 'Event', 'apiVersion': 'v1', 'metadata': meta,
        'reason': 'Matrix', 'message': made, 'type': 'Normal',
        'source': {'component': 'matrix'}, 'involvedObject': {
            'kind': 'Pod', 'namespace': 'team', 'name': 'web'}})
    yield Request('configmap-made', 'POST', TEAM + '/configmaps', body={
        'kind': 'ConfigMap', 'apiVersion': 'v1', 'metadata': meta})
    for name, node in ('mine', 'edge-1'), ('other', 'edge-2'):
        yield status('node-status-' + name, '/api/v1/nodes/' + node,
                     'conditions')
        yield Request('lease-put-' + name, 'PUT', LEASES + '/' + node, body={
            'kind': 'Lease', 'apiVersion': 'coordination.k8s.io/v1',
            'metadata': {'name': node, 'namespace': 'kube-node-lease'},
            'spec': {'holderIdentity': made, 'leaseDurationSeconds': 40}})
    for pod in 'web', 'far':
        yield status('pod-status-' + pod, TEAM + '/pods/' + pod, 'conditions')
    yield Request('pod-delete', 'DELETE', TEAM + '/pods/far?dryRun=All')
    yield Request('secret-patch', 'PATCH', TEAM + '/secrets/web?dryRun=All',
                  media=MERGE, body={})
    yield Request('own-role', 'POST', '/apis/rbac.authorization.k8s.io/v1/'
                  'namespaces/team/roles?dryRun=All', body={
                      'kind': 'Role', 'metadata': meta, 'rules': [],
                      'apiVersion': 'rbac.authorization.k8s.io/v1'})


def asked_of(caller, requests):
    for r in requests:
        if caller.real or r.name in FEW:
            yield r
