# shellcheck shell=sh
# workload.sh: N web pods that say who they are, and a Service in front
#
# Pod web-i answers "web-i config-i secret-i": its name, a line from its
# ConfigMap and a line from its Secret; and at /token its service account's
# token, as it has it mounted now. The pods tolerate an unreachable node for
# ever, so what is tested is the hub and not the eviction.

workload_json() {
	jq -n --argjson n "$1" 'def meta($i): {name: "web-\($i)",
	    namespace: "default", labels: {app: "web"}};
	range($n) |
	{apiVersion: "v1", kind: "ConfigMap", metadata: meta(.),
	    data: {line: "config-\(.)"}},
	{apiVersion: "v1", kind: "Secret", metadata: meta(.),
	    stringData: {line: "secret-\(.)"}},
	{apiVersion: "v1", kind: "Pod", metadata: meta(.), spec: {
	    restartPolicy: "Always", enableServiceLinks: false,
	    terminationGracePeriodSeconds: 1,
	    tolerations: [
		{key: "node.kubernetes.io/unreachable", operator: "Exists"},
		{key: "node.kubernetes.io/not-ready", operator: "Exists"}],
	    volumes: [
		{name: "config", configMap: {name: "web-\(.)"}},
		{name: "secret", secret: {secretName: "web-\(.)"}}],
	    containers: [{name: "web", image: "ote.test/busybox:1",
		imagePullPolicy: "Never",
		command: ["sh", "-c", "echo \"$0 $(cat /config/line) " +
		    "$(cat /secret/line)\" >/www/index.html && " +
		    "ln -s /var/run/secrets/kubernetes.io/serviceaccount" +
		    "/token /www && exec httpd -f -p 80 -h /www", "web-\(.)"],
		readinessProbe: {httpGet: {port: 80}, periodSeconds: 1,
		    timeoutSeconds: 10},
		volumeMounts: [
		    {name: "config", mountPath: "/config"},
		    {name: "secret", mountPath: "/secret"}]}]}}'
	jq -n '{apiVersion: "v1", kind: "Service",
	    metadata: {name: "web", namespace: "default"},
	    spec: {selector: {app: "web"}, ports: [{port: 80}]}}'
}

# pods_ready N: whether N web pods are Ready, as the master has it
pods_ready() {
	[ "$(kc get pods -l app=web -o json 2>/dev/null | jq '[.items[] |
	    select(.status.conditions // [] |
	    any(.type == "Ready" and .status == "True"))] | length')" = "$1" ]
}

# workload_up N: until all are Ready
workload_up() {
	workload_json "$1" | kc apply -f - >>"$CLUSTER/log/workload.log"
	if ! wait_for 180 "$1 pods to be Ready" pods_ready "$1"; then
		log_tail kubelet containerd
		return 1
	fi
	wait_for 60 "the service" vip_right
}

# vip: the service's address; kept, as it must be known while cut off
vip() {
	if [ ! -s "$CLUSTER/run/vip" ]; then
		kc get service web -o jsonpath='{.spec.clusterIP}' \
		    >"$CLUSTER/run/vip"
	fi
	cat "$CLUSTER/run/vip"
}

# vip_body [SECONDS]: what it says; VIP_SECONDS is how long it may take else
vip_body() {
	curl -s -m "${1:-${VIP_SECONDS:-2}}" "http://$(vip)/"
}

# vip_right [SECONDS]: whether one of the pods answers with its own three words
vip_right() {
	vip_body "${1:-}" | awk '{ split($1, a, "-"); i = a[2] }
	    $0 == "web-" i " config-" i " secret-" i { ok = 1 }
	    END { exit !ok }'
}

# vip_pods N TRIES: whether so many different pods answered
vip_pods() {
	_seen=$(for _i in $(seq "$2"); do vip_body; done | sort -u | wc -l)
	[ "$_seen" -ge "$1" ]
}

# container_ids: "id pid" of all that runs; a restart changes a line
container_ids() {
	ctr -n k8s.io tasks ls | awk '$3 == "RUNNING" { print $1, $2 }' | sort
}

# restart_counts: "pod count", as the master has it
restart_counts() {
	kc get pods -l app=web -o json | jq -r '.items[] |
	    "\(.metadata.name) \(.status.containerStatuses[0].restartCount)"'
}
