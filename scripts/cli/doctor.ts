import { Command } from 'commander'
import { diagnose } from '../../harness/index.ts'
import { describeDiagnosis } from './doctor-text.ts'
import { print, printJson } from './output.ts'

export function doctorCommand(finish: (exitCode: number) => void): Command {
  return new Command('doctor')
    .description('Say which databases can be had here, and what is missing for the others.')
    .option('--json', 'print one JSON document')
    .action(async (flags: { readonly json?: true }) => {
      const diagnosis = await diagnose()
      await (flags.json ? printJson(diagnosis) : print(describeDiagnosis(diagnosis)))
      // What is missing is no fault of the call: it is what was asked for.
      finish(0)
    })
}
