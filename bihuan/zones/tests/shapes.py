"""Files and polygons made by hand, around a place in the invented city (103.5 east, 30.2 north)."""

import io
import json
import struct
import zipfile

import shapefile

SQUARE = [(103.5, 30.2), (103.6, 30.2), (103.6, 30.3), (103.5, 30.3)]
HOLE = [(103.52, 30.22), (103.54, 30.22), (103.54, 30.24), (103.52, 30.24)]
EAST = [(103.7, 30.2), (103.8, 30.2), (103.8, 30.3), (103.7, 30.3)]


def closed(ring):
    return [list(vertex) for vertex in (*ring, ring[0])]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": [closed(ring) for ring in rings]}


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def kml(*placemarks, head=""):
    marks = "".join(
        f"<Placemark><name>{name}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        + " ".join(f"{x},{y},0" for x, y in (*ring, ring[0]))
        + "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        for name, ring in placemarks
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document>{marks}</Document></kml>"
    ).encode()


def zipped(**parts):
    """A zip of parts; a double underscore in a name stands for the dot."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "."), content)
    return target.getvalue()


def shapefile_zip(*areas, encoding="utf-8", prj=None, field="名称"):
    streams = {kind: io.BytesIO() for kind in ("shp", "shx", "dbf")}
    writer = shapefile.Writer(**streams, shapeType=shapefile.POLYGON, encoding=encoding)
    writer.field(field, "C", size=60)
    for name, ring in areas:
        # Shapefiles go round clockwise on the outside.
        writer.poly([closed(list(reversed(ring)))])
        writer.record(name)
    writer.close()
    parts = {f"zones__{kind}": stream.getvalue() for kind, stream in streams.items()}
    if prj:
        parts["zones__prj"] = prj
    return zipped(**parts)


def lying_shapefile():
    """A header that promises a hundred million points and has none."""
    head = struct.pack(">i20x i", 9994, 80) + struct.pack("<ii4d32x", 1000, 5, 103, 30, 104, 31)
    body = struct.pack(">ii", 1, 1000) + struct.pack("<i4dii", 5, 103, 30, 104, 31, 1, 100_000_000)
    return zipped(a__shp=head + body)
