import { chmodSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { localHost } from '../../modules/core/local-host.ts'
import { describeStep, pipe, run } from '../../modules/core/step.ts'

const directory = mkdtempSync(join(tmpdir(), 'local-host-'))
const host = localHost({ lockPath: join(directory, 'lock'), commandTimeoutSeconds: 1 })

/** A command that could be any of a host's. */
const shell = (script: string) => ['sh', '-c', script] as const

test('a command is asked, with nothing on its input and English messages', async () => {
  const answer = await host.query(shell('cat; echo "$LC_ALL"; echo oops >&2'))
  expect(answer).toEqual({ exit: 0, stdout: 'C\n', stderr: 'oops\n' })
})

test('the environment of whoever started us does not reach a command', async () => {
  process.env.BLUEJAIL_TEST = 'visible'
  expect((await host.query(shell('env'))).stdout).not.toContain('visible')
})

test.each([
  [
    'exits with a failure',
    shell('echo said; exit 3'),
    {},
    "'sh -c 'echo said; exit 3'' failed with exit status 3: said",
  ],
  [
    'is not there',
    ['no-such-program'] as const,
    {},
    /^the program 'no-such-program' was not found on this host\. It belongs to/,
  ],
  ['is killed', shell('kill -KILL $$'), {}, /was ended by SIGKILL before it finished\. Run this again/],
  ['hangs', shell('sleep 60'), {}, /did not end within 1 s and was stopped\. See what holds it up/],
])('a command that %s is told so', async (_what, command, options, message) => {
  await expect(host.query(command, options)).rejects.toThrow(message)
})

test('an exit status may be an answer', async () => {
  expect(await host.query(shell('exit 1'), { exits: [0, 1] })).toMatchObject({ exit: 1 })
})

test('a secret goes in through standard input and is in neither argv nor words', async () => {
  const into = join(directory, 'secret')
  const step = { ...run('sh', '-c', `cat > ${into}`), input: 'hunter2\n' }
  await host.perform(step)
  expect(readFileSync(into, 'utf8')).toBe('hunter2\n')
  expect(describeStep(step)).not.toContain('hunter2')
})

test('what one command writes, another reads, in any amount', async () => {
  const into = join(directory, 'piped')
  const step = pipe(shell('head -c 30000000 /dev/zero'), shell(`wc -c > ${into}`))
  await host.perform(step)
  expect(readFileSync(into, 'utf8').trim()).toBe('30000000')
  expect(describeStep(step)).toBe(`sh -c 'head -c 30000000 /dev/zero' | sh -c 'wc -c > ${into}'`)
})

test.each([
  ['the writer fails', pipe(shell('echo half; echo torn >&2; exit 2'), shell('cat')), /exit status 2: torn/],
  ['the reader fails', pipe(shell('echo all'), shell('cat > /dev/null; echo full >&2; exit 3')), /exit status 3: full/],
  [
    'the reader gives up early',
    pipe(['yes'], shell('echo enough >&2; exit 4')),
    /^'yes' .* \/ 'sh .* exit status 4: enough$/,
  ],
  [
    'the reader takes only a part',
    pipe(['yes'], shell('head -n 1')),
    /^'yes' (failed with exit status 1|was ended by SIGPIPE)/,
  ],
  ['the writer is not there', pipe(['no-such-program'], shell('cat')), /'no-such-program' was not found/],
  ['the reader is not there', pipe(shell('echo all'), ['no-such-program']), /'no-such-program' was not found/],
  ['the writer hangs', pipe(shell('sleep 60'), shell('cat')), /did not end within 1 s/],
  ['the reader hangs', pipe(shell('echo all'), shell('sleep 60')), /did not end within 1 s/],
  [
    'somebody has stopped the reader',
    { ...pipe(shell('echo all'), shell('kill -STOP $$; cat')), bears: { holdUp: 'somebody else' } },
    /did not end within 1 s and was stopped\. See what holds it up \(somebody else\), then/,
  ],
])('of two joined commands %s, and that is told', async (_what, step, message) => {
  await expect(host.perform(step)).rejects.toThrow(message)
})

test('a mode is given to a directory, and never through a link', async () => {
  const target = mkdtempSync(join(directory, 'target-'))
  chmodSync(target, 0o755)
  await host.perform({ kind: 'mode', path: target, mode: 0o700 })
  expect(statSync(target).mode & 0o7777).toBe(0o700)

  const link = join(directory, 'link')
  symlinkSync(target, link)
  await expect(host.perform({ kind: 'mode', path: link, mode: 0o777 })).rejects.toThrow(/ENOTDIR|ELOOP/)
  expect(statSync(target).mode & 0o7777).toBe(0o700)
  expect(await host.status(link)).toMatchObject({ type: 'link' })
})

test('what is not there is undefined, not an error', async () => {
  expect(await host.read(join(directory, 'none'))).toBeUndefined()
  expect(await host.status(join(directory, 'none', 'below'))).toBeUndefined()
})

test('the lock has its holder written in it, and is empty when given back', async () => {
  const lockPath = join(directory, 'other-lock')
  writeFileSync(lockPath, 'the one before, with a long name\n')
  const giveBack = await localHost({ lockPath }).lock('zfs_dataset (process 7)')
  expect(readFileSync(lockPath, 'utf8')).toBe('zfs_dataset (process 7)\n')
  await giveBack()
  expect(readFileSync(lockPath, 'utf8')).toBe('')
})

test('of single things there are locks beside it', async () => {
  const host = localHost({ lockPath: join(directory, 'program.lock') })
  const [whole, one] = [await host.lock('all of it'), await host.lock('a part', 'web-1')]
  expect(readFileSync(join(directory, 'program-web-1.lock'), 'utf8')).toBe('a part\n')
  for (const giveBack of [whole, one]) await giveBack()
})
