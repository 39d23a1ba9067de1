# shellcheck shell=sh
# objects.sh: many requests that write; sourced after lib.sh
#
# CURL_OPTIONS holds lines of curl's configuration: CA, certificate.

# send METHOD URL FILE: each line of FILE is a path, a blank and a body
send() {
	case $1 in
	PATCH) _type=application/merge-patch+json ;;
	*) _type=application/json ;;
	esac
	mkdir "$3.d"
	awk -v dir="$3.d" -v url="$2" -v method="$1" -v type="$_type" \
		-v options="$CURL_OPTIONS" '{
		file = dir "/" NR
		path = $1
		sub(/^[^ ]* /, "")
		printf "%s", $0 >file
		close(file)
		if (NR > 1)
			print "next"
		print options
		printf "request = \"%s\"\nurl = \"%s%s\"\n", method, url, path
		printf "header = \"Content-Type: %s\"\ndata = \"@%s\"\n",
			type, file
		print "output = \"/dev/null\"\nsilent\nshow-error\nfail"
	}' "$3" >"$3.curl"
	timeout 120 curl --no-progress-meter --parallel --parallel-max 16 \
		-K "$3.curl" ||
		die "$1: objects cannot be written"
	rm -rf "$3.d" "$3.curl"
}

# configmaps NAMESPACE COUNT BYTES: lines for send POST
configmaps() {
	awk -v ns="$1" -v n="$2" -v bytes="$3" 'BEGIN {
		for (i = 0; i < bytes; i++)
			pad = pad "x"
		for (i = 0; i < n; i++) {
			printf "/api/v1/namespaces/%s/configmaps ", ns
			printf "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\","
			printf "\"metadata\":{\"name\":\"c%05d\",", i
			printf "\"namespace\":\"%s\"},", ns
			printf "\"data\":{\"pad\":\"%s\"}}\n", pad
		}
	}'
}

# changes NAMESPACE COUNT WORD: lines for send PATCH, to the first COUNT
changes() {
	awk -v ns="$1" -v n="$2" -v word="$3" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "/api/v1/namespaces/%s/configmaps/c%05d " \
				"{\"data\":{\"word\":\"%s\"}}\n", ns, i, word
	}'
}
