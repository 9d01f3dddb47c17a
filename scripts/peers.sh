#!/bin/sh
# Brings the peers that the tests talk to: OpenSSH's sshd, nginx, Prometheus and Alertmanager (from Debian's own packages,
# unpacked and never installed, so that no server starts on port 22, 80 or 9090), node-soap (from npm, exactly as locked)
# and a real Access file: no free program writes one, and the source package of meza (MIT) holds one for its tests. Run
# by `make test`; `peers.sh soak` brings Redis too.
set -eu
cd "$(dirname "$0")/.."

for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "peers: install Debian's packages nodejs and npm" >&2; exit 1; }
done

# unpack NAME PACKAGE...: Debian packages into .cache/NAME, whole or not at all.
download() { (cd ".cache/debs/$1" && shift && apt-get -qq download "$@" 2>/dev/null); }
unpack() {
  [ ! -d ".cache/$1" ] || return 0
  mkdir -p ".cache/debs/$1" ".cache/unpacked"
  download "$@" || { [ "$(id -u)" = 0 ] && apt-get update -qq && download "$@"; } ||
    { echo "peers: cannot download $*; run apt-get update" >&2; exit 1; }
  for deb in ".cache/debs/$1"/*.deb; do
    dpkg -x "$deb" .cache/unpacked
  done
  mv .cache/unpacked ".cache/$1"
}

# with the libraries that a small system does not have
[ -x /usr/sbin/sshd ] || unpack sshd openssh-server libwrap0 libnsl2 libtirpc3
unpack nginx nginx libnginx-mod-stream
unpack prometheus prometheus
unpack alertmanager prometheus-alertmanager
[ "${1:-}" != soak ] || [ -x /usr/bin/redis-server ] ||
  unpack redis redis-server redis-tools liblua5.1-0 libjemalloc2 liblzf1

if [ ! -d tests/peers/soap/node_modules/soap ]; then
  npm ci --prefix tests/peers/soap --silent --no-audit --no-fund --ignore-scripts
fi

# The package is taken by its digest and only then asked for its name and version, as pip must; the file has its own.
sample=25e6ab494c34d61017f67e05c63b5e6685fe344f322297064e6993174ac17430
if [ ! -f .cache/access/test.mdb ]; then
  mkdir -p .cache/access
  echo "meza==0.47.0 --hash=sha256:35944c9d450a7903e181f212b2a255acd43c6690f7b5ba5726cbfbaa756973e3" \
    >.cache/access/requirements.txt
  for python in .venv/bin/python python3 none; do
    "$python" -m pip --version >/dev/null 2>&1 && break
  done
  [ "$python" != none ] || { echo "peers: no pip: install Debian's package python3-pip" >&2; exit 1; }
  "$python" -m pip --disable-pip-version-check download -q --no-deps --no-binary :all: --require-hashes \
    -r .cache/access/requirements.txt -d .cache/access
  tar -xzOf .cache/access/meza-0.47.0.tar.gz meza-0.47.0/data/test/test.mdb >.cache/access/unpacked
  echo "$sample  .cache/access/unpacked" | sha256sum -c --quiet -
  mv .cache/access/unpacked .cache/access/test.mdb
fi
