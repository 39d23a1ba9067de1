#!/bin/sh
# k3s-lead.t: an agent's controller is told that the server is the hub, always;
# nobody else is
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/k3s.sh
. "$(dirname "$0")/k3s.sh"
cluster
client controller /CN=system:k3s-controller
client kubelet /O=system:nodes/CN=system:node:n1
for f in crt key; do
	cp "controller.$f" "agent/client-k3s-controller.$f"
	cp "kubelet.$f" "agent/client-kubelet.$f"
done
start_mock
kubeconfig "http://127.0.0.1:$mock_port"
eps=/api/v1/namespaces/default/endpoints
one="$eps?fieldSelector=metadata.name%3Dkubernetes"
echo "$eps fieldSelector=metadata.name=kubernetes" >feeds

ep() { # NAME RV IP
	printf '{"metadata":{"name":"%s","namespace":"default","resourceVersion":"%s"},"subsets":[{"addresses":[{"ip":"%s"}],"ports":[{"name":"https","port":6443,"protocol":"TCP"}]}]}' "$@"
}
event() { # TYPE NAME RV IP
	kind=$1
	shift
	printf '{"type":"%s","object":{"kind":"Endpoints","apiVersion":"v1",%s}\n' \
		"$kind" "$(ep "$@" | cut -c2-)"
}
mark() {
	printf '{"type":"BOOKMARK","object":{"kind":"Endpoints","apiVersion":"v1","metadata":{"resourceVersion":"%s","annotations":{"k8s.io/initial-events-end":"true"}}}}\n' "$1"
}
list() {
	printf '{"kind":"EndpointsList","apiVersion":"v1","metadata":{"resourceVersion":"10"},"items":[%s]}\n' "$1"
}
list "$(ep kubernetes 10 10.0.0.1)" | reply straight 200
{ event ADDED kubernetes 10 10.0.0.1 && mark 10; } | reply init 200
{ event ADDED kubernetes 10 10.0.0.1 && event ADDED other 9 10.0.0.9 &&
	mark 10; } | reply all 200
list "$(ep kubernetes 10 10.0.0.1),$(ep other 9 10.0.0.9)" | reply all-straight 200
{ printf '{"kind":"Endpoints","apiVersion":"v1",' &&
	ep kubernetes 10 10.0.0.1 | cut -c2-; } | reply object 200
printf '{"kind":"SubjectAccessReview","apiVersion":"v1","metadata":{},"spec":{},"status":{"allowed":true}}' |
	reply yes 201
rules <<END
/apis/authorization.k8s.io/v1/subjectaccessreviews* yes
$eps/kubernetes* object
${eps}[?]*metadata.name*watch=true* init hold
${eps}[?]*watch=true*metadata.name* init hold
${eps}[?]*metadata.name* straight
/api/v1/endpoints*watch=true* all hold
/api/v1/endpoints* all-straight
END
# shellcheck disable=SC2119
start_k3s
wait_for 60 test -e "edge/cache/core/v1/endpoints/default,fieldSelector=metadata.name=kubernetes/journal"
ok $? 'the feed is there'
here="127.0.0.1:$edge_port"

as() { # NAME PATH [CURL_ARG...]
	name=$1 path=$2
	shift 2
	get "$path" --cert "$dir/$name.crt" --key "$dir/$name.key" "$@"
}
where() { # JQ_PATH: the addresses of the Endpoints there
	jq -r "$1"' | [.subsets[] | "\(.addresses[].ip):\(.ports[].port)"] | join(" ")' \
		body 2>&1
}

