/** Makes a zip of projects of CORDIS of any size out of the one real complete project, under numbers of their own. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { zip } from '../../readers/zip.ts';
import { contentOf, pathResource, readMembers } from '../support/read-resource.ts';

/** `from`: the real `cordis-h2020projects-xml.zip`. */
export async function growCordis(from: string, projects: number, out: string): Promise<void> {
  const [member] = await readMembers(zip, pathResource(from));
  if (member === undefined) throw new Error(`${from} holds no project`);
  const text = String(await contentOf(member.resource));
  const grown = new ZipFile();
  const file = createWriteStream(out);
  grown.outputStream.pipe(file);
  for (let i = 0; i < projects; i++) {
    const copy = text.replace(/<id>\d+<\/id>/, `<id>${String(700_000_000 + i)}</id>`);
    grown.addBuffer(Buffer.from(copy), `project-rcn-${String(i)}_en.xml`);
  }
  grown.end();
  await finished(file);
}
