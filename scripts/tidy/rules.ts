import * as dependencies from './dependency-rules.ts';
import * as documents from './document-rules.ts';
import * as layout from './layout-rules.ts';
import type { Rule } from './repository.ts';
import * as sources from './source-rules.ts';

/** Every rule under the sentence that holds when it finds nothing. */
export const RULES: Readonly<Record<string, Rule>> = {
  'arrows between packages and services point down': dependencies.arrowsPointDown,
  'dialects import nothing but their own files': dependencies.dialectsImportNothing,
  'every import is declared by the package that makes it': dependencies.importsAreDeclared,
  'the environment is read in config.ts alone': sources.environmentIsReadInConfig,
  'no code asks which edition it runs in': sources.nobodyAsksForTheEdition,
  'nothing writes to the console': sources.nothingWritesToTheConsole,
  'nothing escapes the type checker': sources.nothingEscapesTheTypes,
  'nothing is left to do': sources.nothingIsLeftToDo,
  'every file can be read at a sitting': sources.filesAreReadAtASitting,
  'every package and service has tests': layout.everyUnitHasTests,
  'every test lies where it is run': layout.testsLieWhereTheyRun,
  'every service can start by itself': layout.everyServiceStartsByItself,
  'every service and rpc in proto is described': layout.everyCallIsDescribed,
  'every fixture has goldens': layout.everyFixtureHasGoldens,
  'every link in a document leads somewhere': documents.linksLeadSomewhere,
  'nothing committed is of one machine or registry': documents.nothingIsOfOneMachine,
};
