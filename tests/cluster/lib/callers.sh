# shellcheck shell=sh
# callers.sh: certificates and tokens of all kinds, good and bad
#
# A certificate is pki/NAME.crt and .key, a token callers/NAME.token, made of
# the claims of a real one. Bad ones would be an administrator's, so that
# whoever takes them shows it.

# recert FROM NAME ARGUMENT...: pki/NAME.crt, see identity/recert.py
recert() {
	_from=$CLUSTER/pki/$1 _to=$CLUSTER/pki/$2
	shift 2
	cp "$_from.key" "$_to.key"
	python3 -B identity/recert.py "$_from.crt" "$_to.crt" \
	    "$CLUSTER/pki/ca.key" "$@"
}

callers_certificates() {
	pki_cert edge-2 /O=system:nodes/CN=system:node:edge-2
	pki_cert alice /O=devs/CN=alice
	pki_cert dave /O=devs/CN=dave
	pki_cert bob /CN=bob
	pki_cert twice-last /CN=bob/CN=alice
	pki_cert twice-first /CN=alice/CN=bob
	pki_cert joined /O=devs+CN=bob
	pki_cert like '/O=system:masters /O=System:Masters/CN=Admin'
	pki_cert ou /OU=system:masters/CN=bob
	recert bob empty O=system:masters CN=
	recert bob nameless O=system:masters
	recert bob subjectless ''
	recert bob nul 'CN=alice\0x'
	recert bob nul-group CN=bob 'O=system:masters\0x'
	# shellcheck disable=SC2046
	recert bob many CN=bob $(seq 400 |
	    sed 's/.*/O=&-some-group-with-a-name-that-is-rather-long/')
	recert admin expired -d 200101000000Z 210101000000Z
	recert admin future -d 480101000000Z 490101000000Z
	callers_foreign
	callers_usage
}

# One of another CA by the same name, and one that signed itself.
callers_foreign() {
	_p=$CLUSTER/pki
	mkdir -p "$_p/foreign"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$_p/foreign/ca.key" -out "$_p/foreign/ca.crt" \
	    -days 30 -subj /CN=ote-cluster 2>/dev/null
	openssl req -new -key "$_p/admin.key" -subj /O=system:masters/CN=admin |
	    openssl x509 -req -days 30 -CA "$_p/foreign/ca.crt" \
	    -CAkey "$_p/foreign/ca.key" -CAcreateserial \
	    -extfile "$_p/admin.ext" -out "$_p/foreign.crt" 2>/dev/null
	cp "$_p/admin.key" "$_p/foreign.key"
	pki_key self
	openssl req -x509 -new -key "$_p/self.key" -days 30 \
	    -subj /O=system:masters/CN=admin -out "$_p/self.crt"
}

# A server's certificate is no client's.
callers_usage() {
	cp "$CLUSTER/pki/admin.key" "$CLUSTER/pki/usage.key"
	openssl req -new -key "$CLUSTER/pki/usage.key" \
	    -subj /O=system:masters/CN=admin |
	    openssl x509 -req -days 30 -CA "$CLUSTER/pki/ca.crt" \
	    -CAkey "$CLUSTER/pki/ca.key" -CAcreateserial -extfile \
	    identity/usage.ext -out "$CLUSTER/pki/usage.crt" 2>/dev/null
}

b64url() {
	base64 -w0 | tr '+/' '-_' | tr -d =
}

# token_get ACCOUNT [KIND NAME UID]: of namespace team, bound to that
token_get() {
	jq -n --arg k "${2:-}" --arg n "${3:-}" --arg u "${4:-}" \
	    '{apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest",
	    spec: {expirationSeconds: 7200, boundObjectRef:
	    (if $k == "" then null else {apiVersion: "v1", kind: $k,
	    name: $n, uid: $u} end)}}' |
	    kc create --raw "/api/v1/namespaces/team/serviceaccounts/$1/token" \
	    -f - | jq -j .status.token
}

# token_sign HEADER: the claims on stdin, to a token by pki/$_by
token_sign() {
	_text=$(printf %s "$1" | b64url).$(b64url)
	case $1 in
	*'"none"'*) _sig= ;;
	*'"HS'*) _sig=$(printf %s "$_text" | openssl dgst -sha256 -mac HMAC \
	    -macopt "hexkey:$(od -An -v -tx1 "$CLUSTER/pki/$_by" |
	    tr -d ' \n')" -binary | b64url) ;;
	*) _sig=$(printf %s "$_text" |
	    openssl dgst -sha256 -sign "$CLUSTER/pki/$_by" | b64url) ;;
	esac
	printf %s.%s "$_text" "$_sig"
}

# token_mint NAME JQ [ALG [KEY]]: the claims of web's token, changed, without a
# kid
token_mint() {
	_by=${4:-sa.key}
	token_payload <"$CLUSTER/callers/web.token" | jq -cj "$2" |
	    token_sign "{\"alg\":\"${3:-RS256}\",\"typ\":\"JWT\"}" \
	    >"$CLUSTER/callers/$1.token"
}

