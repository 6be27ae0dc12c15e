import { readFileSync, writeFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { collection } from '../../build/paths.ts'
import { ansible } from '../support/ansible.ts'
import { startFullHosts } from '../support/full-hosts.ts'
import { evaluated } from '../support/variables.ts'

const hosts = await startFullHosts()
try {
  for (const h of ['one', 'many'] as const) for (let i = 0; i < 2; i++) {
    const r = await ansible('ansible-playbook', [...hosts.args, '-l', h]); if (r.exit !== 0) throw new Error(r.stdout + r.stderr)
  }
  const inventory = (count: number) => ({
    instance_gateways: ['10.66.0.1'], instance_defaults: { resolvers: ['192.0.2.53'], timezone: 'UTC', authorized_keys: ['ssh-ed25519 AAAA operators'] },
    instance_instances: Array.from({ length: count }, (_, n) => ({ id: `web${n + 1}`, blueprint: 'bare', addresses: [`10.66.0.${n + 11}/24`], databases: ['mysql'], quota: '20G' })),
  })
  for (const [h, count] of [['one', 1], ['many', 50]] as const) {
    const vars = (await evaluated('2.19', ['instance_datasets', 'instance_mounts', 'instance_limited', 'instance_jails'], { inventory: {}, files: ['roles/instance/defaults/main.yml', 'roles/instance/vars/main.yml'], vars: inventory(count) })) as Record<string, unknown>
    const tasks: [string, object][] = [
      ['zfs_dataset', { datasets: vars.instance_datasets, properties: { mountpoint: 'legacy', setuid: false } }],
      ['instance_mounts', { instances: vars.instance_mounts }],
      ['rctl', { limits: { swapuse: '2G', maxproc: 400 }, jails: vars.instance_limited, allow_later: true, use: 'none' }],
      ['instance_jail', { instances: vars.instance_jails, parallel: 4 }],
      ['hosting_info', { figures: true }],
      ['blueprint_jail', { blueprints: [{ name: 'bare', release: '14.2-RELEASE' }], base: {} }],
    ]
    for (const [name, args] of tasks) {
      const text = readFileSync(join(collection, `plugins/modules/${name}.cjs`), 'utf8').replace('<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>', () => JSON.stringify(args))
      await hosts[h].run(`cat > /tmp/${name}.cjs`, text)
      const said = await hosts[h].run(`cd /tmp; for i in 1 2 3 4 5; do s=$(date +%s%N); /usr/local/bin/node ${name}.cjs > /tmp/out 2>/tmp/err; e=$(date +%s%N); echo $(( (e-s)/1000000 )); done | sort -n | head -1; wc -c < /tmp/out; head -c 150 /tmp/out`)
      console.log(h, name.padEnd(16), said.stdout.split('\n').slice(0, 3).join(' ms, '), said.stderr)
      if (h === 'many') {
        const prof = await hosts[h].run(`cd /tmp; rm -f *.cpuprofile; /usr/local/bin/node --cpu-prof --cpu-prof-interval 200 ${name}.cjs >/dev/null; cat *.cpuprofile`)
        writeFileSync(`/tmp/dev/info-exp/${name}.cpuprofile`, prof.stdout)
      }
    }
    for (const command of ['true', 'zfs list -Hp -r -t filesystem,volume,snapshot -o name,used,available,usedbysnapshots,quota,readonly,keystatus,bluejail:stage,creation zroot/hosting', 'zfs get -Hp -r -o name,property,value,source all zroot/hosting', 'jls -d -n --libxo json', 'mount --libxo json', 'ifconfig -a -f inet:cidr,inet6:cidr', "pfctl -a '*' -sr", 'zpool status', 'zpool list -Hp', 'netstat --libxo json -i -b -n -f link', 'rctl jail:', 'rctl -u ' + Array.from({ length: count }, (_, n) => `jail:web${n + 1}`).join(' ')]) {
      const said = await hosts[h].run(`for i in 1 2 3 4 5; do s=$(date +%s%N); ${command} > /tmp/out; e=$(date +%s%N); echo $(( (e-s)/1000000 )); done | sort -n | head -1; wc -c < /tmp/out`)
      console.log(h, command.slice(0, 60).padEnd(60), said.stdout.trim().split('\n').join(' ms, '))
    }
  }
} finally {
  await hosts.stop()
}
