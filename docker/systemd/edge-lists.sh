#!/bin/sh
# Puts the centre's revocation lists where nginx reads them, and has it read them: only lists that it accepts.
# edge-lists.sh CRLS TARGET; called by yizhan-edge-lists.service as root, with the lists of keys/crls.
set -eu
cat "$1"/*.crl >"$2.new"
[ ! -e "$2" ] || cp -p "$2" "$2.old"
mv "$2.new" "$2"
if ! ${NGINX:-nginx} -t -q; then
  [ ! -e "$2.old" ] || mv "$2.old" "$2"
  echo "edge-lists: nginx refuses these lists; the old ones stay" >&2
  exit 1
fi
rm -f "$2.old"
${RELOAD:-systemctl reload nginx}
