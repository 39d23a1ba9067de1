"""Objects in many shapes: pairs of a collection and an object."""
OLD = '2020-02-03T04:05:06Z'
OLDER = '2019-01-01T00:00:00Z'
NS = '/namespaces/default/'


def named(name, **more):
    meta = {'name': name}
    meta.update(more.pop('meta', {}))
    return dict(more, metadata=meta)


def container(name='a', **more):
    return dict({'name': name, 'image': 'img/%s:1<&>' % name}, **more)


def template(*names, **spec):
    return {'metadata': {'labels': {'app': 'x'}},
            'spec': dict(spec, containers=[container(n) for n in names])}


SELECTOR = {'matchLabels': {'app': 'x'}}
BROAD = {'matchLabels': {'app': 'x'}, 'matchExpressions': [
    {'key': 'b', 'operator': 'In', 'values': ['2', '1']},
    {'key': 'a', 'operator': 'NotIn', 'values': ['z']},
    {'key': 'd', 'operator': 'Exists'},
    {'key': 'c', 'operator': 'DoesNotExist'}]}
LABELS = {'app': 'x', 'b': '1', 'd': '1'}


# --- pods ---

def ended(code=0, **more):
    return {'terminated': dict({'exitCode': code}, **more)}


def status_of(name='a', state=None, ready=False, restarts=0, **more):
    return dict({'name': name, 'image': 'i', 'imageID': '', 'ready': ready,
                 'restartCount': restarts,
                 'state': state or {'running': {}}}, **more)


def condition(kind, status='True', **more):
    return dict({'type': kind, 'status': status}, **more)


def waiting(reason):
    return {'waiting': {'reason': reason}}


LAST = {'lastState': ended(1, finishedAt=OLD)}
POD_STATUSES = [
    {},
    {'phase': 'Running', 'podIP': '10.0.0.1',
     'podIPs': [{'ip': '10.0.0.1'}, {'ip': 'fd00::1'}],
     'conditions': [condition('Ready')],
     'containerStatuses': [status_of(ready=True)]},
    {'phase': 'Running', 'conditions': [condition('Ready', 'False')],
     'containerStatuses': [
         status_of(state=waiting('CrashLoopBackOff'), restarts=7, **LAST)]},
    {'phase': 'Pending', 'reason': 'Evicted'},
    {'phase': 'Failed', 'reason': 'Evicted', 'message': 'm'},
    {'phase': 'Failed', 'containerStatuses': [
        status_of(state=ended(3, reason='Error'))]},
    {'phase': 'Failed', 'containerStatuses': [
        status_of(state=ended(137, signal=9))]},
    {'phase': 'Failed', 'containerStatuses': [status_of(state=ended(4))]},
    {'phase': 'Succeeded', 'containerStatuses': [
        status_of(state=ended(0, reason='Completed'))]},
    {'phase': 'Pending', 'conditions': [
        condition('PodScheduled', 'False', reason='SchedulingGated')]},
    {'phase': 'Pending', 'containerStatuses': [
        status_of(state=waiting('ContainerCreating'))]},
    {'phase': 'Running', 'nominatedNodeName': 'edge-9',
     'containerStatuses': [status_of(restarts=3)]},
    {'phase': 'Running', 'containerStatuses': [
        status_of(restarts=3, ready=True, **LAST)]},
]
TWO_STATUSES = [
    {'phase': 'Running', 'conditions': [condition('Ready')],
     'containerStatuses': [status_of('a', ended(0, reason='Completed')),
                           status_of('b', ready=True)]},
    {'phase': 'Running', 'containerStatuses': [
        status_of('a', ended(0, reason='Completed')),
        status_of('b', ready=True)]},
    {'phase': 'Running', 'containerStatuses': [
        status_of('a', ended(0, reason='Completed')),
        status_of('b', ended(2, reason='OOMKilled'))]},
    {'phase': 'Running', 'containerStatuses': [
        status_of('a', waiting('ImagePullBackOff')),
        status_of('b', waiting('ErrImagePull'))]},
]
INIT_STATUSES = [
    {'phase': 'Pending', 'initContainerStatuses': [
        status_of('i'), status_of('s', waiting('PodInitializing'))]},
    {'phase': 'Pending', 'initContainerStatuses': [
        status_of('i', ended(0)), status_of('s', waiting('PodInitializing'))]},
    {'phase': 'Pending', 'initContainerStatuses': [
        status_of('i', ended(5), restarts=2, **LAST)]},
    {'phase': 'Pending', 'initContainerStatuses': [
        status_of('i', ended(5, signal=11))]},
    {'phase': 'Pending', 'initContainerStatuses': [
        status_of('i', ended(5, reason='Error'))]},
    {'phase': 'Pending', 'initContainerStatuses': [
        status_of('i', waiting('CrashLoopBackOff'))]},
    {'phase': 'Running', 'conditions': [condition('Initialized')],
     'initContainerStatuses': [
         status_of('i', ended(0), restarts=1),
         status_of('s', restarts=2, ready=True, started=True, **LAST)],
     'containerStatuses': [status_of(ready=True, restarts=4)]},
    {'phase': 'Running', 'initContainerStatuses': [
        status_of('i', ended(0)), status_of('s', started=True)],
     'containerStatuses': [status_of(ready=True)]},
    {'phase': 'Running', 'conditions': [condition('Initialized')],
     'initContainerStatuses': [
         status_of('i', ended(0)), status_of('s', ended(1), restarts=1)],
     'containerStatuses': [status_of(ready=True)]},
]
INIT = {'initContainers': [container('i'),
                           container('s', restartPolicy='Always')]}
