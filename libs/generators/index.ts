import { GeneratorEntity, GeneratorVersionEntity } from './generator.entity.js';

export type { InboundOptions, InboundPurpose } from './inbound-options.js';
export { type Kind, KINDS } from './kinds.js';
export {
  type ConfirmRules,
  DEFAULT_CONFIRM_RULES,
  isAboutTransactions,
  valuesTaken,
} from './confirm-rules.js';
export { makeCode } from './code-maker.js';
export { isCallbackUrl } from './callback-url.js';
export type { GeneratorEntity } from './generator.entity.js';
export {
  type ChannelStep,
  DEFAULT_COOL_DOWN_SECONDS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MAX_MESSAGES,
  type GeneratorPolicy,
} from './generator-policy.js';
export {
  bindsTransactions,
  channelClass,
  lifeSecondsFor,
  needsVerifiedNumber,
  profileRules,
  refusedUse,
} from './profiles.js';
export { isRegistered } from './link-options.js';
export { type Purpose, PURPOSES } from './purposes.js';
export { withLastLine } from './sms-autofill.js';
export { builtInWording, renderWording, TRANSACTION_PLACEHOLDERS, type Wording } from './wording.js';
export { GeneratorsModule } from './generators.module.js';
export {
  type GeneratorInput,
  GeneratorsService,
  makesCodes,
  type PublishedGenerator,
  type StepInput,
} from './generators.service.js';

export const generatorEntities = [GeneratorEntity, GeneratorVersionEntity];
