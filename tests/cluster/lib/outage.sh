# shellcheck shell=sh
# outage.sh: pods of other kinds than the workload's, and what pods say of
# themselves at the addresses that somebody tells

# pod_json NAME: a pod like the workload's first one, that says its own name
pod_json() {
	workload_json 1 | jq --arg n "$1" 'select(.kind == "Pod") |
	    .metadata = {name: $n, namespace: "default"} |
	    .spec.containers[0].command[3] = $n'
}

# static_json NAME SAYS: one that needs nothing of a master
static_json() {
	pod_json "$1" | jq --arg says "$2" 'del(.spec.volumes) |
	    .spec.containers[0] |= (del(.volumeMounts) |
		.command = ["sh", "-c", "echo \($says) >/www/index.html && " +
		    "exec httpd -f -p 80 -h /www"])'
}

# static_write NAME SAYS: kubelet sees it whole or not at all
static_write() {
	static_json "$1" "$2" >"$CLUSTER/manifests/.$1"
	mv "$CLUSTER/manifests/.$1" "$CLUSTER/manifests/$1.json"
}

static_remove() {
	rm "$CLUSTER/manifests/$1.json"
}

# daemon_json NAME: a DaemonSet of such pods
daemon_json() {
	pod_json "$1" | jq --arg n "$1" '{apiVersion: "apps/v1",
	    kind: "DaemonSet", metadata, spec: {
		selector: {matchLabels: {daemon: $n}},
		template: {metadata: {labels: {daemon: $n}}, spec}}}'
}

# pods_say KUBECTL: "NAME: what it says" of each pod at the address that it has
# there; a DaemonSet's pod by the name of the set
pods_say() {
	"$1" get pods -o json | jq -r '.items[] |
	    "\(.metadata.labels.daemon // .metadata.name) " +
	    "\(.status.podIP // "none")"' | while read -r _pod _ip; do
		echo "$_pod: $(curl -s -m 2 "http://$_ip/")"
	done | sort
}

# token_payload: of a JWT on stdin
token_payload() {
	jq -rR 'split(".")[1] // "" | gsub("-"; "+") | gsub("_"; "/") |
	    . + "==="[0:(4 - length % 4) % 4] | @base64d'
}

# pods_token KUBECTL: "NAME UID" of each web pod, as its token tells
pods_token() {
	"$1" get pods -l app=web -o jsonpath='{.items[*].status.podIP}' |
	    tr ' ' '\n' | while read -r _ip || [ -n "$_ip" ]; do
		curl -s -m 20 "http://$_ip/token" | token_payload |
		    jq -r '.["kubernetes.io"].pod | "\(.name) \(.uid)"'
	done | sort
}

# token_change UID JQ: of the answer that the hub remembers for that pod
token_change() {
	_file=$(grep -l "$1" "$CLUSTER/hub/data/tokens/"*)
	(umask 077 && jq -c "$2" "$_file" >"$CLUSTER/run/token")
	mv "$CLUSTER/run/token" "$_file"
}

# in_pod NAME COMMAND...: in its container
in_pod() {
	_id=$(ctr -n k8s.io containers ls -q \
	    "labels.\"io.kubernetes.pod.name\"==$1,labels.\"io.kubernetes.container.name\"==web" |
	    while read -r _one; do
		ctr -n k8s.io tasks ls | awk -v id="$_one" \
		    '$1 == id && $3 == "RUNNING" { print $1 }'
	    done)
	shift
	ctr -n k8s.io tasks exec --exec-id "in-pod-$$" "$_id" "$@"
}

# addresses KUBECTL: of the endpoints behind the service that are ready
addresses() {
	"$1" get endpointslices -l kubernetes.io/service-name=web -o json |
	    jq -r '.items[].endpoints[]? | select(.conditions.ready) |
	    .addresses[]' | sort
}
