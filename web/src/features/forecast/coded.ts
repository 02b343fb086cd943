// A sentence of the server that has a code: ours where we have words for it and every figure they need, else the server's own.

export type Values = Readonly<Record<string, unknown>>;

/** Whether `values` fill every hole of `text`. */
export function fillable(text: unknown, values: Values): text is string {
  return typeof text === "string" && [...text.matchAll(/{{\s*(\w+)/g)].every(([, name]) => name !== undefined && values[name] !== undefined && values[name] !== null);
}

/** `text` with its holes filled; what is missing leaves its hole. */
export function filled(text: string, values: Values, show: (name: string, value: unknown) => string): string {
  return text.replace(/{{\s*(\w+)\s*}}/g, (hole, name: string) => (values[name] === undefined ? hole : show(name, values[name])));
}
