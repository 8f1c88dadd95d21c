import { Injectable } from '@nestjs/common';
import { Not } from 'typeorm';
import {
  Audit,
  type AuditAction,
  type Author,
  type TenantEvent,
  TenantEvents,
  type EventType,
} from '#journal';
import { Clock } from '#platform/clock';
import { Database, sqlState } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, renderNative } from '#platform/identifiers';
import { SenderEntity } from './account.entity.js';
import { AccountsService, type LoadedAccount, type LoadedSender } from './accounts.service.js';
import type { NumberInfo, NumberResult, Numbers } from './message-provider.js';
import { expectDone, providerAway } from './number-refusals.js';
import { weaknessOf, WEAKNESSES } from './pin-rules.js';
import { PinVault } from './pin-vault.js';
import { callsLeft, stillCounted } from './registration-calls.js';
import { SenderNumberEntity } from './sender-number.entity.js';

/** What a number needs before codes go out from it, in this order. `verified` is asked for where the provider says no. */
export const SENDER_STEPS = [
  'pin',
  'verified',
  'registered',
  'template_approved',
  'webhook_subscribed',
] as const;
export type SenderStep = (typeof SENDER_STEPS)[number];

export interface SenderState {
  account: LoadedAccount;
  sender: LoadedSender;
  kept?: SenderNumberEntity;
  /** As the provider told just now. */
  info?: NumberInfo;
  /** False where there is nothing to set up: other channels, or a sender without the provider's own id. */
  administered: boolean;
}

export interface Readiness {
  missing: SenderStep[];
  /** What the provider did not say. */
  unknown: SenderStep[];
}

/** True when some template of the account is approved. */
export type ApprovalLookup = (tenantId: Identifier, accountId: Identifier) => Promise<boolean>;

/** A sender that is a number at a provider which lets it be administered. */
interface Administered extends SenderState {
  tenantId: Identifier;
  numbers: Numbers<object>;
  externalId: string;
}

/** An event whose author is known is an action of the audit trail of the same name. */
type Told = Pick<TenantEvent, 'data'> &
  ({ type: AuditAction & EventType; by: Author } | { type: EventType; by?: undefined });

type Change = Partial<Omit<SenderNumberEntity, 'senderId' | 'tenantId'>>;

export const PIN_LIFE_MS = 90 * 86_400_000;
const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

/** Numbers of a WABA: their two-step PIN, who may use them, and what is missing before codes go out from them. */
@Injectable()
export class SendersService {
  private lookUpApproval: ApprovalLookup | undefined;

