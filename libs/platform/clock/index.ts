export { Clock } from './clock.js';
export { ClockModule } from './clock.module.js';
export { Rounds } from './rounds.js';