GATES = {'readinessGates': [{'conditionType': 'x.io/a'},
                            {'conditionType': 'x.io/b'}]}


def pods():
    def pod(name, status, names=('a',), **spec):
        spec['containers'] = [container(n) for n in names]
        return '/api/v1' + NS + 'pods', named(name, spec=spec, status=status)

    for i, status in enumerate(POD_STATUSES):
        yield pod('p%02d' % i, status)
    for i, status in enumerate(TWO_STATUSES):
        yield pod('two%02d' % i, status, ('a', 'b'))
    for i, status in enumerate(INIT_STATUSES):
        yield pod('init%02d' % i, status, **INIT)
    for i, met in enumerate(([], ['x.io/a'], ['x.io/a', 'x.io/b'])):
        yield pod('gate%d' % i, {'phase': 'Running', 'conditions': [
            condition(c) for c in met]}, nodeName='edge-7', **GATES)


# --- core ---

def nodes():
    info = dict.fromkeys(('machineID', 'systemUUID', 'bootID', 'kernelVersion',
                          'osImage', 'containerRuntimeVersion',
                          'kubeletVersion', 'kubeProxyVersion',
                          'operatingSystem', 'architecture'), '')
    full = dict(info, kernelVersion='6.1', osImage='O <S>',
                containerRuntimeVersion='c://1', kubeletVersion='v1.36.3',
                architecture='arm64')
    address = [{'type': 'Hostname', 'address': 'h'},
               {'type': 'InternalIP', 'address': '10.1.1.1'},
               {'type': 'ExternalIP', 'address': '8.8.8.8'}]
    roles = {'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'edge',
             'node-role.kubernetes.io/b': 'true'}
    for i, (ready, off, inf, addr, labels) in enumerate((
            ('True', False, full, address, roles),
            ('False', True, full, address[:2], {}),
            ('Unknown', False, info, [], {}),
            (None, True, dict(info, architecture='amd64'), [], {}))):
        conditions = [condition('MemoryPressure', 'False')]
        if ready:
            conditions.append(condition('Ready', ready))
        yield '/api/v1/nodes', named(
            'n%d' % i, meta={'labels': labels}, spec={'unschedulable': off},
            status={'conditions': conditions, 'nodeInfo': inf,
                    'addresses': addr})


