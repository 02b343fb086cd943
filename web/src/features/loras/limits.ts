// The server's warnings are English sentences made for the card; here they are told apart, to be said in the reader's language.

/** `count` of votes, pictures or texts. */
export interface Limit {
  key: LimitKey;
  count?: number;
}

const SENTENCES = {
  untested: /^It was not tested: nobody compared it/,
  copies: /^It can copy what it was trained on/,
  leaks: /^It shows without its trigger words too/,
  alike: /^Its pictures of one prompt differ less/,
  fewVotes: /^Its strength rests on (?<count>\d+) votes?: that may be chance/,
  noVotes: /^Nobody voted on its pictures/,
  noVotesTexts: /^Nobody voted on its answers/,
  baseLiked: /^In blind votes the pictures of the base model alone were liked/,
  baseLikedTexts: /^In blind votes the texts of the base model alone were liked/,
  few: /^It was trained on (?<count>\d+) pictures only/,
  fewTexts: /^It was trained on (?<count>\d+) texts only/,
  unknown: /^On how many pictures it was trained is not known/,
  unknownTexts: /^On how many texts it was trained is not known/,
} as const;

export type LimitKey = keyof typeof SENTENCES;

/** Null for a sentence that this page does not know: it is shown as it is. */
export function limitOf(sentence: string): Limit | null {
  for (const [key, pattern] of Object.entries(SENTENCES)) {
    const found = pattern.exec(sentence);
    if (found) return { key: key as LimitKey, count: Number(found.groups?.count ?? 0) };
  }
  return null;
}
