// What all stages at the simulator have in common: how it breaks, and what it has taken.
import type { SimulatorUnderTest } from '../../../apps/simulator/src/simulator.fixtures.js';
import type { SimulatorStage } from './provider-case.fixtures.js';

interface Logged {
  code: string;
  text: string;
}

interface OwnStage extends Pick<SimulatorStage, 'config' | 'message'> {
  /** In the provider's own words; these go before what all have in common. */
  play: SimulatorStage['play'];
  codeOf?(message: Logged): string;
}

/** Strikes the next message, and lets it be sent with the stage's own config. */
export async function fault(
  simulator: SimulatorUnderTest,
  kind: string,
  more: object = {},
): Promise<undefined> {
  await simulator.control('PUT', 'behavior', { faults: [{ kind, times: 1, ...more }] });
  return undefined;
}

export function stageAt(
  simulator: SimulatorUnderTest,
  { play, codeOf = ({ code }) => code, ...own }: OwnStage,
): SimulatorStage {
  const strike = (kind: string, more?: object) => (): Promise<undefined> => fault(simulator, kind, more);
  return {
    url: simulator.url,
    ...own,
    play: {
      accepts: async () => undefined,
      unavailable: strike('status', { status: 503 }),
      badGateway: strike('html', { status: 502 }),
      silence: strike('hang'),
      reset: strike('reset'),
      hangUp: strike('resetAfterAccept'),
      halfJson: strike('malformed'),
      page: strike('html', { status: 200 }),
      empty: strike('empty'),
      flood: strike('huge'),
      dripBody: strike('drip'),
      ...play,
    },
    takes: ['accepts', 'hangUp', 'halfJson', 'empty', 'dripBody'],
    taken: async () => {
      const { json: log } = await simulator.control('GET', 'messages');
      await simulator.control('DELETE', 'messages');
      return (log.messages as Logged[]).map(codeOf);
    },
    close: () => simulator.stop(),
  };
}