# token_spell NAME SED: the same, the claims changed as text
token_spell() {
	_by=sa.key
	token_payload <"$CLUSTER/callers/web.token" | tr -d '\n' |
	    LC_ALL=C sed "$2" | token_sign '{"alg":"RS256"}' \
	    >"$CLUSTER/callers/$1.token"
}

callers_minted() {
	openssl genrsa -out "$CLUSTER/pki/other.key" 2048 2>/dev/null
	token_mint minted .
	token_mint expired '.exp = .iat - 600 | .nbf = .iat - 900 |
	    .iat = .nbf'
	token_mint future '.nbf = .iat + 3600'
	token_mint forged . RS256 other.key
	token_mint none . none
	token_mint none-case . nOnE
	token_mint confused . HS256 sa.pub
	token_mint rs384 . RS384
	token_mint audience '.aud = ["elsewhere"]'
	token_mint no-audience 'del(.aud)'
	token_mint issuer '.iss = "https://elsewhere"'
	token_mint subject '.sub = "system:serviceaccount:team:plain"'
	token_mint no-exp 'del(.exp)'
	token_mint account-uid '.["kubernetes.io"].serviceaccount.uid = "x"'
	token_mint pod-uid '.["kubernetes.io"].pod.uid = "x"'
	token_mint node-uid '.["kubernetes.io"].node.uid = "x"'
	token_mint exp-text '.exp |= tostring'
	token_spell exp-huge 's/"exp":[0-9]*/"exp":1e400/'
	token_spell exp-long 's/"exp":[0-9]*/"exp":99999999999999999999999/'
	token_spell exp-part 's/"exp":\([0-9]*\)/"exp":\1.5/'
	token_spell twice 's/"sub":/"sub":"system:admin","sub":/'
	token_spell utf8 's/"sub":"/"jti2":"\xff\xfe","sub":"/'
	token_spell deep "s/^{/{\"x\":$(printf '%05000d' 0 | tr 0 '['),/"
	_by=sa.key
	for _head in '"kid":"../../../etc/passwd"' '"crit":["x"],"x":1' \
	    '"b64":false,"crit":["b64"]'; do
		_name=$(printf %s "$_head" | sed 's/":.*//; s/"//')
		token_payload <"$CLUSTER/callers/web.token" | tr -d '\n' |
		    token_sign "{\"alg\":\"RS256\",$_head}" \
		    >"$CLUSTER/callers/$_name.token"
	done
}

# uid KIND NAME [NAMESPACE]
uid() {
	kc get "$1" "$2" ${3:+-n "$3"} -o jsonpath='{.metadata.uid}'
}

legacy_there() {
	[ -n "$(kc get secret legacy -n team -o jsonpath='{.data.token}')" ]
}

# callers_tokens: of real accounts; gone's pod and lost's account end
callers_tokens() {
	mkdir -p "$CLUSTER/callers"
	for _who in web plain far gone late made-brief; do
		token_get "$_who" Pod "$_who" "$(uid pod "$_who" team)" \
		    >"$CLUSTER/callers/$_who.token"
	done
	token_get web Node edge-1 "$(uid node edge-1)" \
	    >"$CLUSTER/callers/node-bound.token"
	token_get web >"$CLUSTER/callers/unbound.token"
	token_get lost >"$CLUSTER/callers/lost.token"
	token_get soon >"$CLUSTER/callers/soon.token"
	wait_for 60 "a legacy token" legacy_there
	kc get secret legacy -n team -o jsonpath='{.data.token}' |
	    base64 -d >"$CLUSTER/callers/legacy.token"
	kc delete pod gone -n team --force --grace-period=0 >/dev/null 2>&1
	kc delete serviceaccount lost -n team >/dev/null
	callers_minted
}

# What the requests need to know.
callers_facts() {
	jq -n --arg web "$(uid pod web team)" --arg far "$(uid pod far team)" \
	    '{web: $web, far: $far}' >"$CLUSTER/callers/facts.json"
}

objects_made() {
	identity/objects.sh | kc apply -f - >/dev/null 2>&1
}

# callers_make: all of them, in a cluster that then stands still
callers_make() {
	callers_certificates
	wait_for 120 "the objects" objects_made
	callers_tokens
	callers_facts
	proc_stop controller-manager
	proc_stop scheduler
}

# code_of PATH CURL_OPTION...: the status of the hub's answer
code_of() {
	_path=$1
	shift
	curl -s -m 20 -o "$CLUSTER/answer" -w '%{http_code}' \
	    --cacert "$CLUSTER/pki/ca.crt" "$@" "$HUB_URL$_path"
}

# code_token PATH NAME: to that token; code_cert PATH NAME CURL_OPTION...: to
# that certificate
code_token() {
	code_of "$1" -H "Authorization: Bearer $(cat \
	    "$CLUSTER/callers/$2.token")"
}

code_cert() {
	_cert=$CLUSTER/pki/$2
	_path=$1
	shift 2
	code_of "$_path" --cert "$_cert.crt" --key "$_cert.key" "$@"
}

# answers CODE COMMAND...: whether that is what it prints
answers() {
	_want=$1
	shift
	[ "$("$@")" = "$_want" ]
}
