import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { readJournal, type JournalEntry, type JournalHeader, type Progress } from './journal.ts'

/** The results could not be written. What was written before is still there. */
export class ResultsNotWritten extends Error {
  override readonly name = 'ResultsNotWritten'
}

const journalName = 'journal.jsonl'

/** A folder of results: a journal that grows, and the files that are made from it at the end. */
export class ResultsFolder {
  readonly path: string
  readonly #entries: JournalEntry[]
  readonly #header: JournalHeader
  #journal: number | undefined

  private constructor(path: string, header: JournalHeader, entries: JournalEntry[]) {
    this.path = path
    this.#header = header
    this.#entries = entries
  }

  /**
   * Begins in a folder that holds no results yet.
   *
   * @throws {UsageError} when it holds some, or nothing can be written there.
   */
  static create(path: string, header: JournalHeader): ResultsFolder {
    if (existsSync(join(path, journalName))) {
      throw new UsageError(
        `${path} holds results already: go on with them by --resume, or name another folder with --output.`,
      )
    }
    const folder = new ResultsFolder(path, header, [])
    try {
      mkdirSync(path, { recursive: true })
      folder.append(header)
    } catch (error) {
      throw new UsageError(
        `No results can be written to ${path}: ${reasonOf(error)}. Name another folder with --output.`,
      )
    }
    return folder
  }

  /**
   * Goes on in a folder where a comparison has ended early.
   *
   * @throws {UsageError} when there is none, or it cannot be gone on with.
   */
  static resume(path: string): ResultsFolder {
    const file = join(path, journalName)
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      throw new UsageError(
        `There is nothing to go on with in ${path}: ${file} cannot be read (${reasonOf(error)}).`,
      )
    }
    const { header, entries } = readJournal(text, file)
    const folder = new ResultsFolder(path, header, [...entries])
    try {
      // Of a line that was cut off, nothing may be left before the next one.
      truncateSync(file, Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)))
      folder.#open()
    } catch (error) {
      throw new UsageError(`${file} cannot be written to: ${reasonOf(error)}.`)
    }
    return folder
  }

  get progress(): Progress {
    return { header: this.#header, entries: this.#entries }
  }

  /**
   * Keeps what has been measured, at once.
   *
   * @throws {ResultsNotWritten} when it cannot be written.
   */
  append(entry: JournalEntry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`)
    try {
      const journal = this.#open()
      for (let at = 0; at < line.length;) at += writeSync(journal, line, at)
    } catch (error) {
      throw this.#notWritten(error)
    }
    this.#entries.push(entry)
  }

  /**
   * Writes a file as a whole: whoever reads it sees the old one, or the new one.
   *
   * @returns its path
   * @throws {ResultsNotWritten} when it cannot be written.
   */
  write(name: string, text: string): string {
    const file = join(this.path, name)
    const temporary = `${file}.${process.pid}.tmp`
    try {
      writeFileSync(temporary, text)
      renameSync(temporary, file)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw this.#notWritten(error)
    }
    return file
  }

  /** Ends the writing. What has been written stays. */
  close(): void {
    if (this.#journal !== undefined) closeSync(this.#journal)
    this.#journal = undefined
  }

  #open(): number {
    this.#journal ??= openSync(join(this.path, journalName), 'a')
    return this.#journal
  }

  #notWritten(error: unknown): ResultsNotWritten {
    return new ResultsNotWritten(
      `The results could not be written to ${this.path}: ${reasonOf(error)}. What was measured before is there: make room, and go on with --resume.`,
    )
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return reasons[code] ?? (error instanceof Error ? error.message : String(error))
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'it is not allowed',
  EPERM: 'it is not allowed',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'there is a file of that name',
  EEXIST: 'there is a file of that name',
  ENOENT: 'it does not exist',
}
