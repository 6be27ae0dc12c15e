/** logger(1), and syslogd(8)'s line in /var/log/messages (08-host.jsonl). */
import { getopt, imitation } from './screen.ts'

const MESSAGES = '/var/log/messages'
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

export const logger = imitation('logger', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'ip:st:')
  const tag = values.get('t')?.at(-1) ?? 'root'
  const now = machine.clock()
  const time = [now.getUTCHours(), now.getUTCMinutes(), now.getUTCSeconds()].map(part => String(part).padStart(2, '0'))
  const day = `${MONTHS[now.getUTCMonth()]} ${String(now.getUTCDate()).padStart(2)}`
  const host = (machine.state.sysctls['kern.hostname'] ?? 'fbsd').split('.')[0]
  const text = operands.length > 0 ? operands.join(' ') : call.stdin.toString().trimEnd()
  const process = `${tag}[${1000 + machine.state.serial}]`
  const { files } = machine.tree
  if (machine.tree.lstat('/var/log')?.type === 'directory') {
    const line = `${day} ${time.join(':')} ${host} ${process}: ${text}\n`
    files.write(MESSAGES, Buffer.concat([files.bytes(MESSAGES) ?? Buffer.alloc(0), Buffer.from(line)]))
  }
  if (set.has('s')) screen.err(`${process}: ${text}\n`)
  return 0
})
