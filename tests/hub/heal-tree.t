#!/bin/sh
# heal-tree.t: pods that get other addresses while the master is away
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
kubeconfig "$master" "certificate-authority: $ca"
printf '%s\n' '/api/v1/pods fieldSelector=spec.nodeName=node1' /api/v1/services \
	/apis/discovery.k8s.io/v1/endpointslices /api/v1/namespaces/x/endpoints \
	/api/v1/nodes >"$dir/feeds"
pods=/api/v1/namespaces/x/pods services=/api/v1/namespaces/x/services
slices=/apis/discovery.k8s.io/v1/namespaces/x/endpointslices
endpoints=/api/v1/namespaces/x/endpoints

pod() { # NAME NODE IP
	write POST $pods "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"$1\"},\"spec\":{\"nodeName\":\"$2\"},\"status\":{$(status_of "$3" True)}}"
}

status_of() { # IP READY
	printf '"phase":"Running","podIP":"%s","podIPs":[{"ip":"%s"}],"conditions":[{"type":"Ready","status":"%s"}]' "$1" "$1" "$2"
}

tell() { # NAME IP READY: as kubelet does
	get "$pods/$1/status" -X PATCH -H 'Content-Type: application/merge-patch+json' \
		--data-binary "{\"status\":{$(status_of "$2" "$3")}}"
	is "$code" 200 "the status of $1 is taken"
}

endpoint() { # NAME NODE IP
	printf '{"addresses":["%s"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"%s","targetRef":{"kind":"Pod","namespace":"x","name":"%s"}}' "$3" "$2" "$1"
}

slice() { # NAME ENDPOINTS
	write POST $slices "{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\",\"metadata\":{\"name\":\"$1-1\",\"labels\":{\"kubernetes.io/service-name\":\"$1\"}},\"addressType\":\"IPv4\",\"endpoints\":[$2],\"ports\":[]}"
}

shows() { # PATH JQ WANT: what the edge has
	[ "$(curl -sS --cacert "$ca" "$edge$1?resourceVersion=0" | jq -c "$2")" = "$3" ]
}

start_master
pod p node1 10.0.0.1
pod q node1 10.0.0.2
pod far node2 10.0.1.1
write POST $services '{"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"spec":{}}'
write POST $services '{"kind":"Service","apiVersion":"v1","metadata":{"name":"seen"},"spec":{"publishNotReadyAddresses":true}}'
slice web "$(endpoint p node1 10.0.0.1),$(endpoint q node1 10.0.0.2),$(endpoint far node2 10.0.1.1)"
slice seen "$(endpoint p node1 10.0.0.1)"
write POST $endpoints '{"kind":"Endpoints","apiVersion":"v1","metadata":{"name":"web"},"subsets":[{"addresses":[{"ip":"10.0.0.1","targetRef":{"kind":"Pod","namespace":"x","name":"p"}},{"ip":"10.0.1.1"}]}]}'
start_edge
wait_for 60 master_is up
wait_for 60 shows $slices/web-1 '.endpoints|length' 3
wait_for 60 shows $services '.items|length' 2
wait_for 60 shows $endpoints/web '.subsets|length' 1
watch slices.out "$slices?watch=1"
wait_for 60 lines "$dir/slices.out" 2
stop "$master_pid"
wait_for 60 master_is down

addresses='[.endpoints[]|[.addresses[0],.conditions.ready]]'
tell p 10.0.0.9 True
wait_for 60 shows $slices/web-1 "$addresses" '[["10.0.0.9",true],["10.0.0.2",true],["10.0.1.1",true]]'
ok $? 'a new address is in the slice'
wait_for 60 shows $slices/seen-1 "$addresses" '[["10.0.0.9",true]]'
ok $? 'and in the other service'\''s'
wait_for 60 shows $endpoints/web '[.subsets[].addresses[].ip]' '["10.0.0.9","10.0.1.1"]'
ok $? 'and in Endpoints'
tell p 10.0.0.9 False
wait_for 60 shows $slices/web-1 "$addresses" '[["10.0.0.9",false],["10.0.0.2",true],["10.0.1.1",true]]'
ok $? 'what is not ready is told'
wait_for 60 shows $endpoints/web '[.subsets[]|[.addresses[].ip],[.notReadyAddresses[].ip]]' '[["10.0.1.1"],["10.0.0.9"]]'
ok $? 'also in Endpoints'
wait_for 60 shows $slices/seen-1 '.endpoints[0].conditions' '{"ready":true,"serving":false,"terminating":false}'
ok $? 'the service that publishes those goes on'

# --- a reboot: its tools start from disk alone ---
stop "$edge_pid"
start_edge
wait_for 60 master_is down
tell p 10.0.0.17 True
tell q 10.0.0.9 True
wait_for 60 shows $slices/web-1 "$addresses" '[["10.0.0.17",true],["10.0.0.9",true],["10.0.1.1",true]]'
ok $? 'after a reboot again'
wait_for 60 shows $endpoints/web '[.subsets[].addresses[].ip]' '["10.0.0.17","10.0.1.1"]'
ok $? 'in Endpoints too'
wait_for 60 shows $slices/seen-1 "$addresses" '[["10.0.0.17",true]]'
ok $? "in the other service's, too"
"$OTE_BIN/ote-endpoint-heal" -1 -d "$dir/edge" -N node1
is $? 1 'then there is nothing to do'
stop "$(tool "$edge_pid" ote-endpoint-he)" KILL # as comm has it
tell q 10.0.0.3 True
wait_for 60 shows $slices/web-1 '.endpoints[1].addresses' '["10.0.0.3"]'
ok $? 'killed, it starts again and goes on'
is "$(find "$dir/edge/outbox/new" -name '*.json' -exec jq -r .name {} + | sort | paste -sd,)" p,q \
	'nothing of it waits for the master'

# --- the truth ---
start_master
wait_for 60 master_is up
wait_for 60 shows $slices/web-1 "$addresses" '[["10.0.0.1",true],["10.0.0.2",true],["10.0.1.1",true]]'
ok $? 'the master is back: what it has counts'
is "$(jq -r 'select(.type == "MODIFIED") | .object.metadata.resourceVersion' "$dir/slices.out" | sort -n -c && echo order)" order \
	'who watched has seen it in order'
is "$(jq -r '.object | select(.metadata.name == "web-1") | .endpoints[0].addresses[0]' "$dir/slices.out" | uniq | paste -sd' ')" \
	'10.0.0.1 10.0.0.9' 'to the end of the hub'
done_testing
