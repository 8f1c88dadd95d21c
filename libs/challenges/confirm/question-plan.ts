import { type ConfirmRules, DEFAULT_CONFIRM_RULES, type GeneratorPolicy, valuesTaken } from '#generators';
import type { Channel, LoadedAccount } from '#providers';
import { placeholdersOf, quickRepliesOf, type TemplateEntity } from '#templates';
import { Problem } from '#platform/errors';

type Policy = Pick<GeneratorPolicy, 'kind' | 'confirm'>;
type Language = TemplateEntity['languages'][number];

/** A step of a plan as it was written, and whom it reaches the person through. */
interface Step {
  channel: Channel;
  sender: string;
  provider: LoadedAccount['provider'];
  template?: TemplateEntity;
  /** `channels/0`. */
  at: string;
}

/** How many of a challenge's values this step's words take; throws when the step cannot carry the question. */
export function judgeQuestionStep(policy: Policy, step: Step): number {
  const rules = policy.confirm ?? DEFAULT_CONFIRM_RULES;
  if (rules.expectsAnswer) refuseDeafness(step);
  if (!step.template) return judgeText(rules, step);
  const counts = step.template.languages.map((language) => judgeLanguage(rules, language, step.at));
  return sameCount(counts, `${step.at}/template`);
}

/** All steps ask the same, so they take the same values. */
export function judgeQuestionPlan(steps: readonly { values?: number }[]): void {
  sameCount(
    steps.map(({ values }) => values ?? 0),
    'channels',
  );
}

/** Where nobody can answer, nothing is asked. */
function refuseDeafness({ channel, sender, provider, at }: Step): void {
  if (!provider.chat?.channels.includes(channel))
    throw Problem.field(
      `${at}/sender`,
      'not_allowed',
      `this sender’s account brings no replies from ${channel}, and a question needs one`,
    );
  if (channel === 'sms' && !/^\d+$/.test(sender))
    throw Problem.field(
      `${at}/sender`,
      'not_allowed',
      'nobody can reply to a name: an SMS question needs a number',
    );
}

function judgeText({ wording }: ConfirmRules, { channel, at }: Step): number {
  if (channel === 'whatsapp')
    throw Problem.field(
      `${at}/sender`,
      'not_allowed',
      'this sender’s account sends codes only on WhatsApp: what its templates say is not known here, so it cannot be kept',
    );
  return wording ? sameCount(Object.values(wording).map(valuesTaken), 'confirm/wording') : 0;
}

function judgeLanguage(
  { parameters, expectsAnswer }: ConfirmRules,
  { language, content }: Language,
  at: string,
): number {
  const refuse = (code: string, rule: string): never => {
    throw Problem.field(`${at}/template`, code, `${language}: ${rule}`);
  };
  if (content.category !== 'UTILITY')
    return refuse(
      'not_allowed',
      'a question goes out in UTILITY templates: others carry codes or advertising',
    );
  const places = new Set(placeholdersOf(content.body)).size;
  if (places < parameters.length)
    return refuse(
      'placeholder_required',
      `the body has ${places} placeholders for ${parameters.length} parameters`,
    );
  const replies = quickRepliesOf(content).length;
  if (expectsAnswer && replies !== 2)
    return refuse('buttons', 'a question has two QUICK_REPLY buttons, the first for yes, the second for no');
  if (!expectsAnswer && replies > 0)
    return refuse('buttons', 'nobody listens to the QUICK_REPLY buttons of a message that expects no answer');
  if (content.buttons.some((button) => button.type === 'URL' && (expectsAnswer || button.url.includes('{{'))))
    return refuse('buttons', 'a question has no link, and nothing fills the variable of one');
  return places - parameters.length;
}

function sameCount(counts: readonly number[], field: string): number {
  const [first = 0] = counts;
  if (counts.some((count) => count !== first))
    throw Problem.field(field, 'values_differ', 'all words of a question take the same number of values');
  return first;
}
