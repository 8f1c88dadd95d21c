/** What a code is asked for. A code for one purpose is wrong for another. */
export const PURPOSES = ['authentication', 'address_verification', 'recovery', 'transaction'] as const;
export type Purpose = (typeof PURPOSES)[number];
