#!/bin/sh
# Brings the peers that the adapter tests talk to: OpenSSH's sshd (from Debian's own package, unpacked and never
# installed, so that no server starts on port 22) and node-soap (from npm, exactly as locked). Run by `make test`.
set -eu
cd "$(dirname "$0")/.."

for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "peers: install Debian's packages nodejs and npm" >&2; exit 1; }
done

# openssh-server and the libraries it needs that a small system does not have.
download() { (cd .cache/debs && apt-get -qq download openssh-server libwrap0 libnsl2 libtirpc3 2>/dev/null); }

if [ ! -x /usr/sbin/sshd ] && [ ! -x .cache/sshd/usr/sbin/sshd ]; then
  mkdir -p .cache/debs .cache/unpacked
  download || { [ "$(id -u)" = 0 ] && apt-get update -qq && download; } ||
    { echo "peers: cannot download openssh-server; install it, or run apt-get update" >&2; exit 1; }
  for deb in .cache/debs/*.deb; do
    dpkg -x "$deb" .cache/unpacked
  done
  mv .cache/unpacked .cache/sshd
fi

if [ ! -d tests/peers/soap/node_modules/soap ]; then
  npm ci --prefix tests/peers/soap --silent --no-audit --no-fund --ignore-scripts
fi
