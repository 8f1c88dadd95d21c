// What a screenshot really shows: colours of regions, measured on the picture and not on what the styles promise.
import { inflateSync } from 'node:zlib';

type Colour = readonly [number, number, number];

export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

const SIGNATURE_BYTES = 8;
/** Bytes of a pixel by the colour type of a PNG: RGB, and RGB with alpha. */
const BYTES_PER_PIXEL: Record<number, number> = { 2: 3, 6: 4 };

export class Picture {
  private constructor(
    private readonly width: number,
    private readonly height: number,
    private readonly data: Buffer,
    private readonly bytesPerPixel: number,
    /** Pixels of the picture to one of the page. */
    private readonly scale: number,
  ) {}

  /** Of a PNG as browsers write screenshots: eight bits, not interlaced. */
  static decode(png: Buffer, scale: number): Picture {
    const packed: Buffer[] = [];
    let header = Buffer.alloc(0);
    for (let at = SIGNATURE_BYTES; at < png.length;) {
      const length = png.readUInt32BE(at);
      const type = png.toString('latin1', at + 4, at + 8);
      const body = png.subarray(at + 8, at + 8 + length);
      if (type === 'IHDR') header = Buffer.from(body);
      if (type === 'IDAT') packed.push(body);
      at += length + 12;
    }
    const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
    const bytesPerPixel = BYTES_PER_PIXEL[header[9]!];
    if (header[8] !== 8 || header[12] !== 0 || bytesPerPixel === undefined)
      throw new Error('a PNG of another kind than browsers write');
    const data = unfilter(inflateSync(Buffer.concat(packed)), width * bytesPerPixel, height, bytesPerPixel);
    return new Picture(width, height, data, bytesPerPixel, scale);
  }

  /** The colour that most of the region has: what its text stands on. */
  ground(region: Region): Colour {
    return partsOf(mostOf(this.countColours(region)));
  }

  /** How well the best painted pixel of the region stands out from its ground; 1 when nothing is painted (WCAG 2). */
  contrast(region: Region): number {
    const counts = this.countColours(region);
    const ground = luminance(partsOf(mostOf(counts)));
    const inks = [...counts.keys()].map((colour) => luminance(partsOf(colour)));
    return Math.max(...inks.map((ink) => (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)));
  }

  /** How many pixels have each colour, which is one integer. */
  private countColours({ x, y, width, height }: Region): Map<number, number> {
    const scaled = (value: number, most: number): number =>
      Math.min(Math.max(Math.round(value * this.scale), 0), most);
    const [left, right] = [scaled(x, this.width), scaled(x + width, this.width)];
    const [top, bottom] = [scaled(y, this.height), scaled(y + height, this.height)];
    const { data, bytesPerPixel, width: perRow } = this;
    const counts = new Map<number, number>();
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++)
        count(counts, data.readUIntBE(bytesPerPixel * (row * perRow + column), 3));
    if (counts.size === 0)
      throw new Error(`nothing of ${JSON.stringify({ x, y, width, height })} is in the picture`);
    return counts;
  }
}

/** Each row is told as the difference from its neighbours, in the way its first byte names (PNG, clause 9). */
function unfilter(rows: Buffer, rowBytes: number, height: number, step: number): Buffer {
  const data = Buffer.alloc(rowBytes * height);
  for (let row = 0; row < height; row++) {
    const filter = rows[row * (rowBytes + 1)]!;
    for (let at = 0; at < rowBytes; at++) {
      const here = row * rowBytes + at;
      const left = at < step ? 0 : data[here - step]!;
      const up = row === 0 ? 0 : data[here - rowBytes]!;
      const corner = at < step || row === 0 ? 0 : data[here - rowBytes - step]!;
      data[here] = rows[row * (rowBytes + 1) + 1 + at]! + predict(filter, left, up, corner);
    }
  }
  return data;
}

function predict(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const [toLeft, toUp, toCorner] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs) as [
    number,
    number,
    number,
  ];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function count(counts: Map<number, number>, colour: number): void {
  counts.set(colour, (counts.get(colour) ?? 0) + 1);
}

function mostOf(counts: Map<number, number>): number {
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}

function partsOf(colour: number): Colour {
  return [colour >>> 16, (colour >>> 8) & 0xff, colour & 0xff];
}

/** Relative luminance (WCAG 2). */
function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
