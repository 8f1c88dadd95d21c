export type Reply = 'yes' | 'no';

type Words = Record<Reply, readonly string[]>;

/** By language. `Y` is a word of its own in Spanish, "and": it says yes in English only. */
const WORDS: Record<string, Words> = {
  en: { yes: ['YES', 'Y', 'I AGREE'], no: ['NO', 'N', 'CANCEL'] },
  es: { yes: ['SI', 'S', 'ACEPTO'], no: ['NO', 'N', 'CANCELAR'] },
  pt: { yes: ['SIM', 'S', 'ACEITO'], no: ['NAO', 'N', 'CANCELAR'] },
};
/** In any language: the word that the English half of the world writes whatever it is asked in, and a thumb. */
const ALWAYS: Words = { yes: ['YES', '👍'], no: ['NO', '👎'] };

/** Said in any language, at any time: nothing more of this kind. Each answered in its own. */
const STOP = new Map([
  ...['STOP', 'STOPALL', 'STOP ALL', 'UNSUBSCRIBE', 'OPTOUT', 'OPT OUT', 'ARRET'].map(
    (word) => [word, 'en'] as const,
  ),
  ...['BAJA', 'DAR DE BAJA', 'ALTO', 'DETENER'].map((word) => [word, 'es'] as const),
  ...['PARAR', 'PARE', 'SAIR', 'DESCADASTRAR'].map((word) => [word, 'pt'] as const),
]);

/** The whole message, or nothing: "y no fui yo" holds a no and a y, and is neither. */
export function readReply(text: string, language: string): Reply | undefined {
  const said = normalise(text);
  const own = WORDS[baseOf(language)] ?? WORDS['en']!;
  for (const reply of ['yes', 'no'] as const)
    if (own[reply].includes(said) || ALWAYS[reply].includes(said)) return reply;
  return undefined;
}

/** The language of a STOP word that is the whole message; undefined for anything else. */
export function stopLanguage(text: string): string | undefined {
  return STOP.get(normalise(text));
}

/** `es_MX` → `es`. */
export function baseOf(language: string): string {
  return language.split('_', 1)[0]!;
}

/** Capitals without accents, skin tones, and what stands around them. */
function normalise(text: string): string {
  if (text.length > 40) return '';
  return text
    .normalize('NFD')
    .replace(/[\p{M}\p{Emoji_Modifier}]/gu, '')
    .replace(/[\s"'.,;:!¡?¿()*_-]+/g, ' ')
    .trim()
    .toUpperCase();
}
