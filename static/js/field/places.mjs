/** How far from the door: both places as the phone and the registry give them (WGS 84 and CGCS2000, centimetres apart). */

const RADIUS = 6371008.8; // m, mean

/** Metres between two {longitude, latitude}; null where one of them is not known. */
export function distance(one, other) {
  const given = [one.longitude, one.latitude, other.longitude, other.latitude];
  if (given.some((each) => typeof each !== "number")) return null;
  const [x1, y1, x2, y2] = given.map((degrees) => (degrees * Math.PI) / 180);
  const part = Math.sin((y2 - y1) / 2) ** 2 + Math.cos(y1) * Math.cos(y2) * Math.sin((x2 - x1) / 2) ** 2;
  return 2 * RADIUS * Math.asin(Math.sqrt(part));
}
