// asks.mjs KUBECONFIG: what JavaScript's client finds out by asking, a line a
// fact
//
// What it prints depends only on what the cluster holds, so that two runs can
// be compared. A failure is a fact too: {"ask":A,"error":E}.
import * as k8s from '@kubernetes/client-node';

const namespace = 'default';
const kc = new k8s.KubeConfig();
kc.loadFromFile(process.argv[2]);
const core = kc.makeApiClient(k8s.CoreV1Api);
const custom = kc.makeApiClient(k8s.CustomObjectsApi);
const objects = k8s.KubernetesObjectApi.makeApiClient(kc);
const names = (list) => list.items.map((o) =>
	`${o.metadata.name} ${o.metadata.resourceVersion}`);

async function pages() {
	const got = [];
	let _continue;
	do {
		const page = await core.listNamespacedConfigMap(
			{namespace, limit: 6, _continue});
		got.push(page.items.map((o) => o.metadata.name));
		_continue = page.metadata._continue;
	} while (_continue);
	return got;
}

async function missing() {
	try {
		await core.readNamespacedConfigMap({namespace, name: 'none'});
	} catch (why) {
		return [why.code, JSON.parse(why.body)];
	}
	return 'it is there';
}

async function watched() {
	const got = [];
	const watch = new k8s.Watch(kc);
	await new Promise((resolve, reject) => {
		watch.watch(`/api/v1/namespaces/${namespace}/configmaps`,
			{fieldSelector: 'metadata.name=c03', timeoutSeconds: 3},
			(type, o) => got.push([type, o.metadata.name]),
			(why) => why ? reject(why) : resolve()).catch(reject);
	});
	return got;
}

const asks = {
	version: async () => (await kc.makeApiClient(k8s.VersionApi)
		.getCode()).gitVersion,
	groups: async () => (await kc.makeApiClient(k8s.ApisApi)
		.getAPIVersions()).groups.map((g) => g.name),
	selected: async () => names(await core.listNamespacedConfigMap(
		{namespace, labelSelector: 'app in (a1,a2)'})),
	pages,
	secret: () => core.readNamespacedSecret({namespace, name: 's1'}),
	missing,
	custom: () => custom.listNamespacedCustomObject({group: 'example.com',
		version: 'v1', namespace, plural: 'widgets'})
		.then((list) => list.items),
	object: () => objects.read({apiVersion: 'example.com/v1',
		kind: 'Widget', metadata: {namespace, name: 'w1'}}),
	objects: async () => names(await objects.list(
		'v1', 'ConfigMap', namespace)),
	watched,
};

for (const [ask, f] of Object.entries(asks)) {
	let fact;
	try {
		fact = {ask, got: await f()};
	} catch (why) {
		fact = {ask, error: String(why)};
	}
	process.stdout.write(JSON.stringify(fact) + '\n');
}
