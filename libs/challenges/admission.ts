import { Injectable } from '@nestjs/common';
import { type Admission, type EndUser, LimitsService, SwitchesService } from '#limits';
import { Problem } from '#platform/errors';
import { type Identifier, messageId } from '#platform/identifiers';
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
  /** Nobody asks for it: it follows a message that failed or stays silent. */
  followUp?: boolean;
}

/** What a send comes to, as far as limits care. */
type SendOutcome = { opened: { sent: boolean } & SentMessage } | Refused | SentElsewhere;
/** Its challenge, and its number there. */
interface SentMessage {
  id: Identifier;
  sends: number;
}
interface Refused {
  refused: Problem;
}
/** Another call under the same operation did it: what is reserved is that call's to settle or to give back. */
export interface SentElsewhere {
  sentElsewhere: true;
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
    const { tenantId, mode, to, channel, accountId, purpose, endUser, followUp } = subject;
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
      followUp,
    });
    if (admission instanceof Promise) return admission.then((later) => this.use(later, send, note));
    return this.use(admission, send, note);
  }

  /** A script let a send through that the receiver's windows in shadow would have refused. */
  tellShadowed({ tenantId, channel, to }: Subject): void {
    this.limits.tellReceiverShadowed(tenantId, { channel, receiver: to });
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
    if ('sentElsewhere' in result) return result;
    if ('opened' in result && result.opened.sent)
      this.limits.settle(admitted, messageId(result.opened.id, result.opened.sends));
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
