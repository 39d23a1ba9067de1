#!/bin/sh
# 16-bodies.t: logs, kubectl proxy, and the proxy subresources of pods and
# services: bodies both ways, none of them held in memory
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1500 ./16-bodies.t
no_hub_skip
session_need

pod='web-1'
pods=/api/v1/namespaces/default/pods
blob=$CLUSTER/body
head -c 50000000 /dev/urandom >"$blob"
sum=$(sha256sum <"$blob")

# ask URL-OR-PATH [CURL_ARG...]: as admin; the body, then the code on a line
ask() {
	_path=$1
	shift
	curl -s -g -m 180 -w '\n%{http_code}\n' --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/admin.crt" --key "$CLUSTER/pki/admin.key" \
	    "$@" "$HUB_URL$_path"
}

# both PATH: what the hub answers is what the master does
both() {
	_hub=$(ask "$1")
	is "$_hub" "$(HUB_URL=https://127.0.0.1:6443 ask "$1")"
}

hub_pid() {
	pgrep -f "^$CLUSTER/hub/bin/$1 |^$1 .*$CLUSTER/hub/" | head -n 1
}

peak() {
	awk '/^VmHWM/ { print $2 }' "/proc/$(hub_pid "$1")/status"
}

# say TEXT: the pod says it in its log
say() {
	hub_kc exec "$pod" -- sh -c "echo '$1' >/proc/1/fd/1"
}

in_log() {
	grep -q "$2" "$CLUSTER/log/$1.log"
}

# --- logs ---

# logged LINE: the pod has said it last, as the master has it
logged() {
	[ "$(kc logs --tail=1 "$pod")" = "$1" ]
}

followed() {
	: >"$CLUSTER/log/follow.log"
	proc_start follow "$BIN/kubectl" logs -f --tail=1 "$pod" \
	    --kubeconfig "$CLUSTER/kubectl-hub.kubeconfig"
	wait_for 60 "the last line" in_log follow two || return 1
	for _n in 1 2 3; do
		say "live $_n"
		wait_for 60 "line $_n" in_log follow "live $_n" || return 1
	done
}

# --- bodies ---

# shellcheck disable=SC2016
cgi() {
	hub_kc exec -i "$pod" -- sh -c 'mkdir -p /www/cgi-bin
	    cat >/www/cgi-bin/echo <<-END
		#!/bin/sh
		printf "Content-Type: application/octet-stream\\r\\n\\r\\n"
		echo "\$REQUEST_METHOD \$QUERY_STRING"
		[ "\$REQUEST_METHOD" = GET ] || cat
		END
	    cat >/www/cgi-bin/tick <<-END
		#!/bin/sh
		printf "Content-Type: text/plain\\r\\n\\r\\n"
		while echo tick; do sleep 1; done
		END
	    busybox chmod 755 /www/cgi-bin/echo /www/cgi-bin/tick'
}

# served: after a cut before this test the master takes the pods for unready,
# until kubelet has told it of them again
served() {
	[ "$(ask /api/v1/namespaces/default/services/web:80/proxy/index.html |
	    tail -n 1)" = 200 ]
}

# echoed PATH CURL_ARG...: 50 MB there and back
echoed() {
	_path=$1
	shift
	ask "$_path" -o "$blob.back" --data-binary "@$blob" "$@" >/dev/null &&
	    is "$(head -n 1 "$blob.back")" 'POST a=b' &&
	    is "$(tail -n +2 "$blob.back" | sha256sum)" "$sum"
}

small() {
	_now=$(($(peak ote-edge-server) - server))
	_web=$(($(peak lighttpd) - web))
	diag "50 MB there and back: ote-edge-server $_now KB more, lighttpd $_web KB"
	[ "$_now" -lt 8192 ] && [ "$_web" -lt 8192 ]
}

# slow: 50 MB at 2 MB/s, for twelve seconds
slow() {
	hub_kc exec -i "$pod" -- sh -c 'cat >/www/blob; echo done' \
	    <"$blob" >/dev/null
	echo 5 >"/proc/$(hub_pid ote-edge-server)/clear_refs"
	_was=$(peak ote-edge-server)
	ask "$pods/$pod:80/proxy/blob" -m 12 --limit-rate 2M \
	    -o "$blob.back" >/dev/null || :
	_now=$(($(peak ote-edge-server) - _was))
	diag "a slow client of 50 MB: ote-edge-server $_now KB more"
	[ "$(wc -c <"$blob.back")" -gt 5000000 ] && [ "$_now" -lt 8192 ]
}

