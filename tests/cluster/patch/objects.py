"""The objects that are patched: path of the collection, object, status."""

META = {'labels': {'a': '1', 'b/c': '2', 'd.e': '3'},
        'annotations': {'x': 'y', 'z/w': ''},
        'finalizers': ['test.io/one', 'test.io/two', 'test.io/three'],
        'ownerReferences': [
            {'apiVersion': 'v1', 'kind': 'Pod', 'name': n, 'uid': u}
            for n, u in (('p', 'u-1'), ('q', 'u-2'), ('r', 'u-3'))]}
TIME = '2026-01-02T03:04:05Z'
CONDITIONS = [{'type': t, 'status': s, 'reason': 'R', 'message': 'm ' + t,
               'lastTransitionTime': TIME}
              for t, s in (('Ready', 'True'), ('Fine', 'False'),
                           ('Ok', 'Unknown'), ('Late', 'True'))]
POD = {
    'schedulerName': 'none', 'restartPolicy': 'Always',
    'automountServiceAccountToken': False,
    'imagePullSecrets': [{'name': 'one'}, {'name': 'two'}],
    'hostAliases': [{'ip': '1.2.3.4', 'hostnames': ['a', 'b']},
                    {'ip': '1.2.3.5', 'hostnames': ['c']}],
    'tolerations': [{'key': 'k', 'operator': 'Exists'},
                    {'key': 'l', 'operator': 'Exists'}],
    'nodeSelector': {'n': 'm'},
    'volumes': [{'name': 'v1', 'emptyDir': {}},
                {'name': 'v2', 'configMap': {'name': 'c', 'items': [
                    {'key': 'a', 'path': 'b'}]}},
                {'name': 'v3', 'secret': {'secretName': 's'}}],
    'containers': [
        {'name': n, 'image': 'image:' + n, 'command': ['a', 'b'],
         'env': [{'name': 'A', 'value': '1'}, {'name': 'B', 'value': '2'},
                 {'name': 'C', 'value': '3'}],
         'ports': [{'containerPort': 80 + i, 'name': 'p' + str(i)},
                   {'containerPort': 90 + i}],
         'resources': {'requests': {'cpu': '1', 'memory': '1Mi'}},
         'volumeMounts': [{'name': 'v1', 'mountPath': '/a'},
                          {'name': 'v2', 'mountPath': '/b'}]}
        for i, n in enumerate(('one', 'two', 'three'))]}
TEMPLATE = {'metadata': {'labels': {'app': 'x'}, 'annotations': {'q': 'r'}},
            'spec': {k: v for k, v in POD.items() if k != 'restartPolicy'}}


def make(api, kind, **rest):
    o = {'apiVersion': api, 'kind': kind,
         'metadata': dict(META, name='patched')}
    o.update(rest)
    return o


