// What is being said about a LoRA before it is published, and how it becomes a request.
import type { Kind } from "@/api/kinds";
import type { Place, Publication, Publish, Targets } from "@/api/types";

export type Target = Publish["target"];
export type Format = Publish["formats"][number];

export const TARGETS = ["folder", "zip", "hub", "gallery"] as const satisfies readonly Target[];

/** The first one is what the programs there load anyway. */
const FORMATS = { images: ["kohya", "diffusers", "merged"], texts: ["peft", "gguf", "merged"] } as const satisfies Record<Kind, readonly Format[]>;

/** WebUI and ComfyUI load LoRAs for pictures only. */
export const targetsOf = (kind: Kind): readonly Target[] => TARGETS.filter((target) => kind === "images" || target !== "folder");

export interface Draft {
  target: Target;
  /** A folder that a program loads from; empty: the one in `other`. */
  folder: string;
  other: string;
  hub: string;
  formats: Format[];
  description: string;
  changes: string;
  license: string;
  dataLicense: string;
  captions: boolean;
  private: boolean;
}

/** The hub takes letters, digits, dots, dashes and underscores. */
export const hubName = (user: string | null, name: string): string => {
  const short = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9._-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "");
  return user ? `${user}/${short || "lora"}` : "";
};

export function startOf(kind: Kind, name: string, targets: Targets): Draft {
  const folder = targets.places.find((place) => place.writable)?.path ?? "";
  return {
    target: folder && kind === "images" ? "folder" : "zip", folder, other: "", hub: hubName(targets.hub_user, name),
    formats: [], description: "", changes: "", license: "", dataLicense: "", captions: false, private: true,
  };
}

/** A kept draft may be older than this page and this server. */
export function mended(kept: unknown, kind: Kind, start: Draft, targets: Targets): Draft {
  if (typeof kept !== "object" || kept === null) return start;
  const draft = { ...start, ...(kept as Partial<Draft>) };
  if (!targetsOf(kind).includes(draft.target)) draft.target = start.target;
  if (draft.folder && !isThere(draft.folder, targets.places)) draft.folder = start.folder;
  if (!draft.hub) draft.hub = start.hub;
  return draft;
}

const isThere = (path: string, places: readonly Place[]) => places.some((place) => place.path === path && place.writable);

/** Formats one can choose between; in a folder its programs decide. */
export const formatsOf = (kind: Kind, target: Target): readonly Format[] => (target === "folder" ? [] : FORMATS[kind]);

/** Those that are written: the usual one where none was chosen. */
export function chosenOf(kind: Kind, draft: Pick<Draft, "target" | "formats">): Format[] {
  const possible = formatsOf(kind, draft.target);
  const chosen = possible.filter((format) => draft.formats.includes(format));
  return chosen.length > 0 ? chosen : possible.slice(0, 1);
}

/** The first path or name that is missing. */
export const lacksPlace = (draft: Draft): boolean => placeOf(draft) === "" && (draft.target === "folder" || draft.target === "hub");

export function placeOf(draft: Draft): string {
  if (draft.target === "folder") return draft.folder || draft.other.trim();
  return draft.target === "hub" ? draft.hub.trim() : "";
}

export function requestOf(draft: Draft, kind: Kind, version: number): Publish {
  return {
    target: draft.target,
    place: placeOf(draft),
    formats: chosenOf(kind, draft),
    description: draft.description.trim(),
    changes: version > 1 ? draft.changes.trim() : "",
    license: draft.license.trim(),
    data_license: draft.dataLicense.trim(),
    captions: draft.captions,
    private: draft.private,
    untested: false,
  };
}

/** The version that comes next under a name at a place, whatever became of the earlier ones. Other places count for themselves. */
export function nextVersion(published: readonly Publication[], name: string, draft: Draft): number {
  const place = placeOf(draft).replace(/\/+$/, "");
  const there = published.filter((one) => one.name === name && one.target === draft.target && (draft.target !== "hub" || one.place.endsWith(`/${place}`)) && (draft.target !== "folder" || one.place === place));
  return Math.max(0, ...there.map((one) => one.version)) + 1;
}

/** What people have now: all that was not taken back, the newest first, as the server lists it. */
export const standing = (published: readonly Publication[]): Publication[] => published.filter((one) => one.state === "published");

/** The weights in a folder. */
export function pathOf({ place, files }: Pick<Publication, "place" | "files">): string {
  const weights = files.find((file) => file.endsWith(".safetensors"));
  return weights ? `${place}${place.includes("\\") ? "\\" : "/"}${weights}` : place;
}

const GALLERY = "/api/gallery/";

/** Where a published LoRA can be looked at; null where it lies on a disk or is fetched as a file. */
export function addressOf(publication: Pick<Publication, "target" | "place">, targets: Targets | undefined): string | null {
  if (publication.target === "gallery") return publication.place.startsWith(GALLERY) ? publication.place : (targets?.gallery ?? GALLERY);
  if (publication.target !== "hub") return null;
  if (/^https?:\/\//.test(publication.place)) return publication.place;
  return targets ? `${targets.hub.replace(/\/$/, "")}/${publication.place}` : null;
}
