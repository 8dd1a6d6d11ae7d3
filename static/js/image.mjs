/** Makes a photo small enough to send from the street, keeping its EXIF: time and place are evidence. */

const LONGEST = 1600; // px
const QUALITY = 0.85;

/** The EXIF segment (APP1) of a JPEG as bytes, with orientation set to 1 because the pixels are already turned; null when there is none. */
export function exifSegment(buffer) {
  const view = new DataView(buffer);
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 4 < view.byteLength && view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda) {
    const size = view.getUint16(at + 2);
    if (view.getUint8(at + 1) === 0xe1 && view.getUint32(at + 4) === 0x45786966) {
      const segment = buffer.slice(at, at + 2 + size);
      uprightOrientation(new DataView(segment));
      return segment;
    }
    at += 2 + size;
  }
  return null;
}

function uprightOrientation(view) {
  const tiff = 10; // marker 2, length 2, "Exif\0\0" 6
  const little = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, little);
  const entries = view.getUint16(directory, little);
  for (let index = 0; index < entries; index += 1) {
    const entry = directory + 2 + index * 12;
    if (view.getUint16(entry, little) === 0x0112) view.setUint16(entry + 8, 1, little);
  }
}

/** A JPEG blob whose longest side is at most 1600 px. What the browser cannot read (HEIC on some) is returned untouched. */
export async function shrink(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.type === "image/jpeg" && file.size < 1500000) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // transparent PNG would turn black in JPEG
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob) return file;
  let exif = null;
  try {
    exif = exifSegment(await file.slice(0, 262144).arrayBuffer());
  } catch {
    // A damaged EXIF block: the picture itself is still good.
  }
  if (!exif) return blob;
  return new Blob([blob.slice(0, 2), exif, blob.slice(2)], { type: "image/jpeg" });
}