leads() { # WHEN
	for q in '' '?resourceVersion=0' '?timeout=5s'; do
		as controller "$eps/kubernetes$q"
		is "$code $(where .)" "200 $here" "$1: GET $q"
	done
	as controller "$eps/kubernetes"
	is "$(jq -c .subsets body)" \
		"[{\"addresses\":[{\"ip\":\"127.0.0.1\"}],\"ports\":[{\"name\":\"https\",\"port\":$edge_port,\"protocol\":\"TCP\"}]}]" \
		"$1: one subset, one address, one port"
	is "$(jq -r '.kind + .metadata.resourceVersion' body)" "Endpoints$rv" \
		"$1: it is the object that it was"
	for q in '' '&resourceVersion=0' '&limit=500' \
		'&limit=500&resourceVersion=0' "&resourceVersion=$rv&resourceVersionMatch=Exact"; do
		as controller "$one$q"
		is "$code $(where '.items[]')" "200 $here" "$1: LIST $q"
	done
	as controller "$one" -H 'Accept-Encoding: gzip' --compressed
	is "$code $(where '.items[]')" "200 $here" "$1: LIST, packed"
	as controller "$one" -H 'Accept: application/json;as=Table;g=meta.k8s.io;v=v1'
	is "$code $(jq -r '.rows[].cells[1]' body)" "200 $here" "$1: LIST as a Table"
	as controller "$one" -H 'Accept: application/vnd.kubernetes.protobuf'
	is "$code" 406 "$1: nothing in protobuf"
	as controller "$eps/kubernetes" -H 'Accept: application/vnd.kubernetes.protobuf, application/json'
	is "$code $(where .)" "200 $here" "$1: JSON where that will do"
	as controller '/api/v1/endpoints?labelSelector=,,'
	is "$code" 400 "$1: a query that is none is not the master's to answer"
	as kubelet "$one&resourceVersion=0"
	is "$code $(where '.items[]')" "200 10.0.0.1:6443" "$1: kubelet: the truth"
}
rv=10
leads 'by the server'
as controller /api/v1/endpoints
is "$code $(where '.items[] | select(.metadata.name == "kubernetes")')" \
	"200 $here" 'among all Endpoints'
is "$(where '.items[] | select(.metadata.name == "other")')" 10.0.0.9:6443 \
	'of which the others are as they are'
as kubelet "$eps/kubernetes"
is "$code $(where .)" "200 10.0.0.1:6443" 'kubelet is told the truth'

# --- watches ---
follow() { # FILE QUERY
	watch "$1" "$one&watch=1&$2" --cert controller.crt --key controller.key
}
told() { # FILE N: TYPE ADDRESS of its events
	wait_for 60 lines "$dir/$1" "$2"
	jq -r 'select(.type != "BOOKMARK") |
		"\(.type) \(.object.subsets[0].addresses[0].ip):\(.object.subsets[0].ports[0].port) \(.object.metadata.resourceVersion)"' \
		"$dir/$1" | paste -sd,
}
follow w0 resourceVersion=0
follow w10 resourceVersion=10
follow winit 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
watch wtruth "$one&watch=1&resourceVersion=10" --cert kubelet.crt --key kubelet.key
is "$(told w0 1)" "ADDED $here 10" 'a WATCH begins so'
is "$(told winit 2)" "ADDED $here 10" 'with initial events, too'
jq -e 'select(.type == "BOOKMARK").object.metadata.annotations' winit >bookmark
ok $? 'and their bookmark is one'
event MODIFIED kubernetes 12 10.0.0.2 >>mock/init
is "$(told w10 1)" "MODIFIED $here 12" 'each event is so'
is "$(told w0 2)" "ADDED $here 10,MODIFIED $here 12" 'in each watch'
wait_for 60 lines wtruth 1
is "$(jq -r '.object.subsets[0].addresses[0].ip' wtruth)" 10.0.0.2 \
	'others see what it is'
event DELETED kubernetes 14 10.0.0.2 >>mock/init
is "$(told w10 2)" "MODIFIED $here 12,DELETED $here 14" 'so is a deletion'
event ADDED kubernetes 15 10.0.0.1 >>mock/init
is "$(told w10 3 | grep -c "ADDED $here 15")" 1 'and what comes back'
grep -lE '10\.0\.0\.[12]' w0 w10 winit
is $? 1 'no other address in any of them'

wait_for 60 test -e edge/cache/core/v1/endpoints/all/journal
event ADDED kubernetes 16 10.0.0.7 |
	sed 's/"namespace":"default"/"namespace":"kube-system"/' >>mock/all
watch welse '/api/v1/namespaces/kube-system/endpoints?watch=1&resourceVersion=10' \
	--cert controller.crt --key controller.key
is "$(told welse 1)" 'ADDED 10.0.0.7:6443 16' \
	'in another namespace that name is any other'

# --- cut off ---
kill -KILL "$mock_pid"
wait_for 60 master_is down
rv=15
leads 'cut off'
follow woff resourceVersion=0
is "$(told woff 1)" "ADDED $here 15" 'cut off: a WATCH'
! gone "$watch_pid"
ok $? 'is held'
stop "$edge_pid"
# shellcheck disable=SC2119
start_k3s
wait_for 60 master_is down
leads 'after a restart'
done_testing
