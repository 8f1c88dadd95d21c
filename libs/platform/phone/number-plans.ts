import { Metadata } from 'libphonenumber-js/max';

/** What libphonenumber's tables say of a number that is written in full and needs no correction. */
export interface PlainNumber {
  country: string;
  type: string;
}

/** The parts of libphonenumber's `Metadata` that its typings leave out. Pinned; the spec compares every outcome. */
interface Tables {
  selectNumberingPlan(countryOrCallingCode: string): void;
  getCountryCodesForCallingCode(callingCode: string): readonly string[] | undefined;
  leadingDigits(): string | undefined;
  nationalNumberPattern(): string;
  numberingPlan: { nationalPrefixForParsing(): string | undefined };
  type(name: string): { pattern(): string; possibleLengths(): readonly number[] | undefined } | undefined;
}

interface TypeRule {
  name: string;
  lengths: readonly number[] | undefined;
  pattern: RegExp;
}

interface Plan {
  country: string;
  leadingDigits: RegExp | undefined;
  national: RegExp;
  fixedLine: TypeRule | undefined;
  /** In the order in which libphonenumber asks. */
  others: readonly TypeRule[];
  mobileIsFixedLine: boolean;
}

interface Code {
  /** What is dialled at home only. A number that begins so may be rewritten, which is libphonenumber's to decide. */
  homePrefix: RegExp | undefined;
  plans: readonly Plan[];
}

const OTHER_TYPES = [
  'MOBILE',
  'PREMIUM_RATE',
  'TOLL_FREE',
  'SHARED_COST',
  'VOIP',
  'PERSONAL_NUMBER',
  'PAGER',
  'UAN',
  'VOICEMAIL',
];
const LONGEST_CALLING_CODE = 3;

const tables = new Metadata() as unknown as Tables;
const codes = new Map<string, Code | undefined>();

/**
 * Country and type of a plain `+<digits>`, by libphonenumber's own tables with their patterns compiled once: a
 * quarter of the cost of its parser, which builds each pattern at each call. It only ever says yes. Undefined means
 * that the number is wrong, or shared without a rule, or in need of a correction: ask the parser.
 */
export function readPlainNumber(e164: string): PlainNumber | undefined {
  for (let length = 1; length <= LONGEST_CALLING_CODE; length++) {
    const callingCode = e164.slice(1, 1 + length);
    const code = codes.has(callingCode) ? codes.get(callingCode) : compileCode(callingCode);
    if (code) return readNational(e164.slice(1 + length), code);
  }
  return undefined;
}

function readNational(national: string, { homePrefix, plans }: Code): PlainNumber | undefined {
  if (homePrefix?.test(national)) return undefined;
  for (const plan of plans) {
    if (plan.leadingDigits) {
      if (!plan.leadingDigits.test(national)) continue;
      const type = typeIn(plan, national);
      return type === undefined ? undefined : { country: plan.country, type };
    }
    const type = typeIn(plan, national);
    if (type !== undefined) return { country: plan.country, type };
  }
  return undefined;
}

function typeIn(plan: Plan, national: string): string | undefined {
  if (!plan.national.test(national)) return undefined;
  if (plan.fixedLine && fits(plan.fixedLine, national)) {
    const mobile = plan.others.find((rule) => rule.name === 'MOBILE');
    return plan.mobileIsFixedLine || (mobile && fits(mobile, national))
      ? 'FIXED_LINE_OR_MOBILE'
      : 'FIXED_LINE';
  }
  return plan.others.find((rule) => fits(rule, national))?.name;
}

function fits({ lengths, pattern }: TypeRule, national: string): boolean {
  return (!lengths || lengths.includes(national.length)) && pattern.test(national);
}

function compileCode(callingCode: string): Code | undefined {
  const countries = tables.getCountryCodesForCallingCode(callingCode);
  let code: Code | undefined;
  if (countries) {
    tables.selectNumberingPlan(callingCode);
    const prefix = tables.numberingPlan.nationalPrefixForParsing();
    code = {
      homePrefix: prefix ? new RegExp(`^(?:${prefix})`) : undefined,
      plans: countries.map(compilePlan),
    };
  }
  codes.set(callingCode, code);
  return code;
}

function compilePlan(country: string): Plan {
  tables.selectNumberingPlan(country);
  const leading = tables.leadingDigits();
  const mobile = tables.type('MOBILE');
  return {
    country,
    leadingDigits: leading ? new RegExp(`^(?:${leading})`) : undefined,
    national: whole(tables.nationalNumberPattern()),
    fixedLine: compileType('FIXED_LINE'),
    others: OTHER_TYPES.map(compileType).filter((rule) => rule !== undefined),
    mobileIsFixedLine: !mobile || mobile.pattern() === '',
  };
}

function compileType(name: string): TypeRule | undefined {
  const type = tables.type(name);
  if (!type?.pattern()) return undefined;
  return { name, lengths: type.possibleLengths(), pattern: whole(type.pattern()) };
}

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}
