import { GeneratorEntity, GeneratorVersionEntity } from './generator.entity.js';

export { makeCode } from './code-maker.js';
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
export { type Purpose, PURPOSES } from './purposes.js';
export { builtInWording, renderWording, TRANSACTION_PLACEHOLDERS, type Wording } from './wording.js';
export { GeneratorsModule } from './generators.module.js';
export {
  type GeneratorInput,
  GeneratorsService,
  type PublishedGenerator,
  type StepInput,
} from './generators.service.js';

export const generatorEntities = [GeneratorEntity, GeneratorVersionEntity];
