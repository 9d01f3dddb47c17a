#!/bin/sh
# Prepares this checkout: `sh scripts/setup.sh demo|test|airflow`. Writes only below the checkout; Debian packages are
# installed only when missing, and only with root or password-less sudo; otherwise one line says what to install.
# Airflow has an environment of its own, .airflow/venv: its packages and the product's other extras need not agree.
set -eu
cd "$(dirname "$0")/.."
what=${1:-}
venv=.venv
[ "$what" != airflow ] || venv=.airflow/venv

say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

find_python() {
  for candidate in python3.11 python3.12 python3.13 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$candidate"; return; fi
  done
  say "需要 Python 3.11 或更高版本 / Python 3.11 or newer is needed"
  exit 1
}

venv_packages() { # what Debian's Python lacks to make an environment, where uv does not make it
  [ -x $venv/bin/python ] || has uv || "$python" -c 'import ensurepip' 2>/dev/null || echo python3-venv
}

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
  $as_root apt-get update -qq || say "apt-get update 未完全成功,继续 / apt-get update did not fully succeed, going on"
  # shellcheck disable=SC2086  # a list of package names
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

make_venv() {
  [ ! -x $venv/bin/python ] || return 0
  if has uv; then uv venv -q --python "$python" $venv; else "$python" -m venv $venv; fi
}

pip_install() {
  if has uv; then
    VIRTUAL_ENV=$venv uv pip install -q "$@"
  else
    $venv/bin/python -m pip --version >/dev/null 2>&1 || $venv/bin/python -m ensurepip >/dev/null
    $venv/bin/python -m pip --disable-pip-version-check install -q "$@"
  fi
}

stamp() { echo "$venv/.installed-$(cat "$1" pyproject.toml | sha256sum | cut -c1-16)"; }

install_locked() { # install_locked LOCK: exact versions, every file checked against its hash, then this checkout
  [ ! -f "$(stamp "$1")" ] || return 0
  say "安装 Python 软件包 / installing Python packages: $1"
  pip_install --require-hashes -r "$1"
  pip_install --no-deps --no-build-isolation -e .
  : >"$(stamp "$1")"
}

python=$(find_python)
case $what in
  demo)
    # shellcheck disable=SC2046  # none or one package name
    need_packages unixodbc libsqliteodbc $(venv_packages)
    make_venv
    [ -f "$(stamp requirements/dev.txt)" ] || install_locked requirements/all.txt # dev holds all of all
    ;;
  test)
    # shellcheck disable=SC2046  # none or one package name each
    need_packages unixodbc libsqliteodbc odbc-postgresql odbc-mariadb tdsodbc odbc-mdbtools mdbtools \
      mariadb-server-core mariadb-client-core openssh-client openssl chromium chromium-driver fonts-wqy-zenhei \
      $(has node || echo nodejs) $(has npm || echo npm) $(venv_packages)
    make_venv
    install_locked requirements/dev.txt
    sh scripts/peers.sh
    sh scripts/setup.sh airflow
    ;;
  airflow)
    # shellcheck disable=SC2046  # none or one package name
    need_packages $(venv_packages)
    make_venv
    install_locked requirements/airflow.txt
    ;;
  *)
    say "usage: setup.sh demo|test|airflow"
    exit 2
    ;;
esac
