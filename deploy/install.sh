#!/usr/bin/env bash
# Installs this bundle without any network. Run it inside the unpacked bundle.
#   ./install.sh [--prefix /opt/bihuan] [--python python3.11] [--units]
# --units (root): also makes the account, /etc/bihuan and /var/lib/bihuan, and installs the systemd units.
# Each version gets a directory of its own; `current` points to the one in use, so going back is changing one link.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
prefix=/opt/bihuan python="" units=0
while [ $# -gt 0 ]; do
  case $1 in
  --prefix) prefix=$2; shift 2 ;;
  --python) python=$2; shift 2 ;;
  --units) units=1; shift ;;
  *) echo "用法：./install.sh [--prefix 目录] [--python 解释器] [--units]" >&2; exit 2 ;;
  esac
done
say() { echo "bihuan: $*"; }
fail() { echo "bihuan: $*" >&2; exit 1; }
field() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "$here/about.json"; }

say "核对文件校验和"
(cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) || fail "文件与 SHA256SUMS 不符，拷贝中损坏或被改动，没有安装"

wanted=$(field python)
python=${python:-python$wanted}
command -v "$python" >/dev/null || fail "找不到 $python。安装包为 Python $wanted 制作，请先安装它（含 venv）"
[ "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = "$wanted" ] ||
  fail "$python 不是 Python $wanted，安装包里的依赖不能用"
[ "$(uname -m)" = "$(field machine)" ] || fail "安装包为 $(field machine) 处理器制作，本机是 $(uname -m)"

version=$(field version)-$(sha256sum "$here/SHA256SUMS" | cut -c1-8)
target=$prefix/versions/$version
if [ -x "$target/bin/bihuan" ]; then
  say "$version 已经装好"
else
  say "安装 $version 到 $target"
  rm -rf "$target"
  mkdir -p "$prefix/versions"
  "$python" -m venv "$target" || fail "建不了虚拟环境，请安装 python$wanted-venv"
  pip=("$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-compile --find-links "$here/wheels")
  "${pip[@]}" --require-hashes --requirement "$here/requirements.txt" || { rm -rf "$target"; fail "依赖没有装上"; }
  "${pip[@]}" --no-deps bihuan || { rm -rf "$target"; fail "程序没有装上"; }
  cp -R "$here/deploy" "$here/docs" "$target/"
fi
ln -sfn "versions/$version" "$prefix/current.new"
mv -T "$prefix/current.new" "$prefix/current"

if [ "$units" = 1 ]; then
  [ "$(id -u)" = 0 ] || fail "--units 须由 root 执行"
  id bihuan >/dev/null 2>&1 || useradd --system --home-dir /var/lib/bihuan --shell /usr/sbin/nologin bihuan
  install -d -o bihuan -g bihuan -m 750 /var/lib/bihuan /var/backups/bihuan
  install -d -m 755 /etc/bihuan
  [ -f /etc/bihuan/bihuan.env ] || install -o root -g bihuan -m 640 "$here/deploy/systemd/bihuan.env" /etc/bihuan/bihuan.env
  install -m 644 "$here"/deploy/systemd/*.service "$here"/deploy/systemd/*.target /etc/systemd/system/
  systemctl daemon-reload
  say "下一步：改 /etc/bihuan/bihuan.env，执行 bihuan init，再 systemctl enable --now bihuan.target"
fi
missing=$(awk -F '\t' '!/^#/ && NF {print $1}' "$here/fonts.txt" | while read -r family; do
  command -v fc-list >/dev/null && fc-list : family | grep -qF "$family" || echo "$family"
done)
[ -z "$missing" ] || say "本机没有这些字体，打印文书时会用替代字体（见 docs/how-to/install-offline.md）：$(echo "$missing" | sed ':a;N;$!ba;s/\n/、/g')"
say "装好了：$prefix/current/bin/bihuan --help"
