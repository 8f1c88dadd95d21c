import { Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  Equals,
  IsArray,
  IsBoolean,
  IsDefined,
  IsEmail,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '#platform/errors';
import { compileChecker } from './compiled-checker.js';
import { Satisfies } from './satisfies.js';
import { Compiled, DtoPipe } from './validation.pipe.js';

const PURPOSES = ['login', 'payment', 7, true] as const;
const isShouted = (value: unknown): boolean => typeof value === 'string' && value === value.toUpperCase();

class Place {
  @IsString()
  @MinLength(2)
  city!: string;

  @IsOptional()
  @IsInt()
  @Min(0)
  floor?: number;
}

/** One property at least for every decorator that can be compiled, alone and together with others. */
class Everything {
  @IsString()
  text!: string;

  @IsBoolean()
  flag!: boolean;

  @IsInt()
  count!: number;

  @Min(-5)
  least!: number;

  @Max(5)
  most!: number;

  @IsInt()
  @Min(1)
  @Max(9)
  digit!: number;

  @MinLength(3)
  long!: string;

  @MaxLength(3)
  short!: string;

  @Length(2, 4)
  middling!: string;

  @Length(1)
  some!: string;

  @Matches(/^[a-z]{2,5}$/)
  lower!: string;

  @Matches(/b/i)
  anywhere!: string;

  @IsIn(PURPOSES)
  purpose!: unknown;

  @Equals('yes')
  exactly!: string;

  @Satisfies(isShouted, { code: 'shout', message: 'shout' })
  shouted!: string;

  @IsOptional()
  @IsString()
  @Length(1, 6)
  perhaps?: string;

  @IsOptional()
  @Min(2)
  perhapsNumber?: number;

  @ValidateNested()
  @Type(() => Place)
  place!: Place;
}

const RIGHT = {
  text: 'x',
  flag: true,
  count: 3,
  least: 0,
  most: 0,
  digit: 5,
  long: 'long enough',
  short: 'abc',
  middling: 'abc',
  some: 'a',
  lower: 'abc',
  anywhere: 'aBc',
  purpose: 'login',
  exactly: 'yes',
  shouted: 'HEY',
  place: { city: 'Rome' },
};
const NAMES = [...Object.keys(RIGHT), 'perhaps', 'perhapsNumber'];

const compiled = compileChecker(Everything);
const pipe = new DtoPipe();

/** What class-validator says, behind the pipe that every uncompiled DTO goes through. */
function classValidatorAccepts(value: unknown, type: new () => object = Everything): boolean {
  try {
    pipe.transform(value, { type: 'body', metatype: type });
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** Characters that validators count differently, and everything else that JSON can carry. */
const oddText = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      'B',
      ' ',
      'é',
      '😀',
      '\u{1f1ea}',
      '\ufe0f',
      '\ufe0e',
      '\u200d',
      '\u0301',
      '\n',
      '1',
      '٣',
    ),
    { maxLength: 8 },
  )
  .map((characters) => characters.join(''));
const anyValue = fc.oneof(
  oddText,
  fc.string({ maxLength: 8 }),
  fc.constantFrom<unknown>(
    ...Object.values(RIGHT),
    ...PURPOSES,
    '',
    'yes',
    'YES',
    '1',
    0,
    -0,
    1,
    9,
    10,
    -5,
    -6,
    5,
    6,
    1.5,
    1e21,
    -1e-9,
  ),
  fc.integer({ min: -10, max: 10 }),
  fc.double({ noNaN: true }),
  fc.constantFrom<unknown>(
    true,
    false,
    null,
    undefined,
    [],
    {},
    [1],
    ['yes'],
    { length: 3 },
    { toString: 1 },
  ),
  fc.record(
    { city: fc.oneof(oddText, fc.constant(3)), floor: fc.integer({ min: -1, max: 1 }) },
    { requiredKeys: [] },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const anyBody = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...NAMES), anyValue, { maxKeys: 2, noNullPrototype: true }),
    fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray(NAMES, { maxLength: 2 }) },
    ),
    fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom('extra', 'toString', 'constructor', 'Text', 'text '), anyValue),
      },
    ),
  )
  .map(([changes, missing, extra]) => {
    const body: Record<string, unknown> = { ...RIGHT, ...changes };
    if (extra) body[extra[0]] = extra[1];
    return Object.fromEntries(Object.entries(body).filter(([name]) => !missing.includes(name as never)));
  });

