#!/bin/sh
# Prepares this checkout: `sh scripts/setup.sh demo|test`. Writes only below the checkout; Debian packages are
# installed only when missing, and only with root or password-less sudo; otherwise one line says what to install.
set -eu
cd "$(dirname "$0")/.."
what=${1:?usage: setup.sh demo|test}

say() { printf '%s\n' "$*" >&2; }

need_packages() { # need_packages PACKAGE...: installs those that dpkg does not know as installed
  missing=
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" = 0 ]; then as_root=; elif sudo -n true 2>/dev/null; then as_root=sudo; else
    say "缺少系统软件包,请先安装 / please install first:  apt-get install --no-install-recommends$missing"
    exit 1
  fi
  say "安装系统软件包 / installing:$missing"
  $as_root apt-get update -qq
  # shellcheck disable=SC2086  # a list of package names
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

find_python() {
  for candidate in python3.11 python3.12 python3.13 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$candidate"; return; fi
  done
  say "需要 Python 3.11 或更高版本 / Python 3.11 or newer is needed"
  exit 1
}

make_venv() {
  python=$(find_python)
  if command -v uv >/dev/null 2>&1; then
    uv venv -q --python "$python" --seed .venv
  else
    "$python" -c 'import ensurepip' 2>/dev/null || need_packages python3-venv
    "$python" -m venv .venv
  fi
}

install_locked() { # install_locked LOCK: exact versions, every file checked against its hash, then this checkout
  lock=$1
  stamp=.venv/.installed-$(cat "$lock" pyproject.toml | sha256sum | cut -c1-16)
  [ ! -f "$stamp" ] || return 0
  if command -v uv >/dev/null 2>&1; then pip="uv pip"; export VIRTUAL_ENV=.venv; else pip=".venv/bin/python -m pip --disable-pip-version-check"; fi
  $pip install -q --require-hashes -r "$lock"
  $pip install -q --no-deps --no-build-isolation -e .
  : >"$stamp"
}

[ -x .venv/bin/python ] || make_venv
case $what in
  demo)
    install_locked requirements/all.txt
    need_packages unixodbc libsqliteodbc
    ;;
  test)
    install_locked requirements/dev.txt
    need_packages unixodbc libsqliteodbc openssl
    command -v node >/dev/null 2>&1 || need_packages nodejs
    command -v npm >/dev/null 2>&1 || need_packages npm
    sh scripts/peers.sh
    ;;
  *)
    say "usage: setup.sh demo|test"
    exit 2
    ;;
esac
