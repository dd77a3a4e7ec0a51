/**
 * Exponential and logarithm to the same bits everywhere.
 *
 * `Math.exp` and `Math.log` may differ in their last digit from one engine, or one version of it, to another: Node's and
 * workerd's do. What a decision is made of must not, or no decision could be made again from its record. These are sums,
 * products, quotients and bits of doubles alone, whose results are laid down (IEEE 754, which JavaScript keeps to and
 * never fuses); `x ** 2` is not among them, `x * x` is. Off by less than one unit in the last place.
 *
 * Source: fdlibm's e_exp.c and e_log.c, Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at
 * SunSoft, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely
 * granted, provided that this notice is preserved.
 */

/** ln 2 in two parts; the first has so few bits that a whole number of them is exact. */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;

/** Beyond them there is no double. */
const LARGEST = 709.782712893384;
const SMALLEST = -745.1332191019412;

const BITS = new DataView(new ArrayBuffer(8));

/** e^x. */
export function exp(x: number): number {
  if (x > LARGEST) return Infinity;
  if (x < SMALLEST) return 0;
  const k = Math.round(x / Math.LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const tail =
    1.66666666666666019037e-1 +
    t *
      (-2.77777777770155933842e-3 +
        t *
          (6.61375632143793436117e-5 +
            t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8)));
  const c = r - t * tail;
  const y = 1 - (low - (r * c) / (2 - c) - high);
  // In two steps, because 2^k itself may be no double.
  const half = k >> 1;
  return y * powerOfTwo(half) * powerOfTwo(k - half);
}

/** ln x; NaN below 0. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  const { mantissa, exponent: k } = partsOf(x);
  const f = mantissa - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even =
    w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const halfSquare = 0.5 * f * f;
  const correction = s * (halfSquare + even + odd) + k * LN2_LOW;
  return k * LN2_HIGH - (halfSquare - correction - f);
}

/** ln(1 + x), also where 1 + x is hardly more than 1. */
export function log1p(x: number): number {
  const sum = 1 + x;
  return sum === 1 || sum === Infinity ? x : log(sum) * (x / (sum - 1));
}

/** x = mantissa · 2^exponent, the mantissa around 1: √½ to √2. */
function partsOf(x: number): { mantissa: number; exponent: number } {
  const isSubnormal = x < 2.2250738585072014e-308;
  BITS.setFloat64(0, isSubnormal ? x * powerOfTwo(54) : x);
  const head = BITS.getUint32(0);
  const exponent = (head >>> 20) - 1023 - (isSubnormal ? 54 : 0);
  BITS.setUint32(0, (head & 0xfffff) | 0x3ff00000);
  const mantissa = BITS.getFloat64(0);
  return mantissa > Math.SQRT2
    ? { mantissa: mantissa / 2, exponent: exponent + 1 }
    : { mantissa, exponent };
}

/** @param k −1022 to 1023 */
function powerOfTwo(k: number): number {
  BITS.setUint32(0, (k + 1023) << 20);
  BITS.setUint32(4, 0);
  return BITS.getFloat64(0);
}