describe('the compiled checker', () => {
  it('never accepts what class-validator refuses, and accepts nearly all that it accepts', () => {
    const seen = { both: 0, neither: 0, left: 0 };
    fc.assert(
      fc.property(anyBody, (body) => {
        const [fast, slow] = [compiled(body), classValidatorAccepts(body)];
        if (fast) expect(slow, 'accepted by the compiled checker alone').toBe(true);
        seen[fast ? 'both' : slow ? 'left' : 'neither']++;
      }),
      { numRuns: 6_000 },
    );
    // A corpus of which everything is refused would prove nothing; and one that is left to the slow way is no gain.
    expect(seen.both).toBeGreaterThan(300);
    expect(seen.neither).toBeGreaterThan(1_000);
    expect(seen.left).toBeLessThan(seen.both / 4);
  });

  it.each(NAMES)('holds the rules of %s one value at a time', (name) => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const body = { ...RIGHT, [name]: value };
        if (compiled(body)) expect(classValidatorAccepts(body), JSON.stringify(value)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('accepts plain bodies itself, with and without what is optional', () => {
    expect(compiled(RIGHT)).toBe(true);
    expect(compiled({ ...RIGHT, perhaps: 'a', perhapsNumber: 2, place: { city: 'Rome', floor: 0 } })).toBe(
      true,
    );
    expect(compiled({ ...RIGHT, perhaps: undefined })).toBe(true);
  });

  it.each([
    ['a field that nobody declared', { ...RIGHT, extra: 1 }],
    ['one inside', { ...RIGHT, place: { city: 'Rome', extra: 1 } }],
    ['one that is inherited', Object.assign(Object.create({ extra: 1 }) as object, RIGHT)],
    ['__proto__ as a field', JSON.parse(JSON.stringify(RIGHT).replace('{', '{"__proto__":{},')) as object],
    ['a list', [RIGHT]],
    ['a list inside', { ...RIGHT, place: [{ city: 'Rome' }] }],
    ['null for what is optional', { ...RIGHT, perhaps: null }],
    ['an emoji counted as two', { ...RIGHT, long: '😀a' }],
    ['a character with its variation selector counted as two', { ...RIGHT, middling: 'a\ufe0f' }],
  ])('does not accept %s', (_what, body) => expect(compiled(body)).toBe(false));

  it.each([undefined, null, 1, 'text', true])('does not accept %s for a body', (body) => {
    expect(compiled(body)).toBe(false);
  });

  it('knows the rules that a DTO inherits', () => {
    class Parent {
      @IsInt()
      size!: number;
    }
    class Child extends Parent {
      @IsString()
      name!: string;
    }
    const check = compileChecker(Child);
    expect(check({ size: 1, name: 'a' })).toBe(true);
    expect(check({ name: 'a' })).toBe(false);
    expect(check({ size: 'a', name: 'a' })).toBe(false);
  });
});

describe('boot', () => {
  const declared: [what: string, decorators: PropertyDecorator[]][] = [
    ['IsEmail', [IsEmail()]],
    ['IsNumber', [IsNumber()]],
    ['IsObject', [IsObject()]],
    ['IsArray', [IsArray()]],
    ['ArrayMaxSize', [ArrayMaxSize(1)]],
    ['IsNotEmpty', [IsNotEmpty()]],
    ['IsDefined', [IsDefined()]],
    ['Allow', [Allow()]],
    ['ValidateIf', [ValidateIf(() => true), IsString()]],
    ['each', [IsString({ each: true })]],
    ['groups', [IsString({ groups: ['a'] })]],
    ['always', [IsString({ always: true })]],
    ['a nested list', [ValidateNested({ each: true }), Type(() => Place)]],
    ['a nested class that class-transformer does not know', [ValidateNested()]],
    ['a nested class that is none', [ValidateNested(), Type(() => Object)]],
    ['a pattern given as text', [Matches('^a$', 'i')]],
    ['a pattern that remembers where it was', [Matches(/a/g)]],
    ['a pattern that sticks to where it was', [Matches(/a/y)]],
  ];

  it.each(declared)('throws on %s, and names the field', (_what, decorators) => {
    class Unfit {
      other!: unknown;
    }
    for (const decorate of decorators) decorate(Unfit.prototype, 'other');
    expect(() => compileChecker(Unfit)).toThrow(/Unfit\.other/);
    expect(() => Compiled()(Unfit)).toThrow(/Unfit\.other/);
  });

  it('throws on an unfit declaration inside a nested class', () => {
    class Inner {
      @IsEmail()
      mail!: string;
    }
    class Outer {
      @ValidateNested()
      @Type(() => Inner)
      inner!: Inner;
    }
    expect(() => compileChecker(Outer)).toThrow(/Inner\.mail/);
  });

  it('throws on a field that has a default, which only class-validator would see', () => {
    class Filled {
      @IsInt()
      size = 5;
    }
    expect(() => compileChecker(Filled)).toThrow(/Filled\.size/);
  });

  it('throws on a field that is changed before it is checked: the compiled way would hand it on unchanged', () => {
    class Trimming {
      @Transform(({ value }) => (typeof value === 'string' ? value.trim() : (value as unknown)))
      @IsString()
      name!: string;
    }
    expect(() => compileChecker(Trimming)).toThrow(/Trimming\.name/);
  });

  it('takes the nested class from class-transformer, which is where class-validator finds it', () => {
    class Outer {
      @ValidateNested()
      @Type(() => Place)
      inner!: unknown;
    }
    const check = compileChecker(Outer);
    expect(check({ inner: { city: 'Rome' } })).toBe(true);
    expect(check({ inner: { city: 'R' } })).toBe(false);
    expect(check({ inner: {} })).toBe(false);
  });
});
