/**
 * What a challenge asks of a person. `code`: we send it, they type it. `link`: we send it, they approve on the page
 * behind it. `inbound`: they send us what we showed. `confirm`: we ask, they answer yes or no.
 */
export const KINDS = ['code', 'link', 'inbound', 'confirm'] as const;
export type Kind = (typeof KINDS)[number];
