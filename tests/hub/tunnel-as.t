#!/bin/sh
# tunnel-as.t: an upgrade reaches the master in the name of its caller
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/as.sh
. "$(dirname "$0")/as.sh"
# shellcheck source=tests/hub/tunnel.sh
. "$(dirname "$0")/tunnel.sh"
start_witness
mkdir -p "$dir/data/run" "$dir/ids"
user hub hub hubs
user node system:node:n1 system:nodes
user alice alice staff
days=-1 user old old
cp "$dir/node.pem" "$dir/ids/system%3Anode%3An1.pem"
hub_kubeconfig "$dir/kc" "client-certificate: hub.crt, client-key: hub.key"
hub_kubeconfig "$dir/kc-token" "token: ours"
sock=$dir/t.sock

# --- as it is without -a ---
tunnel -k "$dir/kc"
verify SUCCESS alice
ask /x -H 'Authorization: Bearer theirs' -H 'Impersonate-User: root'
is "$saw" 'hub GET /x' 'AlwaysAllow: the hub, whoever asks'

# --- Webhook ---
tunnel -k "$dir/kc" -a Webhook -i "$dir/ids"
verify SUCCESS node
ask /x -H 'X-Remote-User: root'
is "$saw" 'system:node:n1 GET /x' 'a key pair of the identities'
ask /x -H 'Impersonate-User: root'
is "$saw" 'system:node:n1 GET /x|Impersonate-User: root' 'it may ask to impersonate'
verify SUCCESS hub
ask /x
is "$saw" 'hub GET /x' 'the hub itself'
ask /x -H 'Impersonate-User: root'
refused 403 'does not impersonate' 'but not to impersonate'
verify SUCCESS alice
ask /x
refused 403 "$dir/ids/alice.pem, or let the hub impersonate" 'nobody speaks for alice'
cp "$dir/node.pem" "$dir/ids/alice.pem"
ask /x
refused 403 'another CN' 'not the pair of somebody else'
cp "$dir/alice.pem" "$dir/ids/alice.pem"
ask /x
is "$saw" 'alice GET /x' 'her own pair, put there later'
ask /x -H 'Authorization: Bearer theirs'
is "$saw" 'alice GET /x' 'which goes before a token'
rm "$dir/ids/alice.pem"
ask /x -H 'Authorization: Basic cm9vdDp4'
refused 403 'alice' 'a password is no token, and goes nowhere'
verify NONE
ask /x -H 'Authorization: Bearer theirs'
is "$saw" '- GET /x|Authorization: Bearer theirs' 'a token, and no certificate with it'
ask /x -H 'authorization: bearer theirs' -H 'Impersonate-User: root' -H 'X-Remote-Group: system:masters'
is "$saw" '- GET /x|Authorization: Bearer theirs|Impersonate-User: root' \
	'a token may ask to impersonate, no more'
ask /x -H 'Authorization: Bearer a' -H 'Authorization: Bearer b'
refused 400 'several Authorization' 'two Authorization headers'
ask /x -H 'Authorization: Bearer a, Bearer b'
is "$saw" '- GET /x|Authorization: Bearer a,' 'in one it is its first word, as at the master'
protocol=base64url.bearer.authorization.k8s.io.dGhlaXJz
ask /x -H "Sec-WebSocket-Protocol: v5.channel.k8s.io, $protocol"
is "$saw" "- GET /x|Sec-WebSocket-Protocol: v5.channel.k8s.io, $protocol" \
	'a token of a websocket goes alone'
ask /x
is "$saw" '- GET /x' 'nobody: without any credential'
ask /x -H 'Impersonate-User: root'
refused 403 'does not impersonate' 'who may not impersonate'
verify FAILED:'certificate has expired'
ask /x
refused 401 'certificate has expired' 'a certificate that failed'
ask /x -H 'Authorization: Bearer theirs'
is "$saw" '- GET /x|Authorization: Bearer theirs' 'with a token: the token'
verify SUCCESS old
ask /x
refused 401 'expired at' 'one that has expired by now'
verify SUCCESS
ask /x
refused 500 'not told' 'none, though it succeeded'
who='' der=''
ask /x
refused 500 'not told' 'not a word of lighttpd'
verify SUCCESS node
ask /x -H 'X-Ote-Client-Verify: NONE'
refused 500 'not told' 'two'
der=AAAA
ask /x
refused 401 'no certificate' 'garbage for a certificate'
verify SUCCESS node
ask /no
is "$code $(jq -r .message "$dir/body")" '403 not you' "the master's refusal comes whole"

# --- impersonation ---
tunnel -k "$dir/kc" -a Webhook -i "$dir/ids" -I
verify SUCCESS alice
ask /x -H 'Connection: Upgrade'
id=X509SHA256=$(openssl x509 -in "$dir/alice.crt" -outform DER | sha256sum | cut -d' ' -f1)
is "$saw" "hub GET /x|Impersonate-User: alice|Impersonate-Group: staff|Impersonate-Group: system:authenticated|Impersonate-Extra-authentication.kubernetes.io%2Fcredential-id: $id" \
	'the hub for alice'
ask /x -H 'Impersonate-Group: system:masters'
refused 403 'does not impersonate' 'and nobody else for her'
verify SUCCESS node
ask /x
is "$saw" 'system:node:n1 GET /x' 'a pair goes before'
verify NONE
ask /x
is "$saw" '- GET /x' 'nobody is not impersonated'

# --- a hub with a token ---
tunnel -k "$dir/kc-token" -a Webhook -i "$dir/ids" -I
ask /x
is "$saw" '- GET /x' "the hub's token does not go with nobody"
verify SUCCESS node
ask /x
is "$saw" 'system:node:n1 GET /x' 'nor with a pair'
verify SUCCESS alice
ask /x
is "${saw%|Impersonate-Extra*}" '- GET /x|Authorization: Bearer ours|Impersonate-User: alice|Impersonate-Group: staff|Impersonate-Group: system:authenticated' \
	'but with whom it impersonates'
verify NONE
ask /x -H 'Authorization: Bearer theirs'
is "$saw" '- GET /x|Authorization: Bearer theirs' 'and never beside another'

# --- what is wrong at the start ---
cp "$dir/alice.crt" "$dir/ids/bob.crt"
said=$("$OTE_BIN/ote-tunnel" -n -k "$dir/kc" -a Webhook -i "$dir/ids" 2>&1)
is "$? $said" "0 ote-tunnel: $dir/ids/bob.key: No such file or directory" 'a pair of one half is told'
said=$("$OTE_BIN/ote-tunnel" -n -k "$dir/kc" -a Never 2>&1)
is "$? $said" '100 ote-tunnel: -a Never: it is Webhook or AlwaysAllow' 'another mode'
said=$("$OTE_BIN/ote-tunnel" -n -k "$dir/kc" -a Webhook -i "$dir/kc" 2>&1)
is "$? $said" "100 ote-tunnel: $dir/kc: Not a directory" 'identities that are none'
! gone "$tunnel_pid"
ok $? 'it lives'
done_testing
