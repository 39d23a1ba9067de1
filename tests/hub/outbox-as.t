#!/bin/sh
# outbox-as.t: what was accepted comes to the master in the name of its writer
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/as.sh
. "$(dirname "$0")/as.sh"
start_witness
data=$dir/data maps=/api/v1/namespaces/x/configmaps
new=$data/outbox/new failed=$data/outbox/failed
mkdir -p "$data/run" "$dir/ids"
user hub hub hubs
user node system:node:n1 system:nodes
cp "$dir/node.pem" "$dir/ids/system%3Anode%3An1.pem"
hub_kubeconfig "$dir/kc" "client-certificate: hub.crt, client-key: hub.key"
hub_kubeconfig "$dir/kc-token" "token: ours"

who() { # NAME [GROUP [UID]]: as JSON
	jq -nc --arg n "$1" --arg g "${2-}" --arg u "${3-}" '{username: $n}
		+ if $u == "" then {} else {uid: $u} end
		+ {groups: ([$g | select(. != "")] + ["system:authenticated"])}'
}

create() { # NAME USER_JSON
	printf '{"kind":"object","verb":"create","path":"%s/%s","user":%s,"body":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"%s","namespace":"x"}}}\n' \
		"$maps" "$1" "$2" "$1"
}

event() { # NAME USER_JSON
	printf '{"kind":"event","verb":"create","path":"/api/v1/namespaces/x/events/%s","user":%s,"body":{"kind":"Event","apiVersion":"v1","metadata":{"name":"%s","namespace":"x"}}}\n' \
		"$1" "$2" "$1"
}

queue() { # on stdin
	"$BUILD/tests/hub/queue" "$data" 100 >/dev/null 2>>"$dir/queue.err"
}

once() { # [ARG...]: a pass; its exit code; who asked for what in $dir/saw
	: >"$dir/saw"
	"$OTE_BIN/ote-outbox" -1 -r 1000 -d "$data" "$@" 2>"$dir/once.err"
	echo $?
}

saw() { sed "s, $maps,,; s,/api/v1/namespaces/x/,," "$dir/saw" | sort | paste -sd,; }
left() { find "$new" "$failed" -name '*.json' | wc -l; }

node=$(who system:node:n1 system:nodes)
alice=$(who alice staff 12)

# --- no identity is looked at ---
{ create a "$node" && create b "$alice" && create c '"somebody"'; } | queue
is "$(jq -rc '.user | if type == "string" then . else [.username, .uid, (.groups | join("+"))] | map(select(. != null)) | join(" ") end' "$new"/* | paste -sd,)" \
	'system:node:n1 system:nodes+system:authenticated,alice 12 staff+system:authenticated,somebody' \
	'an entry has its user'
is "$("$OTE_BIN/ote-outbox" -n -d "$data" | sed 's/.*: //' | paste -sd';')" \
	'create, as system:node:n1;create, as alice;create' '-n tells it'
is "$(once -k "$dir/kc") $(saw)" '0 hub POST,hub POST,hub POST' 'without -a: all are the hub'

# --- in the names of their users ---
{ create a "$node" && create b "$(who hub hubs)" && create c '"somebody"' &&
	create d '{"username":"system:anonymous","groups":["system:unauthenticated"]}'; } | queue
is "$(once -k "$dir/kc" -a Webhook -i "$dir/ids") $(saw)" \
	'0 - POST,hub POST,hub POST,system:node:n1 POST' 'a pair, the hub itself twice, nobody'
is "$(left)" 0 'all are done'
{ create a "$alice" && create b "$node"; } | queue
is "$(once -k "$dir/kc" -a Webhook -i "$dir/ids") $(saw | sed 's/hub POST events,//')" \
	'0 system:node:n1 POST' 'nobody speaks for alice'
is "$(jq -r .reason "$failed"/*.json)" \
	"the hub cannot speak for user \"alice\": put its key pair at $dir/ids/alice.pem, or let the hub impersonate" \
	'her entry failed, with the reason'
is "$(jq -r .user.username "$failed"/*.json)" alice 'and her name'
rm "$failed"/*.json
{ create a "$alice" && create b "$node"; } | queue
is "$(once -k "$dir/kc" -a Webhook -i "$dir/ids" -I) $(saw)" \
	'0 hub POST|Impersonate-User: alice|Impersonate-Uid: 12|Impersonate-Group: staff|Impersonate-Group: system:authenticated,system:node:n1 POST' \
	'the hub impersonates her'
{ create a "$alice" && create b "$node"; } | queue
is "$(once -k "$dir/kc-token" -a Webhook -i "$dir/ids" -I) $(saw)" \
	'0 - POST|Authorization: Bearer ours|Impersonate-User: alice|Impersonate-Uid: 12|Impersonate-Group: staff|Impersonate-Group: system:authenticated,system:node:n1 POST' \
	"its token goes with her, not with a pair's"

# --- refused ---
create no "$node" | queue
printf '{"kind":"object","verb":"update","path":"%s/no","uid":"u","user":%s,"before":{},"body":{"data":{}}}\n' "$maps" "$alice" | queue
: >"$dir/saw"
is "$(once -k "$dir/kc" -a Webhook -i "$dir/ids" -I)" 0 'the master refuses a read'
is "$(jq -r .reason "$failed"/*.json)" 'not you' 'with its reason'
rm -rf "$data/outbox"

# --- one after the other, in turns ---
i=0
while [ $i -lt 40 ]; do
	event "a$i" "$node" && event "b$i" "$alice" && event "c$i" '""'
	i=$((i + 1))
done | queue
is "$(once -k "$dir/kc" -a Webhook -i "$dir/ids" -I)" 0 '120 events of three'
is "$(sed 's/ POST [^|]*//; s/|Impersonate-Uid.*//' "$dir/saw" | sort | uniq -c | sed 's/^ *//' | paste -sd,)" \
	'40 hub,40 hub|Impersonate-User: alice,40 system:node:n1' 'each in his name'

# --- a pair that the master does not take any more ---
days=-1 user old system:node:n1 system:nodes
cp "$dir/old.pem" "$dir/ids/system%3Anode%3An1.pem"
{ create a "$node" && create b '""'; } | queue
is "$(once -k "$dir/kc" -a Webhook -i "$dir/ids") $(saw | sed 's/,hub POST events//')" '0 hub POST' \
	'an expired pair holds up nobody else'
grep -q 'it has expired at' "$failed"/*.json
ok $? 'and its entry says so'
grep -q "^ote-outbox: $dir/ids/system%3Anode%3An1.pem: it has expired" "$dir/once.err"
ok $? 'as is told at the start'
"$OTE_BIN/ote-outbox" -1 -d "$data" -k "$dir/kc" -a Never 2>/dev/null
is $? 100 'another mode'
done_testing
