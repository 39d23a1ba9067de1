#!/bin/sh
# status.t: ote-status tells how a hub is, alive, cut off and dead
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
data=$dir/edge

# look [DATA]: its JSON into $dir/json, its exit code into $code
look() {
	"$OTE_BIN/ote-status" -j -d "${1:-$data}" >"$dir/json" 2>"$dir/status.err"
	code=$?
}

# says JQ_FILTER WANT NAME
says() { is "$(jq -rc "$1" "$dir/json" 2>&1)" "$2" "$3"; }

good() { look && [ "$code" -eq 0 ]; }
whole() { good && [ "$(jq -r '.feeds[].state' "$dir/json")" = synced ]; }

"$OTE_BIN/ote-status" -d "$dir/nowhere" 2>"$dir/nowhere.out"
is "$? $(cat "$dir/nowhere.out")" \
	"100 ote-status: $dir/nowhere: No such file or directory" 'no directory'
"$OTE_BIN/ote-status" more 2>/dev/null
is $? 100 'an argument too many'
mkdir "$dir/empty"
look "$dir/empty"
is "$code" 1 'a hub that never ran is degraded'
says '[.state, .reasons, .masters, .feeds, .objects, .cacheAge, .cutOffSince,
	.outbox.length, .certificates]' \
	'["degraded",["the hub does not run"],[],[],0,null,null,0,{}]' 'and has nothing'

# --- a hub and its master ---
start_master
kubeconfig "https://127.0.0.1:$master_port" "certificate-authority: $ca"
maps=/api/v1/namespaces/x/configmaps
write POST "$maps" "$(configmap one)"
write POST "$maps" "$(configmap two)"
echo "$maps" >"$dir/feeds"
start_edge
wait_for 60 whole
is "$code" 0 'a hub that is well'
says '[.state, .reasons, .version]' '["good",[],"0.1.0"]' 'is good'
says '[.hub.running, .hub.pid]' "[true,$(cat "$data/lock")]" 'its supervisor'
says '.hub.processes | map("\(.name) \(.state) \(.starts)") | join(", ")' \
	'health up 1, lb up 1, sync up 1, edge up 1, outbox up 1, heal up 1, discovery up 1, tunnel up 1, web up 1' 'its processes'
says '.masters | map([.address, .up, .reason])' \
	"[[\"127.0.0.1:$master_port\",true,\"ok\"]]" 'its master'
says '.feeds | map([.path, .state, .objects, .local, .doubtful, .code, .error])' \
	"[[\"$maps\",\"synced\",2,0,false,0,\"\"]]" 'its feed'
says '[.objects, .cutOffSince, .cacheAge >= 0 and .cacheAge < 60]' '[2,null,true]' 'not cut off'
says '.feeds[0].bytes' "$(wc -c <"$data/cache/core/v1/configmaps/x/journal")" 'the size of its journal'
says '[.certificates.server.file, .certificates.server.stage, .certificates.client]' \
	"[\"$ca\",\"fine\",null]" 'the certificate that clients see'
says '.disk | .used >= .cache + .outbox + .replies and .cache > 0 and .available > 0' true 'the disk'
is "$("$OTE_BIN/ote-status" -d "$data" | sed -n '1p;2s/,.*//p;/^masters/p;/^feeds/s/,.*//p;/^outbox/p')" \
	'good
hub 0.1.0
masters
feeds: 1
outbox: 0 wait; 0 failed, 0 events dropped' 'for people'

outbox_pid=$(tool "$edge_pid" ote-when)
kill -9 "$outbox_pid"
restarted() {
	good && jq '.hub.processes[] | select(.name == "outbox") | .starts == 2' "$dir/json" |
		grep -qx true
}
wait_for 60 restarted
ok $? 'a process that died was started again'

# --- cut off ---
stop "$master_pid"
wait_for 60 master_is down
look
is "$code" 1 'cut off is degraded'
since=$(cut -d' ' -f3 "$data/run/masters")
says '[.reasons, .cutOffSince, .masters[0].up]' "[[\"no master is up\"],$since,false]" 'and told, with its time'
says '.feeds[0].asOf <= .cutOffSince and .cacheAge >= .time - .cutOffSince' true 'what is cached is as old as that'

