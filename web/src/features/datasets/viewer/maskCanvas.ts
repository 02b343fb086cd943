// The mask as a canvas: dark where the picture does not count, clear where it does.

const LONGEST = 1024;

export function sizeOf(width: number, height: number): [number, number] {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

const contextOf = (canvas: HTMLCanvasElement) => canvas.getContext("2d", { willReadFrequently: true });

export function fill(canvas: HTMLCanvasElement, counts: boolean): void {
  const context = contextOf(canvas);
  if (!context) return;
  context.globalCompositeOperation = "source-over";
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!counts) context.fillRect(0, 0, canvas.width, canvas.height);
}

/** A stroke from one point to the next; `counts` clears, else it darkens. */
export function stroke(canvas: HTMLCanvasElement, from: readonly [number, number], to: readonly [number, number], size: number, counts: boolean): void {
  const context = contextOf(canvas);
  if (!context) return;
  context.globalCompositeOperation = counts ? "destination-out" : "source-over";
  context.lineCap = "round";
  context.lineJoin = "round";
  context.lineWidth = size;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

async function load(address: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

/** Reads a picture into the canvas: how much a pixel counts is its alpha, or how bright it is. Returns whether anything does not count. */
export async function read(canvas: HTMLCanvasElement, address: string, by: "alpha" | "brightness"): Promise<boolean> {
  const context = contextOf(canvas);
  const image = await load(address);
  if (!context) return false;
  const { width, height } = canvas;
  const before = context.getImageData(0, 0, width, height);
  context.globalCompositeOperation = "source-over";
  context.clearRect(0, 0, width, height);
  context.drawImage(image, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height);
  let found = false;
  for (let at = 0; at < pixels.data.length; at += 4) {
    const counts = pixels.data[at + (by === "alpha" ? 3 : 0)] ?? 255;
    pixels.data.set([0, 0, 0, 255 - counts], at);
    found ||= counts < 250;
  }
  context.putImageData(found || by === "brightness" ? pixels : before, 0, 0);
  return found;
}

/** As the server keeps it: white counts, black does not. */
export function png(canvas: HTMLCanvasElement): Promise<Blob> {
  const flat = document.createElement("canvas");
  flat.width = canvas.width;
  flat.height = canvas.height;
  const context = flat.getContext("2d");
  if (context) {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, flat.width, flat.height);
    context.drawImage(canvas, 0, 0);
  }
  return new Promise((resolve, reject) => flat.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no canvas"))), "image/png"));
}
