import { Injectable } from '@nestjs/common';
import { type Admission, type EndUser, LimitsService, SwitchesService } from '#limits';
import { Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';
import type { CanonicalReceiver } from '#platform/phone';
import type { Purpose } from './challenge.js';

/** One message that would be sent, before anything of it exists. */
export interface Subject {
  tenantId: Identifier;
  mode: 'live' | 'test';
  to: CanonicalReceiver;
  channel: string;
  accountId: Identifier;
  purpose: Purpose;
  endUser?: EndUser;
}

/** What a send comes to, as far as limits care. */
type SendOutcome = { opened: { sent: boolean } } | Refused;
interface Refused {
  refused: Problem;
}

const LAST_DIGITS = 4;

/** The number without its last four digits: what sequential numbers share. Undefined for an e-mail address. */
export function prefixOf(canonical: string): string | undefined {
  return canonical.startsWith('+') ? canonical.slice(0, -LAST_DIGITS) : undefined;
}

/** Asks switches and shared limits before a send, and gives back what it did not use. */
@Injectable()
export class Admissions {
  constructor(
    private readonly limits: LimitsService,
    private readonly switches: SwitchesService,
  ) {}

  /**
   * `send` runs when the subject is admitted, `note` is told when it is not. `operation` names this send: repeated
   * under it, it counts once.
   */
  guard<Result extends SendOutcome>(
    subject: Subject,
    operation: string,
    send: () => Promise<Result>,
    note: (refused: Problem) => Promise<void>,
  ): Promise<Result | Refused> {
    const { tenantId, mode, to, channel, accountId, purpose, endUser } = subject;
    const { canonical, country } = to;
    const prefix = prefixOf(canonical);
    if (this.switches.blocked({ tenantId, channel, country, prefix, accountId }))
      return refuse(new Problem('switch.off', { retryAfterSeconds: SWITCH_RETRY_SECONDS }), note);
    const domain = prefix === undefined ? canonical.slice(canonical.lastIndexOf('@') + 1) : undefined;
    const receiver = { canonical, country, prefix, domain };
    const admission = this.limits.admit({
      tenantId,
      mode,
      operation,
      channel,
      accountId,
      purpose,
      receiver,
      endUser,
    });
    if (admission instanceof Promise) return admission.then((later) => this.use(later, send, note));
    return this.use(admission, send, note);
  }

  private async use<Result extends SendOutcome>(
    admission: Admission,
    send: () => Promise<Result>,
    note: (refused: Problem) => Promise<void>,
  ): Promise<Result | Refused> {
    if ('refused' in admission) return refuse(admission.refused, note);
    // Only a public caller is answered so, and there is none yet.
    if ('shadowBlocked' in admission) throw new Error('a shadow block without a public caller');
    const { admitted } = admission;
    if (admitted === undefined) return send();
    // A send that throws may have happened: its reservation lapses, and counts once if it is repeated.
    const result = await send();
    if ('opened' in result && result.opened.sent) await this.limits.settle(admitted);
    else await this.limits.release(admitted);
    return result;
  }
}

async function refuse(refused: Problem, note: (refused: Problem) => Promise<void>): Promise<Refused> {
  await note(refused);
  return { refused };
}

/** Nobody knows when a switch is turned on again; a caller may look in once a minute. */
const SWITCH_RETRY_SECONDS = 60;