# --- dead, with something of everything ---
kill -9 "$edge_pid"
wait "$edge_pid" 2>/dev/null
no_hub() {
	look
	jq '.hub.running | not' "$dir/json" | grep -qx true
}
wait_for 60 no_hub
says '[.reasons, .hub.processes, .objects]' '[["the hub does not run","no master is up"],[],2]' 'a dead hub'

object='{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"x","uid":"u"}}'
printf '%s\n' "{\"kind\":\"object\",\"verb\":\"update\",\"path\":\"$maps/a\",\"body\":$object,\"before\":$object}" \
	"{\"kind\":\"status\",\"verb\":\"patch\",\"subresource\":\"status\",\"path\":\"$maps/b\",\"body\":$object,\"before\":$object}" |
	"$BUILD/tests/hub/queue" "$data" >/dev/null 2>"$dir/queue.err"
for f in "$data"/outbox/new/*-object.json; do
	jq '.reason = "it is \u001b[31mred" | .failed = "2026-01-01T00:00:00Z"' "$f" >"$data/outbox/failed/${f##*/}"
done
touch "$data/outbox/new/foreign" "$data/outbox/failed/torn" "$data/outbox/failed/torn.reason"
echo 7 >"$data/outbox/dropped"
echo "$maps/a" >"$data/cache/core/v1/configmaps/x/local"
touch -d "@$((since + 60))" "$data/cache/core/v1/configmaps/x/journal"
: >"$data/cache/core/v1/configmaps/x/doubtful"
mkdir -p "$data/cache/core/v1/secrets/all" "$data/cache/core/v1/pods/all" \
	"$data/cache/core/v1/nodes/all" "$data/cache/a/v1/things/all" "$data/quarantine"