def services():
    base = '/api/v1' + NS
    ports = [{'name': 'a', 'port': 80}, {'name': 'b', 'port': 53,
                                         'protocol': 'UDP'}]
    ips = ['1.2.3.4', '5.6.7.8']
    balanced = {'loadBalancer': {'ingress': [
        {'hostname': 'z.example.com'}, {'ip': '9.9.9.9'},
        {'hostname': 'a.example.com'}]}}
    for name, spec, status in (
            ('cluster', {}, None), ('ips', {'externalIPs': ips}, None),
            ('headless', {'clusterIP': 'None'}, None),
            ('nodeport', {'type': 'NodePort'}, None),
            ('nodeips', {'type': 'NodePort', 'externalIPs': ips}, None),
            ('pending', {'type': 'LoadBalancer'}, None),
            ('lb', {'type': 'LoadBalancer'}, balanced),
            ('lbips', {'type': 'LoadBalancer', 'externalIPs': ips}, balanced)):
        spec = dict({'ports': ports, 'selector': {'b': '1', 'a': '2'}}, **spec)
        o = named(name, spec=spec)
        if status:
            o['status'] = status
        yield base + 'services', o
    yield base + 'services', named('noports', spec={'clusterIP': 'None'})
    yield base + 'services', named('external', spec={
        'type': 'ExternalName', 'externalName': 'x.example.com'})
    for i, subsets in enumerate((
            None, [{'addresses': [{'ip': '10.0.0.1'}, {'ip': '10.0.0.2'}],
                    'ports': [{'port': 80, 'name': 'a'},
                              {'port': 81, 'name': 'b'}]}],
            [{'addresses': [{'ip': 'fd00::1'}], 'ports': [{'port': 1}]}],
            [{'addresses': [{'ip': '10.0.0.%d' % k} for k in range(1, 6)]}],
            [{'notReadyAddresses': [{'ip': '10.0.0.1'}],
              'ports': [{'port': 80}]}])):
        yield base + 'endpoints', named('e%d' % i, subsets=subsets)
    for i, (where, found) in enumerate((
            ([], []), ([{'port': 80}], [{'addresses': ['10.0.0.1']}]),
            ([{'name': 'x'}, {'name': ''}],
             [{'addresses': ['10.0.0.%d' % k]} for k in range(1, 6)]),
            ([{'name': str(k), 'port': k} for k in range(1, 6)], []))):
        yield '/apis/discovery.k8s.io/v1' + NS + 'endpointslices', named(
            's%d' % i, addressType='IPv4', ports=where, endpoints=found)


def core():
    base = '/api/v1' + NS
    yield base + 'configmaps', named('cm', data={'a': '1', 'b': '2'},
                                     binaryData={'c': 'AA=='})
    yield base + 'configmaps', named('empty')
    yield base + 'secrets', named('s1', stringData={'a': '1'})
    yield base + 'secrets', named('s0', type='x.io/y')
    yield base + 'limitranges', named('lr', spec={'limits': []})
    yield base + 'podtemplates', named('pt', template=template('a', 'b'))
    yield base + 'replicationcontrollers', named('rc', spec={
        'replicas': 3, 'selector': {'app': 'x'}, 'template': template('a')},
        status={'replicas': 2, 'readyReplicas': 1})
    # in a namespace of its own: it would refuse the pods
    quotas = '/api/v1/namespaces/kube-public/resourcequotas'
    yield quotas, named('rq', spec={'hard': {
        'pods': '10', 'limits.cpu': '2', 'requests.cpu': '1500m',
        'limits.memory': '1Gi'}}, status={
            'hard': {'pods': '10', 'limits.cpu': '2', 'requests.cpu': '1500m',
                     'limits.memory': '1Gi'},
            'used': {'pods': '3', 'limits.cpu': '250m'}})
    yield quotas, named('rq0', spec={})
    one = {'kind': 'Pod', 'name': 'p00', 'namespace': 'default',
           'fieldPath': 'spec.containers{a}'}
    for i, more in enumerate((
            {'firstTimestamp': OLDER, 'lastTimestamp': OLD, 'count': 4},
            {'firstTimestamp': OLD, 'message': '  two\nlines <&> \t\n '},
            {'source': {'component': 'c', 'host': 'h'}, 'count': 2},
            {'involvedObject': {'kind': 'Node', 'namespace': 'default'}})):
        yield base + 'events', dict(named('ev%d' % i), **dict(
            {'type': 'Normal', 'reason': 'R', 'message': 'm',
             'involvedObject': one}, **more))
    yield '/apis/events.k8s.io/v1' + NS + 'events', named(
        'new', type='Warning', reason='R', note='n', action='A', regarding=one,
        eventTime='2020-02-03T04:05:06.123456Z', reportingController='x.io/c',
        reportingInstance='i', series={
            'count': 9, 'lastObservedTime': '2021-02-03T04:05:06.500000Z'})
    yield '/apis/events.k8s.io/v1' + NS + 'events', named(
        'single', type='Normal', reason='R', note='n', action='A',
        regarding=one, eventTime='2020-02-03T04:05:06.123456Z',
        reportingController='x.io/c', reportingInstance='i')


# --- what runs pods ---

