import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  type ChannelStep,
  type GeneratorPolicy,
  GeneratorsService,
  type Kind,
  type StepInput,
} from '#generators';
import { LimitPolicies } from '#limits';
import { AccountsService, CARRIED_CHANNELS, type Channel, type LoadedAccount } from '#providers';
import { outlives, type TemplateEntity, TemplatesService } from '#templates';
import { type FieldError, Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';
import { hasNumbers } from '#platform/phone';
import { judgeQuestionPlan, judgeQuestionStep } from './confirm/question-plan.js';
import { listeningStep } from './inbound/listening-step.js';
import { carries, carriersOf } from './kind-capabilities.js';
import { linkTemplateFault } from './link/link-template.js';
import { LinkUrls } from './link/link-urls.js';

const DEFAULT_LANGUAGE = 'en';

/** A step with what the rest of the generator is held to because of it. */
interface Resolved {
  step: ChannelStep;
  account: LoadedAccount;
  template?: TemplateEntity;
  digitsOnly?: { most: number };
}

/** Judges a generator's channel plan when it is saved: here senders and templates are known. */
@Injectable()
export class PlanResolver implements OnModuleInit {
  constructor(
    private readonly generators: GeneratorsService,
    private readonly accounts: AccountsService,
    private readonly templates: TemplatesService,
    private readonly urls: LinkUrls,
    private readonly limits: LimitPolicies,
  ) {}

  onModuleInit(): void {
    this.generators.setPlanResolver((tenantId, plan, policy, strict) =>
      this.resolve(tenantId, plan, policy, strict),
    );
  }

  private async resolve(
    tenantId: Identifier,
    plan: readonly StepInput[],
    policy: Omit<GeneratorPolicy, 'plan'>,
    strict: boolean,
  ): Promise<{ plan: ChannelStep[]; warnings: string[] }> {
    const warnings: string[] = [];
    const steps: ChannelStep[] = [];
    for (const [index, step] of plan.entries()) {
      refuseKind(policy.kind ?? 'code', step.channel as Channel, `channels/${index}/channel`);
      const resolved = await this.resolveStep(tenantId, step, `#/channels/${index}`, policy);
      if (steps.some((earlier) => earlier.senderId === resolved.step.senderId))
        throw Problem.field(
          `channels/${index}/sender`,
          'not_unique',
          'another step of the plan has this sender already',
        );
      if (resolved.digitsOnly) refuseOtherCodes(policy, step.channel, resolved.digitsOnly.most);
      steps.push(resolved.step);
      if (await this.callsNobody(tenantId, resolved)) warnings.push(CALLS_NOBODY);
      if (!resolved.template) continue;
      const contradiction = footerContradiction(
        resolved.template,
        resolved.step.language,
        policy.lifeSeconds,
        `#/channels/${index}/template`,
      );
      if (contradiction && strict) throw new Problem('request.invalid', { errors: [contradiction] });
      if (contradiction) warnings.push(contradiction.detail!);
      else if (mayComeTooLate(resolved.template, resolved.step.language, policy.lifeSeconds))
        warnings.push(TOO_LATE);
    }
    if (policy.kind === 'confirm') judgeQuestionPlan(steps);
    return { plan: steps, warnings };
  }

  private async resolveStep(
    tenantId: Identifier,
    input: StepInput,
    at: string,
    policy: Omit<GeneratorPolicy, 'plan'>,
  ): Promise<Resolved> {
    if (!CARRIED_CHANNELS.includes(input.channel as Channel))
      throw Problem.field(
        `${at.slice(2)}/channel`,
        'not_allowed',
        `channel must be one of ${CARRIED_CHANNELS.join(', ')}`,
      );
    const found = await this.accounts.findSender(tenantId, input.channel as Channel, input.sender);
    if (!found)
      throw Problem.field(
        `${at.slice(2)}/sender`,
        'unknown',
        'no account of yours has this sender on this channel',
      );
    const { provider, config } = found.account;
    if (policy.kind === 'inbound')
      return { account: found.account, step: listeningStep(input, found, at.slice(2)) };
    const lacking = provider.lacks?.(input.channel as Channel, config);
    if (lacking)
      throw Problem.field(
        `${at.slice(2)}/sender`,
        'account_incomplete',
        `this sender’s account needs config.${lacking} for ${input.channel}`,
      );
    if (input.channel !== 'email' && !reachesAnyone(found.account))
      throw Problem.field(
        `${at.slice(2)}/sender`,
        'account_incomplete',
        'the countries of this sender’s account have no telephone numbers',
      );
    const { account } = found;
    const reached = {
      channel: input.channel,
      accountId: found.account.id,
      senderId: found.sender.id,
      senderAddress: input.sender,
      placeholder: input.placeholder,
      webOtpDomain: input.webOtpDomain,
      androidAppHash: input.androidAppHash,
      fallbackAfterSeconds: input.fallbackAfterSeconds,
      onUnknown: input.onUnknown,
    };
    const question = (template: TemplateEntity | undefined): number | undefined =>
      policy.kind === 'confirm'
        ? judgeQuestionStep(policy, {
            channel: input.channel as Channel,
            sender: input.sender,
            provider,
            template,
            at: at.slice(2),
          })
        : undefined;
    if (!provider.templateChannels?.includes(input.channel as Channel)) {
      if (input.template)
        throw Problem.field(
          `${at.slice(2)}/template`,
          'not_allowed',
          'this sender’s account sends text on this channel, not templates',
        );
      return {
        account,
        step: {
          ...reached,
          wording: input.wording,
          language: input.language ?? DEFAULT_LANGUAGE,
          values: question(undefined),
        },
        digitsOnly: provider.digitsOnly,
      };
    }
    if (input.wording)
      throw Problem.field(
        `${at.slice(2)}/wording`,
        'not_allowed',
        'this sender’s account sends in templates only on this channel',
      );
    if (!input.template) throw Problem.field(`${at.slice(2)}/template`, 'required', 'template is required');
    const { template, language } = await this.findTemplate(tenantId, input.template, input.language);
    if (template.accountId !== found.account.id) {
      throw Problem.field(
        `${at.slice(2)}/template`,
        'not_allowed',
        'the template belongs to another account than the sender',
      );
    }
    if (!template.languages.some((entry) => entry.language === language)) {
      throw Problem.field(`${at.slice(2)}/language`, 'unknown', 'the template has no such language');
    }
    const values = question(template);
    const unfit = this.templateFault(template, policy.kind ?? 'code');
    if (unfit) throw Problem.field(`${at.slice(2)}/template`, 'not_allowed', unfit);
    return {
      account,
      template,
      step: { ...reached, templateId: template.id, language, values },
    };
  }

  /** Every language is held to it: a challenge may name another one than the step. */
  private templateFault(template: TemplateEntity, kind: Kind): string | undefined {
    if (kind === 'link')
      return template.languages
        .map(({ content }) => linkTemplateFault(content, this.urls.base))
        .find((fault) => fault !== undefined);
    // Of a question, its own rules have been told.
    return kind === 'confirm' || template.category === 'AUTHENTICATION'
      ? undefined
      : 'a code goes out in AUTHENTICATION templates only: WhatsApp refuses codes in templates of other categories';
  }

  /** Calls are let through to the countries that the tenant lists, and to no other (FR-11). */
  private async callsNobody(tenantId: Identifier, { step, account }: Resolved): Promise<boolean> {
    if (step.channel !== 'voice') return false;
    const { modes, voiceCountries } = await this.limits.of(tenantId);
    if (modes['calls.country'] !== 'enforce') return false;
    const { countries } = account;
    return ![...voiceCountries].some((country) => countries.has('*') || countries.has(country));
  }

  private async findTemplate(
    tenantId: Identifier,
    named: { id: Identifier } | { externalId: string },
    wanted: string | undefined,
  ): Promise<{ template: TemplateEntity; language: string }> {
    if ('id' in named) {
      const template = await this.templates.get(tenantId, named.id);
      return { template, language: wanted ?? template.languages[0]!.language };
    }
    const found = await this.templates.findByExternalId(tenantId, named.externalId);
    if (!found) throw new Problem('template.not_found');
    return { template: found.template, language: wanted ?? found.language };
  }
}

/** Of a code that is the caller’s own nobody knows the length until it comes. */
function refuseOtherCodes(
  { alphabet, codeLength, callerCodes }: Omit<GeneratorPolicy, 'plan'>,
  channel: string,
  most: number,
): void {
  const field =
    alphabet !== 'numeric'
      ? 'alphabet'
      : codeLength > most
        ? 'codeLength'
        : callerCodes
          ? 'callerCodes'
          : undefined;
  if (field)
    throw Problem.field(
      field,
      'not_allowed',
      `this sender’s account sends up to ${most} digits of ours by ${channel}`,
    );
}

function refuseKind(kind: Kind, channel: Channel, at: string): void {
  if (kind === 'code' || carries(kind, channel)) return;
  throw Problem.field(
    at,
    'not_allowed',
    `generators of kind ${kind} may use ${carriersOf(kind).join(', ')} only: ${channel} cannot carry it`,
  );
}

const CALLS_NOBODY =
  'no country of this voice account may be called: list them in voiceCountries of the limits';

/** When an account is saved, any two letters are taken for a country. */
function reachesAnyone({ countries }: LoadedAccount): boolean {
  return countries.has('*') || [...countries].some(hasNumbers);
}

const TOO_LATE =
  'the template’s ttlSeconds is longer than the codes live: a message may arrive when its code has ended';

/** The provider may go on trying to deliver after the code has ended. */
function mayComeTooLate(template: TemplateEntity, language: string, lifeSeconds: number): boolean {
  const content = template.languages.find((entry) => entry.language === language)?.content;
  return content !== undefined && outlives(content.ttlSeconds, lifeSeconds);
}

/** A message that says "expires in 5 minutes" about a code that lives 15 is wrong to somebody. */
function footerContradiction(
  template: TemplateEntity,
  language: string,
  lifeSeconds: number,
  pointer: string,
): FieldError | undefined {
  const content = template.languages.find((entry) => entry.language === language)?.content;
  const minutes = content?.category === 'AUTHENTICATION' ? content.codeExpirationMinutes : undefined;
  if (minutes === undefined || minutes * 60 === lifeSeconds) return undefined;
  return {
    pointer,
    code: 'footer_differs_from_lifetime',
    detail: `the template's footer says ${minutes} minutes, the generator's codes live ${Math.round(lifeSeconds / 6) / 10} minutes`,
  };
}
