// Money is whole millionths of a currency unit inside, and decimal text outside: a JSON number would be rounded on its
// way.

const DECIMAL = /^([0-9]{1,10})(?:\.([0-9]{1,6}))?$/;
const PLACES = 6;

/** `12.5` as 12,500,000; undefined for what is no amount of at most six decimals. */
export function microsOf(units: string): bigint | undefined {
  const [, whole, fraction = ''] = DECIMAL.exec(units) ?? [];
  return whole === undefined ? undefined : BigInt(whole + fraction.padEnd(PLACES, '0'));
}

/** 12,500,000 as `12.5`. */
export function unitsOf(micros: bigint): string {
  const digits = String(micros < 0n ? -micros : micros).padStart(PLACES + 1, '0');
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  const whole = digits.slice(0, -PLACES);
  return `${micros < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
