# Sourced by ote_install: EdgeController on a cluster.
# shellcheck shell=sh disable=SC2154

cut_off=edgenode.ote.baidu.com/cut-off

kc() {
	kubectl ${kubeconfig:+--kubeconfig "$kubeconfig"} "$@"
}

check_cluster() {
	need_tool kubectl "kubectl of Kubernetes"
	need_tool jq jq
	check_number --timeout "$timeout" 0 3600
	[ -d "$deploy/controller" ] || die "$deploy/controller: not there: run" \
		"make install"
	said=$(kc version -o json 2>&1) ||
		die "kubectl: $(printf '%s\n' "$said" | grep . | tail -n 1)"
}

# overlay OPTION...: of the base, into $tmp
overlay() {
	mkdir "$tmp/base"
	cp -r "$deploy/kustomization.yml" "$deploy/edgenode-crd.yml" \
		"$deploy/controller" "$tmp/base/"
	jq -n --arg image "$image" --arg replicas "$replicas" '
		{apiVersion: "kustomize.config.k8s.io/v1beta1",
		kind: "Kustomization", resources: ["base"]}
		+ if $image == "" then {} else {images: [{
			name: "localhost/ote-edgecontroller",
			newName: ($image | sub(":[^:/]*$"; "")),
			newTag: ($image | capture(":(?<t>[^:/]*)$").t)}]} end
		+ if $replicas == "" then {} else {replicas: [{
			name: "ote-edgecontroller",
			count: ($replicas | tonumber)}]} end
		+ if $ARGS.positional == [] then {} else {patches: [{
			target: {kind: "Deployment"},
			patch: [$ARGS.positional[] | {op: "add",
			path: "/spec/template/spec/containers/0/args/-",
			value: .}] | tojson}]} end' --args -- "$@" \
		>"$tmp/kustomization.yaml"
}

install_it() {
	case $image in
	'' | *[!:/]*:[!:/]*) ;;
	*) die "--image $image: write name:tag" ;;
	esac
	[ -z "$replicas" ] || check_number --replicas "$replicas" 1 100
	check_cluster
	overlay "$@"
	kc apply -k "$tmp" || die "kubectl could not apply $deploy: see above"
	[ "$timeout" -ne 0 ] || return 0
	kc rollout status -n ote-edge deployment/ote-edgecontroller \
		--timeout "${timeout}s" || {
		kc get pods -n ote-edge >&2 || :
		die "it does not run after $timeout s: see kubectl describe pods" \
			"-n ote-edge; is the image on the nodes?"
	}
}

# lines_of FILTER RESOURCE [OPTION...]: what that makes of each object
lines_of() {
	filter=$1
	shift
	kc get "$@" -o json >"$tmp/objects" &&
		jq -r --arg taint "$cut_off" --arg prefix "${cut_off%/*}/" \
			".items[] | $filter" "$tmp/objects" >"$tmp/lines"
}

# Whoever is removed may stand in for nodes: nobody would take the taint away.
untaint() {
	# shellcheck disable=SC2016
	lines_of 'select(any(.spec.taints[]?; .key == $taint)) |
		.metadata.name' nodes || return
	while read -r name; do
		kc taint node "$name" "$cut_off-" </dev/null || return
	done <"$tmp/lines"
}

# Nor the annotations of Leases.
unmark() {
	# shellcheck disable=SC2016
	lines_of '.metadata | .name + " " + ([.annotations // {} | keys[] |
		select(startswith($prefix)) + "-"] | select(. != []) |
		join(" "))' leases -n kube-node-lease || return
	while read -r name keys; do
		# shellcheck disable=SC2086
		kc annotate lease -n kube-node-lease "$name" $keys </dev/null ||
			return
	done <"$tmp/lines"
}

# Without rights first: its pods may be where nobody can end them.
remove_it() {
	check_cluster
	overlay
	kc delete clusterrolebinding ote-edgecontroller --ignore-not-found &&
		kc delete rolebinding -n kube-node-lease \
			ote-edgecontroller-leases --ignore-not-found &&
		kc delete deployment -n ote-edge ote-edgecontroller \
			--ignore-not-found --wait=false &&
		untaint && unmark ||
		die "not all of it is gone: see above, and run this again"
	kc delete -k "$tmp" --ignore-not-found --timeout="$((timeout + 1))s" ||
		die "not all of it is gone: see above, and run this again"
}
