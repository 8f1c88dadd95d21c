// Owns which fault, if any, strikes one message: the first that matches, counted down.

import { Injectable } from '@nestjs/common';
import { BehaviorSwitch, type Fault } from './behavior.js';
import { handsetOf } from './phone-number.js';

@Injectable()
export class FaultPicker {
  constructor(private readonly behavior: BehaviorSwitch) {}

  take(to: string, sender: string): Fault | undefined {
    const { faults } = this.behavior.current;
    const fault = faults.find(({ match }) => matches(match, to, sender));
    if (fault?.times !== undefined) {
      fault.times -= 1;
      if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1);
    }
    return fault;
  }
}

function matches(match: Fault['match'], to: string, sender: string): boolean {
  const wanted = match.sender ?? match.phoneNumberId;
  if (wanted !== undefined && wanted !== sender) return false;
  return match.to === undefined || handsetOf(match.to) === handsetOf(to);
}
