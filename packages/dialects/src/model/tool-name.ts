import { digest } from './digest.ts';

/** What names of tools a target takes. */
export interface NameForm {
  readonly nameCharactersMax: number;
  /** Whole-name pattern of legal names; `_` is legal everywhere. */
  readonly namePattern: RegExp;
}

function isLegalName(name: string, { nameCharactersMax, namePattern }: NameForm): boolean {
  return name.length <= nameCharactersMax && namePattern.test(name);
}

/** The name itself where it is legal. Else other characters become `_`, and what is too long is cut and marked. */
export function legalName(wanted: string, form: NameForm): string {
  if (isLegalName(wanted, form)) return wanted;
  let name = '';
  for (const character of wanted) {
    if (name.length >= form.nameCharactersMax) return markedName(name, wanted, form);
    if (form.namePattern.test(name + character)) name += character;
    // A digit that only may not stand first.
    else if (name === '' && form.namePattern.test(`_${character}`)) name = `_${character}`;
    else name += '_';
  }
  return name === '' ? '_' : name;
}

const MARK_CHARACTERS = 8;

/** The name, shortened, and a digest of what tells it from others. */
export function markedName(name: string, source: string, { nameCharactersMax }: NameForm): string {
  return `${name.slice(0, nameCharactersMax - MARK_CHARACTERS - 1)}_${digest(source).slice(0, MARK_CHARACTERS)}`;
}
