// Pictures made of nothing: every seed gives its own little landscape, as SVG.

function random(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export function picture(seed: number, width = 256, height = 256): string {
  const next = random(seed + 7);
  const hue = Math.floor(next() * 360);
  const shapes = [0, 1, 2].map((layer) => {
    const y = 0.45 + layer * 0.17 + next() * 0.08;
    const c = [next() * 0.3, next() * 0.3].map((d) => (y - 0.15 + d) * height);
    return `<path fill="hsl(${hue + layer * 14} 38% ${58 - layer * 16}%)" d="M0 ${y * height}C${width * 0.3} ${c[0]} ${width * 0.6} ${c[1]} ${width} ${y * height}V${height}H0Z"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" preserveAspectRatio="none" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><rect width="${width}" height="${height}" fill="hsl(${hue + 40} 55% 84%)"/><circle cx="${(0.2 + next() * 0.6) * width}" cy="${(0.15 + next() * 0.25) * height}" r="${height * 0.09}" fill="hsl(${hue + 50} 80% 68%)"/>${shapes.join("")}</svg>`;
}
