"""The requests that same.py makes: every combination of what matters, and
what real clients asked, as record.sh wrote it down."""
import glob
import itertools
import os

META = 'v=v1;g=meta.k8s.io'
JSON = 'application/json'
TABLE = JSON + ';as=Table;' + META
PARTIALS = JSON + ';as=PartialObjectMetadataList;' + META
PARTIAL = JSON + ';as=PartialObjectMetadata;' + META
KUBECTL = ','.join((TABLE, TABLE.replace('v=v1', 'v=v1beta1'), JSON))
ACCEPTS = (None, '*/*', JSON, TABLE, PARTIALS, PARTIAL, KUBECTL,
           TABLE.replace('v=v1', 'v=v1beta1') + ',' + JSON,
           JSON + ';as=Other;' + META + ',' + JSON,
           JSON + ';as=Other;' + META, JSON + ';q=0.1,' + TABLE,
           'application/yaml', 'text/html', 'application/cbor',
           'application/vnd.kubernetes.protobuf',
           'application/vnd.kubernetes.protobuf,' + JSON)
COLLECTIONS = ('/api/v1/configmaps', '/api/v1/namespaces/default/configmaps',
               '/apis/example.com/v1/widgets',
               '/apis/example.com/v1/namespaces/default/widgets',
               '/api/v1/services', '/api/v1/nodes',
               '/api/v1/namespaces/default/secrets',
               '/apis/apps/v1/namespaces/default/deployments')
OBJECTS = ('/api/v1/namespaces/default/configmaps/c03',
           '/api/v1/namespaces/default/configmaps/none',
           '/apis/example.com/v1/namespaces/default/widgets/w1',
           '/api/v1/namespaces/default/services/kubernetes',
           '/api/v1/namespaces/default')
VERSIONS = ('', 'resourceVersion=0', 'resourceVersion=', 'resourceVersion=x',
            'resourceVersion=-1', 'resourceVersion=007', 'resourceVersion=1',
            'resourceVersion=99999999999999999999')
MATCHES = ('', 'resourceVersionMatch=Exact',
           'resourceVersionMatch=NotOlderThan', 'resourceVersionMatch=x')
LIMITS = ('', 'limit=3', 'limit=0', 'limit=-1', 'limit=x', 'limit=500')
SELECTORS = ('labelSelector=app%3Da1', 'labelSelector=app!%3Da1',
             'labelSelector=app%20in%20(a1,a2),n!%3D4',
             'labelSelector=app%20notin%20(a1)', 'labelSelector=!app',
             'labelSelector=n%3E5', 'labelSelector=app,n',
             'labelSelector=a%20b%20c', 'labelSelector=a%20in%20(',
             'labelSelector=%zz', 'fieldSelector=metadata.name%3Dc03',
             'fieldSelector=metadata.name!%3Dc03', 'fieldSelector=x',
             'fieldSelector=metadata.namespace%3Ddefault',
             'fieldSelector=foo%3Dbar')
OTHERS = ('continue=', 'sendInitialEvents=true', 'sendInitialEvents=x',
          'pretty=true', 'pretty=x', 'pretty=0', 'dryRun=All', 'foo=bar',
          'timeoutSeconds=x', 'includeObject=None', 'includeObject=Object',
          'includeObject=x', 'limit=2&limit=x', 'continue=!')
# a watch is as long as its first events may take; the bookmark after them
# takes the master up to a second and more
LONG_ENOUGH = 'timeoutSeconds=5'
INITIAL = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
WATCHES = ('', 'resourceVersion=0', 'resourceVersionMatch=NotOlderThan',
           'sendInitialEvents=true', INITIAL,
           INITIAL + '&allowWatchBookmarks=true',
           'sendInitialEvents=false&resourceVersionMatch=NotOlderThan'
           '&resourceVersion=0', 'resourceVersion=x',
           'resourceVersionMatch=Exact&resourceVersion=1', 'continue=x',
           'limit=x', 'labelSelector=app%3Da1', 'fieldSelector=x')