def workloads():
    apps, batch = '/apis/apps/v1' + NS, '/apis/batch/v1' + NS
    tmpl = template('a', 'b', nodeSelector={'z': '1', 'a': '2'})
    broad = dict(tmpl, metadata={'labels': LABELS})
    for name, sel, t in (('plain', SELECTOR, tmpl), ('broad', BROAD, broad)):
        spec = {'replicas': 3, 'selector': sel, 'template': t}
        counts = {'replicas': 3, 'readyReplicas': 2}
        yield apps + 'deployments', named(name, spec=spec, status=dict(
            counts, updatedReplicas=1, availableReplicas=2))
        yield apps + 'replicasets', named(name, spec=spec, status=counts)
        yield apps + 'statefulsets', named(
            name, spec=dict(spec, serviceName='s'), status=counts)
        yield apps + 'daemonsets', named(
            name, spec={'selector': sel, 'template': t}, status={
                'currentNumberScheduled': 1, 'numberMisscheduled': 0,
                'desiredNumberScheduled': 2, 'numberReady': 1,
                'updatedNumberScheduled': 1, 'numberAvailable': 1})
    yield apps + 'deployments', named('zero', spec={
        'replicas': 0, 'selector': SELECTOR, 'template': tmpl})
    owner = {'kind': 'DaemonSet', 'name': 'd', 'uid': 'u', 'controller': True,
             'apiVersion': 'apps/v1'}
    for i, refs in enumerate(([], [owner], [dict(
            owner, kind='Pod', apiVersion='v1')])):
        yield apps + 'controllerrevisions', named(
            'cr%d' % i, meta={'ownerReferences': refs}, revision=i, data={})
    once = template('a', restartPolicy='Never')
    for i, (spec, status) in enumerate((
            ({}, None), ({'completions': 3, 'parallelism': 2},
                         {'succeeded': 0, 'startTime': OLD, 'active': 1}),
            ({'parallelism': 4}, {'startTime': OLD}),
            ({'suspend': True},
             {'conditions': [condition('Suspended', lastProbeTime=OLD)]}))):
        o = named('j%d' % i, spec=dict(spec, template=once))
        if status:
            o['status'] = status
        yield batch + 'jobs', o
    for i, (spec, status) in enumerate((
            ({}, {}), ({'suspend': True, 'timeZone': 'Europe/Berlin'},
                       {'lastScheduleTime': OLD,
                        'active': [{'kind': 'Job', 'name': 'j'}]}))):
        yield batch + 'cronjobs', named('cj%d' % i, spec=dict(
            {'schedule': '*/5 * * * *', 'jobTemplate': {
                'spec': {'template': once}}}, **spec), status=status)
    for i, spec in enumerate(({'minAvailable': 1}, {'maxUnavailable': '50%'},
                              {})):
        yield '/apis/policy/v1' + NS + 'poddisruptionbudgets', named(
            'pdb%d' % i, spec=dict(spec, selector=SELECTOR), status={
                'disruptionsAllowed': i, 'currentHealthy': 0,
                'desiredHealthy': 0, 'expectedPods': 0})


def scalers():
    base = '/apis/autoscaling/v2' + NS + 'horizontalpodautoscalers'
    target = {'kind': 'Deployment', 'name': 'plain', 'apiVersion': 'apps/v1'}
    cpu = {'type': 'Resource', 'resource': {'name': 'cpu', 'target': {
        'type': 'Utilization', 'averageUtilization': 60}}}
    memory = {'type': 'Resource', 'resource': {'name': 'memory', 'target': {
        'type': 'AverageValue', 'averageValue': '100Mi'}}}
    box = {'type': 'ContainerResource', 'containerResource': {
        'name': 'cpu', 'container': 'a', 'target': {
            'type': 'Utilization', 'averageUtilization': 70}}}
    metric = {'metric': {'name': 'm'}}
    pods_ = {'type': 'Pods', 'pods': dict(metric, target={
        'type': 'AverageValue', 'averageValue': '10'})}
    obj = {'type': 'Object', 'object': dict(
        metric, describedObject={'kind': 'Service', 'name': 's'},
        target={'type': 'Value', 'value': '1k'})}
    ext = {'type': 'External', 'external': dict(metric, target={
        'type': 'AverageValue', 'averageValue': '5'})}
    now_cpu = {'type': 'Resource', 'resource': {'name': 'cpu', 'current': {
        'averageUtilization': 33, 'averageValue': '330m'}}}
    now_mem = {'type': 'Resource', 'resource': {'name': 'memory', 'current': {
        'averageValue': '50Mi'}}}
    now_pods = {'type': 'Pods', 'pods': dict(metric, current={
        'averageValue': '4'})}
    now_obj = {'type': 'Object', 'object': dict(
        metric, describedObject={'kind': 'Service', 'name': 's'},
        current={'value': '7'})}
    now_ext = {'type': 'External', 'external': dict(metric, current={
        'averageValue': '3', 'value': '9'})}
    for i, (metrics, current) in enumerate((
            ([], []), ([cpu], []), ([cpu], [now_cpu]), ([memory], [now_mem]),
            ([memory, cpu], [now_mem, now_cpu]), ([box], []),
            ([pods_, obj], [now_pods, now_obj]), ([ext], [now_ext]),
            ([obj, pods_, ext], []), ([cpu, memory, pods_, ext], [now_cpu]))):
        yield base, named('h%d' % i, spec={
            'scaleTargetRef': target, 'maxReplicas': 9, 'metrics': metrics},
            status={'currentReplicas': i, 'desiredReplicas': i,
                    'currentMetrics': current})


