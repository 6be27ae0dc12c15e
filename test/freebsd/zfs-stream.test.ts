/** The beginnings of streams, as OpenZFS 2.3.2 sent them (deflated): of one dataset, of several snapshots of it, of a tree. */
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readHead } from '../../modules/freebsd/zfs-stream.ts'

const HEADS = {
  'zfs send -Lecp zroot/src@a':
    'H4sIAAAAAAACA2NgYGDgYWJgWHN611cgxQDCxICqovz8Ev3iomSHRIaRCBgZEUwgVgFiBSBmK8kvzkssAItzQuUYoSEEU8Obl18SX5SaXFpUnFmWijADRG0AEgZAzJxWXAwSEEbIgWjGDiDtAMSCBhUWSWYpyWnGZuYpluZmaSYQNWjqGTSgmCUvMTcVyU2c8PiDqNWBquMrSCxKzStJK8rPhfuDA8lMEIiAupG1oCi/oBi7vTDzuHLzS/NKCvIz80pQwoRVP7UsMwc1SH1g5oJsxmGuAhTDwhTsNhOGwis3sl+fR3OjBcg+kFl43KkBtRNmHro8UYAVSq+20DwqBKSdVn9ndGRjYPi0XjhJMY2RwTPo6tS6i46DOp8AAKKyOjwIBAAA',
  'zfs send -Lecp -I @a zroot/src@b':
    'H4sIAAAAAAACA2NgYGAIYGJgWHN611cgxQDCxICqovz8Ev3iomSHJIaRCBgZEUwgVgFiDSDmSCvKzy3OSywAsjmhcoyJEHUgNQpAzFaSD1WBpCYJVQ1vXn5JfFFqcmlRcWZZKsIeEHUBSBgAMXNacTFIQBghB6IZVwBpByAWNKiwSDJLSU4zNjNPsTQ3SzOBqEFTD3Y3CLPkJeamIrmJEx7HELU6UHV8BYlFqXklSD4F+hvJTBCIgLqRtaAov6AYu70w87hy80vzSgryM/NKUMKEVT+1LDMHNdhzYOaCbMZhrgIUw8Id7DYThsIrN7Jfn0eWT0KSv3k+guHmp1/b0PxgAXIPyC48/tCAuglmHro8UYAVStvf9UsWBdIhxytVz7AzMCxaKrSv8SEjQ4rQlIKdbHEMowA7gJVfggw84DA3jObKZoCWZzxAvO3Xp5sMEedvnn+dfeNKIYPJSC+/YOltxU4XFhB7Q8zU+HBgyIlGiJw6oMfA8McqV9QtiAUebrhSGABF19MiQAYAAA==',
  'zfs send -Lec zroot/src@a':
    'H4sIAAAAAAACA2NggIA1p3d9ZQLSggw8jCC+YTRXNogGifEA8fnX2TeuFDKYQJUzVBXl55foFxclOyQyjEQAAPtguos4AQAA',
  'zfs send -RLec zroot/src@a':
    'H4sIAAAAAAACA2NgYGB4wcjAsOb0rq9MQDYIEwOqivLzS/SLi5IdEhlGImBkRDCBWAWIFYCYrSS/OC+xACzOCZVjhIQQ4wYgYQDEzGnFxSABYag81AzGDiDtAMSCBhUWSWYpyWnGZuYpluZmaSYQNWjqGTSgmCUvMTcVyT5OeNxA1OpA1fEVJBal5pWkFeXnwt3IgWQmCERA3chaUJRfUIzdXph5XLn5pXklBfmZeSUo/mXVTy3LzEENLh+YuSCbcZirAMXQ8IK4zYSh8MqN7Nfn0dxoAbIPZBYed2pA7YSZhy5PFGCF0hfeP1cXBNLV5ya+zQMK7ry1PHeqNiPDwgIz2S+TTRlGAXYAK1cEGXjAYW4YzZXNAC1neID4/OvsG1cKGUyILVcAbnB5PrAEAAA=',
} as const
type Sent = keyof typeof HEADS
const bytesOf = (sent: Sent) => gunzipSync(Buffer.from(HEADS[sent], 'base64'))

/** As a descriptor gives them. */
function readerOf(bytes: Buffer) {
  let at = 0
  return {
    read: async (most: number) => {
      const some = bytes.subarray(at, at + most)
      at += some.length
      return some
    },
    rest: () => bytes.subarray(at),
  }
}
async function headOf(bytes: Buffer) {
  const { read, rest } = readerOf(bytes)
  const head = await readHead(read)
  expect(Buffer.concat([head.bytes, rest()])).toEqual(bytes)
  return head
}