: >"$data/quarantine/one"
echo '{"path":"/api/v1/secrets","code":403,"error":"no"}' >"$data/cache/core/v1/secrets/all/feed"
echo '{"path":"/api/v1/pods"}' >"$data/cache/core/v1/pods/all/feed"
echo '{"path":"/api/v1/nodes"}' >"$data/cache/core/v1/nodes/all/feed"
echo torn >"$data/cache/core/v1/nodes/all/journal"
echo '{"path":"/apis/a/v1/things","code":404,"error":"gone"}' >"$data/cache/a/v1/things/all/feed"
listing() { find "$data" -printf '%p %s %m %T@\n' | sort; }
listing >"$dir/was"
look
listing | cmp -s - "$dir/was"
ok $? 'nothing is changed'
oldest=$(jq -r '.time | sub("\\..*"; "Z") | fromdate' "$data"/outbox/new/*-object.json)
says '.outbox | [.length, .waiting.status, .waiting.object, .waiting.event, .waiting.delete, .oldest, .foreign, .failed, .dropped]' \
	"[2,1,1,0,0,$oldest,1,2,7]" 'the outbox'
says '.outbox.bytes' "$(cat "$data"/outbox/new/*.json | wc -c)" 'its bytes'
says '.outbox.failures | map([.kind, .verb, .path, .failed, .reason])' \
	"[[\"object\",\"update\",\"$maps/a\",\"2026-01-01T00:00:00Z\",\"it is \\u001b[31mred\"]]" 'why one failed'
says '.feeds | map("\(.path) \(.state) \(.local) \(.doubtful) \(.code)") | sort | join(", ")' \
	"/api/v1/namespaces/x/configmaps held 1 true 0, /api/v1/nodes damaged 0 false 0, /api/v1/pods waiting 0 false 0, /api/v1/secrets refused 0 false 403, /apis/a/v1/things gone 0 false 404" 'feeds of each state'
says '.feeds[] | select(.local > 0) | .asOf' "$since" 'what is of here does not make a feed young'
says '.reasons | join(", ")' \
	'the hub does not run, no master is up, feed /api/v1/nodes is damaged, feed /api/v1/secrets is refused: no, the master did not take 2 of the writes' 'each reason'
says .quarantined 1 'what is in quarantine'
is "$("$OTE_BIN/ote-status" -d "$data" | grep '^  failed')" \
	"  failed update $maps/a: it is ?[31mred" 'no escape reaches the terminal'

# --- certificates ---
now=$(date +%s)
day=86400
# expires FROM_DAYS UNTIL_DAYS WANT NAME: the client's
expires() {
	echo "fine $((now + $1 * day)) $((now + $2 * day + 1800)) -" >"$data/run/certificate"
	look
	says '[.certificates.client.stage] + [.reasons[] | select(test("client"))] | join(": ")' "$3" "$4"
}
expires -100 20 fine 'a sixth of its life is left'
expires -350 35 'soon: the client certificate is not being renewed, and expires in 35d' 'less than a tenth'
expires -20 6 'fine: the client certificate expires in 6d' 'less than a week and 30 %'
expires -1 6 fine 'a week is all of its life'
expires -20 -1 'expired: the client certificate has expired' 'expired'
expires 1 20 'early: the client certificate is not good yet' 'a clock that was set back'
echo rubbish >"$data/run/certificate"
look
says '.reasons | map(select(test("certificate"))) | join(",")' 'run/certificate has a bad line' 'a bad line'
rm "$data/run/certificate"
sed -i "s|^ssl.pemfile = .*|ssl.pemfile = \"$dir/key.pem\"|" "$data/run/lighttpd.conf"
look
says '.reasons | map(select(test("certificate"))) | join(",")' \
	"the server certificate $dir/key.pem: there is none in it" 'a key in its place'
# who issues the certificates of clients: the longest counts, as both are there
# while one follows the other; of lists the one that is due first
issuer() { # DAYS
	openssl req -new -key "$dir/key.pem" -subj "/CN=$1" |
		openssl x509 -req -CA "$ca" -CAkey "$dir/key.pem" \
			-days "$1" 2>/dev/null
}
printf '[ca]\ndefault_ca = c\n[c]\ndatabase = %s\ndefault_md = sha256\n' \
	"$dir/index" >"$dir/ca.conf"
: >"$dir/index"
revoked() { # HOURS OPTION...
	hours=$1
	shift
	openssl ca -gencrl -config "$dir/ca.conf" -cert "$ca" \
		-keyfile "$dir/key.pem" -crlhours "$hours" "$@" 2>/dev/null
}
{ issuer 1 && issuer 90; } >"$dir/issuers"
{ revoked 90 && revoked 30; } >"$dir/revoked"
printf 'ssl.verifyclient.ca-file = "%s"\nssl.verifyclient.ca-crl-file = "%s"\n' \
	"$dir/issuers" "$dir/revoked" >>"$data/run/lighttpd.conf"
look
says '[.certificates | .clientCA, .clientCRL | [.stage, ((.until - .from) / 3600 | floor)]]' \
	'[["fine",2160],["fine",30]]' "the clients' CA and its revocation list"
revoked 1 -crl_lastupdate 250101000000Z -crl_nextupdate 250102000000Z >"$dir/revoked"
issuer -1 >"$dir/issuers"
look
says '[.reasons[] | select(test("clients"))]' \
	'["the certificate of the clients'"' CA has expired"'","the revocation list of clients has expired"]' 'both have expired'
echo bad >"$data/run/masters"
look
says '.reasons | map(select(test("masters"))) | join(",")' 'run/masters has a bad line' 'a bad list of masters'

# --- a full disk ---
if unshare -m -r mount -t tmpfs none "$dir/empty" 2>/dev/null; then
	# shellcheck disable=SC2016
	unshare -m -r sh -c 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -j -d "$1"' - \
		"$dir/empty" "$OTE_BIN/ote-status" >"$dir/json"
	says '.reasons | map(select(test("disk"))) | join(",")' '1 MB are left on the disk' 'a full disk'
else
	ok 0 'a full disk # SKIP needs mount namespaces'
fi
"$OTE_BIN/ote-status" -d "$data" >/dev/full 2>"$dir/full.out"
is "$? $(cat "$dir/full.out")" \
	'111 ote-status: standard output: No space left on device' 'no room for the answer'
done_testing
