/** The documentation beside a module, which `ansible-doc` shows: made from its definition, so that nothing is said twice. */
import { stringify } from 'yaml'
import type { AnyDefinition } from '../modules/core/module.ts'
import { docOf, type OptionDoc, type Shape } from '../modules/core/options.ts'
import { author, collectionName } from './package.ts'

export function sidecarOf(definition: AnyDefinition): string {
  const { name, summary, description, notes, options, state, examples, facts } = definition
  return yaml({
    DOCUMENTATION: {
      module: name,
      short_description: summary,
      description: description.map(markup),
      author: [author],
      ...(notes ? { notes: notes.map(markup) } : {}),
      extends_documentation_fragment: ['ansible.builtin.action_common_attributes'],
      attributes: {
        check_mode: { support: 'full' },
        diff_mode: { support: 'full' },
        platform: { platforms: definition.runsOnController ? 'posix' : 'freebsd' },
      },
      options: describeOptions(options),
    },
    // ansible-doc takes examples as text only.
    EXAMPLES: yaml(exampleTasks(name, examples)),
    RETURN: {
      ...returnedByAll,
      ...(facts ? { ansible_facts: factsReturned(facts) } : {}),
      state: { ...returned('dict', 'What is, or in check mode would be.'), contains: describeState(state) },
    },
  })
}

/** A module's examples, as tasks of a playbook. */
export function exampleTasks(name: string, examples: AnyDefinition['examples']): object[] {
  return Object.entries(examples).map(([title, options]) => ({ name: title, [`${collectionName}.${name}`]: options }))
}

const yaml = (value: unknown) => stringify(value, { lineWidth: 100, singleQuote: true, aliasDuplicateObjects: false })

/** Backticks, which definitions use as Markdown does, in ansible-doc's markup. */
const markup = (text: string) => text.replace(/`([^`()]+)`/g, 'C($1)')

function describeOptions(shape: Shape): object {
  return eachOf(shape, doc => ({
    description: markup(doc.about),
    type: doc.type,
    ...(doc.required ? { required: true } : {}),
    ...('default' in doc ? { default: doc.default } : {}),
    ...(doc.choices ? { choices: doc.choices } : {}),
    ...(doc.type === 'list' && doc.elements ? { elements: doc.elements.type } : {}),
    ...nested(doc, 'suboptions', describeOptions),
  }))
}

function describeState(shape: Shape): object {
  return eachOf(shape, doc => ({
    ...returned(doc.type, markup(doc.about)),
    ...(doc.type === 'list' && doc.elements ? { elements: doc.elements.type } : {}),
    ...nested(doc, 'contains', describeState),
  }))
}

function nested(doc: OptionDoc, key: string, describe: (shape: Shape) => object): object {
  const shape = doc.suboptions ?? doc.elements?.suboptions
  return shape ? { [key]: describe(shape) } : {}
}

function eachOf(shape: Shape, describe: (doc: OptionDoc) => object): object {
  return Object.fromEntries(Object.entries(shape).map(([key, option]) => [key, describe(docOf(option))]))
}

const returned = (type: string, description: string) => ({ description, type, returned: 'success' })

const factsReturned = (facts: Readonly<Record<string, string>>) => ({
  description: 'Variables for later tasks of the play.',
  type: 'dict',
  returned: 'when asked for',
  contains: Object.fromEntries(
    Object.entries(facts).map(([name, about]) => [
      name,
      { description: about, type: 'dict', returned: 'when asked for' },
    ]),
  ),
})

const returnedByAll = {
  msg: {
    description: 'The outcome in one sentence. On failure: the thing, the cause, the way out.',
    type: 'str',
    returned: 'always',
  },
  steps: {
    description:
      'What was done, or in check mode would be done, in order: commands as one could paste them into a shell.',
    type: 'list',
    elements: 'str',
    returned: 'always',
  },
}
