"""The nodes, pods and services of heal.py, and what happens to the pods."""

NAMESPACE = 'default'
# name of the pod: its node, its ports by name
PODS = {
    'one': ('edge-1', {'http': 8080, 'metrics': 9090}),
    'two': ('edge-1', {'http': 8080, 'metrics': 9090}),
    'three': ('edge-1', {'http': 8081, 'metrics': 9090}),
    'four': ('edge-1', {'metrics': 9090}),
    'far': ('edge-2', {'http': 8080, 'metrics': 9090}),
}
HTTP = {'name': 'http', 'port': 80, 'targetPort': 'http'}
METRICS = {'name': 'metrics', 'port': 90, 'targetPort': 9090,
           'appProtocol': 'example.com/metrics'}
DUAL = {'ipFamilyPolicy': 'RequireDualStack'}
SERVICES = {
    'web': {'ports': [HTTP, METRICS]},
    'six': {'ports': [METRICS], 'ipFamilies': ['IPv6']},
    'dual': {'ports': [HTTP, METRICS], **DUAL},
    'head': {'ports': [METRICS], 'clusterIP': 'None'},
    'bare': {'clusterIP': 'None', **DUAL},
    'seen': {'ports': [METRICS], 'publishNotReadyAddresses': True, **DUAL},
    'near': {'ports': [METRICS], 'trafficDistribution': 'PreferClose'},
}


def families(service):
    spec = SERVICES[service]
    if 'ipFamilyPolicy' in spec:
        return ['IPv4', 'IPv6']
    return spec.get('ipFamilies', ['IPv4'])


def make(master):
    objects = []
    for node in ('edge-1', 'edge-2'):
        objects.append({
            'apiVersion': 'v1', 'kind': 'Node', 'metadata': {
                'name': node,
                'labels': {'topology.kubernetes.io/zone': 'zone-' + node}}})
    for name, spec in SERVICES.items():
        objects.append({'apiVersion': 'v1', 'kind': 'Service',
                        'metadata': {'name': name},
                        'spec': {'selector': {'app': 'web'}, **spec}})
    for name, (node, ports) in PODS.items():
        ports = [{'name': n, 'containerPort': p} for n, p in ports.items()]
        objects.append({
            'apiVersion': 'v1', 'kind': 'Pod',
            'metadata': {'name': name, 'labels': {'app': 'web'}},
            'spec': {'nodeName': node, 'hostname': 'host-' + name,
                     'subdomain': 'head', 'tolerations': [
                         {'operator': 'Exists'}],
                     'containers': [{'name': 'c', 'image': 'none',
                                     'ports': ports}]}})
    master.run('create', '-f', '-', given={
        'apiVersion': 'v1', 'kind': 'List', 'items': objects})


class Pods:
    """Their statuses, patched as kubelet would"""

    def __init__(self, master, rng):
        self.master, self.rng = master, rng
        self.ready, self.number, self.when, self.seconds = {}, {}, {}, 0
        self.last = 0

    def start(self):
        for name in PODS:
            self.become_ready(name, True)
            self.number[name] = self.fresh()
            self.tell(name)

    def fresh(self):
        """A number for addresses; others are given out again in between."""
        if self.number and self.rng.random() < 0.3:
            return self.rng.choice(sorted(self.number.values()))
        self.last += 1
        return self.last

    def become_ready(self, name, ready):
        self.seconds += 1
        self.ready[name] = ready
        self.when[name] = '2030-01-01T%02d:%02d:%02dZ' % (
            self.seconds // 3600, self.seconds // 60 % 60, self.seconds % 60)

    def tell(self, name, families=(4, 6), phase='Running'):
        n = self.number[name]
        ips = []
        if 4 in families:
            ips.append({'ip': '10.1.0.%d' % n})
        if 6 in families:
            ips.append({'ip': 'fd00:1::%x' % n})
        self.master.status(name, {
            'phase': phase, 'podIPs': ips or None,
            'podIP': ips[0]['ip'] if ips else None,
            'conditions': [{'type': 'Ready',
                            'status': str(self.ready[name]),
                            'lastTransitionTime': self.when[name]}]})

    def found(self, name, lost, families=(4, 6)):
        for f in (4, 6):
            (lost.discard if f in families else lost.add)((name, 'IPv%d' % f))

    def address(self, name, lost):
        self.number[name] = self.fresh()
        self.found(name, lost)
        self.tell(name)

    def readiness(self, name, lost):
        self.become_ready(name, not self.ready[name])
        self.found(name, lost)
        self.tell(name)

    def both(self, name, lost):
        self.number[name] = self.fresh()
        self.readiness(name, lost)

    def family(self, name, lost):
        families = self.rng.choice(((4,), (6,), ()))
        self.found(name, lost, families)
        self.tell(name, families)

    def deletion(self, name, lost):
        self.master.run('delete', 'pod', name, '--wait=false')

    def end(self, name, lost):
        """The controllers do not look at the phase alone."""
        if self.ready[name]:
            self.become_ready(name, False)
        else:
            self.last += 1
            self.number[name] = self.last
        self.tell(name, phase=self.rng.choice(('Failed', 'Succeeded')))

    def changes(self, n):
        """n changes, (function, name), of this node's pods"""
        mine = [p for p, (node, _) in PODS.items() if node == 'edge-1']
        some = (self.address, self.address, self.readiness, self.both,
                self.both, self.family)
        for i in range(n - 6):
            yield self.rng.choice(some), self.rng.choice(mine)
        for name in ('one', 'four'):
            yield self.deletion, name
        yield self.address, 'one'
        yield self.readiness, 'four'
        for name in ('two', 'four'):
            yield self.end, name