LONG = 'x' * 8000
PATHS = ('/', '/api', '/apis', '/api/v1', '/apis/apps', '/apis/apps/v1',
         '/apis/example.com', '/apis/example.com/v1', '/version',
         '/openapi/v3', '/openapi/v2', '/none', '/api/v2', '/apis/none.io',
         '/apis/none.io/v1', '/apis/none.io/v1/things', '/api/v1/things',
         '/api/v1/namespaces/default/things', '/api/v1//pods',
         '/api/v1/pods/../pods', '/api/v1/namespaces/%2e%2e/pods',
         '/api/v1/namespaces/default/configmaps/a%2Fb',
         '/api/v1/namespaces/default/configmaps/a%00b',
         '/api/v1/namespaces/default/configmaps/' + LONG,
         '/api/v1/namespaces/default/configmaps/%zz',
         '/api/v1/namespaces/default/configmaps/', '/api/v1/configmaps/c03',
         '/api/v1/namespaces', '/.well-known/openid-configuration',
         '/openid/v1/jwks', '/openapi/v3/apis/apps/v1', '/apis/', '/version/',
         '/version?pretty=1', '/apis?pretty=1', '/apis?timeout=32s',
         '/healthz', '/livez', '/readyz', '/livez/', '/livez/ping',
         '/livez?exclude=none', '/livez/etcd', '/readyz?verbose')


def query(path, *parts):
    text = '&'.join(p for p in parts if p)
    return path + '?' + text if text else path


def of_collection(path):
    for parts in itertools.product(VERSIONS, MATCHES, LIMITS):
        yield 'GET', query(path, *parts), None
    for parts in itertools.product(SELECTORS, VERSIONS[:2], LIMITS[:2]):
        yield 'GET', query(path, *parts), None
    for other, version, accept in itertools.product(
            OTHERS, VERSIONS[:2], (None, TABLE)):
        yield 'GET', query(path, version, other), accept
    for accept, version in itertools.product(ACCEPTS, VERSIONS[:2]):
        yield 'GET', query(path, version), accept
    for accept in ACCEPTS:
        yield 'GET', query(path, 'watch=1', LONG_ENOUGH, VERSIONS[1]), accept
    for watch in WATCHES:
        yield 'GET', query(path, 'watch=true', LONG_ENOUGH, watch), None
    for method in ('HEAD', 'OPTIONS', 'TRACE', 'BREW'):
        yield method, path, None


def of_object(path):
    for accept, version in itertools.product(ACCEPTS, VERSIONS):
        yield 'GET', query(path, version), accept
    for other, accept in itertools.product(OTHERS, (None, TABLE)):
        yield 'GET', query(path, other), accept
    yield 'GET', query(path, 'watch=1'), None
    yield 'GET', path + '/', None
    yield 'GET', query(path, 'labelSelector=a%20b%20c', 'limit=x'), None
    for method in ('HEAD', 'OPTIONS'):
        yield method, path, None


def recorded(version, hashes):
    """Reads only: the bodies of writes were not recorded."""
    here = os.path.dirname(os.path.abspath(__file__))
    for name in sorted(glob.glob(here + '/recorded/*.txt')):
        with open(name) as lines:
            for line in lines:
                method, uri, accept = line.rstrip('\n').split('\t')
                path = uri.split('?')[0]
                uri = uri.replace('{rv}', version)
                uri = uri.replace('{hash}', hashes.get(path, '0'))
                uri = uri.replace('timeoutSeconds=1', LONG_ENOUGH)
                uri = uri.replace('timeout=1s', 'timeout=30s')
                if method == 'GET':
                    yield method, uri, accept or None


def all_requests(version, hashes):
    made = []
    for path in COLLECTIONS:
        made.extend(of_collection(path))
    for path in OBJECTS:
        made.extend(of_object(path))
    for path, method in itertools.product(PATHS, ('GET', 'HEAD', 'OPTIONS')):
        made.append((method, path, None))
    made.extend(recorded(version, hashes))
    return list(dict.fromkeys(made))