# --- volumes ---

def storage():
    base = '/apis/storage.k8s.io/v1/'
    yield base + 'storageclasses', named('plain', provisioner='x.io/p')
    yield base + 'storageclasses', named(
        'best', provisioner='x.io/p', reclaimPolicy='Retain',
        volumeBindingMode='WaitForFirstConsumer', allowVolumeExpansion=True,
        meta={'annotations': {
            'storageclass.kubernetes.io/is-default-class': 'true'}})
    yield base + 'volumeattributesclasses', named('vac', driverName='x.io/d',
                                                  parameters={'a': 'b'})
    yield base + 'csidrivers', named('x.io', spec={})
    yield base + 'csidrivers', named('y.io', spec={
        'attachRequired': False, 'podInfoOnMount': True,
        'storageCapacity': True, 'requiresRepublish': True,
        'tokenRequests': [{'audience': 'a'}, {'audience': 'b'}],
        'volumeLifecycleModes': ['Persistent', 'Ephemeral']})
    yield base + 'csinodes', named('n0', spec={'drivers': [
        {'name': 'x.io', 'nodeID': 'n'}]})
    yield base.rstrip('/') + NS + 'csistoragecapacities', named(
        'cap', storageClassName='plain', capacity='1Gi')
    yield base + 'volumeattachments', named('va', spec={
        'attacher': 'x.io', 'nodeName': 'n0',
        'source': {'persistentVolumeName': 'pv0'}}, status={'attached': True})
    pv = {'capacity': {'storage': '10Gi'}, 'hostPath': {'path': '/x'},
          'accessModes': ['ReadWriteMany', 'ReadWriteOnce', 'ReadOnlyMany']}
    yield '/api/v1/persistentvolumes', named('pv0', spec=pv)
    yield '/api/v1/persistentvolumes', named('pv1', spec=dict(
        pv, storageClassName='plain', volumeMode='Block',
        persistentVolumeReclaimPolicy='Delete',
        claimRef={'namespace': 'default', 'name': 'pvc1'}),
        status={'phase': 'Failed', 'reason': 'Because'})
    yield '/api/v1/persistentvolumes', named('pv2', spec=dict(
        pv, accessModes=['ReadWriteOncePod']), meta={'annotations': {
            'volume.beta.kubernetes.io/storage-class': 'beta'}})
    claim = {'accessModes': ['ReadWriteOnce'],
             'resources': {'requests': {'storage': '1Gi'}}}
    path = '/api/v1' + NS + 'persistentvolumeclaims'
    yield path, named('pvc0', spec=dict(claim, storageClassName='plain'))
    yield path, named('pvc1', spec=dict(claim, volumeName='pv1'), status={
        'phase': 'Bound', 'accessModes': ['ReadWriteOnce'],
        'capacity': {'storage': '10Gi'}})
    yield path, named('pvc2', spec=dict(claim, volumeName='pv2'),
                      status={'phase': 'Lost'})


# --- the others ---

