import { expect, it } from "vitest";
import { bucketFor } from "./bucket";

it.each([
  [1024, 1024, [512, 512]],
  [832, 1216, [448, 576]],
  [1216, 832, [576, 448]],
  [640, 960, [384, 640]],
  [100, 900, [384, 640]],
])("%i × %i is trained at %j, as the trainer says", (width, height, size) => {
  expect(bucketFor(width, height)).toEqual(size);
});
