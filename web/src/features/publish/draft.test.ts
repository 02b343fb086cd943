import { describe, expect, it } from "vitest";
import type { Publication, Targets } from "@/api/types";
import { addressOf, formatsOf, hubName, lacksPlace, mended, nextVersion, pathOf, requestOf, standing, startOf, targetsOf } from "./draft";

const targets: Targets = {
  places: [{ program: "comfyui", path: "/c/loras", writable: false }, { program: "webui", path: "/w/Lora", writable: true }],
  hub_user: "mei", hub: "https://hub.example/", gallery: "/api/gallery/index.html",
};
const one = (part: Partial<Publication>): Publication => ({
  id: "p", lora: "l", name: "Ink", version: 1, target: "zip", place: "", state: "published", tested: true, changes: "", files: [], sha256: "a", created_at: "2026-01-01T00:00:00Z", ...part,
});

describe("startOf", () => {
  it("takes the first folder that can be written to, and a name that the hub takes", () => {
    const start = startOf("images", "Ink · Wash v2!", targets);
    expect(start).toMatchObject({ target: "folder", folder: "/w/Lora", hub: "mei/ink-wash-v2", captions: false, private: true });
  });
  it("takes the zip where there is no such folder", () => {
    expect(startOf("images", "Ink", { ...targets, places: [], hub_user: null })).toMatchObject({ target: "zip", folder: "", hub: "" });
  });
  it("has a name on the hub for one that is written in Chinese only", () => expect(hubName("mei", "水墨")).toBe("mei/lora"));
});

describe("mended", () => {
  const start = startOf("images", "Ink", targets);
  it("keeps what was written, but not a folder that is gone or a target there is none of", () => {
    const kept = { target: "moon", folder: "/gone", description: "wet", more: 1 };
    expect(mended(kept, "images", start, targets)).toMatchObject({ target: "folder", folder: "/w/Lora", description: "wet" });
  });
  it("does without anything kept", () => expect(mended(null, "images", start, targets)).toBe(start));
});

describe("requestOf", () => {
  const start = startOf("images", "Ink", targets);
  it("never says that it is untested by itself", () => expect(requestOf(start, "images", 1).untested).toBe(false));
  it("sends the folder of a program without formats: the program decides", () => {
    const request = requestOf({ ...start, formats: ["merged"] }, "images", 1);
    expect([request.target, request.place, request.formats]).toEqual(["folder", "/w/Lora", []]);
  });
  it("sends another folder as it was written, without blanks", () => expect(requestOf({ ...start, folder: "", other: " /x " }, "images", 1).place).toBe("/x"));
  it("sends formats that suit the kind, the usual one where none was chosen", () => {
    const zip = { ...start, target: "zip" as const };
    expect(requestOf({ ...zip, formats: ["kohya", "gguf"] }, "texts", 1).formats).toEqual(["gguf"]);
    expect([requestOf(zip, "images", 1).formats, requestOf(zip, "texts", 1).formats]).toEqual([["kohya"], ["peft"]]);
  });
  it("tells changes from the second version on only, and no place for a zip", () => {
    const draft = { ...start, target: "zip" as const, changes: "better" };
    expect(requestOf(draft, "images", 1)).toMatchObject({ changes: "", place: "" });
    expect(requestOf(draft, "images", 2).changes).toBe("better");
  });
  it("knows when a place is missing", () => {
    expect(lacksPlace({ ...start, folder: "" })).toBe(true);
    expect(lacksPlace({ ...start, target: "hub", hub: " " })).toBe(true);
    expect(lacksPlace({ ...start, target: "gallery", folder: "" })).toBe(false);
  });
});

it("offers a language model no folder, and no formats in one", () => {
  expect(targetsOf("texts")).toEqual(["zip", "hub", "gallery"]);
  expect(startOf("texts", "Ink", targets).target).toBe("zip");
  expect(formatsOf("images", "folder")).toEqual([]);
  expect(formatsOf("texts", "zip")).toEqual(["peft", "gguf", "merged"]);
});

describe("versions", () => {
  const start = startOf("images", "Ink", targets);
  const all = [one({ version: 3, state: "withdrawn" }), one({ version: 2, id: "two" }), one({ target: "folder", place: "/w/Lora", version: 7 }), one({ target: "hub", place: "https://hub.example/mei/ink", version: 4 })];
  it("go on after one that was withdrawn, each place for itself", () => {
    expect(nextVersion(all, "Ink", { ...start, target: "zip" })).toBe(4);
    expect(nextVersion(all, "Ink", start)).toBe(8);
    expect(nextVersion(all, "Ink", { ...start, folder: "", other: "/w/Lora/" })).toBe(8);
    expect(nextVersion(all, "Ink", { ...start, folder: "", other: "/elsewhere" })).toBe(1);
    expect(nextVersion(all, "Ink", { ...start, target: "hub", hub: "mei/ink" })).toBe(5);
    expect(nextVersion(all, "Ink", { ...start, target: "hub", hub: "i/ink" })).toBe(1);
  });
  it("begin anew under another name", () => expect(nextVersion(all, "Wash", start)).toBe(1));
  it("stand until they are withdrawn", () => expect(standing(all).map((each) => each.version)).toEqual([2, 7, 4]));
});

it("names the file in its folder", () => {
  expect(pathOf({ place: "/w/Lora", files: ["Ink.png", "Ink.safetensors"] })).toBe("/w/Lora/Ink.safetensors");
  expect(pathOf({ place: "C:\\Lora", files: ["Ink.safetensors"] })).toBe("C:\\Lora\\Ink.safetensors");
  expect(pathOf({ place: "/w", files: [] })).toBe("/w");
});

describe("addressOf", () => {
  it("leads to the hub and the gallery, and nowhere for a path", () => {
    expect(addressOf({ target: "hub", place: "mei/ink" }, targets)).toBe("https://hub.example/mei/ink");
    expect(addressOf({ target: "hub", place: "https://h/x" }, targets)).toBe("https://h/x");
    expect(addressOf({ target: "gallery", place: "/api/gallery/ink/index.html" }, targets)).toBe("/api/gallery/ink/index.html");
    expect(addressOf({ target: "gallery", place: "" }, targets)).toBe("/api/gallery/index.html");
    expect(addressOf({ target: "folder", place: "/w" }, targets)).toBeNull();
  });
  it("leads nowhere when a place pretends to be an address of another kind", () => {
    expect(addressOf({ target: "hub", place: "javascript:alert(1)" }, targets)).toBe("https://hub.example/javascript:alert(1)");
  });
});
