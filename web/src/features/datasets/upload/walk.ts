// Files out of what was dropped: folders are walked, and every file keeps its path as its name.

export interface Chosen {
  file: File;
  /** The path below what was dropped, with forward slashes. */
  path: string;
}

const IGNORED = /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/i;
/** What names the pictures goes after them, so that each caption finds its picture. */
const WORDS = /\.(txt|caption|jsonl?|csv|tsv|parquet)$/i;

function readEntries(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  return new Promise((resolve, reject) => {
    const next = () =>
      reader.readEntries((some) => {
        if (!some.length) return resolve(all);
        all.push(...some);
        next();
      }, reject);
    next();
  });
}

function readFile(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function walk(entry: FileSystemEntry): Promise<Chosen[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (IGNORED.test(path)) return [];
  if (entry.isFile) return [{ file: await readFile(entry as FileSystemFileEntry), path }];
  const found: Chosen[] = [];
  for (const child of await readEntries(entry as FileSystemDirectoryEntry)) found.push(...(await walk(child)));
  return found;
}

/** Everything in a drop. The entries must be taken before the first wait: the browser forgets them after the event. */
export async function filesOfDrop(transfer: DataTransfer): Promise<Chosen[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (!entries.length) return filesOfInput(transfer.files);
  const found: Chosen[] = [];
  for (const entry of entries) found.push(...(await walk(entry)));
  return inOrder(found);
}

/** Everything that was chosen in a file dialog, a folder or single files. */
export function filesOfInput(files: Iterable<File>): Chosen[] {
  const chosen = [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  return inOrder(chosen.filter((one) => !IGNORED.test(one.path)));
}

function inOrder(files: Chosen[]): Chosen[] {
  const late = (one: Chosen) => Number(WORDS.test(one.path));
  return files.sort((a, b) => late(a) - late(b) || a.path.localeCompare(b.path, undefined, { numeric: true }));
}
