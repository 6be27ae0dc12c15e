import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../build/paths.ts'
import { ansible } from '../support/ansible.ts'
import { startFullHosts } from '../support/full-hosts.ts'

const turns = Number(process.argv[2] ?? 3)
const hosts = await startFullHosts()
const scratch = mkdtempSync(join(tmpdir(), 'profile-'))
let n = 0
async function run(host: 'one' | 'many') {
  const times = join(scratch, `t${n++}`)
  const began = performance.now()
  const r = await ansible('ansible-playbook', [...hosts.args, '-l', host], {
    environment: {
      ANSIBLE_CALLBACK_PLUGINS: join(root, 'test/bench/callback_plugins'),
      ANSIBLE_CALLBACKS_ENABLED: 'task_times',
      TASK_TIMES: times,
    },
  })
  if (r.exit !== 0) throw new Error(r.stdout + r.stderr)
  const total = (performance.now() - began) / 1000
  const rows = readFileSync(times, 'utf8').trimEnd().split('\n').map(l => JSON.parse(l))
  return { total, rows }
}
try {
  for (const h of ['one', 'many'] as const) for (let i = 0; i < 2; i++) await run(h)
  const all: Record<string, { total: number; rows: { task: string; seconds: number }[] }[]> = { one: [], many: [] }
  for (let t = 0; t < turns; t++) for (const h of ['one', 'many'] as const) all[h]?.push(await run(h))
  const min = (xs: number[]) => Math.min(...xs)
  const med = (xs: number[]) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)] ?? 0
  const tasks = all.one?.[0]?.rows.map(r => r.task) ?? []
  for (const [i, task] of tasks.entries()) {
    const of = (h: string) => (all[h] ?? []).map(r => r.rows[i]?.seconds ?? 0)
    console.log(task.padEnd(60), min(of('one')).toFixed(2), min(of('many')).toFixed(2), (min(of('many')) - min(of('one'))).toFixed(2))
  }
  const tot = (h: string) => (all[h] ?? []).map(r => r.total)
  console.log('total min', min(tot('one')).toFixed(2), min(tot('many')).toFixed(2), (min(tot('many')) / min(tot('one'))).toFixed(2))
  console.log('total med', med(tot('one')).toFixed(2), med(tot('many')).toFixed(2), (med(tot('many')) / med(tot('one'))).toFixed(2))
} finally {
  await hosts.stop()
}
