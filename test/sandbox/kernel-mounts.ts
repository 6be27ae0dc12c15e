/** This Linux's own mount table, and the programs that change it. */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'

export interface KernelMount {
  readonly kernelId: string
  readonly node: string
  readonly readonly: boolean
}

/** proc_pid_mountinfo(5): number, parent, device, root, mount point with octal escapes, options, … */
export function mountTable(): KernelMount[] {
  const lines = fs.readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n')
  return lines.map(line => {
    const [kernelId = '', , , , node = '', options = ''] = line.split(' ')
    return { kernelId, node: unescapeOctal(node), readonly: options.split(',').includes('ro') }
  })
}

const unescapeOctal = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

export const bindMount = (from: string, node: string, readonly: boolean) =>
  must('mount', '-n', '--no-canonicalize', '-o', readonly ? 'bind,ro' : 'bind', from, node)

export function unmount(node: string, force: boolean): 'ok' | 'busy' {
  const { status, stderr } = spawnSync('umount', ['-n', '--no-canonicalize', ...(force ? ['-l'] : []), node])
  if (status !== 0 && !stderr.includes('busy')) throw new Error(`umount ${node}: ${stderr}`)
  return status === 0 ? 'ok' : 'busy'
}

export function must(program: string, ...args: string[]): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { maxBuffer: 1 << 30 })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}