NS = '/namespaces/default/'
ALL = [
    ('/api/v1/nodes', make('v1', 'Node', spec={
        'podCIDR': '10.0.0.0/24', 'podCIDRs': ['10.0.0.0/24', 'fd00::/64'],
        'taints': [{'key': 't', 'effect': 'NoSchedule'}]}),
     {'addresses': [{'type': t, 'address': a} for t, a in (
         ('InternalIP', '1.1.1.1'), ('Hostname', 'n'),
         ('ExternalIP', '2.2.2.2'))],
      'conditions': CONDITIONS, 'capacity': {'cpu': '4', 'pods': '110'},
      'images': [{'names': ['a', 'b'], 'sizeBytes': 5}, {'names': ['c']}],
      'nodeInfo': {'kernelVersion': '6'}, 'volumesInUse': ['x', 'y'],
      'daemonEndpoints': {'kubeletEndpoint': {'Port': 10250}}}),
    ('/api/v1' + NS + 'pods', make('v1', 'Pod', spec=POD),
     {'phase': 'Running', 'conditions': CONDITIONS, 'podIP': '1.1.1.1',
      'podIPs': [{'ip': '1.1.1.1'}, {'ip': 'fd00::1'}],
      'hostIPs': [{'ip': '2.2.2.2'}], 'hostIP': '2.2.2.2',
      'startTime': TIME,
      'containerStatuses': [
          {'name': n, 'image': 'i', 'imageID': 'd', 'restartCount': 1,
           'ready': True, 'state': {'running': {'startedAt': TIME}},
           'lastState': {}} for n in ('one', 'two', 'three')]}),
    ('/api/v1' + NS + 'services', make('v1', 'Service', spec={
        'selector': {'app': 'x', 'tier': 'y'},
        'ports': [{'name': 'a', 'port': 80, 'targetPort': 8080},
                  {'name': 'b', 'port': 81, 'targetPort': 'http'},
                  {'name': 'c', 'port': 53, 'protocol': 'UDP'},
                  {'name': 'd', 'port': 53}]}),
     {'conditions': CONDITIONS,
      'loadBalancer': {}}),
    ('/apis/apps/v1' + NS + 'deployments', make('apps/v1', 'Deployment', spec={
        'replicas': 0, 'selector': {'matchLabels': {'app': 'x'}},
        'strategy': {'type': 'RollingUpdate', 'rollingUpdate': {
            'maxSurge': 1, 'maxUnavailable': '25%'}}, 'template': TEMPLATE}),
     {'conditions': CONDITIONS, 'replicas': 1}),
    ('/apis/apps/v1' + NS + 'daemonsets', make('apps/v1', 'DaemonSet', spec={
        'selector': {'matchLabels': {'app': 'x'}}, 'template': TEMPLATE}),
     None),
    ('/apis/apps/v1' + NS + 'statefulsets', make(
        'apps/v1', 'StatefulSet', spec={
            'serviceName': 's', 'replicas': 0,
            'selector': {'matchLabels': {'app': 'x'}},
            'template': TEMPLATE}),
     {'conditions': CONDITIONS, 'replicas': 0}),
    ('/apis/batch/v1' + NS + 'cronjobs', make('batch/v1', 'CronJob', spec={
        'schedule': '0 0 1 1 *', 'suspend': True, 'jobTemplate': {'spec': {
            'template': {'metadata': TEMPLATE['metadata'], 'spec': dict(
                TEMPLATE['spec'], restartPolicy='Never')}}}}), None),
    ('/api/v1' + NS + 'configmaps', make('v1', 'ConfigMap', data={
        'a': '1', 'b': '2', 'c.d': '3'}, binaryData={'e': 'Zg=='}), None),
    ('/api/v1' + NS + 'secrets', make('v1', 'Secret', data={'a': 'Zg=='}),
     None),
    ('/api/v1' + NS + 'endpoints', make('v1', 'Endpoints', subsets=[
        {'addresses': [{'ip': '1.1.1.1'}, {'ip': '1.1.1.2'}],
         'ports': [{'name': 'a', 'port': 80}, {'name': 'b', 'port': 81}]}]),
     None),
    ('/apis/discovery.k8s.io/v1' + NS + 'endpointslices', make(
        'discovery.k8s.io/v1', 'EndpointSlice', addressType='IPv4',
        endpoints=[{'addresses': ['1.1.1.1'], 'conditions': {'ready': True}},
                   {'addresses': ['1.1.1.2']}],
        ports=[{'name': 'a', 'port': 80}, {'name': 'b', 'port': 81}]), None),
    ('/apis/coordination.k8s.io/v1' + NS + 'leases', make(
        'coordination.k8s.io/v1', 'Lease', spec={
            'holderIdentity': 'h', 'leaseDurationSeconds': 40}), None),
    ('/apis/policy/v1' + NS + 'poddisruptionbudgets', make(
        'policy/v1', 'PodDisruptionBudget', spec={
            'minAvailable': 1, 'selector': {'matchLabels': {'a': 'b'},
                                            'matchExpressions': [
                {'key': 'k', 'operator': 'Exists'}]}}), None),
    ('/api/v1' + NS + 'serviceaccounts', make(
        'v1', 'ServiceAccount', secrets=[{'name': 'a'}, {'name': 'b'}],
        imagePullSecrets=[{'name': 'a'}, {'name': 'b'}]), None),
    ('/apis/storage.k8s.io/v1/csinodes', make(
        'storage.k8s.io/v1', 'CSINode', spec={'drivers': [
            {'name': 'one', 'nodeID': 'n', 'topologyKeys': ['a', 'b']},
            {'name': 'two', 'nodeID': 'n'}]}), None),
    ('/apis/networking.k8s.io/v1' + NS + 'ingresses', make(
        'networking.k8s.io/v1', 'Ingress', spec={'rules': [
            {'host': 'a.b', 'http': {'paths': [
                {'path': '/', 'pathType': 'Prefix', 'backend': {'service': {
                    'name': 's', 'port': {'number': 80}}}}]}}]}), None),
    ('/apis/rbac.authorization.k8s.io/v1/clusterroles', make(
        'rbac.authorization.k8s.io/v1', 'ClusterRole', rules=[
            {'apiGroups': [''], 'resources': ['pods', 'nodes'],
             'verbs': ['get', 'list']}]), None),
    ('/apis/shop.example.com/v1' + NS + 'gadgets', make(
        'shop.example.com/v1', 'Gadget', spec={'color': 'red', 'size': 5}),
     None),
]
