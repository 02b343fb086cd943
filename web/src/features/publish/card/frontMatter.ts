// The YAML that hubs read at the top of a card, apart from what people read.

export interface CardParts {
  data: string;
  body: string;
}

const FRONT = /^---\r?\n([\s\S]*?)\r?\n---\r?\n?/;

export function partsOf(card: string): CardParts {
  const found = FRONT.exec(card);
  return found ? { data: found[1] ?? "", body: card.slice(found[0].length) } : { data: "", body: card };
}
