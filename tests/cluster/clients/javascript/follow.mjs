// follow.mjs KUBECONFIG: follows ConfigMaps with the informer of JavaScript's
// client
//
// A line at every change: {"client":"informer","store":{name:resourceVersion}}.
// An error of the informer is {"client":"informer","error":E}, after which it
// is started again, as the client's own examples do. Ends by SIGTERM.
import * as k8s from '@kubernetes/client-node';

const ns = 'default';
const path = `/api/v1/namespaces/${ns}/configmaps`;
const tell = (fact) => process.stdout.write(JSON.stringify(fact) + '\n');

const kc = new k8s.KubeConfig();
kc.loadFromFile(process.argv[2]);
const core = kc.makeApiClient(k8s.CoreV1Api);
const informer = k8s.makeInformer(kc, path,
	() => core.listNamespacedConfigMap({namespace: ns}));

function dump() {
	const store = {};
	for (const o of informer.list(ns))
		store[o.metadata.name] = o.metadata.resourceVersion;
	tell({client: 'informer', store});
}

for (const verb of ['add', 'update', 'delete'])
	informer.on(verb, () => setImmediate(dump));

async function start() {
	try {
		await informer.start();
	} catch (why) {
		failed(why);
	}
}

function failed(why) {
	tell({client: 'informer', error: String(why)});
	setTimeout(start, 200);
}

informer.on('error', failed);
await start();