def network():
    base = '/apis/networking.k8s.io/v1'
    backend = {'service': {'name': 's', 'port': {'number': 80}}}
    path = {'http': {'paths': [{'path': '/', 'pathType': 'Prefix',
                                'backend': backend}]}}
    for i, (hosts, tls) in enumerate((
            ([None], False), (['a.io'], True),
            (['a.io', None, 'b.io', 'c.io'], False),
            (['a.io', 'b.io', 'c.io', 'd.io', 'e.io'], False))):
        rules = [dict(path, host=h) if h else path for h in hosts]
        yield base + NS + 'ingresses', named('in%d' % i, spec=dict(
            {'rules': rules}, **({'tls': [{'hosts': ['a.io']}],
                                  'ingressClassName': 'c'} if tls else {})),
            status={'loadBalancer': {'ingress': [
                {'ip': '9.9.9.9'}, {'hostname': 'long.name.example.com'},
                {'ip': '1.1.1.1'}][:i]}})
    yield base + '/ingressclasses', named('ic0', spec={'controller': 'x.io/c'})
    yield base + '/ingressclasses', named('ic1', spec={
        'controller': 'x.io/c', 'parameters': {
            'apiGroup': 'x.io', 'kind': 'P', 'name': 'n', 'scope': 'Cluster'}},
        meta={'annotations': {
            'ingressclass.kubernetes.io/is-default-class': 'true'}})
    yield base + '/ingressclasses', named('ic2', spec={
        'controller': 'x.io/c', 'parameters': {'kind': 'P', 'name': 'n',
                                               'scope': 'Cluster'}})
    yield base + NS + 'networkpolicies', named('np0', spec={'podSelector': {}})
    yield base + NS + 'networkpolicies', named('np1',
                                               spec={'podSelector': BROAD})


def rules():
    base = '/apis/rbac.authorization.k8s.io/v1'
    api = 'rbac.authorization.k8s.io'
    subjects = [{'kind': 'User', 'name': 'u<1>', 'apiGroup': api},
                {'kind': 'User', 'name': 'u2', 'apiGroup': api},
                {'kind': 'Group', 'name': 'g', 'apiGroup': api},
                {'kind': 'ServiceAccount', 'name': 's', 'namespace': 'd'},
                {'kind': 'ServiceAccount', 'name': 't', 'namespace': 'd'}]
    yield base + NS + 'roles', named('r', rules=[])
    ref = {'apiGroup': api, 'kind': 'ClusterRole', 'name': 'view'}
    for name, who in (('none', []), ('all', subjects)):
        yield base + NS + 'rolebindings', named(name, roleRef=ref,
                                                subjects=who)
        yield base + '/clusterrolebindings', named(name, roleRef=ref,
                                                   subjects=who)
    base = '/apis/admissionregistration.k8s.io/v1/'
    hook = {'name': 'a.x.io', 'sideEffects': 'None',
            'admissionReviewVersions': ['v1'],
            'clientConfig': {'url': 'https://127.0.0.1:1/'}}
    for kind in ('mutating', 'validating'):
        yield base + kind + 'webhookconfigurations', named('w', webhooks=[hook])
        yield base + kind + 'webhookconfigurations', named('w0')
    match = {'resourceRules': [{'apiGroups': ['none.io'], 'apiVersions': ['v1'],
                                'resources': ['x'], 'operations': ['CREATE']}]}
    kind = {'apiVersion': 'v1', 'kind': 'ConfigMap'}
    valid = {'matchConstraints': match, 'validations': [
        {'expression': 'true'}, {'expression': '1 == 1'}]}
    mutation = {'matchConstraints': match, 'reinvocationPolicy': 'Never',
                'mutations': [{'patchType': 'ApplyConfiguration',
                               'applyConfiguration': {
                                   'expression': 'Object{}'}}]}
    for name, spec in (('validating', valid), ('mutating', mutation)):
        path = base + name + 'admissionpolicies'
        yield path, named('p', spec=spec)
        yield path, named('q', spec=dict(spec, paramKind=kind))
        path = base + name + 'admissionpolicybindings'
        act = {'validationActions': ['Audit']} if name[0] == 'v' else {}
        for i, p in enumerate((
                None, {'name': 'c', 'namespace': 'd'}, {'name': 'c'},
                {'selector': BROAD}, {'selector': {}})):
            spec = dict(act, policyName='p')
            if p:
                spec['paramRef'] = dict(p, parameterNotFoundAction='Allow')
            yield path, named('b%d' % i, spec=spec)
    base = '/apis/flowcontrol.apiserver.k8s.io/v1/'
    for i, more in enumerate(({}, {'distinguisherMethod': {'type': 'ByUser'}})):
        yield base + 'flowschemas', named('fs%d' % i, spec=dict({
            'priorityLevelConfiguration': {'name': 'none%d' % i},
            'matchingPrecedence': 9000 - i}, **more), status={'conditions': [
                condition('Dangling', 'True')][:i]})
    yield base + 'prioritylevelconfigurations', named('queued', spec={
        'type': 'Limited', 'limited': {'limitResponse': {
            'type': 'Queue', 'queuing': {'queues': 8, 'handSize': 2}}}})


