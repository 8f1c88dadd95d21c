/** What a person said to a question, when it can be told for certain. */
export interface Reply {
  answer: 'yes' | 'no';
  /** The two digits that name the question, when they wrote them. */
  reference?: string;
}

type Words = Record<Reply['answer'], readonly string[]>;

/** Understood whatever the language of the question. */
const EVERYWHERE: Words = { yes: ['y', 'yes', '👍'], no: ['n', 'no', '👎'] };

/** Without accents and in lower case, as `plain` leaves them. */
const WORDS: Partial<Record<string, Words>> = {
  es: { yes: ['si', 's'], no: [] },
  pt: { yes: ['sim', 's'], no: ['nao'] },
  fr: { yes: ['oui', 'o'], no: ['non'] },
  de: { yes: ['ja', 'j'], no: ['nein'] },
  it: { yes: ['si', 's'], no: [] },
};

const LONGEST = 64;
const UNSEEN_IN_WORDS = /[\p{M}\p{Emoji_Modifier}\u200d]/gu;
const BETWEEN_WORDS = /[^\p{L}\p{N}👍👎]+/gu;
const REPLY = /^(?:(\d\d) ?)?([^\d ]+)(?: ?(\d\d))?$/u;

/**
 * Reads a whole message as yes or no in the question's language, with or without its reference. Case, accents,
 * punctuation and the colour of a thumb do not matter; any other word does: "y no fui yo" is Spanish for "and it
 * was not me", and no yes. Who puts a question mark behind it asks.
 */
export function readReply(text: string, language: string | undefined): Reply | undefined {
  if (text.length > LONGEST || /[?¿？]/.test(text)) return undefined;
  const [, before, word, after] = REPLY.exec(plain(text)) ?? [];
  if (word === undefined || (before !== undefined && after !== undefined)) return undefined;
  const answer = answerOf(word, language);
  const reference = before ?? after;
  return answer && { answer, ...(reference !== undefined && { reference }) };
}

function answerOf(word: string, language = ''): Reply['answer'] | undefined {
  const own = WORDS[language.split('_', 1)[0]!];
  return (['yes', 'no'] as const).find(
    (answer) => EVERYWHERE[answer].includes(word) || own?.[answer].includes(word),
  );
}

function plain(text: string): string {
  return text.normalize('NFKD').replace(UNSEEN_IN_WORDS, '').toLowerCase().replace(BETWEEN_WORDS, ' ').trim();
}
