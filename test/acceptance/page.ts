/** README.md of this directory, made of the cases: `node --import ./build/register.mjs test/acceptance/page.ts` writes it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { acceptanceCases } from './cases.ts'

export const page = join(import.meta.dirname, 'README.md')

export function renderPage(): string {
  const cases = acceptanceCases()
  const modules = [...new Set(cases.map(({ module }) => module))]
  const sections = modules.map(module => {
    const own = cases.filter(one => one.module === module)
    const tagged = own.flatMap(({ title, only_on_freebsd: what }) =>
      what === undefined ? [] : [`| ${title} | ${what} |`],
    )
    const table = tagged.length === 0 ? [] : ['', '| case | what only FreeBSD shows |', '|---|---|', ...tagged]
    return [`## ${module}`, '', `${own.length} cases.`, ...table].join('\n')
  })
  return `${[HEAD, ...sections].join('\n\n')}\n`
}

const HEAD = `# Acceptance

Tasks with each module, and roles, each checked, run, and run again. \`npm test\` runs them on a sandbox host, and on a real one:

\`\`\`sh
npm run test:host -- -i INVENTORY -l HOST        # the inventory says bluejail_test_dataset: zroot/scratch
\`\`\`

A sandbox host is Linux with FreeBSD's commands imitated. What its kernel, file systems and programs do themselves is seen
on a real host alone; cases that depend on it say so in \`only_on_freebsd\`. This page is made from them by \`page.ts\`.`

if (process.argv[1] === import.meta.filename) writeFileSync(page, renderPage())