def others():
    yield '/apis/scheduling.k8s.io/v1/priorityclasses', named(
        'never', value=-7, preemptionPolicy='Never')
    yield '/apis/scheduling.k8s.io/v1/priorityclasses', named(
        'global', value=7, globalDefault=True)
    yield '/apis/node.k8s.io/v1/runtimeclasses', named('rtc', handler='runc')
    base = '/apis/coordination.k8s.io/v1' + NS + 'leases'
    yield base, named('held', spec={'holderIdentity': 'me<&>'})
    yield base, named('free', spec={})
    yield '/apis/apiregistration.k8s.io/v1/apiservices', named(
        'v1.none.io', spec={'group': 'none.io', 'version': 'v1',
                            'groupPriorityMinimum': 1, 'versionPriority': 1,
                            'insecureSkipTLSVerify': True,
                            'service': {'namespace': 'd', 'name': 's'}})
    base = '/apis/resource.k8s.io/v1'
    yield base + '/deviceclasses', named('dc', spec={})
    request = {'devices': {'requests': [
        {'name': 'r', 'exactly': {'deviceClassName': 'dc'}}]}}
    found = {'devices': {'results': [{'request': 'r', 'driver': 'x.io',
                                      'pool': 'p', 'device': 'd'}]}}
    pod = [{'resource': 'pods', 'name': 'p00', 'uid': 'u'}]
    for i, status in enumerate(({}, {'allocation': found}, {
            'allocation': found, 'reservedFor': pod})):
        yield base + NS + 'resourceclaims', named('rc%d' % i, spec=request,
                                                  status=status)
    yield base + NS + 'resourceclaimtemplates', named('rct',
                                                      spec={'spec': request})
    for i, more in enumerate(({'nodeName': 'n0'}, {'allNodes': True})):
        yield base + '/resourceslices', named('rs%d' % i, spec=dict({
            'driver': 'x.io', 'devices': [], 'pool': {
                'name': 'pool%d' % i, 'generation': 1,
                'resourceSliceCount': 1}}, **more))


def certificates(request):
    """request: a certificate signing request, base64"""
    base = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
    spec = {'request': request, 'signerName': 'x.io/s', 'usages': ['any']}
    for i, (kinds, more) in enumerate((
            ([], {}), (['Approved'], {'expirationSeconds': 86400}),
            (['Denied'], {'expirationSeconds': 3600}))):
        o = named('csr%d' % i, spec=dict(spec, **more))
        if kinds:
            o['status'] = {'conditions': [condition(k, reason='R')
                                          for k in kinds]}
        yield base, o


VALUES = ('text <&>', '', 7, -7, 1.5, 1e21, 1e-7, 123456789.5, 0.1, 100.0,
          2 ** 62, True, False, None, OLD, '2020-02-03T04:05:06.7+01:00',
          '2020', [], [1, 'a', {'b': None}], {}, {'z': '<', 'a': [1.0, 2]},
          'two\nlines')
LIST = [{'n': 'Ready', 's': 'True', 'v': 1}, {'n': 'Other', 'v': 2},
        {'n': 'Third', 's': 'no', 'v': 3}]


def customs():
    def shape(name, **more):
        return ('/apis/table.example.com/v1' + NS + 'shapes', dict(
            named(name, **more), kind='Shape',
            apiVersion='table.example.com/v1'))

    for i, value in enumerate(VALUES):
        yield shape('v%02d' % i, spec={'v': value, 'l': LIST[:i % 4]})
    yield shape('none')
    yield shape('odd', spec={'l': {'n': 'x'}, 'w': 5})
    yield shape('mixed', spec={'l': [{'n': 1, 'v': 'x'}, {'v': 2.5}],
                               'x': {'y': {'deepest': {'a': 1}}}},
                meta={'annotations': {'x.io/y': 'z'}})


def objects(request):
    for make in (core, services, pods, nodes, workloads, scalers, storage,
                 network, rules, customs, others):
        yield from make()
    yield from certificates(request)
