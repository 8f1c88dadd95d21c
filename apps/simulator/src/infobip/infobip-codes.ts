// Owns Infobip's catalogue of outcomes as answers and reports write them, and what
// the simulator's neutral causes are called in it.

export interface StatusBody {
  groupId: number;
  groupName: string;
  id: number;
  name: string;
  description: string;
}

const GROUPS = ['OK', 'PENDING', 'UNDELIVERABLE', 'DELIVERED', 'EXPIRED', 'REJECTED'];
const ERROR_GROUPS = ['OK', 'HANDSET_ERRORS', 'USER_ERRORS', 'OPERATOR_ERRORS'];

const STATUSES: Record<number, [groupId: number, name: string, description: string]> = {
  4: [2, 'UNDELIVERABLE_REJECTED_OPERATOR', 'Message rejected by operator'],
  5: [3, 'DELIVERED_TO_HANDSET', 'Message delivered to handset'],
  6: [5, 'REJECTED_NETWORK', 'Network is forbidden'],
  7: [1, 'PENDING_ENROUTE', 'Message sent to next instance'],
  9: [2, 'UNDELIVERABLE_NOT_DELIVERED', 'Message sent not delivered'],
  10: [5, 'REJECTED_DND', 'Destination is on the do-not-disturb list'],
  11: [5, 'REJECTED_SOURCE', 'Invalid source address'],
  12: [5, 'REJECTED_NOT_ENOUGH_CREDITS', 'Not enough credits'],
  13: [5, 'REJECTED_SENDER', 'By sender'],
  14: [5, 'REJECTED_DESTINATION', 'By destination'],
  15: [4, 'EXPIRED_EXPIRED', 'Message expired'],
  17: [5, 'REJECTED_PREPAID_PACKAGE_EXPIRED', 'Prepaid package expired'],
  18: [5, 'REJECTED_DESTINATION_NOT_REGISTERED', 'Destination not registered'],
  19: [5, 'REJECTED_ROUTE_NOT_AVAILABLE', 'Route not available'],
  20: [5, 'REJECTED_FLOODING_FILTER', 'Rejected flooding'],
  21: [5, 'REJECTED_SYSTEM_ERROR', 'System error'],
  23: [5, 'REJECTED_DUPLICATE_MESSAGE_ID', 'Duplicate message id'],
  87: [5, 'SIGNALS_BLOCKED', 'Message blocked by Signals'],
};

const ERRORS: Record<number, [groupId: number, name: string, description: string]> = {
  608: [2, 'EC_SIGNALS_BLOCKED', 'Blocked by Signals'],
  7002: [1, 'EC_UNKNOWN_USER', 'Unknown user'],
  7003: [1, 'EC_BLOCKED_USER', 'Blocked user'],
  7008: [2, 'EC_INVALID_TEMPLATE_ARGS', 'Invalid template args'],
  7009: [2, 'EC_INVALID_TEMPLATE', 'Invalid template'],
  7010: [2, 'EC_NO_SESSION', 'No session'],
  7017: [2, 'EC_TOO_MANY_REQUESTS', 'Too many requests'],
  7029: [1, 'EC_USER_IDENTITY_CHANGED', 'User identity changed'],
  7032: [1, 'EC_FREQUENCY_CAPPING', 'Frequency capping'],
  7036: [2, 'EC_TEMPLATE_NOT_SYNCED', 'Template not synced'],
  7037: [2, 'EC_TEMPLATE_NOT_AVAILABLE', 'Template not available'],
};

/** Causes are written in Graph's codes. What is not listed is Infobip's own already. */
const TRANSLATED: Record<number, number> = {
  130403: 18,
  130497: 6,
  131026: 7002,
  131030: 18,
  131031: 13,
  131042: 12,
  131047: 7010,
  131049: 7032,
  132000: 7008,
  132001: 7009,
  132015: 7037,
};

/** Of these, HTTP itself says no. */
const HTTP: Record<number, number> = {
  4: 429,
  190: 401,
  80007: 429,
  130429: 429,
  131000: 500,
  131016: 503,
  131056: 429,
};

export function httpStatusOf(graphCode: number): number | undefined {
  return HTTP[graphCode];
}

export function infobipCode(code: number): number {
  const own = TRANSLATED[code] ?? code;
  return own in STATUSES || own in ERRORS ? own : 9;
}

export function statusBody(id: number): StatusBody {
  const [groupId, name, description] = STATUSES[id] ?? STATUSES[9]!;
  return { groupId, groupName: GROUPS[groupId]!, id, name, description };
}

export const ENROUTE = statusBody(7);

/** The status and the error of a message that came to nothing. */
export function failureBodies(code: number): { status: StatusBody; error: object } {
  if (!(code in ERRORS)) return { status: statusBody(code), error: errorBody(0) };
  return { status: statusBody(9), error: errorBody(code) };
}

export function errorBody(id: number): object {
  const [groupId, name, description] = ERRORS[id] ?? [0, 'NO_ERROR', 'No Error'];
  return { id, name, description, groupId, groupName: ERROR_GROUPS[groupId], permanent: id !== 0 };
}

export function titleOf(code: number): string {
  return (ERRORS[code] ?? STATUSES[code])?.[1] ?? 'UNDELIVERABLE_NOT_DELIVERED';
}
