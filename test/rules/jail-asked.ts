/** What instance_jail is asked for, as a task says it. */
import { type InstanceOptions, requestsOf, type TaskOptions } from '../../modules/rules/jail/requests.ts'

export const requests = (task: Partial<TaskOptions>) => requestsOf({ parallel: 4, ...task })

/** The request for one instance, `web1`. */
export function one(options: InstanceOptions) {
  const [request] = requests({ id: 'web1', ...options })
  if (request === undefined) throw new Error('no request')
  return request
}

export const addressed = { interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.11/24', 'FD00:66::11/64'] }] }