const CASES: [Sent, boolean][] = [
  ['zfs send -Lecp zroot/src@a', false],
  ['zfs send -Lecp -I @a zroot/src@b', false],
  ['zfs send -Lec zroot/src@a', false],
  ['zfs send -RLec zroot/src@a', true],
]
test.each(CASES)('%s: of a whole tree: %s', async (sent, isTree) => {
  expect((await headOf(bytesOf(sent))).isTree).toBe(isTree)
})

test('the first dataset is a filesystem or a volume; of a list it comes after what closes that', async () => {
  const own = bytesOf('zfs send -Lec zroot/src@a')
  expect((await headOf(own)).type).toBe('filesystem')
  const listed = bytesOf('zfs send -Lecp zroot/src@a').subarray(0, 312 + 524)
  const whole = (first: Buffer) => Buffer.concat([listed, Buffer.alloc(312), first, Buffer.from('the rest')])
  expect((await headOf(whole(own))).type).toBe('filesystem')
  const volume = Buffer.from(own)
  volume.writeUInt32LE(3, 32)
  expect((await headOf(whole(volume))).type).toBe('volume')
  expect((await headOf(listed)).type).toBeUndefined()
})

test('another machine writes numbers the other way round, but for the list', async () => {
  for (const [sent, isTree] of CASES) {
    const bytes = Buffer.from(bytesOf(sent))
    bytes.subarray(4, 8).swap32()
    bytes.subarray(8, 24).swap64()
    expect((await headOf(bytes)).isTree).toBe(isTree)
  }
})

test('of what is no stream, or ends too soon, nothing is said and nothing is lost', async () => {
  const [tree] = [bytesOf('zfs send -RLec zroot/src@a')]
  for (const bytes of [Buffer.alloc(0), Buffer.from('x'.repeat(1000)), tree.subarray(0, 100), tree.subarray(0, 400)])
    expect((await headOf(bytes)).isTree).toBe(false)
})

describe('a list that was made to deceive', () => {
  const header = bytesOf('zfs send -RLec zroot/src@a').subarray(0, 312)
  const number = (value: number) => {
    const four = Buffer.alloc(4)
    four.writeUInt32BE(value)
    return four
  }
  const text = (words: string, claimed = words.length) =>
    Buffer.concat([number(claimed), Buffer.from(words, 'latin1'), Buffer.alloc((4 - (words.length % 4)) % 4)])
  const pair = (name: string, type: number, count: number, value = Buffer.alloc(0), size = 64) =>
    Buffer.concat([number(size), number(size), text(name), number(type), number(count), value])
  const single = pair('not_recursive', 1, 0)
  const listOf = (...pairs: Buffer[]) =>
    Buffer.concat([Buffer.from([1, 1, 0, 0]), number(0), number(1), ...pairs, Buffer.alloc(8)])
  const isTree = async (list: Buffer) => {
    const head = Buffer.from(header)
    head.writeUInt32LE(list.length, 4)
    return (await headOf(Buffer.concat([head, list]))).isTree
  }

  test('is of one dataset only where libnvpair finds that too', async () => {
    expect(await isTree(listOf(single))).toBe(false)
    expect(await isTree(listOf(pair('tosnap', 9, 1, text('a')), single))).toBe(false)
    // As a value, behind the end, within another list, of another type, by a size that is not what is there.
    expect(await isTree(listOf(pair('tosnap', 9, 1, text('not_recursive'))))).toBe(true)
    expect(await isTree(listOf(Buffer.alloc(8), single))).toBe(true)
    expect(await isTree(listOf(pair('fss', 19, 1, listOf(single)), single))).toBe(true)
    expect(await isTree(listOf(pair('not_recursive', 9, 1, text('x'))))).toBe(true)
    expect(await isTree(listOf(pair('tosnap', 9, 1, text('a', 1000)), single))).toBe(true)
    expect(await isTree(listOf(pair('not_recursive\0\0', 1, 0)))).toBe(true)
    expect(await isTree(Buffer.concat([Buffer.from([0, 1, 0, 0]), listOf(single).subarray(4)]))).toBe(true)
  })

  test('never stops the reader, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async bytes => {
        expect(typeof (await isTree(Buffer.concat([listOf().subarray(0, 12), Buffer.from(bytes)])))).toBe('boolean')
      }),
    )
  })
})
