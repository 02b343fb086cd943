/** Between the nested config and its dotted keys (`lora.rank`). */

export type Value = string | number | boolean | null | Value[];
export type Nested = { [key: string]: Value | Nested };
export type Flat = Record<string, Value>;

function isNested(value: Value | Nested | undefined): value is Nested {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function at(config: Nested | null | undefined, key: string): Value | undefined {
  let here: Value | Nested | undefined = config ?? undefined;
  for (const part of key.split(".")) here = isNested(here) ? here[part] : undefined;
  return isNested(here) ? undefined : here;
}

export function flatten(config: Nested, above = ""): Flat {
  const flat: Flat = {};
  for (const [name, value] of Object.entries(config)) {
    const key = above === "" ? name : `${above}.${name}`;
    if (isNested(value)) Object.assign(flat, flatten(value, key));
    else flat[key] = value;
  }
  return flat;
}

export function nest(flat: Flat): Nested {
  const config: Nested = {};
  for (const [key, value] of Object.entries(flat)) {
    const parts = key.split(".");
    const last = parts.pop() ?? key;
    let here = config;
    for (const part of parts) {
      const inner = here[part];
      const group: Nested = isNested(inner) ? inner : {};
      here[part] = group;
      here = group;
    }
    here[last] = value;
  }
  return config;
}

export function same(a: Value | undefined, b: Value | undefined): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}
