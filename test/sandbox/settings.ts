/** What a sandbox host was made with; kept on its disk. */
export interface Settings {
  readonly name: string
  readonly python: boolean
  /** Commands that a fresh machine runs before anybody sees it. */
  readonly installation: readonly (readonly string[])[]
  readonly zfsVersion?: string
  /** Size of its pools. */
  readonly poolBytes?: number
  /** Where its sshd was last: tried first, so that an inventory stays right. */
  readonly port?: number
}
