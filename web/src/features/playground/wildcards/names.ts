// The names that wildcards can have: letters of any script, digits, and the two lines.

export const isName = (name: string): boolean => /^[\p{L}\p{N}_-]{1,60}$/u.test(name);

/** As it was meant: without the signs, with a line for a space. */
export const nameFrom = (typed: string): string => typed.trim().replace(/^__(.*)__$/, "$1").replace(/\s+/g, "-");

/** The lines of a text; empty ones count for nothing. */
export const linesOf = (text: string): string[] => text.split("\n").map((line) => line.trim().slice(0, 500)).filter((line) => line !== "").slice(0, 5000);
