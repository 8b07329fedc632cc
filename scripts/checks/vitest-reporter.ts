import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { caseNumbersIn } from '../compatibility/case-table.ts';
import type { TestReport } from './vitest-run.ts';

/** Counts one run and keeps the reason of every skip, which vitest's own JSON leaves out. */
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const report: TestReport = {
      passed: 0,
      failed: 0,
      skips: [],
      brokenFiles: [],
      unhandledErrors: unhandledErrors.length,
      cases: {},
    };
    for (const module of modules) {
      if (module.errors().length > 0) report.brokenFiles.push(module.relativeModuleId);
      for (const test of module.children.allTests()) {
        const result = test.result();
        const note = result.state === 'skipped' ? result.note : undefined;
        if (result.state === 'passed') report.passed += 1;
        else if (result.state === 'skipped')
          report.skips.push({ title: `${module.relativeModuleId} > ${test.fullName}`, reason: note });
        else report.failed += 1;
        for (const number of caseNumbersIn(test.fullName)) {
          const count = report.cases[number] ?? { passed: 0, failed: 0 };
          report.cases[number] = count;
          if (result.state === 'passed') count.passed += 1;
          else if (result.state !== 'skipped') count.failed += 1;
        }
      }
    }
    const file = process.env.TEST_REPORT_FILE;
    if (file !== undefined) writeFileSync(file, JSON.stringify(report));
  }
}