# chunked METHOD BYTES: a body whose length is not told
chunked() {
	head -c "$2" /dev/zero | tr '\0' x >"$CLUSTER/run/pad"
	jq -n --rawfile pad "$CLUSTER/run/pad" '{kind: "ConfigMap",
	    apiVersion: "v1", metadata: {name: "chunked"}, data: {a: $pad}}' |
	    ask "/api/v1/namespaces/default/configmaps?dryRun=All" -X "$1" \
		-H 'Content-Type: application/json' -T - |
	    tail -n 1
}

# --- kubectl proxy ---

proxied() {
	[ "$(curl -s -m 20 http://127.0.0.1:18001/api/v1/namespaces/default/pods/web-1 |
	    jq -r .metadata.name)" = web-1 ]
}

proxy_watch() {
	: >"$CLUSTER/log/pwatch.log"
	proc_start pwatch curl -s -N -m 300 \
	    'http://127.0.0.1:18001/api/v1/namespaces/default/configmaps?watch=1&fieldSelector=metadata.name%3Dprox'
	kc create configmap prox --from-literal=a=1 >/dev/null
	wait_for 60 "ADDED" in_log pwatch '"ADDED"' || return 1
	kc delete configmap prox >/dev/null
	wait_for 60 "DELETED" in_log pwatch '"DELETED"'
}

# --- cut ---

ticks() {
	: >"$CLUSTER/log/tick.log"
	proc_start tick curl -s -N -m 600 --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/admin.crt" --key "$CLUSTER/pki/admin.key" \
	    "$HUB_URL$pods/$pod:80/proxy/cgi-bin/tick"
	wait_for 60 "ticks" in_log tick tick
}

refused() {
	[ "$(ask "$1" | tail -n 1)" = 503 ]
}

say one
say two
wait_for 60 "what the pod said" logged two
check "logs" is "$(hub_kc logs "$pod")" "$(kc logs "$pod")"
for _query in tailLines=1 sinceSeconds=3600 limitBytes=3 timestamps=true \
    container=web container=none previous=true tailLines=-1 tailLines=x; do
	check "log?$_query" both "$pods/$pod/log?$_query"
done
check "log of none" both "$pods/none/log"
check "logs -f" followed
cgi
check "a page through a pod's proxy" both "$pods/$pod:80/proxy/index.html"
check "and a service's" wait_for 120 "its endpoints" served
check "what is not there" both "$pods/$pod:80/proxy/none"
check "a port where nobody listens" is \
    "$(ask "$pods/$pod:81/proxy/" | tail -n 1)" 503
check "the way to it" both "$pods/$pod:80/proxy"
for _tool in ote-edge-server lighttpd; do
	echo 5 >"/proc/$(hub_pid "$_tool")/clear_refs"
done
server=$(peak ote-edge-server) web=$(peak lighttpd)
check "50 MB POST to a pod and back" echoed "$pods/$pod:80/proxy/cgi-bin/echo?a=b"
check "with Expect" echoed "$pods/$pod:80/proxy/cgi-bin/echo?a=b" \
    -H 'Expect: 100-continue'
check "nothing of it is held" small
check "nor of what a slow client does not take" slow
check "a body of untold length" is "$(chunked POST 10)" 201
check "and a large one" is "$(chunked POST 900000)" 201
proc_start kproxy "$BIN/kubectl" proxy --port=18001 \
    --kubeconfig "$CLUSTER/kubectl-hub.kubeconfig"
check "kubectl proxy" wait_for 60 "kubectl proxy" proxied
check "a watch through it" proxy_watch
check "a response without end" ticks
cut 503
check "cut off it ends" wait_for 120 "its end" proc_gone tick
check "logs -f end" wait_for 120 "its end" proc_gone follow
check "503 after" wait_for 60 503 refused "$pods/$pod:80/proxy/index.html"
check "for logs, too" refused "$pods/$pod/log"
heal
wait_for 60 "the hub to see its master" hub_online
check "and it works again" both "$pods/$pod:80/proxy/index.html"
for _proc in kproxy pwatch follow tick; do proc_stop "$_proc"; done
tap_end