  constructor(
    private readonly database: Database,
    private readonly accounts: AccountsService,
    private readonly events: TenantEvents,
    private readonly vault: PinVault,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** Templates belong to a room that stands on this one, so it hands its knowledge in (decision 7). */
  setApprovalLookup(lookup: ApprovalLookup): void {
    this.lookUpApproval = lookup;
  }

  /** Every sender of the tenant as last seen. The provider is not asked. */
  async list(tenantId: Identifier): Promise<SenderState[]> {
    const accounts = await this.accounts.list(tenantId);
    const kept = await this.database.repository(SenderNumberEntity).findBy({ tenantId });
    return accounts.flatMap((account) =>
      account.senders.map((sender) =>
        stateOf(
          account,
          sender,
          kept.find((row) => row.senderId === sender.id),
        ),
      ),
    );
  }

  /** The numbers that the provider has for an account, those too that are no senders of it. */
  async listNumbers(
    tenantId: Identifier,
    accountId: Identifier,
  ): Promise<{ senders: SenderState[]; others: NumberInfo[] }> {
    const account = await this.accounts.get(tenantId, accountId);
    if (!account.provider.numbers) throw new Problem('sender.not_administered');
    const infos = await account.provider.numbers.list(account.config, this.accounts.context(account));
    if ('unavailable' in infos) throw providerAway(infos.unavailable);
    const senders: SenderState[] = [];
    for (const { id } of account.senders) senders.push(await this.find(tenantId, id));
    for (const state of senders) await this.note(tenantId, state, infos);
    const known = new Set(account.senders.map(({ externalId }) => externalId));
    return { senders, others: infos.filter(({ externalId }) => !known.has(externalId)) };
  }

  /** The sender with what the provider says of it now, and what is missing. */
  async get(tenantId: Identifier, id: Identifier): Promise<SenderState & Readiness> {
    const state = await this.find(tenantId, id);
    if (!state.administered) return { ...state, missing: [], unknown: [] };
    const seen = await this.look(asAdministered(tenantId, state));
    return { ...seen, ...(await this.judge(tenantId, seen)) };
  }

  /** Sets or changes the PIN. The provider takes a new one without the old. */
  async setPin(
    tenantId: Identifier,
    id: Identifier,
    {
      pin,
      allowWeakPin = false,
      storePin = true,
    }: { pin: string; allowWeakPin?: boolean; storePin?: boolean },
    by: Author,
  ): Promise<void> {
    const found = asAdministered(tenantId, await this.find(tenantId, id));
    const weakness = weaknessOf(pin);
    if (weakness && !allowWeakPin)
      throw Problem.field('pin', 'weak_pin', `The PIN is ${WEAKNESSES[weakness]}.`);
    const pinMark = this.vault.mark(tenantId, pin);
    const elsewhere = { tenantId, pinMark, senderId: Not(id) };
    if (await this.database.repository(SenderNumberEntity).existsBy(elsewhere)) throw reused();
    expectDone(await found.numbers.setPin(found.externalId, pin, found.account.config, this.context(found)));
    // The same PIN once more is no change of it: it is as old as it was.
    const pinSetAt = found.kept?.pinMark === pinMark ? found.kept.pinSetAt! : this.clock.date();
    await this.change(
      found,
      {
        pinMark,
        sealedPin: storePin ? this.vault.seal(id, pin) : null,
        pinSetAt,
        pinDueAt: new Date(pinSetAt.getTime() + PIN_LIFE_MS),
      },
      {
        type: 'sender.pin_set',
        data: { stored: storePin ? 'yes' : 'no', ...(weakness && { weakness }) },
        by,
      },
    );
  }

  async requestCode(
    tenantId: Identifier,
    id: Identifier,
    how: { method: 'SMS' | 'VOICE'; language: string },
    by: Author,
  ): Promise<void> {
    const found = asAdministered(tenantId, await this.find(tenantId, id));
    expectDone(
      await found.numbers.requestCode(found.externalId, how, found.account.config, this.context(found)),
    );
    await this.change(found, {}, { type: 'sender.code_requested', data: { method: how.method }, by });
  }

  async verifyCode(tenantId: Identifier, id: Identifier, code: string, by: Author): Promise<void> {
    const found = asAdministered(tenantId, await this.find(tenantId, id));
    expectDone(
      await found.numbers.verifyCode(found.externalId, code, found.account.config, this.context(found)),
    );
    await this.change(found, { verified: true }, { type: 'sender.verified', by });
  }

  /** Asks once: a wrong PIN is counted by the provider, and so is every call of this kind. */
  async register(tenantId: Identifier, id: Identifier, given: string | undefined, by: Author): Promise<void> {
    const found = await this.look(asAdministered(tenantId, await this.find(tenantId, id)));
    expectNoneMissing([
      ...(found.kept?.pinMark ? [] : (['pin'] as const)),
      ...(found.kept?.verified === false ? (['verified'] as const) : []),
    ]);
    const pin = this.pinFor(found, given);
    await this.countCall(found);
    const result = await found.numbers.register(
      found.externalId,
      pin,
      found.account.config,
      this.context(found),
    );
    await this.believe(found, result);
    expectDone(result);
    await this.change(found, { registered: true, verified: true }, { type: 'sender.registered', by });
  }

  async deregister(tenantId: Identifier, id: Identifier, by: Author): Promise<void> {
    const found = await this.look(asAdministered(tenantId, await this.find(tenantId, id)));
    expectNoneMissing(found.kept?.registered === false ? ['registered'] : []);
    await this.countCall(found);
    const result = await found.numbers.deregister(
      found.externalId,
      found.account.config,
      this.context(found),
    );
    await this.believe(found, result);
    expectDone(result);
    await this.change(found, { registered: false }, { type: 'sender.deregistered', by });
  }

  async find(tenantId: Identifier, id: Identifier): Promise<SenderState> {
    const row = await this.database.repository(SenderEntity).findOneBy({ id, tenantId });
    if (!row) throw new Problem('sender.not_found');
    const account = await this.accounts.get(tenantId, row.accountId);
    const sender = account.senders.find((each) => each.id === id);
    if (!sender) throw new Problem('sender.not_found');
    const kept = await this.database.repository(SenderNumberEntity).findOneBy({ senderId: id });
    return stateOf(account, sender, kept ?? undefined);
  }

  /** The PIN to register with: the one that was set here, and no other. */
  private pinFor({ tenantId, sender, kept }: Administered, given: string | undefined): string {
    if (given !== undefined && this.vault.mark(tenantId, given) !== kept!.pinMark)
      throw new Problem('sender.pin_mismatch', {
        detail:
          'It is not the PIN that was set here, so the provider was not asked. If it was changed elsewhere, set it here too.',
        members: { reason: 'not_the_pin_set_here' },
      });
    const sealed = kept!.sealedPin;
    const pin = given ?? (sealed === null ? undefined : this.vault.open(sender.id, sealed));
    if (pin === undefined) throw Problem.field('pin', 'required', 'The PIN is not kept here: give it.');
    return pin;
  }

  /** Takes over what a refusal tells of the number. */
  private async believe(found: Administered, result: NumberResult): Promise<void> {
    if (result.outcome !== 'refused') return;
    switch (result.reason) {
      case 'pin_mismatch':
        // Set elsewhere: what is kept here would only be guessed again.
        await this.change(
          found,
          { pinMark: null, sealedPin: null, pinSetAt: null, pinDueAt: null },
          { type: 'sender.pin_refused' },
        );
        return;
      case 'registration_limit':
        await this.change(found, {
          registrationBlockedUntil: new Date(this.clock.now() + (result.waitSeconds ?? 0) * 1_000),
        });
        return;
      case 'not_verified':
        await this.change(found, { verified: false });
        return expectNoneMissing(['verified']);
      case 'not_registered':
        await this.change(found, { registered: false });
        return expectNoneMissing(['registered']);
    }
  }

  /** Counted before it is made: of a call whose answer is lost nobody knows whether it counts. */
  private async countCall(found: Administered): Promise<void> {
    await this.change(found, (kept) => {
      const now = this.clock.now();
      const { left, nextAt } = callsLeft(kept, now);
      if (left === 0)
        throw new Problem('sender.registration_limit', {
          detail: 'The provider was not asked: it would refuse, and may count that too.',
          retryAfterSeconds: Math.ceil((nextAt! - now) / 1_000),
        });
      return { registrationCalls: [...stillCounted(kept.registrationCalls, now), new Date(now)] };
    });
  }

  private async judge(tenantId: Identifier, found: Administered): Promise<Readiness> {
    if (!this.lookUpApproval) throw new Error('nobody has said how approvals of templates are looked up');
    const subscribed = await found.numbers.isSubscribed(found.account.config, this.context(found));
    const done: Record<SenderStep, boolean | undefined> = {
      pin: typeof found.kept?.pinMark === 'string',
      verified: found.kept?.verified !== false,
      registered: found.kept?.registered ?? undefined,
      template_approved: await this.lookUpApproval(tenantId, found.account.id),
      webhook_subscribed: typeof subscribed === 'boolean' ? subscribed : undefined,
    };
    return {
      missing: SENDER_STEPS.filter((step) => done[step] === false),
      unknown: SENDER_STEPS.filter((step) => done[step] === undefined),
    };
  }

  /** Asks the provider what it has of the number. When it does not answer, what was seen last stands. */
  private async look(found: Administered): Promise<Administered> {
    const infos = await found.numbers.list(found.account.config, this.context(found));
    if (!('unavailable' in infos)) await this.note(found.tenantId, found, infos);
    return found;
  }

  private async note(tenantId: Identifier, state: SenderState, infos: readonly NumberInfo[]): Promise<void> {
    const info = infos.find(({ externalId }) => externalId === state.sender.externalId);
    if (!info) return;
    state.info = info;
    state.kept = await this.change(asAdministered(tenantId, state), {
      registered: info.registered ?? null,
      verified: info.verified ?? null,
      seenAt: this.clock.date(),
    });
  }

  /** One transaction: the row, locked, what is told of it and, where somebody decided it, who did. */
  private async change(
    { tenantId, sender, account }: Pick<Administered, 'tenantId' | 'sender' | 'account'>,
    change: Change | ((kept: SenderNumberEntity) => Change),
    event?: Told,
  ): Promise<SenderNumberEntity> {
    try {
      return await this.database.transaction(async (manager) => {
        const rows = manager.getRepository(SenderNumberEntity);
        const row = { senderId: sender.id, tenantId };
        await rows.createQueryBuilder().insert().values(row).orIgnore().execute();
        const kept = await rows.findOneOrFail({
          where: { senderId: sender.id },
          lock: { mode: 'pessimistic_write' },
        });
        const before = markedState(kept);
        const fields = typeof change === 'function' ? change(kept) : change;
        if (Object.keys(fields).length > 0) await rows.update({ senderId: sender.id }, fields);
        if (event) {
          const subject = renderNative('sender', sender.id);
          const data = { account: renderNative('account', account.id), ...event.data };
          await this.events.record(tenantId, { type: event.type, subject, data }, manager);
          const after = markedState({ ...kept, ...fields });
          if (event.by)
            await this.audit.record(manager, event.by, {
              tenantId,
              action: event.type,
              subject,
              before,
              after,
            });
        }
        return Object.assign(kept, fields);
      });
    } catch (error) {
      // Two senders were given the same PIN at one moment; the provider has taken both.
      if (sqlState(error) === UNIQUE_VIOLATION) throw reused();
      if (sqlState(error) === FOREIGN_KEY_VIOLATION) throw new Problem('sender.not_found');
      throw error;
    }
  }

  private context({ account }: Administered): ReturnType<AccountsService['context']> {
    return this.accounts.context(account);
  }
}

function stateOf(
  account: LoadedAccount,
  sender: LoadedSender,
  kept: SenderNumberEntity | undefined,
): SenderState {
  const administered = account.provider.numbers !== undefined && sender.externalId !== undefined;
  return { account, sender, kept, administered };
}

/** Of the PIN its keyed hash. What the provider counts and when it was looked at is nobody's decision. */
function markedState({ pinMark, pinSetAt, sealedPin, registered, verified }: SenderNumberEntity): object {
  return { pinMark, pinSetAt, stored: sealedPin !== null, registered, verified };
}

function asAdministered(tenantId: Identifier, state: SenderState): Administered {
  const { numbers } = state.account.provider;
  const { externalId } = state.sender;
  if (!numbers || externalId === undefined) throw new Problem('sender.not_administered');
  return { ...state, tenantId, numbers, externalId };
}

function expectNoneMissing(missing: readonly SenderStep[]): void {
  if (missing.length === 0) return;
  throw new Problem('sender.step_missing', {
    detail: `First: ${missing.join(', then ')}.`,
    members: { missing },
  });
}

function reused(): Problem {
  return Problem.field('pin', 'not_unique', 'Another sender of yours has this PIN: choose another one.');
}
