// The size a picture is trained at, as the trainer chooses it, for a resolution that many use.

export const EXAMPLE = 512;
const STEP = 64;
const MAX_ASPECT = 2;

type Size = readonly [width: number, height: number];

function sizes(resolution: number): Size[] {
  const found = new Map<string, Size>();
  const add = (width: number, height: number) => found.set(`${width}x${height}`, [width, height]);
  for (let width = STEP; width < resolution * Math.sqrt(MAX_ASPECT) + STEP; width += STEP) {
    const height = Math.floor(resolution ** 2 / width / STEP) * STEP;
    if (height < STEP || Math.max(width, height) > MAX_ASPECT * Math.min(width, height)) continue;
    add(width, height);
    add(height, width);
  }
  add(resolution, resolution);
  const all = [...found.values()];
  return all.filter((size) => !all.some((other) => other !== size && other[0] >= size[0] && other[1] >= size[1]));
}

const SIZES = sizes(EXAMPLE);

/** The size whose shape is nearest; of two equally near, the larger. */
export function bucketFor(width: number, height: number): Size {
  const shape = Math.log(width / height);
  const off = ([w, h]: Size) => Math.round(Math.abs(Math.log(w / h) - shape) * 1e9);
  return SIZES.reduce((best, size) => (off(size) < off(best) || (off(size) === off(best) && size[0] * size[1] > best[0] * best[1]) ? size : best));
}
