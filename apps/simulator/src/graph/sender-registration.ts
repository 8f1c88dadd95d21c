// Owns what protects our own number: the two-step PIN, register and deregister with
// their limits, and the verification code. The PIN is no user's one-time code.

import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { GraphAccounts, type Sender } from './graph-accounts.js';
import { GraphError, messagingError, parameterError } from './graph-error.js';
import { enumParam, type GraphParams, requiredText } from './graph-params.js';

const REGISTRATION_WINDOW_MS = 72 * 3_600_000;
const PIN_GUESSES_ALLOWED = 5;
const CODE_REQUEST_PAUSE_MS = 60_000;

@Injectable()
export class SenderRegistration {
  constructor(
    private readonly accounts: GraphAccounts,
    private readonly clock: Clock,
    private readonly behavior: BehaviorSwitch,
  ) {}

  setPin(sender: Sender, params: GraphParams): void {
    this.misbehave();
    sender.pin = readPin(params);
    sender.pinGuesses = 0;
    this.accounts.changed();
  }

  /** A number without a PIN gets the given one; guesses at one it has are counted. */
  register(sender: Sender, params: GraphParams): void {
    this.misbehave();
    if (params.messaging_product !== 'whatsapp')
      throw parameterError('The parameter messaging_product is required.');
    const pin = readPin(params);
    if (!sender.verified)
      throw messagingError(133006, 'The phone number must be verified before it is registered.');
    this.countRegistration(sender);
    if (sender.pinGuesses >= PIN_GUESSES_ALLOWED) {
      throw messagingError(133008, 'Too many PIN guesses. Set a new PIN before you try again.');
    }
    if (sender.pin !== undefined && sender.pin !== pin) {
      sender.pinGuesses += 1;
      this.accounts.changed();
      throw messagingError(133005, 'The two-step verification PIN is not right.');
    }
    Object.assign(sender, { pin, pinGuesses: 0, registered: true });
    this.accounts.changed();
  }

  deregister(sender: Sender): void {
    this.misbehave();
    if (!sender.registered) {
      const message = '(#100) The phone number is not registered.';
      throw new GraphError(400, { message, type: 'OAuthException', code: 100, error_subcode: 2207051 });
    }
    this.countRegistration(sender);
    sender.registered = false;
    this.accounts.changed();
  }

  /** The code goes nowhere; GET /_sim/accounts shows it. */
  requestCode(sender: Sender, params: GraphParams): void {
    this.misbehave();
    enumParam(params.code_method, 'code_method', ['SMS', 'VOICE']);
    requiredText(params, 'language');
    if (
      sender.codeRequestedAt !== undefined &&
      sender.codeRequestedAt + CODE_REQUEST_PAUSE_MS > this.clock.now()
    ) {
      throw messagingError(136024, 'Please wait before you request another code.', { subcode: 2388091 });
    }
    sender.verificationCode = String(randomInt(1_000_000)).padStart(6, '0');
    sender.codeRequestedAt = this.clock.now();
    this.accounts.changed();
  }

  verifyCode(sender: Sender, params: GraphParams): void {
    this.misbehave();
    const code = requiredText(params, 'code');
    if (!/^\d{6}$/.test(code) || code !== sender.verificationCode) {
      throw messagingError(136025, 'The verification code is not right.');
    }
    Object.assign(sender, { verified: true, verificationCode: undefined });
    this.accounts.changed();
  }

  private misbehave(): void {
    const code = this.behavior.current.numberError;
    if (code > 0) throw messagingError(code, 'Asked for by the behavior of the simulator.');
  }

  private countRegistration(sender: Sender): void {
    const now = this.clock.now();
    sender.registrations = sender.registrations.filter((at) => at > now - REGISTRATION_WINDOW_MS);
    const allowed = this.behavior.current.rates.registrationsPer72Hours;
    if (allowed > 0 && sender.registrations.length >= allowed) {
      throw messagingError(
        133016,
        `A number can be registered and deregistered ${allowed} times in 72 hours.`,
      );
    }
    sender.registrations.push(now);
    this.accounts.changed();
  }
}

function readPin(params: GraphParams): string {
  const pin = requiredText(params, 'pin');
  if (!/^\d{6}$/.test(pin)) throw parameterError('Param pin must be a 6-digit string');
  return pin;
}
