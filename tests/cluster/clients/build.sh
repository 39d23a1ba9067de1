#!/bin/sh
# build.sh: brings the clients that are not written in Go
#
# Prints two directories, one a line: one with the Python and JavaScript
# clients, python/ and node_modules/, and one with kubectl-debian, as
# Debian 12 has kubectl. They are in the same cache as what ../build.sh builds.
set -eu

cd "$(dirname "$0")"
for tool in python3 node npm apt-get dpkg-deb; do
	command -v "$tool" >/dev/null || {
		echo "build.sh: no $tool" >&2
		exit 100
	}
done
# shellcheck source=../lib/cache.sh
. ../lib/cache.sh
cache_lock

scripts() {
	cp javascript/package.json javascript/package-lock.json "$1" &&
	(cd "$1" && npm ci --ignore-scripts --no-audit --no-fund) &&
	python3 -m pip install --quiet --disable-pip-version-check \
	    --require-hashes --only-binary :all: --no-deps \
	    --target "$1/python" -r python/requirements.txt
}

# The package is taken apart, not installed: another kubectl may be.
debian() (
	here=$PWD
	mkdir "$1/tmp" && cd "$1/tmp" &&
	{ apt-get -q download kubernetes-client || {
		apt-get -q update && apt-get -q download kubernetes-client
	}; } &&
	dpkg-deb -x kubernetes-client_*.deb . &&
	mv usr/bin/kubectl ../kubectl-debian &&
	cd "$here" && rm -rf "$1/tmp"
)

once "clients-$(key "$(python3 --version) $(node --version)" build.sh \
    python/requirements.txt javascript/package*.json)" scripts
once "kubectl-$(key debian-12 build.sh)" debian
cache_prune
