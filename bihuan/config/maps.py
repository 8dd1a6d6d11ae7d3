"""Where map tiles come from, if the operator names an approved service. Without one the map is schematic.

Only services in CGCS2000 or WGS 84 fit: what the record keeps is drawn as it is, and converted nowhere on the way.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from bihuan.config import environment

_SHIFTED = re.compile(r"autonavi|amap\.com|gaode|map\.qq|gtimg|bdimg|baidu", re.IGNORECASE)


def tile_layers() -> list[str]:
    """The address templates of BIHUAN_MAP_TILES, lowest layer first, with BIHUAN_MAP_KEY filled in.

    Raises ImproperlyConfigured for a template that cannot work, for tiles in shifted coordinates, and for tiles
    without the number of the map's approval (审图号), which has to stand on every map that is shown.
    """
    layers = environment.text("BIHUAN_MAP_TILES").split()
    key = environment.text("BIHUAN_MAP_KEY")
    for layer in layers:
        parts = urlsplit(layer)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ImproperlyConfigured("BIHUAN_MAP_TILES 中的每个地址应以 https:// 开头，多个之间用空格分开")
        if not all(mark in layer for mark in ("{x}", "{y}", "{z}")):
            raise ImproperlyConfigured("BIHUAN_MAP_TILES 的地址里应有 {x}、{y}、{z}")
        if _SHIFTED.search(parts.hostname):
            raise ImproperlyConfigured(
                "BIHUAN_MAP_TILES 只能用 CGCS2000（WGS 84）坐标的底图，高德、腾讯、百度的底图会使位置偏移数百米"
            )
        if "{key}" in layer and not key:
            raise ImproperlyConfigured("BIHUAN_MAP_TILES 用到 {key}，请同时设置 BIHUAN_MAP_KEY")
    if layers and not approval():
        raise ImproperlyConfigured("使用在线底图须设置 BIHUAN_MAP_APPROVAL（审图号），地图上必须标明")
    return [layer.replace("{key}", key) for layer in layers]


def approval() -> str:
    """The approval number shown in the corner of the map."""
    return environment.text("BIHUAN_MAP_APPROVAL")


def tile_origins(layers: list[str]) -> list[str]:
    """The origins pictures may come from; a host with {s} in its first name means all its siblings."""
    found = []
    for layer in layers:
        parts = urlsplit(layer)
        host = parts.netloc
        if "{s}" in host:
            host = f"*.{host.split('.', 1)[1]}"
        found.append(f"{parts.scheme}://{host}")
    return list(dict.fromkeys(found))
